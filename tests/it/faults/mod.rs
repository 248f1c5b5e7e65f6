//! What becomes of messages when workers and servers die: none is lost, none goes above the limit.

mod answers;
mod bad_records;
mod clocks;
mod fence;
mod full_disk;
mod full_memory;
mod rollback;
mod standing_still;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::receiver::accept;
use crate::support::structure::Structure;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// Jobs with these ids and this data, a line each.
fn lines(ids: impl Iterator<Item = String>, data: &str) -> String {
    ids.map(|id| [r#"{"data":"#, data, r#","opts":{"jobId":""#, &id, "\"}}\n"].concat()).collect()
}

fn add(server: &Server, ids: impl Iterator<Item = String>, data: &str) {
    let lines = lines(ids, data);
    wq(server).line("enqueue --ndjson -").input(lines).run().exits(0);
}

fn completed(server: &Server) -> u64 {
    server.ask("ZCARD bull:whatsapp:completed")
}

/// Every id has one place and a job, every job an id, nothing is locked that nobody runs. For a queue that stands still.
#[track_caller]
fn is_sound(server: &Server) {
    assert_eq!(Structure::read(&mut server.connection(), "whatsapp").faults(), [""; 0]);
}

/// How often each id was accepted.
fn accepted(receiver: &Receiver, what: &str) -> BTreeMap<String, usize> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for id in receiver.accepted() {
        *times.entry(id).or_default() += 1;
    }
    println!("{what}: {} of {} messages were sent more than once", times.values().filter(|count| **count > 1).count(), times.len());
    times
}

#[test]
fn the_jobs_of_a_killed_worker_are_finished_by_another_in_time() {
    const HELD: usize = 5;
    let server = Server::start();
    let requests_for_held = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests_for_held);
    let receiver = Receiver::start(Duration::from_millis(5), move |request| {
        if request.body["data"]["hold"] == true && counter.fetch_add(1, Ordering::SeqCst) < HELD {
            // Longer than the test: the one who waits for this answer is killed.
            std::thread::sleep(Duration::from_mins(2));
        }
        accept(request)
    });
    add(&server, (0..HELD).map(|n| format!("held{n}")), r#"{"hold":true}"#);
    let line = format!("worker --via http --url {} --rate none --on-uncertain retry", receiver.url());
    let mut doomed = wq(&server).line(&line).spawn();
    eventually(SOON, "it holds five", || (server.ask::<u64>("LLEN bull:whatsapp:active") == 5).then_some(()));
    let _other = wq(&server).line(&line).spawn();
    add(&server, (0..500).map(|n| format!("other{n}")), "{}");

    eventually(SOON, "others are being sent", || (completed(&server) > 20).then_some(()));
    doomed.kill();
    let killed: Vec<i64> = server.ask::<Vec<String>>("TIME").iter().map(|part| part.parse().unwrap()).collect();

    eventually(SOON, "every job is completed", || (completed(&server) == 505).then_some(()));
    for n in 0..HELD {
        let finished: i64 = server.ask(&format!("HGET bull:whatsapp:held{n} finishedOn"));
        let took = finished - (killed[0] * 1000 + killed[1] / 1000);
        println!("held{n} was finished {took} ms after the kill");
        // Usually under 3 s, on a machine with nothing else to do; BullMQ needs at least as long as a lock lives, 30 s.
        assert!((0..=15_000).contains(&took), "held{n} was finished {took} ms after the kill");
        assert_eq!(server.ask::<Option<u64>>(&format!("HGET bull:whatsapp:held{n} stc")), None);
    }
    assert_eq!(accepted(&receiver, "killed worker, the others").len(), 505);
    println!("killed worker: {} requests reached the receiver for the {HELD} that it held", requests_for_held.load(Ordering::SeqCst));
}

/// Three different numbers below `limit`, the same for the same seed.
fn moments(seed: u64, limit: usize) -> BTreeSet<usize> {
    let (mut state, mut found) = (seed, BTreeSet::new());
    while found.len() < 3 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        found.insert(usize::try_from(state >> 33).unwrap() % limit);
    }
    found
}

/// `WQ_TEST_SEED` or this.
fn seed() -> u64 {
    std::env::var_os("WQ_TEST_SEED").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(20_261_124)
}

#[test]
fn a_server_killed_in_a_bulk_and_in_a_drain_loses_nothing_that_it_acknowledged() {
    const ROWS: usize = 6_000;
    let mut server = Server::durable();
    let receiver = Receiver::start(Duration::from_millis(1), accept);
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..ROWS).map(|n| ["+", &(34_600_000_000 + n).to_string(), "\n"].concat()).collect();
    std::fs::write(folder.path().join("contacts.csv"), format!("phone\n{rows}")).unwrap();
    let in_bulk = moments(seed(), ROWS - 1500);
    let in_drain = moments(seed() + 1, ROWS - 500);
    println!("seed {}: killed at {in_bulk:?} rows and at {in_drain:?} messages", seed());

    let mut bulk =
        wq(&server).folder(folder.path()).line("bulk contacts.csv --text Hola --batch 50 --timeout 30s --row-results rows.ndjson").spawn();
    for moment in in_bulk {
        eventually(SOON, "rows are added", || (server.ask::<Option<usize>>("GET bull:whatsapp:id") > Some(moment)).then_some(()));
        server.restart();
    }
    assert_eq!(bulk.ends(Duration::from_mins(1)).code(), Some(0), "{}", bulk.stderr());
    let line = format!("worker --via http --url {} --rate none --concurrency 20", receiver.url());
    let mut workers: Vec<_> = (0..2).map(|_| wq(&server).line(&line).spawn()).collect();
    for moment in in_drain {
        eventually(Duration::from_mins(1), "messages are sent", || (receiver.requests().len() > moment).then_some(()));
        server.restart();
    }

    let state = || {
        let lists = ["wait", "active"].map(|list| server.ask::<u64>(&format!("LLEN bull:whatsapp:{list}")));
        let sets = ["prioritized", "delayed", "completed", "failed"].map(|set| server.ask::<u64>(&format!("ZCARD bull:whatsapp:{set}")));
        (lists, sets)
    };
    eventually(Duration::from_mins(1), "nothing is left to do", || (state().0 == [0, 0] && state().1[..2] == [0, 0]).then_some(()));
    assert_eq!(state().1[2..], [ROWS as u64, 0], "of jobs completed and failed");
    let results = std::fs::read_to_string(folder.path().join("rows.ndjson")).unwrap();
    let acknowledged: BTreeSet<String> =
        results.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned()).collect();
    let sent = accepted(&receiver, "killed server");
    assert_eq!(acknowledged.len(), ROWS);
    assert_eq!(acknowledged.iter().filter(|id| !sent.contains_key(*id)).count(), 0);
    assert_eq!(sent.len(), ROWS);
    assert_eq!(sent.values().filter(|times| **times > 1).count(), 0);
    assert_eq!([server.ask::<u64>("LLEN bull:whatsapp:active"), server.ask::<u64>("ZCARD bull:whatsapp:failed")], [0, 0]);
    for worker in &mut workers {
        worker.signal("TERM");
        assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
    }
}

#[test]
fn two_workers_at_one_rate_stay_below_it_in_every_window_and_near_it_on_average() {
    let server = Server::start();
    let receiver = Receiver::start(Duration::from_millis(30), accept);
    add(&server, (0..200).map(|n| format!("j{n}")), "{}");
    let line = format!("worker --via http --url {} --rate 20/2s", receiver.url());
    let _workers = [wq(&server).line(&line).spawn(), wq(&server).line(&line).spawn()];

    eventually(SOON, "the first is sent", || (!receiver.requests().is_empty()).then_some(()));
    let started = Instant::now();
    eventually(SOON, "eight seconds are over", || (started.elapsed() > Duration::from_secs(8)).then_some(()));

    // A short window has little slack (20 ms here, 360 at 80 a minute) for what a busy machine delays between a start and
    // its arrival; 50 ms more are allowed for that. A burst, or a second rate, would still be seen.
    let busiest = receiver.busiest(Duration::from_millis(1950));
    assert!(busiest <= 20, "{busiest} in some 2 s");
    let sent = receiver.requests().len();
    assert!((55..=81).contains(&sent), "{sent} in 8 s instead of 79");
}

#[test]
fn a_worker_goes_on_by_itself_after_its_server_was_away() {
    let mut server = Server::durable();
    let receiver = Receiver::start(Duration::ZERO, accept);
    let mut worker = wq(&server).line(&format!("worker --via http --url {} --rate none", receiver.url())).spawn();
    add(&server, ["before".to_owned()].into_iter(), "{}");
    eventually(SOON, "it works", || (receiver.accepted() == ["before"]).then_some(()));

    server.kill();
    let away = Instant::now();
    eventually(SOON, "the server is away for long", || (away.elapsed() > Duration::from_secs(2)).then_some(()));
    server.restart();
    add(&server, ["after".to_owned()].into_iter(), "{}");

    eventually(SOON, "it works again", || (receiver.accepted() == ["after", "before"]).then_some(()));
    worker.signal("TERM");
    assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
}
