//! This file knows where a server of ours keeps its things, and remembers which process it is.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::app::error::{AppError, Kind};

/// What the server calls its snapshot.
const SNAPSHOT: &str = "dump.rdb";
/// The system takes no longer path for a socket (108 bytes on Linux, 104 on macOS, with the final zero).
const LONGEST_SOCKET: usize = 103;

/// The folders and files of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    data: PathBuf,
    state: PathBuf,
}

/// What `wq` remembers of a server that it started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Its process.
    pub pid: u32,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// `INFO run_id`; empty for a server in the foreground, which tells it only later.
    pub run_id: String,
    /// Its binary.
    pub binary: PathBuf,
    /// As given to `--maxmemory`.
    pub maxmemory: String,
}

impl State {
    /// For `--redis`.
    pub fn address(&self) -> String {
        address_of(self.port)
    }
}

pub(super) fn address_of(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

impl Place {
    /// Everything under one folder, so that several servers can live side by side.
    ///
    /// # Errors
    /// When the folder's path can't be made absolute.
    pub fn at(folder: &Path) -> Result<Self, AppError> {
        let data = std::path::absolute(folder).map_err(|error| doing("finding", folder, &error))?;
        Ok(Self { state: data.join("wq-redis.json"), data })
    }

    /// Data and state in folders of their own.
    pub fn split(data: PathBuf, state_folder: &Path) -> Self {
        Self { data, state: state_folder.join("redis.json") }
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The server's log.
    pub fn log(&self) -> PathBuf {
        self.data.join("redis.log")
    }

    /// Makes the folders, the data folder for this user alone, and holds it as [`Self::hold`] does.
    ///
    /// # Errors
    /// When the folder holds other things, or the system refuses.
    pub(super) fn prepare(&self) -> Result<Option<fs::File>, AppError> {
        for folder in [Some(self.data.as_path()), self.state.parent()].into_iter().flatten() {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| doing("making", folder, &error))?;
        }
        // Held before it is judged: another start may just be filling it.
        let held = self.hold()?;
        self.must_be_free()?;
        let private = fs::set_permissions(&self.data, fs::Permissions::from_mode(0o700));
        private.map_err(|error| doing("making private", &self.data, &error))?;
        Ok(held)
    }

    /// `--data .` or `--data /tmp` must not shut others out of a folder that is not a server's.
    fn must_be_free(&self) -> Result<(), AppError> {
        let Ok(entries) = fs::read_dir(&self.data) else { return Ok(()) };
        let names: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name())).collect();
        let is_ours = |name| ["redis.conf", SNAPSHOT, "appendonlydir"].iter().any(|known| name == known);
        if names.iter().any(is_ours) || names.iter().all(|name| name == "lost+found") {
            return Ok(());
        }
        let message = format!("{} holds other things than a server's data", self.data.display());
        Err(AppError::new(Kind::Usage, message).with_hint("name a new or empty folder"))
    }

    /// Keeps others from starting or stopping the server of this place until it is dropped; waits for those who do. `None`
    /// when there is no such folder yet.
    pub(super) fn hold(&self) -> Result<Option<fs::File>, AppError> {
        match fs::File::open(&self.data) {
            Ok(folder) => folder.lock().map(|()| Some(folder)).map_err(|error| doing("locking", &self.data, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(doing("opening", &self.data, &error)),
        }
    }

    /// Whether the data is in a snapshot alone, as after a backup was put here.
    pub(super) fn has_only_a_snapshot(&self) -> bool {
        self.data.join(SNAPSHOT).exists() && !self.data.join("appendonlydir/appendonly.aof.manifest").exists()
    }

    /// Writes the settings and returns their path.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write_config(&self, port: u16, maxmemory: &str, log_to_file: bool) -> Result<PathBuf, AppError> {
        let socket = self.data.join("redis.sock");
        let has_socket = socket.as_os_str().len() <= LONGEST_SOCKET;
        let value = |name: &str| match name {
            "port" => port.to_string(),
            "socket" => quoted(&socket),
            "data" => quoted(&self.data),
            "log" if log_to_file => quoted(&self.log()),
            "log" => "\"\"".to_owned(),
            _ => maxmemory.to_owned(),
        };
        let fill = |line: &str| match line.strip_suffix('}').and_then(|line| line.split_once('{')) {
            Some((setting, name)) => format!("{setting}{}", value(name)),
            None => line.to_owned(),
        };
        let lines = include_str!("redis.conf").lines().filter(|line| has_socket || !line.starts_with("unixsocket"));
        let text = lines.map(fill).collect::<Vec<_>>().join("\n") + "\n";
        let path = self.data.join("redis.conf");
        write_private(&path, text.as_bytes())?;
        Ok(path)
    }

    /// What is remembered; `None` when no server of ours was started here.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub fn state(&self) -> Result<Option<State>, AppError> {
        match fs::read(&self.state) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| doing("reading", &self.state, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(doing("reading", &self.state, &error)),
        }
    }

    /// Remembers a server.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remember(&self, state: &State) -> Result<(), AppError> {
        let text = serde_json::to_vec(state).map_err(|error| doing("writing", &self.state, &error))?;
        write_private(&self.state, &text)
    }

    /// Forgets it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn forget(&self) -> Result<(), AppError> {
        match fs::remove_file(&self.state) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(doing("removing", &self.state, &error)),
            _ => Ok(()),
        }
    }
}

/// As the settings file wants it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Written whole or not at all, for this user alone.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), AppError> {
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary);
    let written = written.and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| doing("writing", path, &error))
}

pub(super) fn doing(what: &str, path: &Path, error: &dyn std::fmt::Display) -> AppError {
    AppError::new(Kind::Other, format!("{what} {}: {error}", path.display()))
}
