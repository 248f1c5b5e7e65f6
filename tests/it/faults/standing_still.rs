//! A server that forgets its scripts, pauses, freezes or falls silent: nothing is lost, sent twice or held for it, and work goes on soon after.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{accepted, add, completed};
use crate::support::command::Background;
use crate::support::proxy::{Fault, Proxy};
use crate::support::receiver::accept;
use crate::support::structure::Structure;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(30);
/// Longer than the 5 s that a worker waits for an answer.
const BEYOND_ANSWERS: Duration = Duration::from_secs(8);
const CONCURRENCY: usize = 10;

/// A queue, and two workers that really send.
struct Scene {
    server: Server,
    receiver: Receiver,
    workers: Vec<Background>,
    jobs: usize,
}

impl Scene {
    /// `jobs` messages, each of which takes 20 ms; the workers reach the server by these addresses.
    fn begin(server: Server, jobs: usize, urls: [String; 2]) -> Self {
        let receiver = Receiver::start(Duration::from_millis(20), accept);
        add(&server, (0..jobs).map(|n| format!("j{n}")), "{}");
        let line = format!("worker --via http --url {} --rate none --concurrency {CONCURRENCY} --keep-completed all", receiver.url());
        let workers: Vec<_> = urls.iter().map(|url| wq(&server).env("WQ_REDIS_URL", url).line(&line).spawn()).collect();
        eventually(SOON, "both live", || (server.ask::<u64>("HLEN wq:bull:whatsapp:beat") == 2).then_some(()));
        let scene = Self { server, receiver, workers, jobs };
        eventually(SOON, "they send", || (scene.sent() > 50).then_some(()));
        scene
    }

    fn sent(&self) -> usize {
        self.receiver.requests().len()
    }

    /// Just after a fault: how long it takes until those that were active then are completed.
    fn settles(&self) -> Duration {
        let (ended, sent) = (Instant::now(), self.sent());
        let active: Vec<String> = self.server.ask("LRANGE bull:whatsapp:active 0 -1");
        let resumed = eventually(SOON, "sending goes on", || (self.sent() > sent || sent == self.jobs).then(|| ended.elapsed()));
        let is_completed = |id: &String| self.server.ask::<Option<u64>>(&format!("ZSCORE bull:whatsapp:completed {id}")).is_some();
        eventually(SOON, "what was active is completed", || active.iter().all(is_completed).then_some(()));
        println!("sending went on after {resumed:?}; the {} that were active were completed after {:?}", active.len(), ended.elapsed());
        ended.elapsed()
    }

    /// Everything is sent once and nothing held; returns what the workers said.
    fn ends(mut self) -> String {
        eventually(SOON, "all are completed", || (completed(&self.server) == self.jobs as u64).then_some(()));
        let sent = accepted(&self.receiver, "in all");
        assert_eq!((sent.len(), sent.values().sum::<usize>()), (self.jobs, self.jobs));
        assert_eq!(self.server.ask::<u64>("HLEN wq:bull:whatsapp:held"), 0);
        for worker in &mut self.workers {
            worker.signal("TERM");
            assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
        }
        assert_eq!(Structure::read(&mut self.server.connection(), "whatsapp").faults(), [""; 0]);
        self.workers.iter().map(Background::stderr).collect()
    }
}

fn wait(time: Duration) {
    let began = Instant::now();
    eventually(SOON, "time goes by", || (began.elapsed() >= time).then_some(()));
}

fn signal(server: &Server, name: &str) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(server.pid().to_string()).status().unwrap().success());
}

#[test]
fn a_server_that_forgets_its_scripts_again_and_again_costs_nothing() {
    let server = Server::start();
    let urls = [server.url(), server.url()];
    let scene = Scene::begin(server, 2_000, urls);

    let mut flushes = 0;
    while completed(&scene.server) < 1_900 {
        scene.server.ask::<()>("SCRIPT FLUSH");
        flushes += 1;
        wait(Duration::from_millis(200));
    }
    let settled = scene.settles();

    println!("{flushes} flushes");
    assert!(flushes > 2 && settled < Duration::from_secs(10), "{flushes} flushes, {settled:?}");
    scene.ends();
}

#[test]
fn a_server_that_pauses_all_its_clients_makes_nobody_count_as_dead() {
    let server = Server::start();
    let urls = [server.url(), server.url()];
    let scene = Scene::begin(server, 1_500, urls);

    scene.server.ask::<()>("CLIENT PAUSE 3000 ALL");
    // Answered when the pause is over.
    scene.server.ask::<String>("PING");
    let settled = scene.settles();

    assert!(settled < Duration::from_secs(10), "{settled:?}");
    let said = scene.ends();
    assert!(!said.contains("workers died") && !said.contains("counted as dead"), "{said}");
}

#[test]
fn a_frozen_server_makes_nobody_count_as_dead() {
    let server = Server::tcp();
    let urls = [server.url(), server.url()];
    let scene = Scene::begin(server, 1_500, urls);

    signal(&scene.server, "STOP");
    wait(BEYOND_ANSWERS);
    signal(&scene.server, "CONT");
    let settled = scene.settles();

    assert!(settled < Duration::from_secs(10), "{settled:?}");
    let said = scene.ends();
    assert!(said.contains("the connection is gone"), "{said}");
    assert!(!said.contains("workers died") && !said.contains("counted as dead"), "{said}");
}

#[test]
fn a_server_that_falls_silent_makes_nobody_count_as_dead() {
    let server = Server::tcp();
    let proxy = Proxy::before(&server);
    let scene = Scene::begin(server, 1_500, [proxy.url(), proxy.url()]);

    proxy.lose(Fault::Everything);
    wait(BEYOND_ANSWERS);
    proxy.lose(Fault::Nothing);
    let settled = scene.settles();

    assert!(settled < Duration::from_secs(15), "{settled:?}");
    let said = scene.ends();
    assert!(said.contains("the connection is gone"), "{said}");
    assert!(!said.contains("workers died") && !said.contains("counted as dead"), "{said}");
}

#[test]
fn a_worker_that_is_cut_off_keeps_what_it_sends_and_the_other_goes_on() {
    let server = Server::tcp();
    let proxy = Proxy::before(&server);
    let urls = [proxy.url(), server.url()];
    let scene = Scene::begin(server, 4_500, urls);

    proxy.lose(Fault::Everything);
    let sent = scene.sent();
    wait(BEYOND_ANSWERS);
    let meanwhile = scene.sent() - sent;
    proxy.lose(Fault::Nothing);
    let settled = scene.settles();

    println!("{meanwhile} sent meanwhile by the other");
    assert!(meanwhile > 100, "{meanwhile}");
    assert!(settled < Duration::from_secs(15), "{settled:?}");
    let said = scene.ends();
    assert!(!said.contains("workers died") && !said.contains("counted as dead"), "{said}");
}
