//! `wq bench`: runs every workload to its end, counts right, and leaves the server as it was.

use std::path::Path;
use std::time::Duration;

use crate::support::command::Wq;
use crate::support::{Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

fn keys(server: &Server) -> Vec<String> {
    server.ask("KEYS *")
}

#[test]
fn every_workload_runs_and_nothing_is_left_behind() {
    let server = Server::start();
    wq(&server).line("enqueue --data {} --id mine").run().exits(0);
    let before = keys(&server).len();

    let bench = wq(&server).line("bench --jobs 60 --json").run().exits(0);

    let json = bench.json();
    assert_eq!(json["schema"], "wq.bench.v1");
    let told: Vec<(&str, u64)> =
        json["data"].as_array().unwrap().iter().map(|row| (row["workload"].as_str().unwrap(), row["jobs"].as_u64().unwrap())).collect();
    let expected = [
        ("add, plain", 60),
        ("add, with priority and ledger", 60),
        ("add one by one", 12),
        ("drain, 5 at a time, kept", 60),
        ("drain, 5 at a time, removed", 60),
        ("drain, 50 at a time, kept", 60),
        ("drain, 50 at a time, removed", 60),
        ("send of 20 ms, 50 at a time", 50),
        ("pick-up from idle", 60),
        ("lateness of delayed jobs", 60),
        ("limit of 100 a second", 60),
    ];
    assert_eq!(told, expected);
    assert!(json["data"][10]["most_in_a_second"].as_u64().unwrap() <= 60);
    assert_eq!(keys(&server).len(), before, "{:?}", keys(&server));
}

#[test]
fn workloads_and_concurrency_can_be_chosen() {
    let server = Server::start();

    let bench = wq(&server).line("bench --jobs 7 --only drain --concurrency 3 --waiting 40 -o csv").run().exits(0);

    let lines: Vec<&str> = bench.stdout.lines().collect();
    assert!(lines[0].starts_with("workload,jobs,seconds,jobs_per_s,p50_ms,p99_ms,redis_us_per_job,"), "{}", lines[0]);
    assert_eq!(lines.len(), 3, "{}", bench.stdout);
    assert!(lines[1].starts_with("\"drain, 3 at a time, kept\","), "{}", lines[1]);
    assert_eq!(keys(&server), Vec::<String>::new());
}

#[test]
fn where_the_servers_time_goes_is_told_by_command() {
    let server = Server::start();

    let json = wq(&server).line("bench --jobs 200 --only add,drain --concurrency 5 --by-command --json").run().exits(0).json();

    assert_eq!(json["schema"], "wq.bench-commands.v1");
    let rows = json["data"].as_array().unwrap();
    let calls = |workload: &str, command: &str| {
        let row = rows.iter().find(|row| row["workload"] == workload && row["command"] == command);
        row.unwrap_or_else(|| panic!("{workload} {command}: {json}"))["calls_per_job"].as_f64().unwrap()
    };
    // What is done once a call, or now and then beside them, is a small part of a job's.
    let is_about = |workload: &str, command: &str, count: f64| (count..count + 0.1).contains(&calls(workload, command));
    assert!(is_about("add, plain", "hset", 1.0) && is_about("add, plain", "xadd", 2.0), "{json}");
    assert!(is_about("drain, 5 at a time, kept", "set", 1.0) && is_about("drain, 5 at a time, kept", "xadd", 2.0), "{json}");
    assert!(calls("add, plain", "evalsha") < 0.5, "{json}");
}

#[test]
fn a_bench_that_is_interrupted_leaves_nothing_behind() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let server = Server::start();
        let mut bench = wq(&server).line("bench --jobs 20k --only add,drain").spawn();
        eventually(SOON, "jobs are there", || (server.ask::<u64>("DBSIZE") > 500).then_some(()));

        bench.signal(signal);

        assert_eq!(bench.ends(SOON).code(), Some(code), "{}", bench.stderr());
        assert_eq!(keys(&server), Vec::<String>::new());
    }
}

#[test]
fn numbers_that_make_no_sense_are_refused_before_redis_is_asked() {
    for (line, problem) in [
        ("--jobs 0", "write a number from 1 to 10m"),
        ("--jobs 1.5k", "write a number from 1 to 10m"),
        ("--waiting x", "write a number up to 10m"),
        ("--concurrency 0", "write a number from 1 to 10000"),
        ("--only sprint", "invalid value 'sprint'"),
    ] {
        Wq::bare().line(&format!("--redis redis://127.0.0.1:1 bench {line}")).run().exits(2).stderr_has(problem);
    }
}

#[test]
fn what_is_measured_is_what_is_tested_and_the_readme_has_a_place_for_it() {
    let read = |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let version = |path: &str| serde_json::from_str::<serde_json::Value>(&read(path)).unwrap()["dependencies"]["bullmq"].clone();

    let (measured, tested) = (version("benches/peers/node/package.json"), version("tests/interop/package.json"));

    assert_eq!(measured, tested);
    assert!(read("benches/tables.mjs").contains(&format!("'Node BullMQ {}'", measured.as_str().unwrap())));
    let cache = read("src/app/redis_service/allocator.rs").split_once("CACHE: &str = \"").unwrap().1.split('"').next().unwrap().to_owned();
    assert!(read("benches/server.mjs").contains(&format!("GLIBC_TUNABLES: '{cache}'")), "the bench's server has another cache");
    let (readme, official) = (read("README.md"), read("benches/peers/official/Cargo.toml"));
    assert!(readme.split_once("<!-- bench -->\n").unwrap().1.contains("<!-- /bench -->"));
    let official = official.split_once("bullmq-official = \"=").unwrap().1.split('"').next().unwrap();
    assert!(read("benches/tables.mjs").contains(&format!("'bullmq-official {official}'")));
}
