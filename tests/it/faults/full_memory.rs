//! A server whose memory is full refuses adds and says so; fenced workers empty it without help.

use std::fs;

use super::*;

/// From now on more is used than allowed, however much is removed.
fn fill(server: &Server) {
    server.ask::<()>("CONFIG SET maxmemory 1");
}

fn make_room(server: &Server) {
    server.ask::<()>("CONFIG SET maxmemory 0");
}

/// Whether every job has come to an end; no matter which. One question: jobs move on between two.
fn is_empty(server: &Server) -> bool {
    let places = ["wait", "active", "prioritized", "delayed"].map(|place| format!("bull:whatsapp:{place}"));
    server.ask::<u64>(&format!("EXISTS {}", places.join(" "))) == 0
}

/// Completed, dead letters with the held ones, held.
fn ends(server: &Server) -> [usize; 3] {
    let ended = |set: &str| server.ask(&format!("ZCARD bull:whatsapp:{set}"));
    [ended("completed"), ended("failed"), server.ask("HLEN wq:bull:whatsapp:held")]
}

#[track_caller]
fn refuses_adds(server: &Server) {
    let run = wq(server).line("enqueue --data {} --id more --timeout 300ms").run().exits(1);
    let run = run.stderr_has("refuses to store: OOM command not allowed").stderr_has("hint: raise maxmemory, or keep less: ");
    assert_eq!(run.stdout, "");
    assert_eq!(server.ask::<u64>("EXISTS bull:whatsapp:more"), 0);
}

#[test]
fn a_full_server_is_emptied_whatever_becomes_of_the_messages() {
    let server = Server::start();
    let seen = std::sync::Mutex::new(BTreeSet::new());
    let receiver = Receiver::start(Duration::ZERO, move |request| {
        let is_first = seen.lock().unwrap().insert(request.id().to_owned());
        match request.id().trim_end_matches(|c: char| c.is_ascii_digit()) {
            "again" if is_first => (503, "", "later".to_owned()),
            "busy" if is_first => (429, "Retry-After: 1\r\n", "slowly".to_owned()),
            "gone" => (404, "", "nobody".to_owned()),
            "silent" => {
                std::thread::sleep(Duration::from_secs(20));
                accept(request)
            }
            _ => accept(request),
        }
    });
    let ids = |name: &'static str, count: usize| (0..count).map(move |n| format!("{name}{n}"));
    add(&server, ids("plain", 150).chain(ids("again", 10)).chain(ids("busy", 3)).chain(ids("gone", 10)).chain(ids("silent", 5)), "{}");
    add(&server, ids("ana", 4), r#"{"to":"+5511987650000","text":"Oi"}"#);
    add(&server, ids("broken", 2), "{}");
    server.ask::<()>("HSET bull:whatsapp:broken0 data {");
    server.ask::<()>("HDEL bull:whatsapp:broken1 data");
    wq(&server).line("enqueue --data {} --id due --delay 1s").run().exits(0);
    wq(&server).line("schedule add tick --every 300ms --limit 3 --data {}").run().exits(0);

    fill(&server);
    refuses_adds(&server);
    let line = format!(
        "worker --via http --url {} --rate 400/s --per-recipient 2/s --per-recipient-burst 1 --send-timeout 1s --concurrency 10 \
         --keep-completed all --metrics 5",
        receiver.url()
    );
    let mut workers = [wq(&server).line(&line).spawn(), wq(&server).line(&line).spawn()];

    eventually(SOON * 2, &format!("all is done; {}", workers[0].stderr()), || is_empty(&server).then_some(()));
    // 150 plain, 10 again, 3 busy, 4 to one recipient, one delayed, three of the schedule; 10 gone, 2 broken, 5 held.
    assert_eq!(ends(&server), [171, 17, 5]);
    let times = accepted(&receiver, "full memory");
    assert_eq!((times.len(), times.values().max()), (171, Some(&1)));
    refuses_adds(&server);
    for worker in &mut workers {
        worker.signal("TERM");
        assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
        assert!(!worker.stderr().contains("OOM"), "{}", worker.stderr());
    }
    assert_eq!(server.ask::<u64>("HLEN wq:bull:whatsapp:beat"), 0);
    is_sound(&server);
}

#[test]
fn jobs_of_a_dead_worker_go_on_while_the_server_is_full() {
    const CONCURRENCY: usize = 10;
    let server = Server::start();
    let receiver = Receiver::start(Duration::from_millis(50), accept);
    add(&server, (0..300).map(|n| format!("j{n}")), "{}");
    fill(&server);
    let line = format!("worker --via http --url {} --rate none --concurrency {CONCURRENCY}", receiver.url());
    let mut doomed = wq(&server).line(&line).spawn();
    let other = wq(&server).line(&line).spawn();

    eventually(SOON, "both send", || (receiver.requests().len() > 60).then_some(()));
    doomed.kill();

    eventually(SOON * 2, &format!("all is done; {}", other.stderr()), || is_empty(&server).then_some(()));
    let [completed, failed, held] = ends(&server);
    assert!((1..=CONCURRENCY).contains(&held), "{held} held");
    assert_eq!((completed + held, failed), (300, held));
    assert!(accepted(&receiver, "full memory, a killed worker").values().all(|times| *times == 1));
    for id in server.ask::<Vec<String>>("HKEYS wq:bull:whatsapp:held") {
        let run = wq(&server).line(&format!("dlq resolve {id} --sent")).run();
        run.exits(0);
    }
    assert_eq!(ends(&server), [300, 0, 0], "a person ends the doubt while it is full");
}

#[test]
fn a_full_server_that_is_killed_and_comes_back_full_is_emptied_too() {
    const JOBS: usize = 1_000;
    let mut server = Server::with(&["--maxmemory", "1", "--appendonly", "yes", "--appendfsync", "everysec"]);
    make_room(&server);
    let receiver = Receiver::start(Duration::from_millis(5), accept);
    add(&server, (0..JOBS).map(|n| format!("j{n}")), "{}");
    fill(&server);
    let line = format!("worker --via http --url {} --rate none --concurrency 10", receiver.url());
    let worker = wq(&server).line(&line).spawn();

    eventually(SOON, "messages are sent", || (receiver.requests().len() > 200).then_some(()));
    server.restart();
    refuses_adds(&server);

    eventually(SOON * 2, &format!("all is done; {}", worker.stderr()), || is_empty(&server).then_some(()));
    assert_eq!(ends(&server), [JOBS, 0, 0]);
    assert!(accepted(&receiver, "full memory, a killed server").values().all(|times| *times == 1));
}

/// Ids of the rows with this outcome.
fn rows(results: &str, outcome: &str) -> Vec<String> {
    let rows = results.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["status"] == outcome).map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_bulk_into_a_full_server_stores_whole_chunks_and_tells_each_row_so_that_it_can_be_repeated() {
    const ROWS: usize = 20_000;
    const BATCH: usize = 500;
    let server = Server::with(&["--maxmemory", "6mb"]);
    let folder = tempfile::tempdir().unwrap();
    let rows_of_file: String = (0..ROWS).map(|n| ["+", &(34_600_000_000 + n).to_string(), "\n"].concat()).collect();
    fs::write(folder.path().join("contacts.csv"), format!("phone\n{rows_of_file}")).unwrap();
    let bulk = || {
        let line = format!("bulk contacts.csv --text Hola --batch {BATCH} --timeout 1s --row-results rows.ndjson --json");
        wq(&server).folder(folder.path()).line(&line).run()
    };
    let count = |tally: &Value, name: &str| usize::try_from(tally["data"][name].as_u64().unwrap()).unwrap();
    let stored_in_redis = || server.ask::<usize>("ZCARD bull:whatsapp:prioritized");

    let first = bulk().exits(5).stderr_has("OOM command not allowed");

    let (tally, results) = (first.json(), fs::read_to_string(folder.path().join("rows.ndjson")).unwrap());
    let (stored, refused) = (count(&tally, "stored"), count(&tally, "refused"));
    println!("full memory: {stored} of {ROWS} rows stored");
    assert_eq!((stored + refused, count(&tally, "total")), (ROWS, ROWS), "{tally}");
    assert!(stored > 0 && refused > 0, "{tally}");
    assert_eq!((stored % BATCH, stored_in_redis()), (0, stored), "whole chunks, and all that were told");
    assert_eq!((rows(&results, "stored").len(), rows(&results, "refused").len()), (stored, refused));
    for id in rows(&results, "refused") {
        assert_eq!(server.ask::<u64>(&format!("EXISTS bull:whatsapp:{id}")), 0, "{id} is told as refused");
    }

    make_room(&server);
    let second = bulk().exits(0).json();
    assert_eq!((count(&second, "stored"), count(&second, "duplicate")), (refused, stored), "{second}");
    assert_eq!(stored_in_redis(), ROWS);
}

#[test]
fn lines_of_json_into_a_full_server_are_counted_truthfully() {
    let server = Server::with(&["--maxmemory", "4mb"]);
    let lines = lines((0..20_000).map(|n| format!("j{n}")), "{}");

    let run = wq(&server).line("enqueue --ndjson - --timeout 1s --json").input(lines).run().exits(5);

    let tally = run.json();
    let count = |name: &str| tally["data"][name].as_u64().unwrap();
    assert_eq!((count("stored") + count("refused"), count("total")), (20_000, 20_000), "{tally}");
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:prioritized"), count("stored"));
    assert!(run.stderr.contains("OOM command not allowed"), "{}", run.stderr);
}
