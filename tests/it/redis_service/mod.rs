//! The local server that `wq redis` starts, knows again and stops.

mod inside;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::command::{Finished, Wq};
use crate::support::server::{free_port, server_binary};
use crate::support::{Server, eventually, wq};

/// How long a server may take to end.
const SOON: Duration = Duration::from_secs(20);

/// A data folder for a server of `wq`; the server ends with it.
struct Home {
    folder: tempfile::TempDir,
    port: u16,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), port: free_port() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// `wq redis …` on this folder.
    fn redis(&self, line: &str) -> Wq {
        Wq::bare().env("WQ_REDIS_SERVER", server_binary()).args(["redis", "--data"]).args([self.data()]).line(line)
    }

    fn start(&self) -> Finished {
        self.redis(&format!("start --port {}", self.port)).run()
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn connection(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    fn ask<T: redis::FromRedisValue>(&self, words: &str) -> T {
        let mut command = redis::Cmd::new();
        for word in words.split(' ') {
            command.arg(word);
        }
        command.query(&mut self.connection()).unwrap()
    }

    /// What `wq` remembers.
    fn pid(&self) -> Option<u32> {
        let places = [self.data().join("wq-redis.json"), self.folder.path().join("state/wq/redis.json")];
        let state = places.iter().find_map(|place| fs::read(place).ok())?;
        let state: serde_json::Value = serde_json::from_slice(&state).ok()?;
        u32::try_from(state["pid"].as_u64()?).ok()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(pid) = self.pid().filter(|pid| is_server(*pid)) {
            kill(pid);
        }
    }
}

/// Ends with the test.
struct Spawned(std::process::Child);

impl Drop for Spawned {
    fn drop(&mut self) {
        // Already gone is as good.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Whether this process runs and is a Redis or Valkey; a number may have gone to somebody else.
fn is_server(pid: u32) -> bool {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    (name.contains("valkey") || name.contains("redis")) && !stat.contains(") Z")
}

fn kill(pid: u32) {
    let status = Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
    assert!(status.success());
    eventually(SOON, "the killed server is gone", || (!is_server(pid)).then_some(()));
}

/// A program that claims to be a server of this version.
fn fake_server(folder: &Path, name: &str, version: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 malloc=libc bits=64 build=0'\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_started_server_answers_is_shown_and_ends_when_told() {
    let home = Home::new();

    assert_eq!(home.start().exits(0).stdout, format!("{}\n", home.url()));
    let status = home.redis("status --json").run().exits(0).json();
    let pid = home.pid().unwrap();
    home.redis("stop").run().exits(0);

    assert_eq!(status["schema"], "wq.redis.v1");
    assert_eq!((&status["data"]["pid"], &status["data"]["address"]), (&pid.into(), &home.url().into()));
    assert!(!is_server(pid));
    home.redis("status").run().exits(3).stderr_has("hint: start one with: wq redis start");
}

#[test]
fn starting_twice_prints_the_address_and_leaves_the_server_alone() {
    let home = Home::new();
    home.start().exits(0);
    let pid = home.pid();

    let second = home.start().exits(0).stderr_has("already running");

    assert_eq!(second.stdout, format!("{}\n", home.url()));
    assert_eq!(home.pid(), pid);
}

#[test]
fn two_starts_at_the_same_moment_end_with_one_server() {
    let home = Home::new();

    let mut both = [(); 2].map(|()| home.redis(&format!("start --port {}", home.port)).spawn());
    let ends = both.each_mut().map(|start| start.ends(SOON).code());

    assert_eq!(ends, [Some(0), Some(0)], "{}\n{}", both[0].stderr(), both[1].stderr());
    assert_eq!(home.redis("status --json").run().exits(0).json()["data"]["pid"], home.pid().unwrap());
}

#[test]
fn a_port_of_somebody_elses_server_is_a_conflict_and_that_server_is_left_alone() {
    let (home, other) = (Home::new(), Server::tcp());
    other.ask::<()>("SET theirs 1");

    let started = home.redis(&format!("start --port {}", other.port())).run().exits(8);

    started.stderr_has(&format!("port {} is already used by pid {}", other.port(), other.pid()));
    assert_eq!((other.ask::<u64>("DBSIZE"), home.pid()), (1, None));
}

#[test]
fn a_port_of_somebody_elses_server_with_a_password_is_a_conflict() {
    let (home, other) = (Home::new(), Server::with(&["--requirepass", "theirs"]));

    home.redis(&format!("start --port {}", other.port())).run().exits(8).stderr_has("is already used by");
}

#[test]
fn somebody_elses_server_is_neither_stopped_nor_emptied_nor_copied() {
    let (other, folder) = (Server::tcp(), tempfile::tempdir().unwrap());
    other.ask::<()>("SET theirs 1");

    for line in ["redis stop", "redis flush --yes", "redis backup copy.rdb"] {
        wq(&other).folder(folder.path()).line(line).run().exits(9).stderr_has("was not started by wq");
    }

    assert_eq!(other.ask::<u64>("DBSIZE"), 1);
    assert!(!folder.path().join("copy.rdb").exists());
}

#[test]
fn a_server_that_took_the_port_of_ours_is_told_apart_from_it() {
    let home = Home::new();
    home.start().exits(0);
    kill(home.pid().unwrap());
    let other = Server::on(home.port);

    home.redis("stop").run().exits(9).stderr_has(&format!("process {}", other.pid()));
    home.redis("flush --yes").run().exits(9);
    home.start().exits(8);

    assert!(is_server(other.pid()));
}

#[test]
fn a_server_that_is_too_old_is_passed_over() {
    let (home, old) = (Home::new(), tempfile::tempdir().unwrap());
    fake_server(old.path(), "valkey-server", "6.2.0");
    let path = format!("{}:{}", old.path().display(), server_binary().parent().unwrap().display());

    home.redis(&format!("start --port {}", home.port)).env("WQ_REDIS_SERVER", "").env("PATH", path).run().exits(0);

    assert!(is_server(home.pid().unwrap()));
}

#[test]
fn a_named_server_that_is_too_old_is_refused_with_its_version() {
    let (home, old) = (Home::new(), tempfile::tempdir().unwrap());
    let binary = fake_server(old.path(), "valkey-server", "6.2.0");

    let refused = home.redis(&format!("start --port {} --server-bin {}", home.port, binary.display())).run().exits(2);

    refused.stderr_has("version 6.2");
    assert!(!home.data().exists());
}

#[test]
fn its_settings_are_those_of_a_queue_that_must_lose_nothing() {
    let home = Home::new();
    home.start().exits(0);

    let setting = |name: &str| home.ask::<(String, String)>(&format!("CONFIG GET {name}")).1;

    assert_eq!(setting("appendonly"), "yes");
    assert_eq!(setting("appendfsync"), "everysec");
    assert_eq!(setting("save"), "3600 1 300 100 60 10000");
    assert_eq!(setting("maxmemory"), (2_u64 << 30).to_string());
    assert_eq!(setting("maxmemory-policy"), "noeviction");
    assert_eq!(setting("hash-max-listpack-value"), "1024");
    assert_eq!(setting("bind"), "127.0.0.1 -::1");
    assert_eq!(setting("protected-mode"), "yes");
    assert_eq!(setting("unixsocket"), home.data().join("redis.sock").display().to_string());
}

#[test]
fn it_gets_a_larger_cache_of_freed_memory_unless_the_environment_says_otherwise() {
    let home = Home::new();
    let (server, told) = (home.folder.path().join("server"), home.folder.path().join("told"));
    let script = format!("#!/bin/sh\nprintf %s \"$GLIBC_TUNABLES\" > '{}'\nexec '{}' \"$@\"\n", told.display(), server_binary().display());
    fs::write(&server, script).unwrap();
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).unwrap();
    let start = || home.redis(&format!("start --port {} --server-bin {}", home.port, server.display()));

    start().run().exits(0);
    assert_eq!(fs::read_to_string(&told).unwrap(), "glibc.malloc.tcache_count=4000");
    home.redis("stop").run().exits(0);
    start().env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=9").run().exits(0);

    assert_eq!(fs::read_to_string(&told).unwrap(), "glibc.malloc.tcache_count=4000:glibc.malloc.tcache_count=9");
}

#[test]
fn its_files_are_for_its_user_alone() {
    let home = Home::new();
    home.start().exits(0);

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

    assert_eq!(mode(&home.data()), 0o700);
    assert_eq!(mode(&home.data().join("wq-redis.json")), 0o600);
    assert_eq!(mode(&home.data().join("redis.conf")), 0o600);
}

#[test]
fn a_folder_with_other_things_in_it_is_not_taken_over() {
    let (home, folder) = (Home::new(), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();

    let line = format!("redis start --port {} --data {}", home.port, folder.path().display());
    Wq::bare().env("WQ_REDIS_SERVER", server_binary()).line(&line).run().exits(2).stderr_has("holds other things");

    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_password_in_the_environment_does_not_reach_the_servers_command_line() {
    let home = Home::new();

    let started = home.redis(&format!("start --port {} -vvv", home.port)).env("WQ_REDIS_URL", "redis://:canary-secret@127.0.0.1:1").run();
    let started = started.exits(0);

    let command_line = fs::read_to_string(format!("/proc/{}/cmdline", home.pid().unwrap())).unwrap();
    assert!(!command_line.contains("canary-secret"), "{command_line}");
    assert!(!started.stderr.contains("canary-secret") && !started.stdout.contains("canary-secret"));
}

#[test]
fn what_reached_the_append_only_file_survives_a_killed_server() {
    let home = Home::new();
    home.start().exits(0);
    for number in 0..50 {
        home.ask::<()>(&format!("SET job:{number} waiting"));
    }
    // While it syncs, a server holds its writes back: these would be lost (redis.conf says so).
    let is_written = || home.ask::<String>("INFO persistence").contains("aof_buffer_length:0\r\n").then_some(());
    eventually(SOON, "everything is in the append-only file", is_written);
    kill(home.pid().unwrap());

    home.redis("restart").run().exits(0).stdout_has(&home.url());

    assert_eq!(home.ask::<u64>("DBSIZE"), 50);
}

#[test]
fn a_server_outlives_the_terminal_it_was_started_from() {
    let home = Home::new();
    home.start().exits(0);

    let stat = fs::read_to_string(format!("/proc/{}/stat", home.pid().unwrap())).unwrap();
    let group: u32 = stat.rsplit(')').next().unwrap().split_whitespace().nth(2).unwrap().parse().unwrap();

    assert_eq!(group, home.pid().unwrap());
}

#[test]
fn a_server_that_hangs_is_not_forgotten() {
    let home = Home::new();
    home.start().exits(0);
    let pid = home.pid().unwrap();
    let signal = |name: &str| Command::new("kill").args([name, &pid.to_string()]).status().unwrap();

    signal("-STOP");
    let stopped = home.redis("stop").run();
    signal("-CONT");

    stopped.exits(3).stderr_has("gave no answer in time");
    assert_eq!(home.pid(), Some(pid));
    home.redis("stop").run().exits(0).stderr_has("stopped");
}

#[test]
fn a_server_in_the_foreground_is_known_and_stopped_like_any_other() {
    let home = Home::new();

    let mut server = home.redis(&format!("start --port {} --foreground", home.port)).spawn();
    eventually(SOON, "the server answers", || redis::Client::open(home.url()).unwrap().get_connection().ok());
    home.start().exits(0).stderr_has("already running");
    home.redis("stop").run().exits(0).stderr_has("stopped");

    assert_eq!(server.ends(SOON).code(), Some(0));
}

#[test]
fn a_restart_keeps_port_and_memory() {
    let home = Home::new();
    home.redis(&format!("start --port {} --maxmemory 64mb", home.port)).run().exits(0);
    let pid = home.pid();

    home.redis("restart").run().exits(0).stdout_has(&home.url());

    assert_ne!(home.pid(), pid);
    assert_eq!(home.ask::<(String, u64)>("CONFIG GET maxmemory").1, 64 << 20);
}

#[test]
fn a_folder_of_any_name_and_length_will_do() {
    let home = Home::new();
    let folders = ["a b\"c'd", &"x".repeat(120)].map(|name| home.folder.path().join(name));

    for folder in &folders {
        let redis = || Wq::bare().env("WQ_REDIS_SERVER", server_binary()).args(["redis", "--data"]).args([folder]);
        redis().line(&format!("start --port {}", home.port)).run().exits(0);
        assert_eq!(home.ask::<(String, String)>("CONFIG GET dir").1, folder.display().to_string());
        redis().line("stop").run().exits(0).stderr_has("stopped");
    }
}

#[test]
fn without_a_folder_the_default_server_is_found_on_whichever_port_it_runs() {
    let home = Home::new();
    let default = |line: &str| {
        let wq = Wq::bare().env("WQ_REDIS_SERVER", server_binary()).env("XDG_DATA_HOME", home.folder.path().join("share"));
        wq.env("XDG_STATE_HOME", home.folder.path().join("state")).line(line)
    };

    default(&format!("redis start --port {}", home.port)).run().exits(0);
    let pid = default("redis status --json").run().exits(0).json()["data"]["pid"].clone();
    let info = default("redis info server").run().exits(0);
    let stopped = default("redis stop").run();

    info.stdout_has(&format!("process_id:{pid}"));
    stopped.exits(0).stderr_has("stopped");
}

#[test]
fn a_server_in_a_container_keeps_a_queue_as_safely_as_a_local_one() {
    let (home, folder, port) = (Home::new(), tempfile::tempdir().unwrap(), free_port());
    home.start().exits(0);
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/redis.conf");
    let mut command = Command::new(server_binary());
    command.arg(settings).args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--logfile", "log", "--dir"]).arg(folder.path());
    let _server = Spawned(command.spawn().unwrap());

    let connect = || redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap().get_connection().ok();
    let mut connection = eventually(SOON, "the server answers", connect);
    let names = ["appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy", "hash-max-listpack-value"];
    let found = names.map(|name| redis::cmd("CONFIG").arg("GET").arg(name).query::<(String, String)>(&mut connection).unwrap());

    assert_eq!(found, names.map(|name| home.ask(&format!("CONFIG GET {name}"))));
}
