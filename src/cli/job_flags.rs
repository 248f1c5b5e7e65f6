//! This file reads the flags that say how a new job runs, for every command that adds jobs.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::shell::Shell;
use super::time::{parse_duration, parse_moment, zone};
use crate::app::error::{AppError, Kind};
use crate::core::model::clock::Millis;
use crate::core::model::job::{Backoff, JobOptions, Keep, Start};
use crate::core::model::phone::Country;
use crate::core::model::priority::Priority;

/// When a new job runs, and how.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How it runs")]
pub struct JobFlags {
    #[command(flatten)]
    run: RunFlags,
    /// Not before so long from now: 90s, 10m, 2h, 1d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_duration, conflicts_with = "at")]
    delay: Option<Duration>,
    /// Not before this moment: 2026-12-01T09:00:00Z, '2026-12-01 09:00', 'tomorrow 09:00', 'in 2h'
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    at: Option<String>,
}

impl JobFlags {
    /// The options of the jobs, seen from now; says on stderr which moment `--at` is.
    ///
    /// # Errors
    /// When `--at` can't be read or is past.
    pub async fn options(&self, shell: &Shell) -> Result<JobOptions, AppError> {
        let start = match (self.delay, &self.at) {
            (Some(delay), _) if !delay.is_zero() => Start::After(delay),
            (_, Some(at)) => Start::At(future(shell, "--at", at).await?),
            _ => Start::Now,
        };
        Ok(JobOptions { start, ..self.run.options() })
    }
}

/// How a new job runs, whenever that is.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How it runs")]
pub(super) struct RunFlags {
    /// urgent, high, normal, low, or a number: lower runs first, 0 before all others [default: normal]
    #[arg(long, value_name = "PRIORITY", allow_hyphen_values = true)]
    priority: Option<Priority>,
    /// How often it may be tried
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// What a failed attempt waits for; fixed:1s, or with a random part of 0 to 1: exponential:2s:0.5
    #[arg(long, value_name = "KIND:TIME", default_value = "exponential:2s", value_parser = backoff)]
    backoff: Backoff,
    /// Keep only the last N completed jobs; true: remove at once; false: keep all [default: as the worker says]
    #[arg(long, value_name = "KEEP", value_parser = keep)]
    remove_on_complete: Option<Keep>,
    /// The same for failed jobs [default: false]
    #[arg(long, value_name = "KEEP", value_parser = keep)]
    remove_on_fail: Option<Keep>,
}

impl RunFlags {
    /// The options of jobs that start when somebody else says so.
    pub(super) fn options(&self) -> JobOptions {
        let (attempts, backoff) = (self.attempts, Some(self.backoff.clone()));
        let (remove_on_complete, remove_on_fail) = (self.remove_on_complete, self.remove_on_fail);
        let priority = Some(self.priority.unwrap_or(Priority::NORMAL));
        JobOptions { attempts, backoff, priority, remove_on_complete, remove_on_fail, ..JobOptions::default() }
    }
}

/// A moment to come by the server's clock, given with `flag`; its zone, UTC and distance are said on stderr.
///
/// # Errors
/// When it is no moment or past.
pub async fn future(shell: &Shell, flag: &str, text: &str) -> Result<Millis, AppError> {
    future_from(shell.now().await, shell, flag, text)
}

/// The same, seen from `now`.
///
/// # Errors
/// When it is no moment or past.
pub fn future_from(now: Millis, shell: &Shell, flag: &str, text: &str) -> Result<Millis, AppError> {
    let usage = |problem: String| AppError::new(Kind::Usage, format!("{flag}: {problem}"));
    let zone = zone(shell.settings.tz.as_deref()).map_err(usage)?;
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let now = Timestamp::from_millisecond(now).map_err(|error| usage(error.to_string()))?.to_zoned_datetime(zone);
    let moment = parse_moment(text, &now).map_err(usage)?;
    if let Some(warning) = &moment.warning {
        shell.printer.warn(warning);
    }
    shell.printer.note(&format!("{}: {}", flag.trim_start_matches('-'), moment.echo(&now)));
    Ok(moment.ms)
}

/// The country of numbers without `+`: the flag's, else the settings'.
///
/// # Errors
/// When the settings name none that exists.
pub fn country(flag: Option<Country>, shell: &Shell) -> Result<Option<Country>, AppError> {
    match (flag, &shell.settings.default_country) {
        (Some(country), _) => Ok(Some(country)),
        (None, Some(code)) => Ok(Some(code.parse().map_err(|error| AppError::new(Kind::Usage, format!("default_country: {error}")))?)),
        (None, None) => Ok(None),
    }
}

fn backoff(text: &str) -> Result<Backoff, String> {
    let mut parts = text.split(':');
    let (kind, delay, jitter) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if !matches!(kind, "exponential" | "fixed") {
        return Err("write exponential:TIME or fixed:TIME, such as exponential:2s or fixed:1s:0.5".to_owned());
    }
    let (Some(delay), None) = (delay, parts.next()) else {
        return Err(format!("write {kind}:TIME or {kind}:TIME:JITTER, such as {kind}:2s or {kind}:2s:0.5"));
    };
    let delay = parse_duration(delay)?;
    let jitter = jitter.map(|text| text.trim_start_matches("jitter").trim_start_matches(['=', ' ']).parse::<f64>());
    let jitter = jitter.transpose().ok().filter(|jitter| jitter.is_none_or(|jitter| (0.0..=1.0).contains(&jitter)));
    let jitter = jitter.ok_or("the jitter is a number from 0 to 1".to_owned())?;
    let ms = u32::try_from(delay.as_millis()).map_err(|_| "a back-off is at most 49 days".to_owned())?;
    Ok(Backoff { kind: kind.to_owned(), delay: f64::from(ms), jitter })
}

fn keep(text: &str) -> Result<Keep, String> {
    match text {
        "true" => Ok(Keep::NONE),
        "false" => Ok(Keep::ALL),
        _ => match text.parse() {
            Ok(count) => Ok(Keep { count: Some(count), ..Keep::ALL }),
            Err(_) => Err("write a number of jobs, true or false".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_offs_are_read_with_and_without_jitter() {
        let read = |text| backoff(text).map(|backoff| (backoff.kind, backoff.delay, backoff.jitter));

        assert_eq!(read("exponential:2s"), Ok(("exponential".to_owned(), 2000.0, None)));
        assert_eq!(read("fixed:500ms:0.5"), Ok(("fixed".to_owned(), 500.0, Some(0.5))));
        assert_eq!(read("fixed:500ms:jitter 0.5"), read("fixed:500ms:0.5"));
        for text in ["", "linear:2s", "exponential", "fixed:soon", "fixed:-1s", "fixed:1s:2", "fixed:1s:0:0", "fixed:60d"] {
            assert!(backoff(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_kept_is_a_number_or_all_or_nothing() {
        assert_eq!(keep("true"), Ok(Keep::NONE));
        assert_eq!(keep("false"), Ok(Keep::ALL));
        assert_eq!(keep("100"), Ok(Keep { count: Some(100), ..Keep::ALL }));
        assert!(keep("-1").is_err() && keep("all").is_err());
    }
}
