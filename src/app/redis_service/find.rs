//! This file finds a server binary that is new enough.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::app::error::{AppError, Kind};

/// Where to look, in this order.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// `--server-bin`: this one or none.
    pub named: Option<PathBuf>,
    /// `WQ_REDIS_SERVER`.
    pub from_environment: Option<PathBuf>,
    /// The folders of `PATH` and the usual ones.
    pub path: Vec<PathBuf>,
    /// A folder where `scripts/setup-redis` may have put one.
    pub installed: Option<PathBuf>,
}

/// The first suitable server.
///
/// # Errors
/// When there is none; the hint is the line to type.
pub fn find_server(search: &Search) -> Result<PathBuf, AppError> {
    if let Some(named) = &search.named {
        let refuse = |problem: String| AppError::new(Kind::Usage, format!("{}: {problem}", named.display()));
        return suitable(named).map(|()| named.clone()).map_err(refuse);
    }
    let folders: Vec<&PathBuf> = search.path.iter().chain(&search.installed).collect();
    let known = ["valkey-server", "redis-server"].iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    if let Some(binary) = &search.from_environment {
        match suitable(binary) {
            Ok(()) => return Ok(binary.clone()),
            Err(problem) => tracing::warn!("WQ_REDIS_SERVER is passed over: {}: {problem}", binary.display()),
        }
    }
    let mut unsuitable = None;
    for binary in known.filter(|binary| binary.is_file()) {
        match suitable(&binary) {
            Ok(()) => return Ok(binary),
            Err(problem) => {
                tracing::debug!(binary = %binary.display(), problem, "passed over");
                unsuitable.get_or_insert(format!("{} is not: {problem}", binary.display()));
            }
        }
    }
    let found = unsuitable.map(|found| format!("; {found}")).unwrap_or_default();
    Err(AppError::new(Kind::Unreachable, format!("no Redis 7.0+ or Valkey 7.2+ server on this machine{found}")).with_hint(install_line()))
}

/// Whether it runs and knows script flags.
fn suitable(binary: &Path) -> Result<(), String> {
    let output = Command::new(binary).arg("--version").stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let words = String::from_utf8_lossy(&output.stdout);
    let version = version_of(&words).ok_or("it doesn't tell its version")?;
    let least = if words.starts_with("Valkey") { (7, 2) } else { (7, 0) };
    if version >= least { Ok(()) } else { Err(format!("it is version {}.{}", version.0, version.1)) }
}

/// The number in `Redis server v=7.0.15 sha=…`.
fn version_of(words: &str) -> Option<(u32, u32)> {
    let number = words.split_whitespace().find_map(|word| word.strip_prefix("v="))?;
    let mut parts = number.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// What to type on this system.
fn install_line() -> String {
    let has = |program: &str| {
        ["/usr/bin", "/usr/local/bin", "/sbin", "/opt/homebrew/bin"].iter().any(|folder| Path::new(folder).join(program).is_file())
    };
    let line = if has("apt-get") {
        "sudo apt-get install redis-server"
    } else if has("dnf") {
        "sudo dnf install valkey"
    } else if has("apk") {
        "doas apk add valkey"
    } else if has("brew") {
        "brew install valkey"
    } else {
        "export WQ_REDIS_SERVER=$(scripts/setup-redis)"
    };
    format!("install one with: {line}")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn fake(folder: &Path, name: &str, says: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_server_that_is_too_old_is_passed_over_for_one_that_is_not() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fake(old.path(), "valkey-server", "Redis server v=6.2.14 sha=0");
        let good = fake(new.path(), "valkey-server", "Valkey server v=9.1.2 sha=0");

        let search = Search { path: vec![old.path().to_owned(), new.path().to_owned()], ..Search::default() };

        assert_eq!(find_server(&search).unwrap(), good);
    }

    #[test]
    fn where_there_is_none_the_line_to_type_is_named() {
        let old = tempfile::tempdir().unwrap();
        let binary = fake(old.path(), "redis-server", "Redis server v=6.2.0 sha=0");

        let error = find_server(&Search { path: vec![old.path().to_owned()], ..Search::default() }).unwrap_err();

        assert_eq!(error.kind(), Kind::Unreachable);
        assert!(error.hint().unwrap().starts_with("install one with: "), "{error:?}");
        assert!(error.to_string().contains(&format!("{} is not: it is version 6.2", binary.display())), "{error}");
    }

    #[test]
    fn a_named_server_that_is_too_old_is_refused_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let old = fake(folder.path(), "redis-server", "Redis server v=6.2.0 sha=0");

        let error = find_server(&Search { named: Some(old), ..Search::default() }).unwrap_err();

        assert!(error.to_string().contains("version 6.2"), "{error}");
        assert_eq!(error.kind(), Kind::Usage);
    }
}
