//! Slots move, nodes die and come back: workers and adds go on, nothing is lost and nothing is added twice.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::receiver::accept;
use crate::support::{Cluster, Receiver, Server, eventually};

const SOON: Duration = Duration::from_mins(1);

/// Jobs `n0`, `n1`, … as lines.
fn jobs(count: usize) -> String {
    (0..count).map(|n| [r#"{"data":{},"opts":{"jobId":"n"#, &n.to_string(), "\"}}\n"].concat()).collect()
}

fn completed(node: &Server) -> u64 {
    redis::cmd("ZCARD").arg("bull:{mail}:completed").query(&mut node.connection()).unwrap_or(0)
}

/// The ids of the requests, each once.
fn sent(receiver: &Receiver) -> BTreeSet<String> {
    receiver.accepted().into_iter().collect()
}

fn worker_line(receiver: &Receiver) -> String {
    format!("worker -v -Q {{mail}} --via http --url {} --rate none --concurrency 4 --lock-ttl 3s --stalled-interval 1s", receiver.url())
}

#[test]
fn a_worker_and_adds_go_on_when_the_slot_moves_to_another_node() {
    const JOBS: usize = 300;
    let (cluster, receiver) = (Cluster::start(), Receiver::start(Duration::from_millis(2), accept));
    let (from, slot) = (cluster.home_of("bull:{mail}:meta"), cluster.nodes[0].ask("CLUSTER KEYSLOT {mail}"));
    let to = (from + 1) % 3;
    let mut worker = cluster.wq().line(&worker_line(&receiver)).spawn();
    cluster.wq().line("enqueue -Q {mail} --ndjson -").input(jobs(JOBS)).run().exits(0);
    eventually(SOON, "the worker works", || (completed(&cluster.nodes[from]) > 20).then_some(()));

    let mut during = None;
    cluster.migrate(slot, from, to, || {
        // Half of the keys are here, half are there: scripts have to wait, and what can be read is read.
        during = Some(cluster.wq().line("enqueue -Q {mail} --id during --data {} --timeout 60s").spawn());
        cluster.wq().line("jobs get -Q {mail} n0").run().exits(0);
    });
    let mut during = during.unwrap();

    assert_eq!(during.ends(SOON).code(), Some(0), "{}", during.stderr());
    cluster.wq().line("enqueue -Q {mail} --id after --data {}").run().exits(0);
    eventually(SOON, &format!("all are completed; {}", worker.stderr()), || {
        (completed(&cluster.nodes[to]) == JOBS as u64 + 2).then_some(())
    });
    assert_eq!((sent(&receiver).len(), receiver.accepted().len()), (JOBS + 2, JOBS + 2));
    worker.signal("TERM");
    assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
    let left: u64 = cluster.nodes[to].ask("LLEN bull:{mail}:active");
    assert_eq!(left, 0);
    assert!(!cluster.errors().contains_key("CROSSSLOT"), "{:?}", cluster.errors());
}

#[test]
fn a_worker_and_adds_go_on_when_a_replica_takes_the_place_of_a_dead_node() {
    const JOBS: usize = 200;
    let (mut cluster, receiver) = (Cluster::with_replica(), Receiver::start(Duration::from_millis(2), accept));
    // A queue on the node that has a replica.
    let queue =
        ["{a}", "{b}", "{c}", "{d}", "{e}", "{f}"].into_iter().find(|queue| cluster.home_of(&format!("bull:{queue}:x")) == 0).unwrap();
    let line = worker_line(&receiver).replace("{mail}", queue);
    let worker = cluster.wq().line(&line).spawn();
    let add = |count: usize, timeout: &str| {
        cluster.wq().line(&format!("enqueue -Q {queue} --ndjson - --timeout {timeout}")).input(jobs(count)).run()
    };
    add(JOBS / 2, "10s").exits(0);
    eventually(SOON, "the worker works", || (receiver.requests().len() > 20).then_some(()));
    let replicated: u64 = cluster.nodes[0].ask("WAIT 1 10000");
    assert_eq!(replicated, 1);

    let url = cluster.url();
    cluster.nodes[0].kill();
    // The same lines again, and more: what the replica has is there already.
    let added = crate::support::command::Wq::bare()
        .env("WQ_REDIS_URL", url)
        .line(&format!("enqueue --cluster -Q {queue} --ndjson - --timeout 60s"))
        .input(jobs(JOBS))
        .run()
        .exits(0);

    let replica = &cluster.nodes[3];
    let completed = || redis::cmd("ZCARD").arg(format!("bull:{queue}:completed")).query::<usize>(&mut replica.connection()).unwrap_or(0);
    eventually(SOON, &format!("all are completed; {} {}", added.stderr, worker.stderr()), || (completed() == JOBS).then_some(()));
    // What the replica had not heard of yet, it was told by the worker.
    assert_eq!((sent(&receiver).len(), receiver.accepted().len()), (JOBS, JOBS));
}

#[test]
fn a_worker_and_adds_go_on_when_the_queues_node_comes_back() {
    const JOBS: usize = 200;
    let (mut cluster, receiver) = (Cluster::durable(), Receiver::start(Duration::from_millis(2), accept));
    let home = cluster.home_of("bull:{mail}:meta");
    let worker = cluster.wq().line(&worker_line(&receiver)).spawn();
    cluster.wq().line("enqueue -Q {mail} --ndjson -").input(jobs(JOBS / 2)).run().exits(0);
    eventually(SOON, "the worker works", || (completed(&cluster.nodes[home]) > 20).then_some(()));

    cluster.nodes[home].kill();
    let mut adding = cluster.wq().line("enqueue -Q {mail} --id while-away --data {} --timeout 60s").spawn();
    cluster.nodes[home].restart();
    cluster.wq().line("enqueue -Q {mail} --ndjson - --timeout 60s").input(jobs(JOBS)).run().exits(0);

    assert_eq!(adding.ends(SOON).code(), Some(0), "{}", adding.stderr());
    eventually(SOON, &format!("all are completed; {}", worker.stderr()), || {
        (completed(&cluster.nodes[home]) == JOBS as u64 + 1).then_some(())
    });
    assert_eq!((sent(&receiver).len(), receiver.accepted().len()), (JOBS + 1, JOBS + 1));
}
