//! This file settles by which provider of WhatsApp messages go and reads its key: flags, then environment, then files.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::settings::{Settings, environment};
use super::time::parse_duration;
use crate::app::error::{AppError, Kind};
use crate::output::Printer;
use crate::transport::{DEFAULT_SEND_TIMEOUT, Secret, Way, cloud, evolution};

/// No key is longer, in bytes.
const MAX_KEY_BYTES: u64 = 4096;
/// Who may write: the owner's group, and everybody.
const OTHERS_MAY_WRITE: u32 = 0o022;
/// Everybody may read.
const ALL_MAY_READ: u32 = 0o004;

/// Flags that say where a provider of WhatsApp is and who sends.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Providers of WhatsApp")]
pub(super) struct ProviderArgs {
    /// Where --via evolution finds Evolution, and --via cloud the Graph API [default there: Meta's own]
    #[arg(long, value_name = "http(s)://HOST[/PATH]")]
    base_url: Option<String>,
    /// The instance of Evolution that sends
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// A file that holds Evolution's API key and nothing else; without it the environment is asked
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Meta's id of the number that sends, with --via cloud
    #[arg(long, value_name = "ID")]
    phone_number_id: Option<String>,
    /// Version of the Graph API, with --via cloud [default: 25]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=999))]
    graph_version: Option<u16>,
    /// A file that holds Meta's access token and nothing else [default: the token of the environment]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Where a secret may be, the first place that is given counts.
struct Places<'a> {
    /// What it is.
    name: &'static str,
    /// The flag that names its file, and what it names.
    flag: (&'static str, Option<&'a Path>),
    /// Our own variable.
    variable: &'static str,
    /// What the settings file says: a file, or another variable.
    file: Option<&'a Path>,
    other_variable: Option<&'a str>,
}

impl ProviderArgs {
    /// A flag that was given and needs another way to send than `way`, and which.
    pub(super) fn of_others(&self, way: &str) -> Option<(&'static str, &'static str)> {
        let flags = [
            ("--base-url", "evolution or cloud", self.base_url.is_some()),
            ("--instance", "evolution", self.instance.is_some()),
            ("--key-file", "evolution", self.key_file.is_some()),
            ("--phone-number-id", "cloud", self.phone_number_id.is_some()),
            ("--graph-version", "cloud", self.graph_version.is_some()),
            ("--token-file", "cloud", self.token_file.is_some()),
        ];
        let is_of_another_way = |ways: &str| !ways.split(" or ").any(|one| one == way);
        flags.into_iter().find_map(|(flag, ways, given)| (given && is_of_another_way(ways)).then_some((flag, ways)))
    }

    /// By which number of Meta's Cloud API messages go.
    ///
    /// # Errors
    /// When the number or the token is nowhere, or the file of the token can't be trusted.
    pub(super) fn cloud(&self, timeout: Option<Duration>, settings: &Settings, printer: &Printer) -> Result<cloud::Options, AppError> {
        let section = &settings.cloud;
        let phone_number_id = self.phone_number_id.clone().or_else(|| environment("WQ_CLOUD_PHONE_NUMBER_ID"));
        let phone_number_id = phone_number_id.or_else(|| section.phone_number_id.clone()).ok_or_else(|| {
            let hint = "such as: wq worker --via cloud --phone-number-id 106540352242922 --token-file cloud.token";
            usage("--via cloud needs --phone-number-id".to_owned()).with_hint(hint)
        })?;
        let base_url = self.base_url.clone().or_else(|| environment("WQ_CLOUD_URL")).or_else(|| section.base_url.clone());
        let base_url = base_url.unwrap_or_else(|| cloud::DEFAULT_BASE_URL.to_owned());
        if is_clear_text(&base_url) {
            printer.warn("the access token goes over the network in clear text: give --base-url as https://…");
        }
        let token = secret(
            &Places {
                name: "the access token of Meta",
                flag: ("--token-file", self.token_file.as_deref()),
                variable: "WQ_CLOUD_TOKEN",
                file: section.token_file.as_deref(),
                other_variable: section.token_env.as_deref(),
            },
            printer,
        )?;
        let graph_version = self.graph_version.or(section.graph_version).unwrap_or(cloud::DEFAULT_GRAPH_VERSION);
        let timeout = send_timeout(timeout, section.timeout.as_deref(), "cloud")?;
        Ok(cloud::Options { base_url, graph_version, phone_number_id, token, timeout })
    }

    /// By which instance of Evolution messages go.
    ///
    /// # Errors
    /// When the address, the instance or the key is nowhere, or the file of the key can't be trusted.
    pub(super) fn evolution(
        &self,
        timeout: Option<Duration>,
        settings: &Settings,
        printer: &Printer,
    ) -> Result<evolution::Options, AppError> {
        let section = &settings.evolution;
        let needed = |given: Option<&String>, variable: &str, set: Option<&String>, flag: &str| {
            let value = given.cloned().or_else(|| environment(variable)).or_else(|| set.cloned());
            let hint = "such as: wq worker --via evolution --base-url http://127.0.0.1:8080 --instance main --key-file evolution.key";
            value.ok_or_else(|| usage(format!("--via evolution needs {flag}")).with_hint(hint))
        };
        let base_url = needed(self.base_url.as_ref(), "WQ_EVOLUTION_URL", section.base_url.as_ref(), "--base-url")?;
        let instance = needed(self.instance.as_ref(), "WQ_EVOLUTION_INSTANCE", section.instance.as_ref(), "--instance")?;
        if is_clear_text(&base_url) {
            printer.warn("the API key goes over the network in clear text: give --base-url as https://… unless that network is your own");
        }
        let api_key = secret(
            &Places {
                name: "the API key of Evolution",
                flag: ("--key-file", self.key_file.as_deref()),
                variable: "WQ_EVOLUTION_KEY",
                file: section.key_file.as_deref(),
                other_variable: section.key_env.as_deref(),
            },
            printer,
        )?;
        let timeout = send_timeout(timeout, section.timeout.as_deref(), "evolution")?;
        Ok(evolution::Options { base_url, instance, api_key, timeout })
    }
}

/// The providers that the environment or a settings file names, each with the way to it or why there is none.
pub(super) fn configured(settings: &Settings, printer: &Printer) -> Vec<(&'static str, Result<Way, AppError>)> {
    let flags = ProviderArgs::default();
    let timeout = Some(settings.timeout);
    let mut named = Vec::new();
    if settings.evolution.instance.is_some() || environment("WQ_EVOLUTION_INSTANCE").is_some() {
        named.push(("evolution", flags.evolution(timeout, settings, printer).map(Way::Evolution)));
    }
    if settings.cloud.phone_number_id.is_some() || environment("WQ_CLOUD_PHONE_NUMBER_ID").is_some() {
        named.push(("cloud", flags.cloud(timeout, settings, printer).map(Way::Cloud)));
    }
    named
}

/// Whether what is sent there can be read on the way: plain HTTP to another machine.
fn is_clear_text(url: &str) -> bool {
    let Some(rest) = url.trim().strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    !(host.starts_with("127.") || host.starts_with("[::1]") || host.split(':').next() == Some("localhost"))
}

/// How long one send may take: the flag, else the settings file's section, else the same for every way to send.
fn send_timeout(flag: Option<Duration>, set: Option<&str>, section: &str) -> Result<Duration, AppError> {
    match (flag, set) {
        (Some(timeout), _) => Ok(timeout),
        (None, Some(text)) => {
            let timeout = parse_duration(text).map_err(|error| usage(format!("timeout in [{section}]: {error}")))?;
            let is_useful = (Duration::from_millis(100)..=Duration::from_hours(24)).contains(&timeout);
            if is_useful { Ok(timeout) } else { Err(usage(format!("timeout in [{section}]: {text:?} is not between 100ms and 24h"))) }
        }
        (None, None) => Ok(DEFAULT_SEND_TIMEOUT),
    }
}

fn secret(places: &Places<'_>, printer: &Printer) -> Result<Secret, AppError> {
    let (flag, flagged) = places.flag;
    if let Some(path) = flagged {
        return read_secret(path, places.name, printer);
    }
    if let Some(value) = environment(places.variable) {
        return Ok(Secret::new(value));
    }
    if let Some(variable) = places.other_variable {
        let missing = || usage(format!("{} is to be in the variable {variable}, which is not set", places.name));
        return environment(variable).map(Secret::new).ok_or_else(missing);
    }
    if let Some(path) = places.file {
        return read_secret(path, places.name, printer);
    }
    let hint = format!("set {} or give {flag}", places.variable);
    Err(usage(format!("{} is missing", places.name)).with_hint(hint))
}

/// Reads a secret that is alone in a file. A file that others may write to is refused, since they could put their own in its place;
/// one that everybody may read is worth a warning: container secrets usually are.
fn read_secret(path: &Path, name: &str, printer: &Printer) -> Result<Secret, AppError> {
    let refuse = |problem: String| usage(format!("the file {} for {name}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| refuse(error.to_string()))?;
    let about = file.metadata().map_err(|error| refuse(error.to_string()))?;
    if about.is_dir() {
        return Err(refuse("it is a folder".to_owned()));
    }
    if about.is_file() && about.mode() & OTHERS_MAY_WRITE != 0 {
        return Err(refuse("others may write to it".to_owned()).with_hint(format!("chmod 600 {}", path.display())));
    }
    if about.is_file() && about.mode() & ALL_MAY_READ != 0 {
        printer.warn(&format!("every user of this machine can read {} with {name}; chmod 600 keeps it to you", path.display()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_KEY_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(error.to_string()))?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    match bytes.trim_ascii() {
        [] => Err(refuse("it is empty".to_owned())),
        _ if size > MAX_KEY_BYTES => Err(refuse(format!("it is longer than {MAX_KEY_BYTES} bytes, so it is no key"))),
        key => Ok(Secret::new(key)),
    }
}

fn usage(message: String) -> AppError {
    AppError::new(Kind::Usage, message)
}
