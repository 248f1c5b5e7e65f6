//! This file finds out by which provider WhatsApp messages go and reads its key: flags, then environment, then files.

use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use super::settings::{Found, Layers, MAX_GRAPH_VERSION, Origin, SecretPlace, Settings, Told, Values, environment, hide_password};
use super::time::parse_duration;
use crate::app::error::{AppError, Kind};
use crate::output::Printer;
use crate::transport::{DEFAULT_SEND_TIMEOUT, Secret, Way, cloud, evolution};

/// Flags that say where a provider of WhatsApp is and who sends.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Providers of WhatsApp")]
pub(super) struct ProviderArgs {
    /// Where Evolution or the Graph API is [default: Meta's own]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Evolution's instance that sends
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Holds Evolution's API key and nothing else
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Meta's id of the number that sends
    #[arg(long, value_name = "ID")]
    phone_number_id: Option<String>,
    /// Version of the Graph API [default: 25]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_GRAPH_VERSION)))]
    graph_version: Option<u16>,
    /// Holds Meta's access token and nothing else
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
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
        Cloud::find(self, &settings.layers)?.options(timeout, printer)
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
        Evolution::find(self, &settings.layers).options(timeout, printer)
    }
}

/// What is set of Evolution, and where.
struct Evolution {
    base_url: Option<Found<String>>,
    instance: Option<Found<String>>,
    key: Option<Found<SecretPlace>>,
    timeout: Option<Found<String>>,
}

impl Evolution {
    fn find(flags: &ProviderArgs, layers: &Layers) -> Self {
        Self {
            base_url: layers
                .choose(("--base-url", flags.base_url.as_ref()), "WQ_EVOLUTION_URL", |values| values.evolution.base_url.clone()),
            instance: layers
                .choose(("--instance", flags.instance.as_ref()), "WQ_EVOLUTION_INSTANCE", |values| values.evolution.instance.clone()),
            key: secret_place(("--key-file", flags.key_file.as_ref()), "WQ_EVOLUTION_KEY", layers, |values| values.evolution.key.clone()),
            timeout: layers.first(|values| values.evolution.timeout.clone()),
        }
    }

    fn options(self, timeout: Option<Duration>, printer: &Printer) -> Result<evolution::Options, AppError> {
        let missing = |flag: &str| {
            let hint = "such as: wq worker --via evolution --base-url http://127.0.0.1:8080 --instance main --key-file evolution.key";
            usage(format!("--via evolution needs {flag}")).with_hint(hint)
        };
        let base_url = self.base_url.ok_or_else(|| missing("--base-url"))?.value;
        let instance = self.instance.ok_or_else(|| missing("--instance"))?.value;
        if is_clear_text(&base_url) {
            printer.warn("the API key goes over the network in clear text: give --base-url as https://… unless that network is your own");
        }
        let api_key = secret(self.key, "the API key of Evolution", ("WQ_EVOLUTION_KEY", "--key-file"), printer)?;
        let timeout = send_timeout(timeout, self.timeout.as_ref(), "evolution")?;
        Ok(evolution::Options { base_url, instance, api_key, timeout })
    }

    fn told(&self) -> Vec<Told> {
        let base_url = self.base_url.as_ref().map(without_password);
        [
            told("base_url", base_url.as_ref()),
            told("instance", self.instance.as_ref()),
            told("key", self.key.as_ref()),
            told("timeout", self.timeout.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// What is set of Meta's Cloud API, and where.
struct Cloud {
    base_url: Option<Found<String>>,
    phone_number_id: Option<Found<String>>,
    graph_version: Found<u16>,
    token: Option<Found<SecretPlace>>,
    timeout: Option<Found<String>>,
}

impl Cloud {
    fn find(flags: &ProviderArgs, layers: &Layers) -> Result<Self, AppError> {
        let number = ("--phone-number-id", flags.phone_number_id.as_ref());
        Ok(Self {
            base_url: layers.choose(("--base-url", flags.base_url.as_ref()), "WQ_CLOUD_URL", |values| values.cloud.base_url.clone()),
            phone_number_id: layers.choose(number, "WQ_CLOUD_PHONE_NUMBER_ID", |values| values.cloud.phone_number_id.clone()),
            graph_version: graph_version(flags.graph_version, layers)?,
            token: secret_place(("--token-file", flags.token_file.as_ref()), "WQ_CLOUD_TOKEN", layers, |values| values.cloud.token.clone()),
            timeout: layers.first(|values| values.cloud.timeout.clone()),
        })
    }

    fn options(self, timeout: Option<Duration>, printer: &Printer) -> Result<cloud::Options, AppError> {
        let missing = || {
            let hint = "such as: wq worker --via cloud --phone-number-id 106540352242922 --token-file cloud.token";
            usage("--via cloud needs --phone-number-id".to_owned()).with_hint(hint)
        };
        let phone_number_id = self.phone_number_id.ok_or_else(missing)?.value;
        let base_url = self.base_url.map_or_else(|| cloud::DEFAULT_BASE_URL.to_owned(), |found| found.value);
        if is_clear_text(&base_url) {
            printer.warn("the access token goes over the network in clear text: give --base-url as https://…");
        }
        let token = secret(self.token, "the access token of Meta", ("WQ_CLOUD_TOKEN", "--token-file"), printer)?;
        let timeout = send_timeout(timeout, self.timeout.as_ref(), "cloud")?;
        Ok(cloud::Options { base_url, graph_version: self.graph_version.value, phone_number_id, token, timeout })
    }

    fn told(&self) -> Vec<Told> {
        let base_url = self.base_url.as_ref().map(without_password);
        [
            told("base_url", base_url.as_ref()),
            told("phone_number_id", self.phone_number_id.as_ref()),
            told("graph_version", Some(&self.graph_version)),
            told("token", self.token.as_ref()),
            told("timeout", self.timeout.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A provider that the environment or a settings file names.
pub(super) struct Configured {
    /// As after `--via`.
    pub(super) name: &'static str,
    /// What is set of it.
    pub(super) told: Vec<Told>,
    /// The way to it, or why there is none.
    pub(super) way: Result<Way, AppError>,
}

/// The providers that the environment or a settings file names.
pub(super) fn configured(settings: &Settings, printer: &Printer) -> Vec<Configured> {
    let flags = ProviderArgs::default();
    let timeout = Some(settings.timeout);
    let mut named = Vec::new();
    let evolution = Evolution::find(&flags, &settings.layers);
    if evolution.instance.is_some() {
        let told = evolution.told();
        named.push(Configured { name: "evolution", told, way: evolution.options(timeout, printer).map(Way::Evolution) });
    }
    match Cloud::find(&flags, &settings.layers) {
        Ok(cloud) if cloud.phone_number_id.is_some() => {
            let told = cloud.told();
            named.push(Configured { name: "cloud", told, way: cloud.options(timeout, printer).map(Way::Cloud) });
        }
        Ok(_) => {}
        Err(error) => named.push(Configured { name: "cloud", told: Vec::new(), way: Err(error) }),
    }
    named
}

fn told<T: Display>(name: &'static str, found: Option<&Found<T>>) -> Option<Told> {
    found.map(|found| Told::of(name, found))
}

fn without_password(url: &Found<String>) -> Found<String> {
    Found { value: hide_password(&url.value), origin: url.origin.clone() }
}

fn graph_version(flag: Option<u16>, layers: &Layers) -> Result<Found<u16>, AppError> {
    const VARIABLE: &str = "WQ_CLOUD_GRAPH_VERSION";
    if let Some(value) = flag {
        return Ok(Found { value, origin: Origin::Flag("--graph-version") });
    }
    if let Some(text) = environment(VARIABLE) {
        let number = text.parse().ok().filter(|number| (1..=MAX_GRAPH_VERSION).contains(number));
        let value = number.ok_or_else(|| usage(format!("{VARIABLE} is a whole number of 1 to {MAX_GRAPH_VERSION}, not {text:?}")))?;
        return Ok(Found { value, origin: Origin::Variable(VARIABLE) });
    }
    Ok(layers.first(|values| values.cloud.graph_version).unwrap_or_else(|| Found::by_default(cloud::DEFAULT_GRAPH_VERSION)))
}

/// Whether what is sent there can be read on the way: plain HTTP to another machine.
fn is_clear_text(url: &str) -> bool {
    let Some(rest) = url.trim().strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    !(host.starts_with("127.") || host.starts_with("[::1]") || host.split(':').next() == Some("localhost"))
}

/// How long one send may take: the flag, else the settings file's, else the same for every way to send.
fn send_timeout(flag: Option<Duration>, set: Option<&Found<String>>, section: &str) -> Result<Duration, AppError> {
    match (flag, set) {
        (Some(timeout), _) => Ok(timeout),
        (None, Some(Found { value, origin })) => {
            let place = format!("timeout in [{section}] of {origin}");
            let timeout = parse_duration(value).map_err(|error| usage(format!("{place}: {error}")))?;
            let is_useful = (Duration::from_millis(100)..=Duration::from_hours(24)).contains(&timeout);
            if is_useful { Ok(timeout) } else { Err(usage(format!("{place}: {value:?} is not between 100ms and 24h"))) }
        }
        (None, None) => Ok(DEFAULT_SEND_TIMEOUT),
    }
}

/// Where a secret is: the flag's file, our own variable, or what a settings file names.
fn secret_place(
    (flag, file): (&'static str, Option<&PathBuf>),
    variable: &'static str,
    layers: &Layers,
    get: impl Fn(&Values) -> Option<SecretPlace>,
) -> Option<Found<SecretPlace>> {
    if let Some(path) = file {
        return Some(Found { value: SecretPlace::File(path.clone()), origin: Origin::Flag(flag) });
    }
    if environment(variable).is_some() {
        return Some(Found { value: SecretPlace::Variable(variable.to_owned()), origin: Origin::Variable(variable) });
    }
    layers.first(get)
}

fn secret(place: Option<Found<SecretPlace>>, name: &str, (variable, flag): (&str, &str), printer: &Printer) -> Result<Secret, AppError> {
    let hint = || format!("set {variable} or give {flag}");
    let place = place.ok_or_else(|| usage(format!("{name} is missing")).with_hint(hint()))?;
    let unlocked = place.value.read(name)?;
    if let Some(warning) = unlocked.warning {
        printer.warn(&warning);
    }
    Ok(Secret::new(unlocked.bytes))
}

fn usage(message: String) -> AppError {
    AppError::new(Kind::Usage, message)
}
