//! This file reads the settings files, nearest first, and the profiles in them.

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::origin::{Found, Origin};
use super::secret::{OTHERS_MAY_WRITE, SecretPlace};
use super::table::{Source, Table};
use super::{environment, usage};
use crate::app::error::AppError;

/// No settings file is longer, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// The highest version of the Graph API that is believed.
pub(in crate::cli) const MAX_GRAPH_VERSION: u16 = 999;

/// What a settings file says, or a profile in it.
#[derive(Clone, Debug, Default)]
pub struct Values {
    pub(super) redis: Option<Redis>,
    pub(super) cluster: Option<bool>,
    pub(super) prefix: Option<String>,
    pub(super) queue: Option<String>,
    pub(super) output: Option<String>,
    pub(super) timeout: Option<String>,
    pub(super) tz: Option<String>,
    pub(super) default_country: Option<String>,
    /// What destroys needs the profile's name typed, too.
    pub(super) protected: Option<bool>,
    /// What it says of Evolution.
    pub evolution: EvolutionValues,
    /// What it says of Meta's Cloud API.
    pub cloud: CloudValues,
}

/// Where Redis is and, if it wants one, where its password is. They count together: a password is never sent to another server.
#[derive(Clone, Debug)]
pub(super) struct Redis {
    pub(super) url: String,
    pub(super) password: Option<SecretPlace>,
}

/// What a settings file says of Evolution. A key itself is never in it: the file would be readable by too many.
#[derive(Clone, Debug, Default)]
pub struct EvolutionValues {
    /// Where Evolution is.
    pub base_url: Option<String>,
    /// The instance that sends.
    pub instance: Option<String>,
    /// Where the key is.
    pub key: Option<SecretPlace>,
    /// How long one send may take.
    pub timeout: Option<String>,
}

/// What a settings file says of Meta's Cloud API. A token itself is never in it: the file would be readable by too many.
#[derive(Clone, Debug, Default)]
pub struct CloudValues {
    /// Where Meta's Graph API is.
    pub base_url: Option<String>,
    /// The id of the number that sends: digits.
    pub phone_number_id: Option<String>,
    /// The version of the Graph API.
    pub graph_version: Option<u16>,
    /// Where the token is.
    pub token: Option<SecretPlace>,
    /// How long one send may take.
    pub timeout: Option<String>,
}

/// Everything that the files say, what counts most first: the profile in the nearest file to the furthest, then what stands
/// outside of profiles.
#[derive(Clone, Debug, Default)]
pub struct Layers(Vec<Layer>);

#[derive(Clone, Debug)]
struct Layer {
    place: Arc<str>,
    values: Values,
}

impl Layers {
    /// The value that counts, and where it stands.
    pub(in crate::cli) fn first<T>(&self, get: impl Fn(&Values) -> Option<T>) -> Option<Found<T>> {
        let found = |layer: &Layer| Some(Found { value: get(&layer.values)?, origin: Origin::File(Arc::clone(&layer.place)) });
        self.0.iter().find_map(found)
    }

    /// The value that counts: the flag's, the variable's, a file's.
    pub(in crate::cli) fn choose(
        &self,
        flag: (&'static str, Option<&String>),
        variable: &'static str,
        get: impl Fn(&Values) -> Option<String>,
    ) -> Option<Found<String>> {
        if let (name, Some(value)) = flag {
            return Some(Found { value: value.clone(), origin: Origin::Flag(name) });
        }
        let of_environment = environment(variable).map(|value| Found { value, origin: Origin::Variable(variable) });
        of_environment.or_else(|| self.first(get))
    }
}

/// A settings file that was read.
struct File {
    shown: String,
    values: Values,
    profile: Option<String>,
    profiles: Vec<(String, Values)>,
}

/// Reads the files, and puts the profile in front: the one that was `chosen`, else the one that a file names as its usual one.
///
/// # Errors
/// When a file can't be read or trusted, or says something that makes no sense; when there is no such profile.
pub(super) fn read(named: Option<&Path>, chosen: Option<Found<String>>) -> Result<(Layers, Option<Found<String>>), AppError> {
    let files = match named {
        Some(path) => vec![read_file(path)?.ok_or_else(|| usage(format!("there is no settings file {}", path.display())))?],
        None => places().iter().filter_map(|path| read_file(path).transpose()).collect::<Result<_, _>>()?,
    };
    let usual = |file: &File| Some(Found { value: file.profile.clone()?, origin: Origin::File(file.shown.as_str().into()) });
    let profile = chosen.or_else(|| files.iter().find_map(usual));
    if let Some(profile) = &profile {
        check_profile(profile, &files)?;
    }
    Ok((layers(files, profile.as_ref().map(|profile| profile.value.as_str())), profile))
}

/// ./wq.toml, the user's, the machine's.
fn places() -> Vec<PathBuf> {
    let user = environment("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(environment("HOME")?).join(".config")));
    let user = user.map(|folder| folder.join("wq/wq.toml"));
    [Some(PathBuf::from("wq.toml")), user, Some(PathBuf::from("/etc/wq/wq.toml"))].into_iter().flatten().collect()
}

fn check_profile(wanted: &Found<String>, files: &[File]) -> Result<(), AppError> {
    let names: BTreeSet<&str> = files.iter().flat_map(|file| &file.profiles).map(|(name, _)| name.as_str()).collect();
    if names.contains(wanted.value.as_str()) {
        return Ok(());
    }
    let hint = if names.is_empty() {
        format!("[profiles.{}] in wq.toml makes one", wanted.value)
    } else {
        format!("there are: {}", Vec::from_iter(names).join(", "))
    };
    Err(usage(format!("there is no profile {:?}, which {} asks for", wanted.value, wanted.origin)).with_hint(hint))
}

fn layers(files: Vec<File>, profile: Option<&str>) -> Layers {
    let (mut of_profile, mut common) = (Vec::new(), Vec::new());
    for File { shown, values, profiles, .. } in files {
        let place = format!("{shown}, profile {}", profile.unwrap_or_default()).into();
        let chosen = profiles.into_iter().find(|(name, _)| profile == Some(name));
        of_profile.extend(chosen.map(|(_, values)| Layer { place, values }));
        common.push(Layer { place: shown.into(), values });
    }
    of_profile.extend(common);
    Layers(of_profile)
}

/// Reads one file; nothing when there is none. One that others may write to is refused: it says where messages and keys go.
fn read_file(path: &Path) -> Result<Option<File>, AppError> {
    let refuse = |problem: String| usage(format!("the settings file {}: {problem}", path.display()));
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refuse(error.to_string())),
    };
    let about = file.metadata().map_err(|error| refuse(error.to_string()))?;
    if about.is_file() && about.mode() & OTHERS_MAY_WRITE != 0 {
        return Err(refuse("others may write to it".to_owned()).with_hint(format!("chmod go-w {}", path.display())));
    }
    let mut text = String::new();
    let size = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(|error| refuse(error.to_string()))?;
    if u64::try_from(size).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(refuse(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    understand(Source { path, text: &text }).map(Some)
}

fn understand(source: Source<'_>) -> Result<File, AppError> {
    let mut root = Table::of_file(source)?;
    let profile = root.text("profile")?;
    let mut profiles = Vec::new();
    for (name, mut table) in root.table("profiles")?.tables()? {
        let protected = table.flag("protected")?;
        profiles.push((name, Values { protected, ..Values::read(&mut table)? }));
        table.end()?;
    }
    let values = Values::read(&mut root)?;
    root.end()?;
    Ok(File { shown: source.path.display().to_string(), values, profile, profiles })
}

impl Values {
    fn read(table: &mut Table<'_>) -> Result<Self, AppError> {
        Ok(Self {
            redis: Redis::read(table)?,
            cluster: table.flag("cluster")?,
            prefix: table.text("prefix")?,
            queue: table.text("queue")?,
            output: table.text("output")?,
            timeout: table.text("timeout")?,
            tz: table.text("tz")?,
            default_country: table.text("default_country")?,
            protected: None,
            evolution: EvolutionValues::read(table.table("evolution")?)?,
            cloud: CloudValues::read(table.table("cloud")?)?,
        })
    }
}

impl Redis {
    fn read(table: &mut Table<'_>) -> Result<Option<Self>, AppError> {
        let (url, password) = (table.text("redis")?, secret(table, "password_file", "password_env")?);
        match (url, password) {
            (Some(url), password) => Ok(Some(Self { url, password })),
            (None, Some(_)) => Err(table.refuse("says where a password is and not for which server: redis belongs beside it")),
            (None, None) => Ok(None),
        }
    }
}

impl EvolutionValues {
    fn read(mut table: Table<'_>) -> Result<Self, AppError> {
        let values = Self {
            key: secret(&mut table, "key_file", "key_env")?,
            base_url: table.text("base_url")?,
            instance: table.text("instance")?,
            timeout: table.text("timeout")?,
        };
        table.end()?;
        Ok(values)
    }
}

impl CloudValues {
    fn read(mut table: Table<'_>) -> Result<Self, AppError> {
        let values = Self {
            token: secret(&mut table, "token_file", "token_env")?,
            base_url: table.text("base_url")?,
            phone_number_id: table.digits("phone_number_id")?,
            graph_version: table.number("graph_version", MAX_GRAPH_VERSION)?,
            timeout: table.text("timeout")?,
        };
        table.end()?;
        Ok(values)
    }
}

/// A secret's file or variable. Both in one table are one too many; of two tables the nearer one's counts whole.
fn secret(table: &mut Table<'_>, file: &'static str, variable: &'static str) -> Result<Option<SecretPlace>, AppError> {
    match (table.secret_file(file)?, table.secret_variable(variable)?) {
        (Some(_), Some(_)) => Err(table.refuse(&format!("has {file} and {variable}; keep one of them"))),
        (Some(path), None) => Ok(Some(SecretPlace::File(path))),
        (None, name) => Ok(name.map(SecretPlace::Variable)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layered(files: &[(&'static str, &str)], profile: Option<&str>) -> Layers {
        let file = |(path, text): &(&'static str, &str)| understand(Source { path: Path::new(*path), text }).unwrap();
        layers(files.iter().map(file).collect(), profile)
    }

    fn refused(text: &str) -> (String, String) {
        let error = understand(Source { path: Path::new("/a/wq.toml"), text }).err().expect("refused");
        let problem = error.to_string();
        (problem.strip_prefix("the settings file /a/wq.toml").unwrap().to_owned(), error.hint().unwrap_or_default().to_owned())
    }

    fn shown(found: Option<Found<String>>) -> Option<(String, String)> {
        found.map(|found| (found.value, found.origin.to_string()))
    }

    #[test]
    fn a_profile_comes_before_what_all_share_and_the_nearer_file_before_the_further() {
        let near = ("near.toml", "queue = \"near\"\n[profiles.sp]\nprefix = \"sp\"");
        let far = ("far.toml", "queue = \"far\"\ntz = \"UTC\"\n[profiles.sp]\nqueue = \"far-sp\"\nprefix = \"far-sp\"");
        let said = |layers: &Layers, get: fn(&Values) -> Option<String>| shown(layers.first(get)).unwrap();
        let is = |value: &str, place: &str| (value.to_owned(), place.to_owned());

        let without = layered(&[near, far], None);
        let with = layered(&[near, far], Some("sp"));

        assert_eq!(said(&without, |values| values.queue.clone()), is("near", "near.toml"));
        assert_eq!(said(&without, |values| values.tz.clone()), is("UTC", "far.toml"));
        assert_eq!(said(&with, |values| values.queue.clone()), is("far-sp", "far.toml, profile sp"));
        assert_eq!(said(&with, |values| values.prefix.clone()), is("sp", "near.toml, profile sp"));
        assert!(without.first(|values| values.prefix.clone()).is_none());
    }

    #[test]
    fn the_key_of_the_nearer_table_is_never_mixed_with_that_of_a_further_one() {
        let near = ("/n/wq.toml", "[evolution]\ninstance = \"near\"\nkey_env = \"NEAR_KEY\"");
        let far = ("/f/wq.toml", "[evolution]\nbase_url = \"http://far\"\nkey_file = \"far.key\"");
        let key = |layers: &Layers| layers.first(|values| values.evolution.key.clone()).unwrap().value;

        assert_eq!(key(&layered(&[near, far], None)), SecretPlace::Variable("NEAR_KEY".to_owned()));
        assert_eq!(key(&layered(&[far, near], None)), SecretPlace::File("/f/far.key".into()));
    }

    #[test]
    fn a_relative_path_starts_at_the_folder_of_its_file() {
        let place = |path, file: &str| {
            let text = format!("[cloud]\ntoken_file = \"{file}\"");
            layered(&[(path, &text)], None).first(|values| values.cloud.token.clone()).unwrap().value
        };

        assert_eq!(place("/etc/wq/wq.toml", "a.key"), SecretPlace::File("/etc/wq/a.key".into()));
        assert_eq!(place("/etc/wq/wq.toml", "/b/a.key"), SecretPlace::File("/b/a.key".into()));
        assert_eq!(place("wq.toml", "a.key"), SecretPlace::File("a.key".into()));
    }

    #[test]
    fn what_nobody_knows_is_refused_with_its_line_and_the_nearest_name() {
        let is = |problem: &str, hint: &str| (problem.to_owned(), hint.to_owned());
        let of_cloud = "there are: token_file, token_env, base_url, phone_number_id, graph_version, timeout";
        for (text, expected) in [
            ("queue = \"a\"\nprefx = \"b\"", is(", line 2: there is no key \"prefx\"", "did you mean prefix?")),
            ("[evolution]\n\ninstancex = \"a\"", is(", line 3: [evolution] has no key \"instancex\"", "did you mean instance?")),
            ("[evolution]\nkey_filex = \"a\"", is(", line 2: [evolution] has no key \"key_filex\"", "did you mean key_file?")),
            ("[profiles.sp.cloud]\ncolour = 1", is(", line 2: [profiles.sp.cloud] has no key \"colour\"", of_cloud)),
            ("[profiles.sp.evolutoin]\n", is(", line 1: [profiles.sp] has no key \"evolutoin\"", "did you mean evolution?")),
            ("tz = \"UTC\"\nprotected = true", is(", line 2: there is no key \"protected\"", "")),
        ] {
            let (problem, hint) = refused(text);
            assert_eq!(problem, expected.0, "{text}");
            assert!(hint.starts_with(&expected.1), "{text}: {hint}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_without_being_shown() {
        for (text, problem) in [
            ("queue = 7", ", line 1: queue is to be a text in quotes"),
            ("\ncluster = \"geheim\"", ", line 2: cluster is to be true or false"),
            ("cloud = \"geheim\"", ", line 1: cloud is to be a table: [cloud]"),
            ("profiles = 1", ", line 1: profiles is to be a table: [profiles]"),
            ("[profiles]\nsp = \"geheim\"", ", line 2: sp is to be a table: [profiles.sp]"),
            ("[cloud]\ngraph_version = \"geheim\"", ", line 2: graph_version is to be a whole number of 1 to 999"),
            ("[cloud]\ngraph_version = 1000", ", line 2: graph_version is to be a whole number of 1 to 999"),
            ("[cloud]\nphone_number_id = [\"geheim\"]", ", line 2: phone_number_id is to be a number"),
            ("[evolution]\nkey_file = \"a\"\nkey_env = \"B\"", ": [evolution] has key_file and key_env; keep one of them"),
            ("password_env = \"A\"", ": it says where a password is and not for which server: redis belongs beside it"),
        ] {
            assert_eq!(refused(text).0, problem);
        }
        let (broken, _) = refused("queue = \"a\"\n[cloud]\ntoken_file = geheim\n");
        assert!(broken.starts_with(", line 3: ") && !broken.contains("geheim"), "{broken}");
    }

    #[test]
    fn a_secret_in_a_settings_file_is_refused_with_the_cure_and_never_shown() {
        let canary = "canary";
        for (text, problem, cure) in [
            ("[evolution]\nkey = \"canary\"", ", line 2: key holds a secret", "key_file = \"PATH\""),
            ("[evolution]\napikey = \"canary\"", ", line 2: apikey holds a secret", "key_env = \"NAME\""),
            ("[evolution]\nkey_env = \"canary7c977415caafcce10f7d57e11\"", ", line 2: key_env holds a secret", "key_env = \"NAME\""),
            ("[evolution]\nkey_file = \"canary7c977415caafcce10f7d57e11\"", ", line 2: key_file holds a secret", "key_file = \"PATH\""),
            ("[evolution]\nbase_url = \"http://me:canary@evo\"", ", line 2: base_url has a password in it", "leave it out of the URL"),
            ("[profiles.a.cloud]\naccess_token = \"canary\"", ", line 2: access_token holds a secret", "token_file = \"PATH\""),
            ("[cloud]\ntoken_file = \"EAAGm0PX4ZCpsBAx7-canary\"", ", line 2: token_file holds a secret", "token_env = \"NAME\""),
            ("[cloud]\nbase_url = \"EAAGm0PX4ZCpsBAx7-canary\"", ", line 2: base_url holds a secret", "token_env = \"NAME\""),
            ("redis = \"redis://:canary@h\"", ", line 1: redis has a password in it", "password_file = \"PATH\""),
            ("redis_password = \"canary\"", ", line 1: redis_password holds a secret", "password_env = \"NAME\""),
            ("http_secret = \"canary\"", ", line 1: http_secret holds a secret", "put it into the environment"),
        ] {
            let (said, hint) = refused(text);
            assert!(said.starts_with(problem), "{said}");
            assert!(hint.contains(cure), "{hint}");
            assert!(!said.contains(canary) && !hint.contains(canary), "{said} {hint}");
        }
    }
}
