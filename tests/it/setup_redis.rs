//! `scripts/setup-redis`: the path of a suitable server alone on stdout.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fake_server(folder: &Path, name: &str, does: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{does}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// With these folders first in PATH.
fn setup_redis(folders: &[&Path], named: &Path, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/setup-redis");
    let folders = folders.iter().map(|folder| folder.to_path_buf());
    let usual = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&usual))).unwrap();
    Command::new(script).args(arguments).env("WQ_REDIS_SERVER", named).env("PATH", path).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn servers_that_are_too_old_or_cant_run_are_passed_over() {
    let [old, broken, new] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let named = fake_server(old.path(), "valkey-server", "echo 'Redis server v=6.2.0 sha=0'");
    fake_server(broken.path(), "valkey-server", "exit 127");
    let good = fake_server(new.path(), "valkey-server", "echo 'Redis server v=7.0.0 sha=0'");

    let found = setup_redis(&[old.path(), broken.path(), new.path()], &named, &[]);

    assert_eq!(text(&found.stdout), format!("{}\n", good.display()), "{}", text(&found.stderr));
    assert!(text(&found.stderr).contains("WQ_REDIS_SERVER names no Redis 7.0+"), "{}", text(&found.stderr));
}

#[test]
fn a_named_server_is_taken_before_all_others() {
    let folder = tempfile::tempdir().unwrap();
    let named = fake_server(folder.path(), "mine", "echo 'Valkey server v=7.2.0 sha=0'");
    fake_server(folder.path(), "valkey-server", "echo 'Valkey server v=9.0.0 sha=0'");

    assert_eq!(text(&setup_redis(&[folder.path()], &named, &[]).stdout), format!("{}\n", named.display()));
}

#[test]
fn a_valkey_before_its_first_suitable_version_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let old = fake_server(folder.path(), "mine", "echo 'Valkey server v=7.1.9 sha=0'");
    let good = fake_server(folder.path(), "valkey-server", "echo 'Valkey server v=10.0.0 sha=0'");

    assert_eq!(text(&setup_redis(&[folder.path()], &old, &[]).stdout), format!("{}\n", good.display()));
}

#[test]
fn a_word_it_does_not_know_is_a_usage_error_with_nothing_on_stdout() {
    let folder = tempfile::tempdir().unwrap();

    let refused = setup_redis(&[folder.path()], Path::new(""), &["--sudo"]);

    assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(2), String::new()));
    assert!(text(&refused.stderr).starts_with("usage: "), "{}", text(&refused.stderr));
}
