//! Everything a person or a program reads: tables, JSON, CSV, progress bars, and foreign text made safe.
