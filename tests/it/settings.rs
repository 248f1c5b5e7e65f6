//! Settings: what counts when several places say something, profiles, and secrets that are in the wrong place.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::command::{Finished, Wq};
use crate::support::{Server, wq};

const CANARY: &str = "canary";

/// A folder with a settings file that nobody else may write to.
fn folder_with(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("wq.toml"), text);
    folder
}

fn write(path: &Path, text: &str) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_owned()
}

/// What the doctor says of a setting: its value and, in brackets, where it came from.
fn told(finished: &Finished, subject: &str, name: &str) -> String {
    let json = finished.json();
    let is_it = |check: &&Value| check["subject"] == subject && check["check"] == name;
    let check = json["data"].as_array().unwrap().iter().find(is_it).unwrap_or_else(|| panic!("no {name} of {subject}: {json}"));
    check["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_flag_counts_before_the_environment_the_profile_the_file_and_the_default() {
    let server = Server::durable();
    let folder = folder_with("prefix = \"file\"\n[profiles.sp]\nprefix = \"profile\"\n");
    let doctor = |words: &str| wq(&server).folder(folder.path()).line(format!("doctor --json {words}").trim());
    let prefix = |doctor: Wq| told(&doctor.run().exits(0), "settings", "prefix");

    assert_eq!(prefix(doctor("--profile sp --prefix flag").env("WQ_PREFIX", "variable")), "flag (--prefix)");
    assert_eq!(prefix(doctor("--profile sp").env("WQ_PREFIX", "variable")), "variable (WQ_PREFIX)");
    assert_eq!(prefix(doctor("--profile sp")), "profile (wq.toml, profile sp)");
    assert_eq!(prefix(doctor("")), "file (wq.toml)");
    assert_eq!(prefix(doctor("--config /dev/null")), "bull (default)");
}

#[test]
fn a_profile_is_chosen_by_flag_by_variable_or_by_the_file() {
    let server = Server::durable();
    let folder =
        folder_with("profile = \"sp\"\n[profiles.sp]\nqueue = \"a\"\n[profiles.rio]\nqueue = \"b\"\n[profiles.\"de mo\"]\nqueue = \"c\"\n");
    let doctor = |words: &str| wq(&server).folder(folder.path()).line(&format!("doctor --json{words}"));
    let says = |doctor: Wq| {
        let finished = doctor.run().exits(0);
        (told(&finished, "settings", "profile"), told(&finished, "settings", "queue"))
    };
    let is = |profile: &str, queue: &str| (profile.to_owned(), queue.to_owned());

    assert_eq!(says(doctor("")), is("sp (wq.toml)", "a (wq.toml, profile sp)"));
    assert_eq!(says(doctor("").env("WQ_PROFILE", "rio")), is("rio (WQ_PROFILE)", "b (wq.toml, profile rio)"));
    assert_eq!(
        says(doctor("").args(["--profile", "de mo"]).env("WQ_PROFILE", "rio")),
        is("de mo (--profile)", "c (wq.toml, profile de mo)")
    );
}

#[test]
fn an_unknown_profile_is_usage_and_the_known_ones_are_named() {
    let folder = folder_with("[profiles.sp]\n[profiles.rio]\n");
    let metrics = |words: &str| Wq::bare().folder(folder.path()).line(&format!("metrics {words}"));

    metrics("--profile spp")
        .run()
        .exits(2)
        .stderr_has("there is no profile \"spp\", which --profile asks for")
        .stderr_has("hint: there are: rio, sp");
    metrics("--config /dev/null").env("WQ_PROFILE", "sp").run().exits(2).stderr_has("WQ_PROFILE").stderr_has("[profiles.sp] in wq.toml");
}

#[test]
fn profiles_of_the_user_and_of_the_folder_go_together() {
    let server = Server::durable();
    let folder = folder_with("prefix = \"here\"\n[profiles.sp]\nqueue = \"near\"\n");
    let home = tempfile::tempdir().unwrap();
    let user = write(&home.path().join("wq/wq.toml"), "[profiles.sp]\nqueue = \"far\"\nprefix = \"far\"\n");

    let doctor = wq(&server).folder(folder.path()).env("XDG_CONFIG_HOME", home.path()).line("doctor --json --profile sp").run().exits(0);

    assert_eq!(told(&doctor, "settings", "queue"), "near (wq.toml, profile sp)");
    assert_eq!(told(&doctor, "settings", "prefix"), format!("far ({}, profile sp)", user.display()));
}

#[test]
fn each_profile_has_its_own_sender() {
    let server = Server::durable();
    let folder = folder_with(
        "[evolution]\nbase_url = \"http://127.0.0.1:1\"\n\
         [profiles.sp.evolution]\ninstance = \"sp\"\nkey_file = \"sp.key\"\n\
         [profiles.rio.cloud]\nphone_number_id = 106540352242922\ntoken_env = \"RIO_TOKEN\"\nbase_url = \"http://127.0.0.1:1\"\n",
    );
    let key = write(&folder.path().join("sp.key"), CANARY);
    let doctor = |profile: &str| {
        let finished =
            wq(&server).folder(folder.path()).env("RIO_TOKEN", CANARY).args(["doctor", "--json", "--profile", profile]).run().exits(6);
        assert!(!finished.stdout.contains(CANARY) && !finished.stderr.contains(CANARY), "{}{}", finished.stdout, finished.stderr);
        finished
    };

    let sp = doctor("sp");
    let rio = doctor("rio");

    assert_eq!(told(&sp, "evolution", "base_url"), "http://127.0.0.1:1 (wq.toml)");
    assert_eq!(told(&sp, "evolution", "instance"), "sp (wq.toml, profile sp)");
    assert_eq!(told(&sp, "evolution", "key"), format!("in the file {} (wq.toml, profile sp)", key.file_name().unwrap().display()));
    assert!(told(&sp, "evolution", "provider").starts_with("unreachable"), "{}", sp.stdout);
    assert!(!sp.stdout.contains("cloud"), "{}", sp.stdout);
    assert_eq!(told(&rio, "cloud", "token"), "in the variable RIO_TOKEN (wq.toml, profile rio)");
    assert_eq!(told(&rio, "cloud", "graph_version"), "25 (default)");
    assert!(!rio.stdout.contains("instance"), "{}", rio.stdout);
}

#[test]
fn the_password_of_redis_is_read_from_where_the_file_says_and_goes_to_no_other_server() {
    let server = Server::durable();
    server.ask::<()>("ACL SETUSER ana on >can/ary@1 ~* &* +@all");
    server.ask::<()>("ACL SETUSER default off");
    let url = server.url().replace("redis://", "redis://ana@");
    let folder = folder_with(&format!(
        "[profiles.file]\nredis = \"{url}\"\npassword_file = \"redis.password\"\n[profiles.env]\nredis = \"{url}\"\npassword_env = \"REDIS_PW\"\n"
    ));
    let file = write(&folder.path().join("redis.password"), "can/ary@1\n");
    let run = |words: &str| Wq::bare().folder(folder.path()).env("REDIS_PW", "can/ary@1").line(words).run();

    run("doctor --json --profile file").exits(0);
    run("doctor --json --profile env").exits(0);
    let refused = run(&format!("metrics --profile file --redis {url}")).exits(3);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o622)).unwrap();
    run("metrics --profile file").exits(2).stderr_has("redis.password for the password of Redis: others may write to it");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    run("metrics --profile file").exits(0).stderr_has("warning: every user of this machine can read");

    assert!(!refused.stderr.contains("can/ary"), "{}", refused.stderr);
}

#[test]
fn a_mistake_in_the_file_is_told_with_its_line_and_what_was_meant() {
    for (text, problem, hint) in [
        ("queue = \"a\"\n\nquue = \"b\"\n", "wq.toml, line 3: there is no key \"quue\"", "did you mean queue?"),
        (
            "[profiles.sp.evolution]\ninstancex = \"a\"\n",
            "line 2: [profiles.sp.evolution] has no key \"instancex\"",
            "did you mean instance?",
        ),
        (
            "[cloud]\ncolour = \"a\"\n",
            "line 2: [cloud] has no key \"colour\"",
            "there are: token_file, token_env, base_url, phone_number_id",
        ),
        ("queue = \"a\nb\"\n", "wq.toml, line 2: ", ""),
        ("output = \"tablex\"\n", "the output format \"tablex\" of wq.toml: ", ""),
        ("timeout = \"soon\"\n", "the time-out \"soon\" of wq.toml: ", ""),
    ] {
        let folder = folder_with(text);
        Wq::bare().folder(folder.path()).line("metrics").run().exits(2).stderr_has(problem).stderr_has(hint);
    }
}

#[test]
fn a_secret_in_the_file_is_refused_with_the_cure_and_never_shown() {
    for (text, cure) in [
        ("[evolution]\nkey = \"canary\"\n", "key_file = \"PATH\""),
        ("[profiles.sp.cloud]\ntoken = \"canary\"\n", "token_env = \"NAME\""),
        ("[cloud]\ntoken_file = \"EAAGm0PX4ZCpsBAx7-canary\"\n", "token_file = \"PATH\""),
        ("[evolution]\nkey_env = \"canary7c977415caafcce10f7d57e11\"\n", "key_env = \"NAME\""),
        ("redis = \"redis://:canary@127.0.0.1:1\"\n", "password_file = \"PATH\""),
        ("redis_password = \"canary\"\n", "password_env = \"NAME\""),
        ("[evolution]\nkey = canary\n", ""),
    ] {
        let folder = folder_with(text);
        for format in [&[][..], &["--json", "-vvv"]] {
            let refused = Wq::bare().folder(folder.path()).args(["metrics"]).args(format).run().exits(2).stderr_has("wq.toml, line ");
            assert!(refused.stderr.replace("\\\"", "\"").contains(cure), "{}", refused.stderr);
            assert!(!refused.stderr.contains(CANARY) && !refused.stdout.contains(CANARY), "{}", refused.stderr);
        }
    }
}

#[test]
fn a_settings_file_that_others_may_write_to_is_refused() {
    let folder = folder_with("queue = \"a\"\n");
    let file = folder.path().join("wq.toml");
    let version = || Wq::bare().folder(folder.path()).line("version").run();

    for mode in [0o620, 0o602] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        version().exits(2).stderr_has("the settings file wq.toml: others may write to it").stderr_has("hint: chmod go-w wq.toml");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    version().exits(0);
}

#[test]
fn what_destroys_needs_the_name_of_a_protected_profile_even_with_yes() {
    let server = Server::durable();
    let folder = folder_with("[profiles.live]\nprotected = true\n[profiles.demo]\n");
    let obliterate = |words: &str| wq(&server).folder(folder.path()).line(&format!("queues obliterate q --force {words}")).run();
    wq(&server).line("enqueue -Q q --to +34600111222 --text Hola --id m1").run().exits(0);
    wq(&server).line("queues pause q").run().exits(0);
    let is_there = || server.ask::<u64>("EXISTS bull:q:m1") == 1;

    for words in ["--profile live", "--profile live --yes", "--profile live --yes --confirm demo"] {
        obliterate(words).exits(9).stderr_has("the profile live is protected").stderr_has("hint: add --confirm live");
        assert!(is_there());
    }
    obliterate("--profile live --confirm live").exits(9).stderr_has("needs a confirmation");
    obliterate("--profile live --dry-run").exits(0);
    assert!(is_there());

    obliterate("--profile live --yes --confirm live").exits(0);
    assert!(!is_there());
}
