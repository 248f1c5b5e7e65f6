//! This file knows where a server of ours keeps its things, and remembers which process it is.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::app::error::{AppError, Kind};

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

    /// Makes the folders, the data folder for this user alone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn prepare(&self) -> Result<(), AppError> {
        for folder in [Some(self.data.as_path()), self.state.parent()].into_iter().flatten() {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| doing("making", folder, &error))?;
        }
        let private = fs::set_permissions(&self.data, fs::Permissions::from_mode(0o700));
        private.map_err(|error| doing("making private", &self.data, &error))
    }

    /// Writes the settings and returns their path.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write_config(&self, port: u16, maxmemory: &str, log_to_file: bool) -> Result<PathBuf, AppError> {
        let quoted = |path: &Path| format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""));
        let log = if log_to_file { quoted(&self.log()) } else { "\"\"".to_owned() };
        let data = quoted(&self.data);
        let text = include_str!("redis.conf")
            .replace("{port}", &port.to_string())
            .replace("unixsocket {data}/redis.sock", &format!("unixsocket {}", quoted(&self.data.join("redis.sock"))))
            .replace("{data}", &data)
            .replace("{log}", &log)
            .replace("{maxmemory}", maxmemory);
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
