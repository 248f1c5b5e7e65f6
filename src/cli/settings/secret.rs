//! This file reads keys, tokens and passwords from where they may be: a file of their own, or a variable.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::environment;
use crate::app::error::{AppError, Kind};

/// No key is longer, in bytes.
const MAX_KEY_BYTES: u64 = 4096;
/// Who may write: the owner's group, and everybody.
pub(super) const OTHERS_MAY_WRITE: u32 = 0o022;
/// Everybody may read.
const ALL_MAY_READ: u32 = 0o004;
/// Keys of providers are at least so long, names of files and variables seldom.
const KEY_CHARS: usize = 24;
/// Meta's access tokens begin like this.
const TOKEN_PREFIX: &str = "EAA";
const TOKEN_CHARS: usize = 20;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// Alone in this file.
    File(PathBuf),
    /// In this environment variable.
    Variable(String),
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "in the file {}", path.display()),
            Self::Variable(name) => write!(f, "in the variable {name}"),
        }
    }
}

/// A secret as it was found, and what the user is to be warned of.
pub(in crate::cli) struct Unlocked {
    pub(in crate::cli) bytes: Vec<u8>,
    pub(in crate::cli) warning: Option<String>,
}

impl SecretPlace {
    /// Reads the secret called `name`. A file that others may write to is refused, since they could put their own in its place; of
    /// one that everybody may read the user is warned: container secrets usually are.
    ///
    /// # Errors
    /// When it isn't there, can't be one, or can't be trusted.
    pub(in crate::cli) fn read(&self, name: &str) -> Result<Unlocked, AppError> {
        match self {
            Self::File(path) => read_file(path, name),
            Self::Variable(variable) => {
                let missing = || usage(format!("{name} is to be in the variable {variable}, which is not set"));
                let value = environment(variable).ok_or_else(missing)?;
                Ok(Unlocked { bytes: value.into_bytes(), warning: None })
            }
        }
    }
}

fn read_file(path: &Path, name: &str) -> Result<Unlocked, AppError> {
    let refuse = |problem: String| usage(format!("the file {} for {name}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| refuse(error.to_string()))?;
    let about = file.metadata().map_err(|error| refuse(error.to_string()))?;
    if about.is_dir() {
        return Err(refuse("it is a folder".to_owned()));
    }
    if about.is_file() && about.mode() & OTHERS_MAY_WRITE != 0 {
        return Err(refuse("others may write to it".to_owned()).with_hint(format!("chmod 600 {}", path.display())));
    }
    let all_may_read = about.is_file() && about.mode() & ALL_MAY_READ != 0;
    let warning = || format!("every user of this machine can read {} with {name}; chmod 600 keeps it to you", path.display());
    let mut bytes = Vec::new();
    file.take(MAX_KEY_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(error.to_string()))?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    match bytes.trim_ascii() {
        [] => Err(refuse("it is empty".to_owned())),
        _ if size > MAX_KEY_BYTES => Err(refuse(format!("it is longer than {MAX_KEY_BYTES} bytes, so it is no key"))),
        key => Ok(Unlocked { bytes: key.to_vec(), warning: all_may_read.then(warning) }),
    }
}

/// Whether it is rather a key itself than the name of where one is: long, without the signs that names have, and with digits.
pub(super) fn looks_like_a_key(text: &str) -> bool {
    let is_of_a_key = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let has = |class: fn(&u8) -> bool| text.bytes().any(|byte| class(&byte));
    text.len() >= KEY_CHARS && text.bytes().all(is_of_a_key) && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

/// Whether it is an access token of Meta's.
pub(super) fn looks_like_a_token(text: &str) -> bool {
    text.len() >= TOKEN_CHARS
        && text.starts_with(TOKEN_PREFIX)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn usage(message: String) -> AppError {
    AppError::new(Kind::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_from_the_name_of_where_one_is() {
        for key in ["429683C4C977415CAAFCCE10F7D57E11", "5b0c1f7e-7d3a-4f0e-9b7c-2f6f0a1b2c3d"] {
            assert!(looks_like_a_key(key), "{key}");
        }
        for name in ["evolution.key", "/run/secrets/evolution-key-of-sales-2", "EVOLUTION_API_KEY_OF_SALES_2", "evolution-key", ""] {
            assert!(!looks_like_a_key(name), "{name}");
        }
        assert!(looks_like_a_token("EAAGm0PX4ZCpsBAx7-canary") && !looks_like_a_token("EAASY.token") && !looks_like_a_token("sales"));
    }
}
