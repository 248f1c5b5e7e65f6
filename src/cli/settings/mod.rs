//! This file settles what a command works with: flags, then environment, then files, then defaults.

mod file;
mod origin;
mod secret;
mod server;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use super::time::parse_duration;
use crate::app::error::{AppError, Kind};
use crate::core::model::queue::{Prefix, QueueName};
use crate::core::store::connect::ServerAddress;
use crate::output::Format;
pub(super) use file::MAX_GRAPH_VERSION;
pub use file::{CloudValues, EvolutionValues, Layers, Values};
pub use origin::{Found, Origin, Told};
pub use secret::SecretPlace;
pub(super) use server::hide_password;

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT
    #[arg(long, global = true, value_name = "URL")]
    redis: Option<String>,
    /// Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}
    #[arg(long, global = true)]
    cluster: bool,
    /// First part of every key [default: bull]
    #[arg(long, global = true, value_name = "TEXT")]
    prefix: Option<String>,
    /// table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]
    #[arg(short, long, global = true, value_name = "FORMAT", hide_possible_values = true)]
    output: Option<Format>,
    /// Short for --output json
    #[arg(long, global = true)]
    json: bool,
    /// Print ids alone, no notes and no progress
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more on stderr; -vv and -vvv still more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    color: When,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    yes: bool,
    /// Never ask; a question is refused instead
    #[arg(long, global = true)]
    no_input: bool,
    /// How long Redis may take to answer [default: 10s]
    #[arg(long, global = true, value_name = "TIME")]
    timeout: Option<String>,
    /// Zone of the times that you write and read [default: the system's]
    #[arg(long, global = true, value_name = "ZONE")]
    tz: Option<String>,
    /// Read settings from this file alone
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Settings of this profile, [profiles.NAME] in wq.toml, come before the others there
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// The name of a protected profile, for what destroys
    #[arg(long, global = true, value_name = "NAME")]
    confirm: Option<String>,
    /// CSV cells that a spreadsheet would run as formulas are left as they are
    #[arg(long, global = true, hide = true)]
    raw_csv: bool,
}

/// When to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal that can.
    Auto,
    /// Also in a pipe.
    Always,
    /// Not at all.
    Never,
}

/// What a command works with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where Redis is.
    pub redis: ServerAddress,
    /// Who said so.
    pub redis_origin: Origin,
    /// First part of every key.
    pub prefix: Prefix,
    /// The queue that is meant when none is named.
    pub queue: QueueName,
    /// How results are printed.
    pub format: Option<Format>,
    /// No notes, ids alone.
    pub quiet: bool,
    /// 0 to 3.
    pub verbose: u8,
    /// When to use colours.
    pub color: When,
    /// Every question is answered yes.
    pub yes: bool,
    /// No question is asked.
    pub no_input: bool,
    /// How long Redis may take to answer.
    pub timeout: Duration,
    /// Zone of times that people write and read; the system's when `None`.
    pub tz: Option<String>,
    /// Two letters, for phone numbers without a country code.
    pub default_country: Option<String>,
    /// CSV cells are not guarded against formulas.
    pub raw_csv: bool,
    /// The profile that was chosen, and by whom.
    pub profile: Option<Found<String>>,
    /// What destroys needs the profile's name beside every other consent.
    pub protected: bool,
    /// The profile's name, given for what destroys.
    pub confirm: Option<String>,
    /// What the settings files say.
    pub layers: Layers,
    /// What counts for every command, and where it came from.
    pub told: Vec<Told>,
    /// What the user should know of these settings.
    pub warnings: Vec<String>,
}

impl Globals {
    /// Whether errors are to be JSON.
    pub(super) fn wants_json(&self) -> bool {
        let by_environment = || environment("WQ_OUTPUT").and_then(|word| Format::from_str(&word, true).ok());
        self.json || self.output.or_else(by_environment) == Some(Format::Json)
    }

    /// Whether a password was given where every user of this machine can see it.
    pub(super) fn shows_password(&self) -> bool {
        self.redis.as_deref().is_some_and(server::has_password)
    }

    /// Settles everything.
    ///
    /// # Errors
    /// When a value makes no sense; the message names where it came from.
    pub(super) fn resolve(&self) -> Result<Settings, AppError> {
        #[cfg(debug_assertions)]
        spoil_clock();
        let by_flag = self.profile.clone().map(|value| Found { value, origin: Origin::Flag("--profile") });
        let by_environment = || environment("WQ_PROFILE").map(|value| Found { value, origin: Origin::Variable("WQ_PROFILE") });
        let named = self.config.clone().or_else(|| environment("WQ_CONFIG").map(PathBuf::from));
        let (layers, profile) = file::read(named.as_deref(), by_flag.or_else(by_environment))?;
        let mut warnings = Vec::new();
        let url = server::url(self.redis.as_ref(), &layers, &mut warnings)?;
        let address = if self.is_cluster(&layers)? { ServerAddress::parse_cluster(&url.value)? } else { ServerAddress::parse(&url.value)? };
        let redis = Found { value: address, origin: url.origin };
        let prefix = layers.choose(("--prefix", self.prefix.as_ref()), "WQ_PREFIX", |values| values.prefix.clone());
        let prefix = prefix.unwrap_or_else(|| Found::by_default("bull".to_owned()));
        let queue = layers.choose(("--queue", None), "WQ_QUEUE", |values| values.queue.clone());
        let queue = queue.unwrap_or_else(|| Found::by_default("whatsapp".to_owned()));
        let timeout = layers.choose(("--timeout", self.timeout.as_ref()), "WQ_TIMEOUT", |values| values.timeout.clone());
        let timeout = timeout.unwrap_or_else(|| Found::by_default("10s".to_owned()));
        let tz = layers.choose(("--tz", self.tz.as_ref()), "WQ_TZ", |values| values.tz.clone());
        let country = layers.choose(("", None), "WQ_DEFAULT_COUNTRY", |values| values.default_country.clone());
        let mut told =
            vec![Told::of("redis", &redis), Told::of("prefix", &prefix), Told::of("queue", &queue), Told::of("timeout", &timeout)];
        told.push(Told::of("tz", tz.as_ref().unwrap_or(&Found::by_default("the system's".to_owned()))));
        told.push(Told::of("default_country", country.as_ref().unwrap_or(&Found::by_default("none".to_owned()))));
        Ok(Settings {
            redis_origin: redis.origin,
            redis: redis.value,
            prefix: understood("prefix", &prefix, str::parse)?,
            queue: understood("queue", &queue, str::parse)?,
            format: self.format(&layers)?,
            quiet: self.quiet,
            verbose: self.verbose,
            color: self.color,
            yes: self.yes,
            no_input: self.no_input,
            timeout: understood("time-out", &timeout, parse_duration)?,
            tz: tz.map(|found| found.value),
            default_country: country.map(|found| found.value),
            raw_csv: self.raw_csv,
            protected: layers.first(|values| values.protected).is_some_and(|found| found.value),
            profile,
            confirm: self.confirm.clone(),
            layers,
            told,
            warnings,
        })
    }

    fn is_cluster(&self, layers: &Layers) -> Result<bool, AppError> {
        if self.cluster {
            return Ok(true);
        }
        match environment("WQ_REDIS_CLUSTER").map(|word| word.to_lowercase()) {
            None => Ok(layers.first(|values| values.cluster).is_some_and(|found| found.value)),
            Some(word) if matches!(word.as_str(), "true" | "yes" | "on" | "y" | "t" | "1") => Ok(true),
            Some(word) if matches!(word.as_str(), "false" | "no" | "off" | "n" | "f" | "0") => Ok(false),
            Some(word) => Err(usage(format!("WQ_REDIS_CLUSTER is true or false, not {word:?}"))),
        }
    }

    fn format(&self, layers: &Layers) -> Result<Option<Format>, AppError> {
        if self.json {
            return Ok(Some(Format::Json));
        }
        if self.output.is_some() {
            return Ok(self.output);
        }
        let found = layers.choose(("--output", None), "WQ_OUTPUT", |values| values.output.clone());
        let read = |word: &str| Format::from_str(word, true).map_err(|_| "it is no output format");
        found.map(|found| understood("output format", &found, read)).transpose()
    }
}

/// Reads a setting; what is wrong with it is told with where it stands.
fn understood<T, E: std::fmt::Display>(name: &str, found: &Found<String>, read: impl FnOnce(&str) -> Result<T, E>) -> Result<T, AppError> {
    read(&found.value).map_err(|error| usage(format!("the {name} {:?} of {}: {error}", found.value, found.origin)))
}

/// An environment variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the one place of the command line that reads the environment")]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Builds for tests can be given a clock that is wrong by so many milliseconds; users never need one.
#[cfg(debug_assertions)]
fn spoil_clock() {
    if let Some(error_ms) = environment("WQ_TEST_CLOCK_ERROR_MS").and_then(|text| text.parse().ok()) {
        crate::core::model::clock::be_wrong_by(error_ms);
    }
}

fn usage(message: String) -> AppError {
    AppError::new(Kind::Usage, message)
}
