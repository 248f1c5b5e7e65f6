//! This file settles what a command works with: flags, then environment, then files, then defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use serde::Deserialize;

use super::time::parse_duration;
use crate::app::error::{AppError, Kind};
use crate::core::model::queue::{Prefix, QueueName};
use crate::core::store::connect::ServerAddress;
use crate::output::Format;

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT
    #[arg(long, global = true, value_name = "URL", env = "WQ_REDIS_URL", hide_env_values = true, hide_env = true)]
    redis: Option<String>,
    /// Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}
    #[arg(long, global = true, env = "WQ_REDIS_CLUSTER", hide_env = true, value_parser = clap::builder::BoolishValueParser::new())]
    cluster: bool,
    /// First part of every key [default: bull]
    #[arg(long, global = true, value_name = "TEXT", env = "WQ_PREFIX", hide_env = true)]
    prefix: Option<String>,
    /// table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]
    #[arg(short, long, global = true, value_name = "FORMAT", env = "WQ_OUTPUT", hide_env = true, hide_possible_values = true)]
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
    #[arg(long, global = true, value_name = "TIME", env = "WQ_TIMEOUT", hide_env = true)]
    timeout: Option<String>,
    /// Zone of the times that you write and read [default: the system's]
    #[arg(long, global = true, value_name = "ZONE", env = "WQ_TZ", hide_env = true)]
    tz: Option<String>,
    /// Read settings from this file alone
    #[arg(long, global = true, value_name = "FILE", env = "WQ_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
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

/// Who chose where Redis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// `--redis`, now.
    ByFlag,
    /// The environment or a settings file, once for all.
    BySettings,
    /// Nobody: it is the usual place.
    ByDefault,
}

/// What a settings file may hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    redis: Option<String>,
    cluster: Option<bool>,
    prefix: Option<String>,
    queue: Option<String>,
    output: Option<String>,
    timeout: Option<String>,
    tz: Option<String>,
    default_country: Option<String>,
    #[serde(default)]
    evolution: EvolutionSection,
    #[serde(default)]
    cloud: CloudSection,
}

/// `[evolution]` of a settings file. A key itself is never in it: the file would be readable by too many.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvolutionSection {
    /// Where Evolution is.
    pub base_url: Option<String>,
    /// The instance that sends.
    pub instance: Option<String>,
    /// A file that holds the key; below the settings file's folder when relative.
    pub key_file: Option<PathBuf>,
    /// A variable that holds the key.
    pub key_env: Option<String>,
    /// How long one send may take.
    pub timeout: Option<String>,
}

impl EvolutionSection {
    /// A nearer section's key counts whole: its file and a further section's variable are two keys.
    fn or(self, further: Self) -> Self {
        let has_key = self.key_file.is_some() || self.key_env.is_some();
        let (key_file, key_env) = if has_key { (self.key_file, self.key_env) } else { (further.key_file, further.key_env) };
        Self {
            base_url: self.base_url.or(further.base_url),
            instance: self.instance.or(further.instance),
            key_file,
            key_env,
            timeout: self.timeout.or(further.timeout),
        }
    }
}

/// `[cloud]` of a settings file. A token itself is never in it: the file would be readable by too many.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudSection {
    /// Where Meta's Graph API is.
    pub base_url: Option<String>,
    /// The id of the number that sends; digits, quoted or not.
    #[serde(default, deserialize_with = "digits")]
    pub phone_number_id: Option<String>,
    /// The version of the Graph API.
    pub graph_version: Option<u16>,
    /// A file that holds the token; below the settings file's folder when relative.
    pub token_file: Option<PathBuf>,
    /// A variable that holds the token.
    pub token_env: Option<String>,
    /// How long one send may take.
    pub timeout: Option<String>,
}

impl CloudSection {
    /// A nearer section's token counts whole, as its key does for Evolution.
    fn or(self, further: Self) -> Self {
        let has_token = self.token_file.is_some() || self.token_env.is_some();
        let (token_file, token_env) = if has_token { (self.token_file, self.token_env) } else { (further.token_file, further.token_env) };
        Self {
            base_url: self.base_url.or(further.base_url),
            phone_number_id: self.phone_number_id.or(further.phone_number_id),
            graph_version: self.graph_version.or(further.graph_version),
            token_file,
            token_env,
            timeout: self.timeout.or(further.timeout),
        }
    }
}

/// An id that may stand there as a number.
fn digits<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Digits {
        Text(String),
        Number(u64),
    }
    Ok(Some(match Digits::deserialize(deserializer)? {
        Digits::Text(text) => text,
        Digits::Number(number) => number.to_string(),
    }))
}

/// What a command works with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where Redis is.
    pub redis: ServerAddress,
    /// Who said so.
    pub redis_chosen: Chosen,
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
    /// What the files say of Evolution.
    pub evolution: EvolutionSection,
    /// What the files say of Meta's Cloud API.
    pub cloud: CloudSection,
}

impl Globals {
    /// Whether errors are to be JSON.
    pub(super) fn wants_json(&self) -> bool {
        self.json || self.output == Some(Format::Json)
    }

    /// Whether a password was given where every user of this machine can see it.
    pub(super) fn shows_password(&self) -> bool {
        self.redis.as_deref().is_some_and(has_password) && std::env::args().any(|argument| has_password(&argument))
    }

    /// Settles everything.
    ///
    /// # Errors
    /// When a value makes no sense; the message names where it came from.
    pub(super) fn resolve(&self) -> Result<Settings, AppError> {
        #[cfg(debug_assertions)]
        spoil_clock();
        let file = self.read_files()?;
        let url = self.redis.clone().or(file.redis).or_else(url_of_other_tools);
        let redis_chosen = match &url {
            Some(_) if self.redis.is_some() && self.redis != environment("WQ_REDIS_URL") => Chosen::ByFlag,
            Some(_) => Chosen::BySettings,
            None => Chosen::ByDefault,
        };
        let url = url.unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
        let is_cluster = self.cluster || file.cluster.unwrap_or(false);
        let timeout = self.timeout.clone().or(file.timeout).unwrap_or_else(|| "10s".to_owned());
        let prefix = self.prefix.clone().or(file.prefix).unwrap_or_else(|| "bull".to_owned());
        let queue = environment("WQ_QUEUE").or(file.queue).unwrap_or_else(|| "whatsapp".to_owned());
        let format = match file.output {
            Some(word) => Some(Format::from_str(&word, true).map_err(|_| usage(format!("{word:?} is no output format")))?),
            None => None,
        };
        Ok(Settings {
            redis: if is_cluster { ServerAddress::parse_cluster(&url)? } else { ServerAddress::parse(&url)? },
            redis_chosen,
            prefix: prefix.parse().map_err(|error| usage(format!("the prefix {prefix:?}: {error}")))?,
            queue: queue.parse().map_err(|error| usage(format!("the queue {queue:?}: {error}")))?,
            format: if self.json { Some(Format::Json) } else { self.output.or(format) },
            quiet: self.quiet,
            verbose: self.verbose,
            color: self.color,
            yes: self.yes,
            no_input: self.no_input,
            timeout: parse_duration(&timeout).map_err(|error| usage(format!("the time-out {error}")))?,
            tz: self.tz.clone().or(file.tz),
            default_country: environment("WQ_DEFAULT_COUNTRY").or(file.default_country),
            raw_csv: self.raw_csv,
            evolution: file.evolution,
            cloud: file.cloud,
        })
    }

    /// The files, the nearest first: ./wq.toml, the user's, the machine's; or the one that was named.
    fn read_files(&self) -> Result<File, AppError> {
        if let Some(path) = &self.config {
            return read_file(path)?.ok_or_else(|| usage(format!("there is no settings file {}", path.display())));
        }
        let user = environment("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(environment("HOME")?).join(".config")));
        let places = [Some(PathBuf::from("wq.toml")), user.map(|folder| folder.join("wq/wq.toml")), Some(PathBuf::from("/etc/wq/wq.toml"))];
        let mut merged = File::default();
        for path in places.into_iter().flatten() {
            if let Some(file) = read_file(&path)? {
                merged = merged.or(file);
            }
        }
        Ok(merged)
    }
}

impl File {
    fn or(self, further: Self) -> Self {
        Self {
            redis: self.redis.or(further.redis),
            cluster: self.cluster.or(further.cluster),
            prefix: self.prefix.or(further.prefix),
            queue: self.queue.or(further.queue),
            output: self.output.or(further.output),
            timeout: self.timeout.or(further.timeout),
            tz: self.tz.or(further.tz),
            default_country: self.default_country.or(further.default_country),
            evolution: self.evolution.or(further.evolution),
            cloud: self.cloud.or(further.cloud),
        }
    }
}

fn read_file(path: &Path) -> Result<Option<File>, AppError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let refuse = |problem: &str| usage(format!("the settings file {}: {problem}", path.display()));
            let mut file: File = toml::from_str(&text).map_err(|error| refuse(error.message()))?;
            if file.evolution.key_file.is_some() && file.evolution.key_env.is_some() {
                return Err(refuse("[evolution] has key_file and key_env; keep one of them"));
            }
            if file.cloud.token_file.is_some() && file.cloud.token_env.is_some() {
                return Err(refuse("[cloud] has token_file and token_env; keep one of them"));
            }
            place_below(path, &mut file.evolution.key_file);
            place_below(path, &mut file.cloud.token_file);
            Ok(Some(file))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(usage(format!("the settings file {}: {error}", path.display()))),
    }
}

/// A relative path in a settings file starts at that file's folder, wherever the command runs.
fn place_below(settings: &Path, path: &mut Option<PathBuf>) {
    if let (Some(path), Some(folder)) = (path.as_mut(), settings.parent()) {
        *path = folder.join(&*path);
    }
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

/// What Node teams have in their environment.
fn url_of_other_tools() -> Option<String> {
    if let Some(url) = environment("REDIS_URL") {
        return Some(url);
    }
    let host = environment("REDIS_HOST")?;
    let port = environment("REDIS_PORT").unwrap_or_else(|| "6379".to_owned());
    let login = environment("REDIS_PASSWORD").map(|password| format!(":{}@", percent_encode(&password))).unwrap_or_default();
    Some(format!("redis://{login}{host}:{port}"))
}

fn percent_encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn has_password(url: &str) -> bool {
    url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).is_some_and(|(login, _)| login.contains(':'))
}

fn usage(message: String) -> AppError {
    AppError::new(Kind::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_recognised_wherever_it_stands() {
        assert!(has_password("redis://:secret@host"));
        assert!(has_password("--redis=redis://ana:p@ss@host:1/2"));
        assert!(!has_password("redis://host:6379/0"));
    }

    #[test]
    fn a_password_of_any_characters_survives_the_way_into_a_url() {
        assert_eq!(percent_encode("a/b@c:d e"), "a%2Fb%40c%3Ad%20e");
    }

    #[test]
    fn the_nearer_file_wins() {
        let near = File { queue: Some("near".to_owned()), ..File::default() };
        let far = File { queue: Some("far".to_owned()), tz: Some("UTC".to_owned()), ..File::default() };

        let merged = near.or(far);

        assert_eq!((merged.queue.as_deref(), merged.tz.as_deref()), (Some("near"), Some("UTC")));
    }

    #[test]
    fn the_key_of_the_nearer_file_is_never_mixed_with_that_of_a_further_one() {
        let section = |text| toml::from_str::<EvolutionSection>(text).unwrap();
        let far = section("base_url = \"http://far\"\nkey_file = \"far.key\"");

        let with_key = section("instance = \"near\"\nkey_env = \"NEAR_KEY\"").or(far.clone());
        let without = section("instance = \"near\"").or(far);

        assert_eq!(
            (with_key.base_url.as_deref(), with_key.key_file, with_key.key_env.as_deref()),
            (Some("http://far"), None, Some("NEAR_KEY"))
        );
        assert_eq!((without.key_file, without.key_env), (Some(PathBuf::from("far.key")), None));
    }

    #[test]
    fn a_key_in_a_settings_file_is_refused_without_being_shown() {
        let error = toml::from_str::<File>("[evolution]\nkey = \"geheim\"").unwrap_err();

        assert!(error.message().contains("unknown field `key`") && !error.message().contains("geheim"), "{}", error.message());
    }

    #[test]
    fn a_relative_path_starts_at_the_folder_of_its_file() {
        let mut path = Some(PathBuf::from("evolution.key"));
        place_below(Path::new("/etc/wq/wq.toml"), &mut path);
        assert_eq!(path, Some(PathBuf::from("/etc/wq/evolution.key")));

        place_below(Path::new("wq.toml"), &mut path);
        assert_eq!(path, Some(PathBuf::from("/etc/wq/evolution.key")));
    }
}
