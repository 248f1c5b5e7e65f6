//! The fence on a cluster: a dead worker is told by the node that has the queue, wherever the queue goes, and nothing is sent twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::support::command::{Background, Wq};
use crate::support::receiver::{Answer, Request, accept};
use crate::support::{Cluster, Receiver, Server, eventually};

const SOON: Duration = Duration::from_mins(1);
/// Less than the silence that is death without a subscription.
const BY_SUBSCRIPTION: Duration = Duration::from_secs(14);

/// Accepts at once, but for the first `count` whose data says `slow`: their answer comes when they are released.
fn slow_first(count: usize) -> (Receiver, Arc<AtomicBool>) {
    let (is_released, slow) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let released = Arc::clone(&is_released);
    let answer = move |request: &Request| -> Answer {
        if request.body["data"]["slow"] == true && slow.fetch_add(1, Ordering::SeqCst) < count {
            let began = Instant::now();
            while !released.load(Ordering::SeqCst) && began.elapsed() < SOON {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        accept(request)
    };
    (Receiver::start(Duration::ZERO, answer), is_released)
}

fn add(cluster: &Cluster, queue: &str, ids: impl Iterator<Item = String>, data: &str) {
    let lines: String = ids.map(|id| [r#"{"data":"#, data, r#","opts":{"jobId":""#, &id, "\"}}\n"].concat()).collect();
    cluster.wq().line(&format!("enqueue -Q {queue} --ndjson -")).input(lines).run().exits(0);
}

fn worker(cluster: &Cluster, queue: &str, receiver: &Receiver, more: &str) -> Background {
    cluster.wq().line(&format!("worker -v -Q {queue} --via http --url {} {more}", receiver.url())).spawn()
}

fn count(node: &Server, command: &str, queue: &str, key: &str) -> usize {
    node.ask(&format!("{command} bull:{queue}:{key}"))
}

fn held(node: &Server) -> usize {
    node.ask("HLEN wq:bull:{mail}:held")
}

fn beats(node: &Server) -> usize {
    node.ask("HLEN wq:bull:{mail}:beat")
}

/// How many workers of a queue this node would miss.
fn subscribed(node: &Server, queue: &str) -> usize {
    node.ask::<Vec<String>>(&format!("PUBSUB SHARDCHANNELS wq:bull:{queue}:alive:*")).len()
}

fn is_done(node: &Server) -> bool {
    let lists = ["wait", "active"].map(|list| count(node, "LLEN", "{mail}", list));
    let sets = ["prioritized", "delayed"].map(|set| count(node, "ZCARD", "{mail}", set));
    lists.iter().chain(&sets).sum::<usize>() == 0
}

/// Accepted more than once.
fn doubled(receiver: &Receiver) -> usize {
    let ids = receiver.accepted();
    ids.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

/// Waits until what the dead worker was sending is held, and says how long that took.
fn await_held(node: &Server, many: usize, since: Instant, why: &str) {
    eventually(SOON, &format!("what it was sending is held; {why}"), || (held(node) == many).then_some(()));
    let took = since.elapsed();
    println!("held {} ms after the kill", took.as_millis());
    assert!(took < BY_SUBSCRIPTION, "held {took:?} after the kill");
}

#[test]
fn of_a_killed_worker_what_it_was_sending_is_held_within_seconds_and_the_rest_is_sent_once() {
    let cluster = Cluster::start();
    let (receiver, _released) = slow_first(5);
    let home = &cluster.nodes[cluster.home_of("bull:{mail}:meta")];
    add(&cluster, "{mail}", (0..5).map(|n| format!("slow{n}")), r#"{"slow":true}"#);
    let mut doomed = worker(&cluster, "{mail}", &receiver, "--rate none");
    eventually(SOON, "five are being sent", || (count(home, "LLEN", "{mail}", "active") == 5).then_some(()));
    let other = worker(&cluster, "{mail}", &receiver, "--rate none");
    eventually(SOON, "both would be missed", || (subscribed(home, "{mail}") == 2 && beats(home) == 2).then_some(()));
    add(&cluster, "{mail}", (0..100).map(|n| format!("quick{n}")), "{}");
    eventually(SOON, "the other one works", || (count(home, "ZCARD", "{mail}", "completed") > 20).then_some(()));

    doomed.kill();

    await_held(home, 5, Instant::now(), &other.stderr());
    eventually(SOON, "nothing is left to do", || is_done(home).then_some(()));
    assert_eq!((count(home, "ZCARD", "{mail}", "completed"), doubled(&receiver)), (100, 0));
    assert!(!cluster.errors().contains_key("CROSSSLOT"), "{:?}", cluster.errors());
}

#[test]
fn a_job_that_a_killed_worker_had_not_begun_goes_back_to_its_line() {
    let cluster = Cluster::start();
    let (receiver, _released) = slow_first(0);
    let home = &cluster.nodes[cluster.home_of("bull:{mail}:meta")];
    add(&cluster, "{mail}", ["first", "second"].map(str::to_owned).into_iter(), "{}");
    let mut doomed = worker(&cluster, "{mail}", &receiver, "--rate 1/1m");
    eventually(SOON, "one is sent and the next is at hand", || {
        (count(home, "ZCARD", "{mail}", "completed") == 1 && count(home, "LLEN", "{mail}", "active") == 1).then_some(())
    });
    let _other = worker(&cluster, "{mail}", &receiver, "--rate 1/1m");
    eventually(SOON, "both live", || (beats(home) == 2).then_some(()));
    let token = || home.ask::<Option<String>>("GET bull:{mail}:second:lock");
    let dead = token().unwrap();

    doomed.kill();

    eventually(BY_SUBSCRIPTION, "the job is no longer the dead worker's", || {
        (beats(home) == 1 && token() != Some(dead.clone())).then_some(())
    });
    assert_eq!((held(home), receiver.requests().len()), (0, 1));
    assert_eq!(home.ask::<Option<u64>>("HGET bull:{mail}:second atm").unwrap_or(0), 0);
}

#[test]
fn subscriptions_go_with_the_slot_and_a_dead_worker_is_missed_where_the_queue_is_then() {
    let cluster = Cluster::start();
    let (receiver, _released) = slow_first(3);
    let (from, slot) = (cluster.home_of("bull:{mail}:meta"), cluster.nodes[0].ask("CLUSTER KEYSLOT {mail}"));
    let (old, new) = (&cluster.nodes[from], &cluster.nodes[(from + 1) % 3]);
    add(&cluster, "{mail}", (0..3).map(|n| format!("slow{n}")), r#"{"slow":true}"#);
    let mut doomed = worker(&cluster, "{mail}", &receiver, "--rate none --concurrency 3");
    eventually(SOON, "three are being sent", || (count(old, "LLEN", "{mail}", "active") == 3).then_some(()));
    let other = worker(&cluster, "{mail}", &receiver, "--rate none");
    eventually(SOON, "both would be missed", || (subscribed(old, "{mail}") == 2 && beats(old) == 2).then_some(()));

    cluster.migrate(slot, from, (from + 1) % 3, || ());

    eventually(SOON, &format!("both would be missed by the new node; {}", doomed.stderr()), || {
        (subscribed(new, "{mail}") == 2 && subscribed(old, "{mail}") == 0).then_some(())
    });
    let deaf = |name: &String| name.starts_with("deaf.");
    eventually(SOON, "and both say so there", || (!new.ask::<Vec<String>>("HKEYS wq:bull:{mail}:watch").iter().any(deaf)).then_some(()));
    doomed.kill();
    await_held(new, 3, Instant::now(), &other.stderr());
    add(&cluster, "{mail}", (0..20).map(|n| format!("quick{n}")), "{}");
    eventually(SOON, "the other one works", || (count(new, "ZCARD", "{mail}", "completed") == 20).then_some(()));
    assert_eq!(doubled(&receiver), 0);
}

#[test]
fn a_worker_whose_slots_all_send_follows_its_queue_to_the_replica_that_took_over() {
    let cluster = Cluster::with_replica();
    let (receiver, released) = slow_first(2);
    let queue =
        ["{a}", "{b}", "{c}", "{d}", "{e}", "{f}"].into_iter().find(|queue| cluster.home_of(&format!("bull:{queue}:x")) == 0).unwrap();
    add(&cluster, queue, (0..2).map(|n| format!("slow{n}")), r#"{"slow":true}"#);
    let (old, replica) = (&cluster.nodes[0], &cluster.nodes[3]);
    let working = worker(&cluster, queue, &receiver, "--rate none --concurrency 2 --send-timeout 2m");
    eventually(SOON, "two are being sent", || (count(old, "LLEN", queue, "active") == 2 && subscribed(old, queue) == 1).then_some(()));

    replica.ask::<()>("CLUSTER FAILOVER");

    let beat = || redis::cmd("HVALS").arg(format!("wq:bull:{queue}:beat")).query::<Vec<u64>>(&mut replica.connection()).unwrap_or_default();
    eventually(SOON, "the replica has the queue", || replica.ask::<String>("INFO replication").contains("role:master").then_some(()));
    let before = beat();
    eventually(SOON, &format!("it gives signs of life there; {}", working.stderr()), || {
        (subscribed(replica, queue) == 1 && beat() > before).then_some(())
    });
    assert_eq!(count(replica, "ZCARD", queue, "completed"), 0, "while it sends");
    released.store(true, Ordering::SeqCst);
    eventually(SOON, "both are completed", || (count(replica, "ZCARD", queue, "completed") == 2).then_some(()));
    assert_eq!((replica.ask::<usize>(&format!("HLEN wq:bull:{queue}:held")), receiver.requests().len()), (0, 2));
}

#[test]
fn connections_that_break_again_and_again_cost_no_message_and_no_doubt() {
    const JOBS: usize = 1_000;
    let cluster = Cluster::start();
    let receiver = Receiver::start(Duration::from_millis(5), accept);
    let home = &cluster.nodes[cluster.home_of("bull:{mail}:meta")];
    add(&cluster, "{mail}", (0..JOBS).map(|n| format!("j{n}")), "{}");
    let _workers = [(); 2].map(|()| worker(&cluster, "{mail}", &receiver, "--rate none --concurrency 10"));
    eventually(SOON, "they send", || (receiver.requests().len() > 50).then_some(()));

    let mut killed: u64 = 0;
    eventually(SOON, "nothing is left to do", || {
        killed += home.ask::<u64>("CLIENT KILL TYPE normal SKIPME yes") + home.ask::<u64>("CLIENT KILL TYPE pubsub");
        std::thread::sleep(Duration::from_millis(150));
        is_done(home).then_some(())
    });

    println!("{killed} connections killed");
    assert_eq!((count(home, "ZCARD", "{mail}", "completed"), held(home), doubled(&receiver)), (JOBS, 0, 0));
    assert!(killed > 4, "{killed} connections killed");
}

#[test]
fn a_campaign_on_a_cluster_reaches_everyone_once_what_is_unknown_is_held_and_all_keys_are_in_one_place() {
    const CONTACTS: u64 = 80;
    let (cluster, folder) = (Cluster::start(), tempfile::tempdir().unwrap());
    let (journal, contacts) = (folder.path().join("sent.ndjson"), folder.path().join("contacts.csv"));
    let phones: String = (0..CONTACTS)
        .map(|n| {
            [
                "+3460011",
                &(1000 + n).to_string(),
                "
",
            ]
            .concat()
        })
        .collect();
    std::fs::write(
        &contacts,
        "phone
"
        .to_owned()
            + &phones,
    )
    .unwrap();
    let path = journal.to_str().unwrap();
    let mut args = vec!["--journal", path, "--seed", "5", "--latency", "1ms..5ms", "--drop-answers", "6%"];
    args.extend(["--error", "http-500=6%", "--error", "not-on-whatsapp=5%", "--error", "gateway-502=5%"]);
    let sandbox = Sandbox::start(&args);
    let wq = || cluster.wq().env("WQ_QUEUE", "{mail}").env("WQ_EVOLUTION_KEY", "sandbox");
    wq().args(["bulk", contacts.to_str().unwrap(), "--campaign", "spring", "--text", "Hola", "--attempts", "5"]).run().exits(0);

    let line = format!("worker --via evolution --instance main --base-url http://127.0.0.1:{} --until-empty --rate none", sandbox.port);
    wq().line(&line).run().exits(0);

    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let state = sandbox.state();
    let (lost, pages) = (number(&state["dropped"]), number(&state["refused_by_code"]["gateway-502"]));
    let absent = number(&state["refused_by_code"]["not-on-whatsapp"]);
    let checked = Wq::bare().args(["sandbox", "check", path, "--json"]).run().exits(0).json()["data"].clone();
    let home = &cluster.nodes[cluster.home_of("bull:{mail}:meta")];
    let completed: u64 = home.ask("ZCARD bull:{mail}:completed");
    assert!(lost > 0 && pages > 0 && absent > 0, "{state}");
    assert_eq!((number(&checked["doubled"]), number(&checked["distinct"])), (0, completed + lost), "{checked} {state}");
    assert_eq!((home.ask::<u64>("HLEN wq:bull:{mail}:held"), completed + absent + lost + pages), (lost + pages, CONTACTS), "{state}");
    assert_eq!(super::keys(&cluster), home.ask::<u64>("DBSIZE"));
    assert!(!cluster.errors().contains_key("CROSSSLOT"), "{:?}", cluster.errors());
}
