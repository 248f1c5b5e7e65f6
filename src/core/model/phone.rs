//! This file knows phone numbers: what is one, how it is written, and which spellings are the same contact.
