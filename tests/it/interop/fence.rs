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
    let worker = sending(&server, &receiver, "5m");
    eventually(SOON, "our worker sends", || (receiver.requests().len() == 1).then_some(()));
    worker.signal("STOP");
    // Another job, active without a lock: when that has come back, Node has looked at everything twice.
    server.ask::<u64>("HSET bull:q:decoy name decoy data {} opts {} timestamp 1 delay 0 priority 0");
    server.ask::<u64>("LPUSH bull:q:active decoy");

    node.call("work", json!({ "queue": "q", "options": { "stalledInterval": 100 } }));
    eventually(SOON, "Node brings back what stalled", || (server.ask::<u64>("ZCARD bull:q:completed") == 1).then_some(()));

    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:q:active 0 -1"), ["held"]);
    assert!(server.ask::<u64>("PTTL bull:q:held:lock") > 3_600_000);
    assert_eq!(look(&mut node, "held")["attemptsStarted"], 1);
    assert_eq!(receiver.requests().len(), 1);
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
