//! What is written about `wq` agrees with `wq`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::command::Wq;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// Names in quotes that begin like a variable of ours.
fn variables(text: &str) -> BTreeSet<String> {
    let is_ours =
        |word: &&str| (word.starts_with("WQ_") || word.starts_with("REDIS_")) && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    text.split('"').filter(is_ours).map(str::to_owned).collect()
}

#[test]
fn the_example_environment_has_every_variable_that_is_read() {
    let mut text = String::new();
    sources(&root().join("src"), &mut text);
    // What exec gives to its children is written, not read; a clock is made wrong in builds for tests only.
    let given = ["WQ_ATTEMPT", "WQ_JOB_ID", "WQ_JOB_NAME", "WQ_TEST_CLOCK_ERROR_MS"];
    let read_by_wq: BTreeSet<String> = variables(&text).into_iter().filter(|name| !given.contains(&name.as_str())).collect();

    let example = read(".env.example");
    let documented: BTreeSet<String> =
        example.lines().filter_map(|line| line.trim_start_matches('#').split_once('=')).map(|(name, _)| name.to_owned()).collect();

    assert_eq!(documented, read_by_wq);
}

#[test]
fn every_message_in_the_manual_can_be_sent() {
    let manual = read("docs/messages.md");
    let (_, block) = manual.split_once("```json\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();

    for message in block.lines() {
        Wq::bare().args(["enqueue", "--dry-run", "--data", message]).run().exits(0);
    }

    assert_eq!(block.lines().count(), 9, "one for each type");
}

#[test]
fn the_settings_file_of_the_readme_and_its_profiles_can_be_used() {
    let readme = read("README.md");
    let (_, block) = readme.split_once("```toml\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("wq.toml", block), ("redis.password", "geheim")] {
        fs::write(folder.path().join(name), text).unwrap();
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    for profile in ["demo", "live"] {
        let version = Wq::bare().folder(folder.path()).env("LIVE_REDIS_PASSWORD", "geheim").args(["version", "--profile", profile]);
        version.run().exits(0);
    }
}

#[test]
fn the_readme_names_every_command() {
    let help = Wq::bare().args(["--help"]).run().exits(0).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());

    let readme = read("README.md");

    for command in commands.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = command.split_whitespace().next().unwrap();
        assert!(name == "version" || readme.contains(&format!("wq {name}")), "README.md says nothing of `wq {name}`");
    }
}

#[test]
fn the_manual_of_providers_names_the_test_of_each_row() {
    let mut text = String::new();
    sources(&root().join("tests/it/transports/table"), &mut text);
    // a row of a macro: its name, a status, codes
    let of_macros = text.lines().filter_map(|line| line.strip_prefix("    ")?.split_once(": "));
    let of_macros = of_macros.filter(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit())).map(|(name, _)| name.to_owned());
    let plain =
        text.split("#[tokio::test").filter_map(|test| test.split_once("async fn ")?.1.split_once('(')).map(|(name, _)| name.to_owned());
    let tests: BTreeSet<String> =
        of_macros.chain(plain).filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).collect();

    let manual = read("docs/providers.md");
    let (_, table) = manual.split_once("| row | test |\n").unwrap();
    let named =
        table.lines().filter_map(|line| line.split('|').nth(2)).flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned));

    assert_eq!(named.collect::<BTreeSet<String>>(), tests);
}

#[test]
fn every_npm_script_is_an_alias_that_wq_understands() {
    let package: serde_json::Value = serde_json::from_str(&read("scripts/package.json")).unwrap();

    for (name, line) in package["scripts"].as_object().unwrap() {
        let line = line.as_str().unwrap();
        let words = line.strip_prefix("wq ").unwrap_or_else(|| panic!("{name}: {line}"));
        Wq::bare().line(words).args(["--help"]).run().exits(0).stdout_has("Usage: wq");
    }
}

/// Every test of this crate as `module::name`.
fn tests(folder: &Path, module: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            tests(&path, &format!("{module}{name}::"), found);
            continue;
        }
        let module = if name == "mod" { module.to_owned() } else { format!("{module}{name}::") };
        let source = fs::read_to_string(&path).unwrap();
        for after in source.split("\n#[test").skip(1).chain(source.split("\n#[tokio::test").skip(1)) {
            let name = after.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).map(|(name, _)| name);
            found.extend(name.map(|name| format!("{module}{name}")));
        }
    }
}

#[test]
fn every_test_in_the_table_of_faults_is_there() {
    let mut known = Vec::new();
    tests(&root().join("tests/it"), "", &mut known);
    assert!(known.len() > 300, "found only {}", known.len());
    let table = read("docs/faults.md");
    let named: BTreeSet<&str> = table.split("test(").skip(1).filter_map(|rest| rest.split_once(')')).map(|(name, _)| name).collect();

    let missing: Vec<&&str> = named.iter().filter(|name| !known.iter().any(|test| test.contains(**name))).collect();

    assert!(named.len() > 20, "{named:?}");
    assert!(missing.is_empty(), "docs/faults.md names tests that are not there: {missing:?}");
}
