//! Looking into a server, emptying it, copying it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{Home, SOON, kill};
use crate::support::eventually;

#[test]
fn flushing_needs_a_confirmation_and_empties_one_database_only() {
    let home = Home::new();
    home.start().exits(0);
    home.ask::<()>("SET a 1");
    let _: () = redis::cmd("SET").arg("b").arg(1).query(&mut second_database(&home)).unwrap();

    home.redis("flush").run().exits(9).stderr_has(&format!("1 keys in 127.0.0.1:{}/0 (process {})", home.port, home.pid().unwrap()));
    assert_eq!(home.ask::<u64>("DBSIZE"), 1);
    home.redis("flush --dry-run").run().exits(0).stderr_has("would remove 1 keys");
    assert_eq!(home.ask::<u64>("DBSIZE"), 1);
    home.redis("flush --yes").run().exits(0);

    assert_eq!(home.ask::<u64>("DBSIZE"), 0);
    assert_eq!(redis::cmd("DBSIZE").query::<u64>(&mut second_database(&home)).unwrap(), 1);
}

#[test]
fn flushing_takes_the_database_that_the_address_names() {
    let home = Home::new();
    home.start().exits(0);
    home.ask::<()>("SET a 1");
    let _: () = redis::cmd("SET").arg("b").arg(1).query(&mut second_database(&home)).unwrap();

    home.redis(&format!("flush --yes --redis {}/2", home.url())).run().exits(0);

    assert_eq!(home.ask::<u64>("DBSIZE"), 1);
    assert_eq!(redis::cmd("DBSIZE").query::<u64>(&mut second_database(&home)).unwrap(), 0);
}

fn second_database(home: &Home) -> redis::Connection {
    redis::Client::open(format!("{}/2", home.url())).unwrap().get_connection().unwrap()
}

#[test]
fn a_backup_loads_in_a_second_server() {
    let (home, other) = (Home::new(), Home::new());
    home.start().exits(0);
    home.ask::<()>("SET job waiting");
    let file = home.folder.path().join("copy.rdb");

    home.redis(&format!("backup {}", file.display())).run().exits(0);
    fs::create_dir(other.data()).unwrap();
    fs::copy(&file, other.data().join("dump.rdb")).unwrap();
    other.start().exits(0);

    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(other.ask::<String>("GET job"), "waiting");
    kill(other.pid().unwrap());
    other.start().exits(0);
    assert_eq!(other.ask::<String>("GET job"), "waiting");
}

#[test]
fn a_backup_never_replaces_a_file_unless_told_to() {
    let home = Home::new();
    home.start().exits(0);
    let file = home.folder.path().join("copy.rdb");
    fs::write(&file, "precious").unwrap();

    home.redis(&format!("backup {}", file.display())).run().exits(8).stderr_has("--force");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    home.redis(&format!("backup --force {}", file.display())).run().exits(0);

    assert!(fs::read(&file).unwrap().starts_with(b"REDIS") || fs::read(&file).unwrap().starts_with(b"VALKEY"));
}

#[test]
fn a_backup_never_replaces_a_file_that_came_while_it_was_taken() {
    let home = Home::new();
    home.start().exits(0);
    home.ask::<()>("SET job waiting");
    home.ask::<()>("CONFIG SET rdb-key-save-delay 2000000");
    let file = home.folder.path().join("copy.rdb");

    let mut backup = home.redis(&format!("backup {}", file.display())).spawn();
    eventually(SOON, "the snapshot has begun", || {
        home.ask::<String>("INFO persistence").contains("rdb_bgsave_in_progress:1").then_some(())
    });
    fs::write(&file, "precious").unwrap();

    assert_eq!(backup.ends(SOON).code(), Some(8), "{}", backup.stderr());
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    assert!(!fs::read_dir(home.folder.path()).unwrap().any(|entry| entry.unwrap().path().extension().is_some_and(|end| end == "new")));
}

#[test]
fn a_backup_holds_what_was_written_while_another_snapshot_was_being_taken() {
    let (home, other) = (Home::new(), Home::new());
    home.start().exits(0);
    home.ask::<()>("SET early 1");
    home.ask::<()>("CONFIG SET rdb-key-save-delay 1000000");
    home.ask::<()>("BGSAVE");
    home.ask::<()>("CONFIG SET rdb-key-save-delay 0");
    home.ask::<()>("SET late 1");
    let file = home.folder.path().join("copy.rdb");

    home.redis(&format!("backup {}", file.display())).run().exits(0);
    fs::create_dir(other.data()).unwrap();
    fs::rename(&file, other.data().join("dump.rdb")).unwrap();
    other.start().exits(0);

    assert_eq!(other.ask::<u64>("DBSIZE"), 2);
}

#[test]
fn a_backup_holds_what_was_written_while_the_append_only_file_was_rewritten() {
    let (home, other) = (Home::new(), Home::new());
    home.start().exits(0);
    home.ask::<()>("SET early 1");
    home.ask::<()>("CONFIG SET rdb-key-save-delay 1000000");
    home.ask::<()>("BGREWRITEAOF");
    home.ask::<()>("CONFIG SET rdb-key-save-delay 0");
    home.ask::<()>("SET late 1");
    let file = home.folder.path().join("copy.rdb");

    home.redis(&format!("backup {}", file.display())).run().exits(0);
    fs::create_dir(other.data()).unwrap();
    fs::rename(&file, other.data().join("dump.rdb")).unwrap();
    other.start().exits(0);

    assert_eq!(other.ask::<u64>("DBSIZE"), 2);
}

#[test]
fn raw_commands_are_answered_as_redis_cli_does_in_a_pipe() {
    let home = Home::new();
    home.start().exits(0);

    assert_eq!(home.redis("cli SET greeting olá").run().exits(0).stdout, "OK\n");
    assert_eq!(home.redis("cli GET greeting").run().exits(0).stdout, "olá\n");
    assert_eq!(home.redis("cli DBSIZE").run().exits(0).stdout, "1\n");
    assert_eq!(home.redis("cli GET nothing").run().exits(0).stdout, "\n");
    home.redis("cli MONITOR").run().exits(2).stderr_has("wq redis monitor");
    home.redis("cli NOSUCH").run().exits(1).stderr_has("unknown command");
    assert_eq!(home.redis("cli").input("SET a 'x y'\nMGET a greeting\n").run().exits(0).stdout, "OK\nx y\nolá\n");
}

#[test]
fn answers_and_facts_are_json_when_that_is_asked_for() {
    let home = Home::new();
    home.start().exits(0);
    home.ask::<()>("SET a 1");

    let list = home.redis("--json cli MGET a nothing").run().exits(0).json();
    let count = home.redis("--json cli DBSIZE").run().exits(0).json();
    let info = home.redis("info server --json").run().exits(0).json();

    assert_eq!((&list["schema"], &list["data"]["reply"]), (&json!("wq.redis_reply.v1"), &json!(["1", null])));
    assert_eq!(count["data"]["reply"], 1);
    let rows = info["data"].as_array().unwrap();
    let id = rows.iter().find(|row| row["name"] == "process_id").unwrap();
    assert_eq!((&id["section"], &id["value"]), (&json!("Server"), &json!(home.pid().unwrap().to_string())));
    home.redis("--json cli NOSUCH").run().exits(1).stderr_has("{\"error\":").stderr_has("unknown command");
}

#[test]
fn values_cant_steer_the_terminal() {
    let home = Home::new();
    home.start().exits(0);
    home.ask::<()>("SET evil \u{1b}]0;owned\u{7}");

    assert!(!home.redis("cli GET evil").run().exits(0).stdout.contains('\u{1b}'));
}

#[test]
fn monitor_shows_what_is_said_and_stops_at_its_limit() {
    let home = Home::new();
    home.start().exits(0);

    let mut monitor = home.redis("monitor --limit 3").spawn();
    eventually(SOON, "the monitor sees a command", || {
        home.ask::<()>("SET canary 1");
        monitor.stdout().contains("canary").then_some(())
    });
    eventually(SOON, "the monitor has seen three", || {
        home.ask::<()>("SET canary 1");
        (monitor.stdout().lines().count() == 3).then_some(())
    });

    assert_eq!(monitor.ends(SOON).code(), Some(0));
}

#[test]
fn info_and_logs_show_the_server_of_the_folder() {
    let home = Home::new();
    home.start().exits(0);

    home.redis("info server").run().exits(0).stdout_has(&format!("process_id:{}", home.pid().unwrap()));
    home.redis("logs -n 1000").run().exits(0).stdout_has("Ready to accept connections");
    assert_eq!(home.redis("logs -n 1").run().exits(0).stdout.lines().count(), 1);
}

#[test]
fn a_followed_log_shows_what_comes_until_it_is_interrupted() {
    let home = Home::new();
    home.start().exits(0);

    let mut logs = home.redis("logs -f -n 1").spawn();
    eventually(SOON, "the log's last line", || logs.stdout().to_lowercase().contains("ready to accept").then_some(()));
    home.ask::<()>("BGSAVE");
    eventually(SOON, "the log's new line", || logs.stdout().contains("Background saving started").then_some(()));
    logs.signal("INT");

    assert_eq!(logs.ends(SOON).code(), Some(0));
}

#[test]
fn a_blocking_command_waits_for_its_answer() {
    let home = Home::new();
    home.start().exits(0);

    let mut waiting = home.redis("--timeout 1s cli BLPOP list 0").spawn();
    eventually(SOON, "the command waits", || home.ask::<String>("INFO clients").contains("blocked_clients:1").then_some(()));
    home.ask::<()>("RPUSH list late");

    assert_eq!(waiting.ends(SOON).code(), Some(0));
    eventually(SOON, "its answer", || (waiting.stdout() == "list\nlate\n").then_some(()));
}
