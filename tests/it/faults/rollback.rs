//! Servers that forget, machines that lose power, disks that are full: nothing is sent twice.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::receiver::accept;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_mins(2);

/// Writes to its append-only file at once and to the disk every second.
fn everysec() -> Server {
    Server::with(&["--appendonly", "yes", "--appendfsync", "everysec"])
}

fn add(server: &Server, ids: impl Iterator<Item = String>) {
    let lines: String = ids.map(|id| [r#"{"data":{},"opts":{"jobId":""#, &id, "\"}}\n"].concat()).collect();
    wq(server).line("enqueue --ndjson -").input(lines).run().exits(0);
}

/// The file that the server appends to.
fn append_only_file(server: &Server) -> PathBuf {
    let files = fs::read_dir(server.folder().join("appendonlydir")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_string_lossy().ends_with(".incr.aof")).max().unwrap()
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// Ends the server as a power cut does: what it wrote in the last 0.4 s is not on the disk. Returns how many bytes that is.
fn cut_power(server: &mut Server) -> u64 {
    let file = append_only_file(server);
    let on_disk = length(&file);
    let waited = Instant::now();
    eventually(SOON, "0.4 s are over", || (waited.elapsed() > Duration::from_millis(400)).then_some(()));
    server.kill();
    let lost = length(&file) - on_disk;
    OpenOptions::new().write(true).open(&file).unwrap().set_len(on_disk).unwrap();
    lost
}

/// Ids that were accepted more than once.
fn doubled(receiver: &Receiver) -> Vec<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for id in receiver.accepted() {
        *times.entry(id).or_default() += 1;
    }
    times.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id).collect()
}

fn settled(server: &Server) -> [u64; 2] {
    [server.ask("ZCARD bull:whatsapp:completed"), server.ask("HLEN wq:bull:whatsapp:held")]
}

fn is_empty(server: &Server) -> bool {
    let lists: u64 = ["wait", "active"].iter().map(|list| server.ask::<u64>(&format!("LLEN bull:whatsapp:{list}"))).sum();
    let sets: u64 = ["prioritized", "delayed"].iter().map(|set| server.ask::<u64>(&format!("ZCARD bull:whatsapp:{set}"))).sum();
    lists + sets == 0
}

fn worker(receiver: &Receiver, concurrency: usize) -> String {
    format!("worker --via http --url {} --rate none --concurrency {concurrency} --keep-completed all", receiver.url())
}

#[test]
fn a_server_that_forgot_its_last_writes_does_not_make_workers_send_twice() {
    const JOBS: u64 = 3_000;
    let mut server = everysec();
    let receiver = Receiver::start(Duration::from_millis(10), accept);
    add(&server, (0..JOBS).map(|n| format!("j{n}")));
    let line = worker(&receiver, 10);
    let mut workers: Vec<_> = (0..2).map(|_| wq(&server).line(&line).spawn()).collect();

    for cut in [300, 1_200] {
        eventually(LONG, "messages are sent", || (receiver.requests().len() > cut).then_some(()));
        let lost = cut_power(&mut server);
        println!("power cut: {lost} bytes of the append-only file gone");
        assert!(lost > 1_000, "nothing was lost: {lost} bytes");
        server.restart();
    }
    eventually(LONG, "nothing is left to do", || is_empty(&server).then_some(()));

    assert_eq!(doubled(&receiver), [""; 0], "sent twice");
    assert_eq!(settled(&server), [JOBS, 0]);
    for worker in &mut workers {
        worker.signal("TERM");
        assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
        assert!(worker.stderr().contains("told it what was sent"), "{}", worker.stderr());
    }
}

#[test]
fn a_killed_server_that_forgot_nothing_makes_nobody_send_twice_or_wait_long() {
    const JOBS: u64 = 2_000;
    let mut server = everysec();
    let receiver = Receiver::start(Duration::from_millis(10), accept);
    add(&server, (0..JOBS).map(|n| format!("j{n}")));
    let line = worker(&receiver, 10);
    let _workers: Vec<_> = (0..2).map(|_| wq(&server).line(&line).spawn()).collect();

    for kill in [300, 800] {
        eventually(LONG, "messages are sent", || (receiver.requests().len() > kill).then_some(()));
        server.restart();
    }
    eventually(LONG, "nothing is left to do", || is_empty(&server).then_some(()));

    assert_eq!(doubled(&receiver), [""; 0], "sent twice");
    assert_eq!(settled(&server), [JOBS, 0]);
}

#[test]
fn a_machine_that_loses_power_with_its_server_and_worker_sends_nothing_twice() {
    const JOBS: u64 = 1_500;
    const CONCURRENCY: usize = 10;
    let (mut server, state) = (everysec(), tempfile::tempdir().unwrap());
    let receiver = Receiver::start(Duration::from_millis(10), accept);
    add(&server, (0..JOBS).map(|n| format!("j{n}")));
    let line = worker(&receiver, CONCURRENCY);
    let start = |server: &Server| wq(server).env("WQ_STATE_DIR", state.path()).line(&line).spawn();
    let mut doomed = start(&server);

    eventually(LONG, "messages are sent", || (receiver.requests().len() > 400).then_some(()));
    let lost = cut_power(&mut server);
    doomed.kill();
    println!("power cut: {lost} bytes of the append-only file gone");
    server.restart();
    let mut next = start(&server);
    eventually(LONG, "nothing is left to do", || is_empty(&server).then_some(()));

    assert_eq!(doubled(&receiver), [""; 0], "sent twice");
    let [completed, held] = settled(&server);
    println!("{held} held");
    assert_eq!(completed + held, JOBS);
    assert!(held <= CONCURRENCY as u64, "{held} held");
    next.signal("TERM");
    assert_eq!(next.ends(SOON).code(), Some(0), "{}", next.stderr());
    assert!(next.stderr().contains("settled sends of a dead worker from its journal"), "{}", next.stderr());
    assert_eq!(fs::read_dir(state.path().join("journal")).unwrap().count(), 0, "every journal is settled and gone");
}

#[test]
fn what_a_killed_worker_sent_and_could_not_store_is_settled_by_the_next_from_its_journal() {
    let (mut server, state) = (Server::durable(), tempfile::tempdir().unwrap());
    let receiver = Receiver::start(Duration::from_millis(300), accept);
    let start = |server: &Server| wq(server).env("WQ_STATE_DIR", state.path()).line(&worker(&receiver, 5)).spawn();
    add(&server, (0..5).map(|n| format!("j{n}")));
    let mut doomed = start(&server);

    eventually(SOON, "all are being sent", || (receiver.requests().len() == 5).then_some(()));
    server.kill();
    eventually(SOON, "their outcomes are in the journal", || journal_has(state.path(), r#"{"ok":true}"#, 5).then_some(()));
    doomed.kill();
    server.restart();
    let _next = start(&server);

    eventually(SOON, "all are completed", || (settled(&server) == [5, 0]).then_some(()));
    assert_eq!(receiver.requests().len(), 5);
}

/// Whether a text is so often in the journals of a state folder.
fn journal_has(state: &Path, text: &str, times: usize) -> bool {
    let Ok(entries) = fs::read_dir(state.join("journal")) else { return false };
    let found = |path: PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).matches(text).count();
    entries.flatten().map(|entry| found(entry.path())).sum::<usize>() >= times
}

#[test]
fn a_worker_that_can_not_keep_a_journal_does_not_start_unless_it_sends_nothing() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    add(&server, std::iter::once("a".to_owned()));
    let state = file.display();

    let line = format!("worker --via http --url http://127.0.0.1:1/ --until-empty --state-dir {state}");
    wq(&server).line(&line).run().exits(1).stderr_has("can't write the journal").stderr_has("--state-dir");
    assert!(!is_empty(&server));

    wq(&server).line(&format!("worker --via log --rate none --until-empty --state-dir {state}")).run().exits(0);
}

#[test]
fn a_worker_whose_disk_is_full_stops_loudly_and_goes_on_when_there_is_room() {
    const JOBS: u64 = 200;
    let (server, home) = (Server::start(), tempfile::tempdir().unwrap());
    let receiver = Receiver::start(Duration::ZERO, accept);
    add(&server, (0..JOBS).map(|n| format!("j{n}")));
    let log = home.path().join("log");
    // A limit on the size of files stands for the disk; ignored, its signal makes writing fail.
    let script = format!("trap '' XFSZ; ulimit -S -f 8; exec \"$0\" {}", worker(&receiver, 5));
    let mut child = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_wq")])
        .env_clear()
        .env("WQ_REDIS_URL", server.url())
        .env("WQ_STATE_DIR", home.path())
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let copy = log.clone();
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut File::create(copy).unwrap()));
    let said = || fs::read_to_string(&log).unwrap_or_default();

    eventually(SOON, "it says why it stops", || said().contains("nothing more is sent until the journal can be written").then_some(()));
    let sent = receiver.requests().len();
    assert!(sent < 200, "{sent} were sent");
    let waited = Instant::now();
    eventually(SOON, "it has tried again", || (waited.elapsed() > Duration::from_millis(1500)).then_some(()));
    assert_eq!(receiver.requests().len(), sent, "nothing is sent meanwhile");
    assert_eq!(server.ask::<u64>("LLEN bull:whatsapp:active"), 0, "nothing is kept from others");

    let raised = Command::new("prlimit").args(["--pid", &child.id().to_string(), "--fsize=unlimited"]).status().unwrap();
    assert!(raised.success());
    eventually(SOON, "all are sent", || (settled(&server) == [JOBS, 0]).then_some(()));
    assert!(said().contains("the journal can be written again"), "{}", said());
    assert_eq!(doubled(&receiver), [""; 0], "sent twice");
    child.kill().unwrap();
    child.wait().unwrap();
}
