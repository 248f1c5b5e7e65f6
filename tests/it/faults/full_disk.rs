//! A server whose own disk is full: producers hear of it in time, workers live through it, nothing acknowledged is lost or doubled.

use super::*;

/// Room for a part of the jobs below, and for some of what comes of them.
const ROOM: u64 = 600_000;
const JOBS: usize = 3_000;
const LONG: Duration = Duration::from_mins(1);

/// Adds all jobs and shows those that were acknowledged.
fn produce(server: &Server) -> crate::support::command::Finished {
    wq(server).line("enqueue --ndjson - -o ndjson --timeout 2s").input(lines((0..JOBS).map(|n| format!("j{n}")), "{}")).run()
}

fn ids(stdout: &str) -> BTreeSet<String> {
    stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned()).collect()
}

fn is_idle(server: &Server) -> bool {
    server.ask::<u64>("EXISTS bull:whatsapp:wait bull:whatsapp:active bull:whatsapp:prioritized bull:whatsapp:delayed") == 0
}

/// The rest of every story: everything acknowledged was sent once; what was refused is added and sent; a restart forgets nothing.
fn all_is_well(server: &mut Server, acknowledged: &BTreeSet<String>, receiver: &Receiver, what: &str) {
    eventually(LONG, "what was stored is sent", || is_idle(server).then_some(()));
    let sent = accepted(receiver, what);
    let lost: Vec<&String> = acknowledged.iter().filter(|id| !sent.contains_key(*id)).collect();
    println!("{what}: {} acknowledged, {} sent", acknowledged.len(), sent.len());
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");

    produce(server).exits(0);
    eventually(LONG, "the rest is sent", || is_idle(server).then_some(()));
    let sent = accepted(receiver, what);
    assert_eq!((sent.len(), sent.values().max()), (JOBS, Some(&1)));
    server.restart();
    assert_eq!((completed(server), server.ask::<u64>("HLEN wq:bull:whatsapp:held")), (JOBS as u64, 0));
    is_sound(server);
}

#[test]
fn a_server_whose_disk_is_full_tells_producers_and_goes_on_when_there_is_room() {
    let mut server = Server::on_small_disk(ROOM, "everysec");
    let receiver = Receiver::start(Duration::from_millis(2), accept);
    let line = format!("worker --via http --url {} --rate none --concurrency 10 --keep-completed all", receiver.url());
    let mut workers = [wq(&server).line(&line).spawn(), wq(&server).line(&line).spawn()];

    let run = produce(&server).exits(5).stderr_has("MISCONF").stderr_has("make room on the server's disk");
    let acknowledged = ids(&run.stdout);
    assert!(!acknowledged.is_empty() && acknowledged.len() < JOBS, "{} acknowledged", acknowledged.len());
    let asked = Instant::now();
    let one = wq(&server).line("enqueue --data {} --id one").run();
    one.exits(1).stderr_has("refuses to store: MISCONF").stderr_has("No space left on device");
    println!("full disk: refused after {:?}", asked.elapsed());
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    for worker in &mut workers {
        eventually(SOON, "it says why it stands still", || worker.stderr().contains("MISCONF").then_some(()));
        assert!(!worker.has_ended(), "{}", worker.stderr());
    }

    server.make_room();
    all_is_well(&mut server, &acknowledged, &receiver, "full disk, everysec");
    for worker in &mut workers {
        worker.signal("TERM");
        assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
    }
}

#[test]
fn a_server_that_ends_because_its_disk_is_full_keeps_nobody_waiting_and_workers_go_on_when_it_is_back() {
    let mut server = Server::on_small_disk(ROOM, "always");
    let receiver = Receiver::start(Duration::from_millis(2), accept);
    let line = format!("worker --via http --url {} --rate none --concurrency 10 --keep-completed all", receiver.url());
    let mut worker = wq(&server).line(&line).spawn();

    let run = produce(&server).exits(5).stderr_has("can't reach Redis").stderr_has("are not confirmed");
    let acknowledged = ids(&run.stdout);
    assert!(server.has_ended() && server.log().contains("Can't recover from AOF write error"), "{}", server.log());
    assert!(!acknowledged.is_empty() && acknowledged.len() < JOBS, "{} acknowledged", acknowledged.len());
    let asked = Instant::now();
    wq(&server).line("enqueue --data {} --id one").run().exits(3).stderr_has("can't reach Redis");
    println!("full disk: no answer after {:?}", asked.elapsed());
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    assert!(!worker.has_ended(), "{}", worker.stderr());

    server.make_room();
    server.restart();
    all_is_well(&mut server, &acknowledged, &receiver, "full disk, always");
    worker.signal("TERM");
    assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
}

#[test]
fn a_server_that_starts_again_on_a_full_disk_and_ends_again_costs_nothing_but_time() {
    let mut server = Server::on_small_disk(ROOM, "always");
    let receiver = Receiver::start(Duration::from_millis(2), accept);
    let line = format!("worker --via http --url {} --rate none --concurrency 10 --keep-completed all", receiver.url());
    let mut worker = wq(&server).line(&line).spawn();
    let acknowledged = ids(&produce(&server).exits(5).stdout);

    for _ in 0..2 {
        server.restart();
        // The first thing that the worker writes ends it.
        eventually(SOON, "it ended", || server.has_ended().then_some(()));
        assert!(!worker.has_ended(), "{}", worker.stderr());
    }

    server.make_room();
    server.restart();
    all_is_well(&mut server, &acknowledged, &receiver, "full disk, again and again");
    worker.signal("TERM");
    assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
}
