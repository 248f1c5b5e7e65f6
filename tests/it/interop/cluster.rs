//! Node and `wq` on the same queues of a real Redis Cluster, the hash tag in the prefix or in the name.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::play;
use crate::support::command::Wq;
use crate::support::node::Node;
use crate::support::{Cluster, Receiver, eventually};

const SOON: Duration = Duration::from_secs(30);

/// A queue on a cluster, and both sides on it.
struct Field {
    // First, so that it is asked for what disturbed it while the cluster is there.
    node: Node,
    cluster: Cluster,
    receiver: Receiver,
    prefix: &'static str,
    queue: &'static str,
}

impl Field {
    fn new(prefix: &'static str, queue: &'static str) -> Self {
        let cluster = Cluster::start();
        let node = Node::on_cluster(&cluster, prefix);
        Self { node, cluster, receiver: Receiver::start(Duration::ZERO, play), prefix, queue }
    }

    /// A command with these arguments and `-Q QUEUE`.
    fn wq(&self, line: &str) -> Wq {
        self.cluster.wq().env("WQ_PREFIX", self.prefix).line(line).args(["-Q", self.queue])
    }

    fn worker(&self) -> Wq {
        self.wq(&format!("worker --via http --url {} --rate none", self.receiver.url()))
    }

    #[track_caller]
    fn queue(&mut self, method: &str, args: Value) -> Value {
        self.node.call("queue", json!({ "queue": self.queue, "method": method, "args": args }))
    }

    #[track_caller]
    fn look(&mut self, id: &str) -> Value {
        self.node.call("look", json!({ "queue": self.queue, "id": id }))
    }

    #[track_caller]
    fn await_state(&mut self, id: &str, state: &str) {
        eventually(SOON, &format!("{id} is {state}"), || (self.look(id)["state"] == state).then_some(()));
    }

    /// Every key is on one node, and nobody ever asked for two slots at once.
    fn check(&self) {
        let keys: BTreeMap<usize, u64> =
            self.cluster.nodes.iter().map(|node| node.ask("DBSIZE")).enumerate().filter(|(_, keys)| *keys > 0).collect();
        let home = self.cluster.home_of(&format!("{}:{}:meta", self.prefix, self.queue));
        assert_eq!(keys.keys().copied().collect::<Vec<_>>(), [home], "{keys:?}");
        let errors = self.cluster.errors();
        // MOVED is how a client learns who has a slot. A script that touches a key of another slot is answered with ERR.
        let is_usual = |error: &String| ["MOVED", "NOSCRIPT"].contains(&error.as_str());
        assert!(errors.keys().all(is_usual), "{errors:?}");
    }
}

/// Adds, works, pauses, retries, looks; both ways.
fn work_together(prefix: &'static str, queue: &'static str) {
    let mut field = Field::new(prefix, queue);

    // Ours, worked by Node: waiting, prioritised, delayed.
    field.node.call("work", json!({ "queue": queue }));
    let lines = [("first", json!({ "priority": 0 })), ("second", json!({ "priority": 2 })), ("third", json!({ "delay": 300 }))];
    let lines: String = lines
        .into_iter()
        .map(|(id, mut opts)| {
            opts["jobId"] = json!(id);
            [json!({ "name": id, "data": { "by": "wq" }, "opts": opts }).to_string().as_str(), "\n"].concat()
        })
        .collect();
    field.wq("enqueue --ndjson -").input(lines).run().exits(0);
    for id in ["first", "second", "third"] {
        field.await_state(id, "completed");
    }
    let seen = field.wq("workers list --json").run().exits(0).json();
    assert_eq!(seen["data"].as_array().unwrap().len(), 1, "Node's worker, wherever it told its name: {seen}");
    field.node.call("stop", json!({ "queue": queue }));

    // Held by us, released by Node, worked by us.
    field.wq("pause").run().exits(0);
    assert_eq!(field.queue("isPaused", json!([])), true);
    field.queue("add", json!(["send", { "by": "node" }, { "jobId": "fourth" }]));
    field.queue("add", json!(["send", { "refuse": "no such number" }, { "jobId": "fifth" }]));
    let mut worker = field.worker().spawn();
    assert_eq!(field.look("fourth")["state"], "waiting");
    field.queue("resume", json!([]));
    assert_eq!(field.node.call("finish", json!({ "queue": queue, "id": "fourth" }))["ok"], "send");
    field.await_state("fifth", "failed");
    let workers = field.queue("getWorkers", json!([]));
    assert_eq!(workers.as_array().unwrap().len(), 1, "{workers}");

    // The dead letter, seen and retried.
    let dead = field.wq("dlq list --json").run().exits(0).json();
    assert_eq!(dead["data"][0]["id"], "fifth", "{dead}");
    let requests = field.receiver.requests().len();
    field.wq("dlq retry fifth").run().exits(0);
    eventually(SOON, "it is tried again", || (field.receiver.requests().len() > requests).then_some(()));
    field.await_state("fifth", "failed");

    let metrics = field.wq("metrics --json").run().exits(0).json();
    assert_eq!((&metrics["data"]["completed"], &metrics["data"]["failed"]), (&json!(4), &json!(1)), "{metrics}");
    let counts = field.queue("getJobCounts", json!([]));
    assert_eq!((&counts["completed"], &counts["failed"]), (&json!(4), &json!(1)), "{counts}");
    worker.signal("TERM");
    assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
    field.check();
}

#[test]
fn s50_a_prefix_with_a_hash_tag_is_shared_with_node_on_a_cluster() {
    work_together("{bull}", "mail");
}

#[test]
fn s50_a_queue_with_a_hash_tag_is_shared_with_node_on_a_cluster() {
    work_together("bull", "{mail}");
}

#[test]
fn s50_flows_over_two_queues_of_a_tagged_prefix_go_up_to_their_parent_on_a_cluster() {
    let mut field = Field::new("{bull}", "child");
    let child = |id: &str| json!({ "name": id, "queueName": "child", "data": {}, "opts": { "jobId": id } });
    let tree =
        json!({ "name": "top", "queueName": "top", "data": {}, "opts": { "jobId": "top" }, "children": [child("one"), child("two")] });
    field.node.call("flow", json!({ "tree": tree }));

    field.worker().args(["--until-empty"]).run().exits(0);

    let parent = || json!({ "queue": "top", "id": "top" });
    assert_eq!(field.node.call("look", parent())["state"], "waiting");
    let values = field.node.call("job", json!({ "queue": "top", "id": "top", "method": "getChildrenValues", "args": [] }));
    assert_eq!(values, json!({ "{bull}:child:one": { "ok": "one" }, "{bull}:child:two": { "ok": "two" } }));
    field.node.call("work", json!({ "queue": "top" }));
    eventually(SOON, "Node works the parent", || (field.node.call("look", parent())["state"] == "completed").then_some(()));
    field.check();
}

#[test]
fn s50_schedules_of_either_side_are_kept_by_the_other_on_a_cluster() {
    let mut field = Field::new("bull", "{mail}");
    field.queue("upsertJobScheduler", json!(["nodes", { "every": 500 }, { "name": "tick", "data": {} }]));
    field.wq("schedule add ours --every 1s --name tock --data {}").run().exits(0);
    let ids = |schedulers: &Value| -> Vec<String> {
        schedulers.as_array().unwrap().iter().map(|scheduler| scheduler["key"].as_str().unwrap().to_owned()).collect()
    };
    let mut listed = ids(&field.queue("getJobSchedulers", json!([])));
    listed.sort();
    assert_eq!(listed, ["nodes", "ours"]);

    let ours = field.worker().spawn();
    let sent = |field: &Field, name: &str| field.receiver.requests().iter().filter(|request| request.body["name"] == name).count();
    eventually(SOON, "both run by our worker", || (sent(&field, "tick") > 2 && sent(&field, "tock") > 1).then_some(()));
    ours.signal("TERM");
    field.node.call("work", json!({ "queue": "{mail}" }));
    eventually(SOON, "and by Node's", || {
        let worked = field.node.call("worked", json!({ "queue": "{mail}" }));
        let names: Vec<&str> = worked[0]["starts"].as_array().unwrap().iter().map(|start| start["name"].as_str().unwrap()).collect();
        (names.contains(&"tick") && names.contains(&"tock")).then_some(())
    });
    field.check();
}
