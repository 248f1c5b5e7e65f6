//! This file reads the flags that say what is sent, for every command that is given one message.

use std::io::{self, Read};

use clap::Args;

use super::body_flags::{BODY, BodyFlags, DETAILS};
use super::job_flags::country;
use super::shell::Shell;
use crate::app::error::{AppError, Kind};
use crate::core::model::clock::Millis;
use crate::core::model::job::{DEFAULT_JOB_NAME, MAX_DATA_BYTES};
use crate::core::model::message::{MessageError, check_job, with_expiry};
use crate::core::model::phone::{Country, Phone};

/// A message, or the data of any job.
#[derive(Args, Clone, Debug)]
pub(super) struct MessageFlags {
    /// Who gets it: +5511999990000, or national with --default-country
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, requires = BODY)]
    to: Option<String>,
    #[command(flatten)]
    body: BodyFlags,
    /// Where numbers without + belong, such as BR
    #[arg(long, value_name = "COUNTRY")]
    default_country: Option<Country>,
    /// Any JSON, @FILE or - (stdin); with "to" and no --name, a message
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true, conflicts_with_all = [BODY, DETAILS])]
    data: Option<String>,
    /// The name of the job
    #[arg(id = "job_name", long = "name", value_name = "NAME", default_value = DEFAULT_JOB_NAME)]
    pub(super) name: String,
}

impl MessageFlags {
    /// The country of numbers without `+`.
    ///
    /// # Errors
    /// When the settings name none that exists.
    pub(super) fn country(&self, shell: &Shell) -> Result<Option<Country>, AppError> {
        country(self.default_country, shell)
    }

    /// The data of the job as it is stored, and what the job is in words that name no whole number.
    ///
    /// # Errors
    /// When the number, the text or the data is none.
    pub(super) fn data(&self, expires: Option<Millis>, shell: &Shell) -> Result<(String, String), AppError> {
        let Some(to) = &self.to else {
            let data = read_data(self.data.as_deref().unwrap_or_default())?;
            check_job(&self.name, &data).map_err(|error| refusal(&error))?;
            let data = match expires {
                Some(expires) => with_expiry(&data, expires)?,
                None => data,
            };
            return Ok((data, self.name.clone()));
        };
        let phone = Phone::parse(to, self.country(shell)?)?;
        Ok((self.body.message(&phone, expires)?, format!("to {phone}")))
    }
}

/// What is wrong with data that was given as it is stored.
fn refusal(error: &MessageError) -> AppError {
    let refusal = AppError::new(Kind::Usage, error.to_string());
    match error.path() {
        Some(_) => refusal.with_hint("data with a recipient is checked as a message; under another --name any JSON will do"),
        None => refusal,
    }
}

/// The text of `--data`, from wherever it says; never more than is stored.
pub(super) fn read_data(data: &str) -> Result<String, AppError> {
    let failed = |what: &str, error: &io::Error| {
        let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Other };
        AppError::new(kind, format!("can't read {what}: {error}"))
    };
    let mut bytes = Vec::new();
    let limit = MAX_DATA_BYTES as u64 + 1;
    match data.strip_prefix('@') {
        None if data == "-" => {
            io::stdin().take(limit).read_to_end(&mut bytes).map_err(|error| failed("standard input", &error))?;
        }
        None => return Ok(data.to_owned()),
        Some(path) => {
            let file = std::fs::File::open(path).map_err(|error| failed(path, &error))?;
            file.take(limit).read_to_end(&mut bytes).map_err(|error| failed(path, &error))?;
        }
    }
    if bytes.len() > MAX_DATA_BYTES {
        return Err(AppError::new(Kind::Usage, format!("the data is longer than {MAX_DATA_BYTES} bytes, the most that is stored")));
    }
    String::from_utf8(bytes).map_err(|_| AppError::new(Kind::Usage, "the data is not valid UTF-8"))
}
