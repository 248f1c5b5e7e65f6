//! On which terms jobs are added: how full the queue may get, and what has to be true before an add counts.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::command::{Finished, Wq};
use crate::support::{Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

fn waiting(server: &Server) -> u64 {
    server.ask::<u64>("ZCARD bull:whatsapp:prioritized") + server.ask::<u64>("ZCARD bull:whatsapp:delayed")
}

fn lines(ids: impl Iterator<Item = String>) -> String {
    ids.map(|id| [r#"{"opts":{"jobId":""#, &id, "\"}}\n"].concat()).collect()
}

fn one(server: &Server, id: &str) -> Wq {
    wq(server).line(&format!("enqueue --data {{}} --id {id}"))
}

fn bulk(server: &Server, file: &std::path::Path, flags: &str) -> Wq {
    wq(server).line(format!("bulk {} --text Hola --campaign c --json {flags}", file.display()).trim_end())
}

fn contacts(folder: &tempfile::TempDir, rows: u32) -> std::path::PathBuf {
    let mut text = "phone\n".to_owned();
    for row in 0..rows {
        writeln!(text, "+346{row:08}").unwrap();
    }
    let path = folder.path().join("contacts.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn counted(tally: &Finished) -> [u64; 3] {
    let tally: Value = tally.json();
    ["stored", "duplicate", "refused"].map(|name| tally["data"][name].as_u64().unwrap())
}

#[test]
fn a_full_queue_refuses_the_next_job_and_still_knows_those_it_has() {
    let server = Server::start();
    one(&server, "a").args(["--max-waiting", "2"]).run().exits(0);
    one(&server, "b").args(["--max-waiting", "2", "--delay", "1h"]).run().exits(0);

    one(&server, "c").args(["--max-waiting", "2"]).run().exits(75).stderr_has("2 jobs wait, and no more than 2 may");
    one(&server, "a").args(["--max-waiting", "2"]).run().exits(0).stdout_has("duplicate");
    assert_eq!(waiting(&server), 2);

    one(&server, "c").args(["--max-waiting", "3"]).run().exits(0);
    one(&server, "d").run().exits(0);
    assert_eq!(waiting(&server), 4);
}

#[test]
fn eight_producers_fill_a_queue_to_exactly_its_limit() {
    const LIMIT: u64 = 1_300;
    let server = Server::start();
    let line = format!("enqueue --ndjson - --json --max-waiting {LIMIT}");

    let finished: Vec<Finished> = std::thread::scope(|scope| {
        let producers: Vec<_> = (0..8)
            .map(|producer| {
                let (server, line) = (&server, &line);
                scope.spawn(move || wq(server).line(line).input(lines((0..2_000).map(|n| format!("p{producer}-{n}")))).run())
            })
            .collect();
        producers.into_iter().map(|producer| producer.join().unwrap()).collect()
    });

    assert_eq!(waiting(&server), LIMIT);
    let counts: Vec<[u64; 3]> = finished.iter().map(counted).collect();
    assert_eq!(counts.iter().map(|[stored, ..]| stored).sum::<u64>(), LIMIT, "what is stored is said to be: {counts:?}");
    for producer in finished {
        producer.exits(75).stderr_has("no more than 1300 may");
    }
}

#[test]
fn a_bulk_stops_at_the_limit_and_goes_on_where_it_stopped() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let file = contacts(&folder, 1_000);

    let first = bulk(&server, &file, "--max-waiting 700").run().exits(75).stderr_has("300 rows were not stored: 700 jobs wait");
    let second = bulk(&server, &file, "--max-waiting 1000").run().exits(0);

    assert_eq!((counted(&first), counted(&second)), ([700, 0, 300], [300, 700, 0]));
    assert_eq!(waiting(&server), 1_000);
}

#[test]
fn rows_whose_jobs_are_long_done_take_no_room() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let file = contacts(&folder, 100);
    bulk(&server, &file, "").run().exits(0);
    for id in server.ask::<Vec<String>>("ZRANGE bull:whatsapp:prioritized 0 -1") {
        server.ask::<()>(&format!("DEL bull:whatsapp:{id}"));
    }
    server.ask::<()>("DEL bull:whatsapp:prioritized");

    let again = bulk(&server, &file, "--max-waiting 1").run().exits(0);

    assert_eq!((counted(&again), waiting(&server)), ([0, 100, 0], 0));
}

#[test]
fn memory_over_the_limit_refuses_and_under_it_does_not() {
    let server = Server::start();

    one(&server, "a").args(["--max-bytes", "1kb"]).run().exits(75).stderr_has("more than the 1024 allowed");
    one(&server, "a").args(["--max-bytes", "8gb"]).run().exits(0);

    assert_eq!(waiting(&server), 1);
    one(&server, "b").args(["--max-bytes", "much"]).run().exits(2).stderr_has("512mb");
}

#[test]
fn an_add_counts_as_replicated_only_when_a_replica_has_it() {
    let server = Server::tcp();
    one(&server, "a").line("--durability replicated --timeout 2s").run().exits(7).stderr_has("a is stored").stderr_has("0 of 1 replicas");
    assert_eq!(waiting(&server), 1);

    let replica = Server::with(&["--replicaof", "127.0.0.1", &server.port().to_string()]);
    eventually(SOON, "the replica follows", || replica.ask::<String>("INFO replication").contains("master_link_status:up").then_some(()));
    one(&server, "a").line("--durability replicated").run().exits(0).stdout_has("duplicate");
    for n in 0..20 {
        one(&server, &format!("b{n}")).line("--durability replicated:1").run().exits(0);
        assert_eq!(replica.ask::<u64>(&format!("EXISTS bull:whatsapp:b{n}")), 1, "b{n}");
    }

    one(&server, "c").line("--durability replicated:2 --timeout 1s").run().exits(7).stderr_has("1 of 2 replicas");
    one(&server, "c").line("--durability replicated:0").run().exits(2);
}

#[test]
fn rows_that_no_replica_has_are_not_confirmed_and_can_be_added_again() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let file = contacts(&folder, 50);
    let began = Instant::now();

    let refused = bulk(&server, &file, "--durability replicated --timeout 1s").run().exits(5).stderr_has("50 rows are not confirmed");
    let again = bulk(&server, &file, "").run().exits(0);

    assert!(began.elapsed() < SOON);
    assert_eq!((counted(&refused), counted(&again)), ([0, 0, 50], [0, 50, 0]));
    assert_eq!(waiting(&server), 50);
}

/// A server with these settings of its append-only file.
fn server_with_aof(fsync: &str) -> Server {
    Server::with(&["--appendonly", "yes", "--appendfsync", fsync])
}

#[test]
fn an_add_counts_as_on_disk_only_when_the_disk_has_it() {
    let flags = "--durability fsync --timeout 3s";
    let volatile = Server::start();
    one(&volatile, "a").line(flags).run().exits(6).stderr_has("its append-only file is off");
    assert_eq!(waiting(&volatile), 0);

    for fsync in ["everysec", "always"] {
        let server = server_with_aof(fsync);
        let began = Instant::now();
        one(&server, "a").line(flags).run().exits(0).stdout_has("stored");
        println!("{fsync}: confirmed after {:?}", began.elapsed());
    }

    let lazy = server_with_aof("no");
    let answer = one(&lazy, "a").line("--durability fsync --timeout 1s").run();
    // A server before 7.2 can't say; later ones wait for a disk that nobody tells to hurry.
    let version: String = lazy.ask("INFO server");
    if version.contains("redis_version:7.0") {
        answer.exits(6).stderr_has("appendfsync is not always");
    } else {
        answer.exits(7).stderr_has("it was not on the disk");
        assert_eq!(waiting(&lazy), 1);
    }
}

#[test]
fn streams_trees_and_schedules_are_confirmed_too() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let tree = folder.path().join("tree.json");
    std::fs::write(&tree, r#"{"data":{},"children":[{"data":{}}]}"#).unwrap();
    let flags = "--durability replicated --timeout 1s";

    wq(&server).line(&format!("enqueue --ndjson - {flags}")).input(lines(["s".to_owned()].into_iter())).run().stderr_has("0 of 1 replicas");
    wq(&server).line(&format!("enqueue --tree {} {flags}", tree.display())).run().exits(7).stderr_has("0 of 1 replicas");
    wq(&server).line(&format!("schedule add s --every 1h --data {{}} {flags}")).run().exits(7).stderr_has("0 of 1 replicas");
    wq(&server).line(&format!("enqueue --tree {} --max-waiting 5", tree.display())).run().exits(2);

    let replica_less: HashSet<String> = server.ask("KEYS bull:whatsapp:s");
    assert_eq!(replica_less.len(), 1, "it is stored all the same");
}
