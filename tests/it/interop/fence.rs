//! Messages that may have been sent, beside Node: its stalled check leaves them alone, and nothing that it or a board does sends them
//! again through `wq`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::support::Receiver;
use crate::support::receiver::accept;

fn sending(server: &Server, receiver: &Receiver, send_timeout: &str) -> crate::support::command::Background {
    let line = format!("worker -Q q --via http --url {} --rate none --lock-ttl 500ms --stalled-interval 100ms", receiver.url());
    wq(server).line(&line).args(["--send-timeout", send_timeout]).spawn()
}

#[test]
fn nodes_stalled_check_leaves_a_message_alone_that_wq_may_be_sending() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_secs(1), accept));
    let mut node = Node::start(&server);
    add(&server, &[json!({ "name": "held", "opts": { "jobId": "held" } })]);
    let mut worker = sending(&server, &receiver, "5m");
    eventually(SOON, "our worker sends", || (receiver.requests().len() == 1).then_some(()));
    worker.signal("STOP");
    // Another job, active without a lock: when that has come back, Node has looked at everything twice.
    server.ask::<u64>("HSET bull:q:decoy name decoy data {} opts {} timestamp 1 delay 0 priority 0");
    server.ask::<u64>("LPUSH bull:q:active decoy");

    node.call("work", json!({ "queue": "q", "options": { "stalledInterval": 100, "drainDelay": 1 } }));
    eventually(SOON, "Node brings back what stalled", || (server.ask::<u64>("ZCARD bull:q:completed") == 1).then_some(()));

    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:q:active 0 -1"), ["held"]);
    assert!(server.ask::<u64>("PTTL bull:q:held:lock") > 3_600_000);
    assert_eq!(look(&mut node, "held")["attemptsStarted"], 1);

    worker.signal("CONT");

    eventually(SOON, &format!("our worker stores its outcome; {}", worker.stderr()), || {
        (server.ask::<u64>("ZCARD bull:q:completed") == 2).then_some(())
    });
    assert_eq!(look(&mut node, "held")["state"], "completed");
    assert_eq!((receiver.requests().len(), server.ask::<u64>("EXISTS bull:q:held:lock wq:bull:q:held")), (1, 0));
    add(&server, &[json!({ "name": "next", "opts": { "jobId": "next" } })]);
    eventually(SOON, "both go on", || (server.ask::<u64>("ZCARD bull:q:completed") == 3).then_some(()));
    worker.signal("TERM");
    assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
}

#[test]
fn a_held_message_that_a_board_puts_back_in_line_is_held_again_and_not_sent() {
    let sends = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sends);
    let receiver = Receiver::start(Duration::ZERO, move |request| {
        if request.id() == "held" {
            counter.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(20));
        }
        accept(request)
    });
    let server = Server::tcp();
    let mut node = Node::start(&server);
    add(&server, &[json!({ "name": "held", "opts": { "jobId": "held", "removeOnFail": true } })]);
    let _worker = sending(&server, &receiver, "2s");
    let failed = || server.ask::<u64>("ZCARD bull:q:failed");
    eventually(SOON, "it is held", || (failed() == 1).then_some(()));
    assert!(look(&mut node, "held")["failedReason"].as_str().unwrap().starts_with("uncertain: no answer"));

    job(&mut node, "held", "retry", &json!(["failed"]));
    add(&server, &[json!({ "name": "next", "opts": { "jobId": "next" } })]);
    eventually(SOON, "what comes behind it is sent", || (server.ask::<u64>("ZCARD bull:q:completed") == 1).then_some(()));

    eventually(SOON, "it is held again", || (failed() == 1).then_some(()));
    assert_eq!(sends.load(Ordering::SeqCst), 1);
    let held: Value = serde_json::from_str(&server.ask::<String>("HGET wq:bull:q:held held")).unwrap();
    assert!(held["why"].as_str().unwrap().starts_with("uncertain: it waits again"));
}

#[test]
fn a_stopped_worker_of_ours_that_counts_as_dead_is_not_sent_again_by_node_and_its_late_word_settles() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::from_secs(1), accept));
    let mut node = Node::start(&server);
    add(&server, &[json!({ "name": "held", "opts": { "jobId": "held" } })]);
    let worker = sending(&server, &receiver, "5m");
    eventually(SOON, "our worker sends", || (receiver.requests().len() == 1).then_some(()));
    worker.signal("STOP");
    node.call("work", json!({ "queue": "q", "options": { "stalledInterval": 100, "drainDelay": 1 } }));
    let other = sending(&server, &receiver, "5m");
    eventually(SOON, "the other one lives", || (server.ask::<u64>("HLEN wq:bull:q:beat") == 2).then_some(()));

    // As if its host had gone: only the server's own end of the connection tells.
    server.ask::<u64>("CLIENT KILL TYPE pubsub");
    let held = || server.ask::<u64>("HLEN wq:bull:q:held");
    eventually(SOON, &format!("the message is held; {}", other.stderr()), || (held() == 1).then_some(()));
    assert_eq!(look(&mut node, "held")["state"], "failed");
    worker.signal("CONT");

    eventually(SOON, &format!("its word settles it; {}", worker.stderr()), || (held() == 0).then_some(()));
    assert_eq!(look(&mut node, "held")["state"], "completed");
    assert_eq!((receiver.requests().len(), starts(&mut node)), (1, vec![Vec::new()]));
}

#[test]
fn jobs_of_a_living_node_worker_are_left_alone_when_a_worker_of_ours_dies() {
    let receiver = Receiver::start(Duration::ZERO, |request| {
        if request.id().starts_with("held") {
            std::thread::sleep(Duration::from_mins(1));
        }
        accept(request)
    });
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let job = |id: &str| json!({ "name": id, "data": { "ms": 10_000 }, "opts": { "jobId": id } });
    add(&server, &["node1", "node2"].map(job));
    node.call("work", json!({ "queue": "q", "options": { "concurrency": 2 } }));
    eventually(SOON, "Node has both", || (server.ask::<u64>("LLEN bull:q:active") == 2).then_some(()));
    add(&server, &["held1", "held2"].map(job));
    let mut doomed = sending(&server, &receiver, "5m");
    eventually(SOON, "our worker sends", || (server.ask::<u64>("LLEN bull:q:active") == 4).then_some(()));
    let other = sending(&server, &receiver, "5m");
    eventually(SOON, "the other one lives", || (server.ask::<u64>("HLEN wq:bull:q:beat") == 2).then_some(()));
    let locks = || ["node1", "node2"].map(|id| server.ask::<Option<String>>(&format!("GET bull:q:{id}:lock")));
    let before = locks();

    doomed.kill();

    eventually(SOON, &format!("what it was sending is held; {}", other.stderr()), || {
        (server.ask::<u64>("HLEN wq:bull:q:held") == 2).then_some(())
    });
    assert_eq!((locks(), server.ask::<u64>("LLEN bull:q:active")), (before, 2), "Node has its own");
    eventually(SOON, "Node completes them", || (server.ask::<u64>("ZCARD bull:q:completed") == 2).then_some(()));
    for id in ["node1", "node2"] {
        let seen = look(&mut node, id);
        assert_eq!([&seen["attemptsStarted"], &seen["attemptsMade"], &seen["stalledCounter"]], [1, 1, 0], "{seen}");
    }
    assert_eq!(starts(&mut node)[0].len(), 2);
    assert!(receiver.accepted().iter().all(|id| id.starts_with("held")), "{:?}", receiver.accepted());
}
