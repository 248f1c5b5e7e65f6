//! Held messages beside Node: what its workers and boards do to them is survived, and told.

use serde_json::{Value, json};

use super::{SOON, add, queue};
use crate::dlq_uncertain::hold_all_of;
use crate::support::board::Board;
use crate::support::node::Node;
use crate::support::{Server, eventually, wq};

/// What `wq dlq list --uncertain` says of the only one.
fn only(server: &Server) -> Value {
    let shown = wq(server).line("dlq list -Q q --uncertain --json").run().exits(0).json();
    let rows = shown["data"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{shown}");
    rows[0].clone()
}

async fn hold_one(server: &Server) {
    add(server, &[json!({ "name": "send", "data": { "text": "Hola" }, "opts": { "jobId": "held", "attempts": 3 } })]);
    hold_all_of(server, "q").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_job_survives_the_remove_on_fail_of_a_node_worker() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    hold_one(&server).await;
    node.call("work", json!({ "queue": "q", "options": { "removeOnFail": { "count": 1 } } }));

    for n in 0..3 {
        queue(&mut node, "add", &json!(["bad", { "refuse": "no such number" }, { "jobId": format!("bad-{n}") }]));
    }
    eventually(SOON, "Node's worker removed all but its last", || {
        (server.ask::<u64>("EXISTS bull:q:held bull:q:bad-0") == 0 && server.ask::<u64>("ZCARD bull:q:failed") == 1).then_some(())
    });

    assert_eq!(only(&server)["intervention"], "somebody else removed the job");
    wq(&server).line("dlq resolve -Q q held --not-sent").run().exits(0).stdout_has("held.2");
    eventually(SOON, "Node's worker runs it", || (server.ask::<Option<f64>>("ZSCORE bull:q:completed held").is_some()).then_some(()));
    assert_eq!(queue(&mut node, "getJob", &json!(["held"]))["data"], json!({ "text": "Hola" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_a_held_job_by_a_board_is_told_and_sends_nothing_by_us() {
    let server = Server::tcp();
    let board = Board::start(&server, &["q"]);
    hold_one(&server).await;
    assert_eq!(only(&server)["intervention"], Value::Null);

    board.put("/api/queues/q/held/retry");

    assert_eq!(only(&server)["intervention"], "somebody else put it back in line");
    hold_all_of(&server, "q").await;
    let row = only(&server);
    assert_eq!((&row["state"], &row["intervention"]), (&json!("failed"), &Value::Null), "it is held again, not taken: {row}");
    wq(&server).line("dlq resolve -Q q held --sent wamid.7").run().exits(0);
    assert_eq!(server.ask::<u64>("ZCARD bull:q:completed"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_job_that_a_node_worker_completed_is_over_by_either_word() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    hold_one(&server).await;
    node.call("job", json!({ "queue": "q", "id": "held", "method": "retry", "args": [] }));
    node.call("work", json!({ "queue": "q" }));
    eventually(SOON, "Node sends it", || (server.ask::<u64>("ZCARD bull:q:completed") == 1).then_some(()));

    assert_eq!(only(&server)["intervention"], "somebody else completed the job");
    wq(&server).line("dlq resolve -Q q held --not-sent").run().exits(0).stdout_has("somebody else had completed it");
    assert_eq!((server.ask::<u64>("ZCARD bull:q:completed"), server.ask::<u64>("LLEN bull:q:wait")), (1, 0));
}
