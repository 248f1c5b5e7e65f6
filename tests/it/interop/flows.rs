//! Parents and children, some worked by Node and some by `wq`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::leftovers::leftovers;
use super::play;
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(30);

/// BullMQ's names of what a child's failure does to its parent, and none of them.
const POLICIES: [&str; 5] =
    ["none", "failParentOnFailure", "continueParentOnFailure", "ignoreDependencyOnFailure", "removeDependencyOnFailure"];

/// A job of a tree for Node: its id is its name.
fn node_of(queue: &str, id: &str, data: Value, options: Value, children: &[Value]) -> Value {
    let mut options = options;
    options["jobId"] = json!(id);
    let mut job = json!({ "name": id, "queueName": queue, "data": data, "opts": options });
    if !children.is_empty() {
        job["children"] = json!(children);
    }
    job
}

fn with_policy(policy: &str) -> Value {
    if policy == "none" { json!({}) } else { json!({ policy: true }) }
}

/// Node's worker, or ours, on one queue until nothing is left that runs.
fn work(side: &str, server: &Server, node: &mut Node, receiver: &Receiver, queue: &str) {
    if side == "w" {
        let line = format!("worker -Q {queue} --via http --url {} --until-empty --rate none --concurrency 1 --name w", receiver.url());
        wq(server).line(&line).run().exits(0);
        return;
    }
    node.call("work", json!({ "queue": queue, "options": { "name": "w" } }));
    let counts = json!({ "queue": queue, "method": "getJobCounts", "args": ["waiting", "active", "prioritized", "delayed"] });
    eventually(SOON, "Node has nothing left", || {
        let counts = node.call("queue", counts.clone());
        counts.as_object().unwrap().values().all(|count| count == 0).then_some(())
    });
    node.call("stop", json!({ "queue": queue }));
}

/// All keys of one side's two queues; the side's letter taken out of the names.
fn keys_of(server: &Server, side: &str) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for queue in ["par", "kids"] {
        for (key, content) in leftovers(server, &format!("{side}-{queue}")) {
            // A reason is the transport's; what it is a reason for isn't.
            let plain = |line: String| line.replace(&format!("bull:{side}-"), "bull:").replace("http 422: no", "no");
            let mut content: Vec<String> = content.into_iter().map(plain).collect();
            // Two jobs may finish in the same millisecond, or in another order.
            if ["completed", "failed", "wait"].contains(&key.as_str()) || key.contains(":dependencies") {
                content.sort();
            }
            all.insert(format!("{queue}:{key}"), content);
        }
    }
    all
}

/// What `QueueEvents` heard of each job of a queue, in order; once it has heard so many.
fn events_of(node: &mut Node, side: &str, queue: &str, ends: usize) -> BTreeMap<String, Vec<String>> {
    let heard = eventually(SOON, "QueueEvents hears of all that ended", || {
        let name = if side.is_empty() { queue.to_owned() } else { format!("{side}-{queue}") };
        let heard = node.call("heard", json!({ "queue": name }));
        let ended = heard.as_array().unwrap().iter().filter(|event| event[0] == "completed" || event[0] == "failed").count();
        assert!(ended <= ends, "{ended} ends instead of {ends}: {heard}");
        (ended == ends).then_some(heard)
    });
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in heard.as_array().unwrap() {
        assert_ne!(event[0], "error", "{event}");
        let Some(id) = event[1]["jobId"].as_str() else { continue };
        let more = [&event[1]["prev"], &event[1]["returnvalue"], &event[1]["attemptsMade"]].map(Value::to_string).join(" ");
        found.entry(id.to_owned()).or_default().push(format!("{} {more}", event[0]));
    }
    found
}

#[test]
fn s26_the_failure_of_a_child_does_to_its_parent_what_it_does_with_node_under_every_policy() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    for side in ["n", "w"] {
        let (parents, kids) = (&format!("{side}-par"), &format!("{side}-kids"));
        node.call("listen", json!({ "queue": parents }));
        node.call("listen", json!({ "queue": kids }));
        for policy in POLICIES {
            let refused = |id: &str| node_of(kids, &format!("{id}-{policy}"), json!({ "refuse": "no" }), with_policy(policy), &[]);
            let sent = |id: &str| node_of(kids, &format!("{id}-{policy}"), json!({}), json!({}), &[]);
            let parent =
                |id: &str, options: Value, children: &[Value]| node_of(parents, &format!("{id}-{policy}"), json!({}), options, children);
            node.call("flow", json!({ "tree": parent("first-fails", json!({}), &[refused("a"), sent("b")]) }));
            node.call("flow", json!({ "tree": parent("last-fails", json!({}), &[sent("c"), refused("d")]) }));
            node.call("flow", json!({ "tree": parent("only-fails", json!({}), &[refused("e")]) }));
            node.call("flow", json!({ "tree": parent("ranked", json!({ "priority": 7 }), &[refused("f")]) }));
            let between = parent("between", with_policy(policy), &[refused("g"), sent("h")]);
            node.call("flow", json!({ "tree": parent("above", json!({}), &[between]) }));
        }
        work(side, &server, &mut node, &receiver, kids);
        work(side, &server, &mut node, &receiver, parents);
    }

    let (of_node, of_ours) = (keys_of(&server, "n"), keys_of(&server, "w"));
    assert!(of_node.len() > 60, "{of_node:?}");
    for (key, content) in &of_node {
        assert_eq!(of_ours.get(key), Some(content), "{key}");
    }
    assert_eq!(of_ours, of_node);
    for (queue, ends) in [("kids", 40), ("par", 24)] {
        assert_eq!(events_of(&mut node, "w", queue, ends), events_of(&mut node, "n", queue, ends));
    }
    let reason = |side: &str, id: &str| {
        let text: String = server.ask(&format!("HGET bull:{side}-par:{id} failedReason"));
        text.replace(&format!("bull:{side}-"), "bull:")
    };
    for id in ["first-fails-failParentOnFailure", "between-failParentOnFailure", "above-failParentOnFailure"] {
        assert_eq!(reason("w", id), reason("n", id));
    }
}

#[test]
fn s25_a_child_of_a_node_flow_that_wq_completes_releases_its_parent_with_the_values() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    let kids = ["a", "b", "c"].map(|id| node_of("kids", id, json!({}), json!({}), &[]));
    node.call("flow", json!({ "tree": node_of("par", "p", json!({}), json!({}), &kids) }));

    work("w", &server, &mut node, &receiver, "kids");

    let values = node.call("job", json!({ "queue": "par", "id": "p", "method": "getChildrenValues", "args": [] }));
    assert_eq!(values, json!({ "bull:kids:a": { "ok": "a" }, "bull:kids:b": { "ok": "b" }, "bull:kids:c": { "ok": "c" } }));
    assert_eq!(node.call("look", json!({ "queue": "par", "id": "p" }))["state"], "waiting");
    work("n", &server, &mut node, &receiver, "par");
    assert_eq!(node.call("look", json!({ "queue": "par", "id": "p" }))["returnvalue"], json!({ "ok": "p" }));
}

#[test]
fn s25_a_parent_whose_last_three_children_end_at_once_in_three_workers_is_released_once() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    node.call("listen", json!({ "queue": "par" }));
    let trees = 20;
    for tree in 0..trees {
        let kids = [0, 1, 2].map(|kid| node_of("kids", &format!("k{tree}-{kid}"), json!({}), json!({}), &[]));
        node.call("flow", json!({ "tree": node_of("par", &format!("p{tree}"), json!({}), json!({}), &kids) }));
    }

    let line = format!("worker -Q kids --via http --url {} --rate none --concurrency 1", receiver.url());
    let _workers = [0, 1, 2].map(|_| wq(&server).line(&line).spawn());

    eventually(SOON, "all children end", || (server.ask::<u64>("ZCARD bull:kids:completed") == 3 * trees).then_some(()));
    let waiting: Vec<String> = server.ask("LRANGE bull:par:wait 0 -1");
    let distinct: std::collections::BTreeSet<&String> = waiting.iter().collect();
    assert_eq!((waiting.len() as u64, distinct.len() as u64), (trees, trees), "{waiting:?}");
    let heard = eventually(SOON, "QueueEvents hears of every release", || {
        let heard = node.call("heard", json!({ "queue": "par" }));
        let releases = heard.as_array().unwrap().iter().filter(|event| event[0] == "waiting").count() as u64;
        (releases >= trees).then_some(releases)
    });
    assert_eq!(heard, trees);
}

#[test]
fn s27_a_parent_with_a_delay_or_a_priority_is_released_into_its_set() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    for side in ["n", "w"] {
        let (parents, kids) = (&format!("{side}-par"), &format!("{side}-kids"));
        node.call("queue", json!({ "queue": parents, "method": "add", "args": ["before", {}, { "jobId": "before" }] }));
        for (id, options) in [
            ("plain", json!({})),
            ("ranked", json!({ "priority": 5 })),
            ("later", json!({ "delay": 3_600_000 })),
            ("ranked-later", json!({ "delay": 3_600_000, "priority": 5 })),
        ] {
            let kid = node_of(kids, &format!("kid-of-{id}"), json!({}), json!({}), &[]);
            node.call("flow", json!({ "tree": node_of(parents, id, json!({}), options, &[kid]) }));
        }

        work(side, &server, &mut node, &receiver, kids);

        let queue = format!("bull:{side}-par");
        assert_eq!(server.ask::<Vec<String>>(&format!("LRANGE {queue}:wait 0 -1")), ["before", "plain"]);
        assert_eq!(server.ask::<Vec<String>>(&format!("ZRANGE {queue}:prioritized 0 -1")), ["ranked"]);
        assert_eq!(server.ask::<Vec<String>>(&format!("ZRANGE {queue}:delayed 0 -1")), ["later", "ranked-later"]);
        let due: f64 = server.ask::<Vec<String>>(&format!("ZRANGE {queue}:delayed 0 0 WITHSCORES"))[1].parse().unwrap();
        let released: f64 = server.ask::<String>(&format!("HGET bull:{side}-kids:kid-of-later finishedOn")).parse().unwrap();
        assert!((due / 4096.0 - released - 3_600_000.0).abs() < 1.0, "due {due}, released {released}");
    }
    assert_eq!(keys_of(&server, "w"), keys_of(&server, "n"));
    let marker = |side: &str| server.ask::<Vec<String>>(&format!("ZRANGE bull:{side}-par:marker 0 -1"));
    assert_eq!(marker("w"), marker("n"));
}

#[test]
fn s30_a_job_with_a_deferred_failure_fails_with_its_text_and_is_never_sent() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    for side in ["n", "w"] {
        let queue = format!("{side}-par");
        node.call("listen", json!({ "queue": queue }));
        for (id, options) in
            [("once", json!({})), ("thrice", json!({ "attempts": 3, "backoff": 50 })), ("ranked", json!({ "priority": 2 }))]
        {
            let mut options = options;
            options["jobId"] = json!(id);
            node.call("queue", json!({ "queue": queue, "method": "add", "args": [id, {}, options] }));
            server.ask::<u64>(&format!("HSET bull:{queue}:{id} defa child-failed"));
        }

        work(side, &server, &mut node, &receiver, &queue);
    }

    assert_eq!(keys_of(&server, "w"), keys_of(&server, "n"));
    assert_eq!(events_of(&mut node, "w", "par", 3), events_of(&mut node, "n", "par", 3));
    for id in ["once", "thrice", "ranked"] {
        let fields: Vec<Option<String>> = server.ask(&format!("HMGET bull:w-par:{id} failedReason defa atm ats"));
        assert_eq!(fields, [Some("child-failed".to_owned()), None, Some("1".to_owned()), Some("1".to_owned())]);
    }
    assert!(receiver.requests().is_empty());
}

/// Adds a tree with `wq`.
fn enqueue_tree(server: &Server, tree: &Value) {
    wq(server).line("enqueue -Q par --priority 0 --tree -").input(tree.to_string()).run().exits(0);
}

#[test]
fn s17_a_flow_of_ours_over_two_queues_is_completed_by_nodes_workers_with_all_values() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    enqueue_tree(
        &server,
        &json!({ "name": "p", "id": "p", "data": {}, "children": [
            { "queue": "kids", "name": "a", "id": "a", "data": { "ms": 20 } },
            { "queue": "kids", "name": "b", "id": "b", "opts": { "priority": 3 } },
            { "queue": "par", "name": "c", "id": "c", "children": [{ "queue": "kids", "name": "d", "id": "d", "opts": { "delay": 50 } }] },
        ] }),
    );
    for queue in ["par", "kids"] {
        node.call("listen", json!({ "queue": queue }));
        node.call("work", json!({ "queue": queue }));
    }

    let value = node.call("finish", json!({ "queue": "par", "id": "p" }));

    assert_eq!(value, json!({ "ok": "p" }));
    let values =
        |node: &mut Node, id: &str| node.call("job", json!({ "queue": "par", "id": id, "method": "getChildrenValues", "args": [] }));
    assert_eq!(values(&mut node, "p"), json!({ "bull:kids:a": { "ok": "a" }, "bull:kids:b": { "ok": "b" }, "bull:par:c": { "ok": "c" } }));
    assert_eq!(values(&mut node, "c"), json!({ "bull:kids:d": { "ok": "d" } }));
    assert_eq!(events_of(&mut node, "", "par", 2).len() + events_of(&mut node, "", "kids", 3).len(), 5);
}

#[test]
fn a_flow_that_wq_adds_leaves_the_keys_and_events_of_one_that_node_adds() {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    for side in ["n", "w"] {
        let (parents, kids) = (&format!("{side}-par"), &format!("{side}-kids"));
        let more = |more: Value| {
            let mut options = json!({ "attempts": 3, "backoff": { "type": "fixed", "delay": 50 } });
            options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            options
        };
        let tree = node_of(
            parents,
            "top",
            json!({}),
            more(json!({ "delay": 5000 })),
            &[
                node_of(kids, "plain", json!({ "n": 1 }), more(json!({ "failParentOnFailure": true })), &[]),
                node_of(kids, "ranked", json!({}), more(json!({ "priority": 4, "removeDependencyOnFailure": true })), &[]),
                node_of(kids, "later", json!({}), more(json!({ "delay": 60_000, "ignoreDependencyOnFailure": true })), &[]),
                node_of(
                    kids,
                    "middle",
                    json!({}),
                    more(json!({ "continueParentOnFailure": true })),
                    &[node_of(parents, "below", json!({}), more(json!({})), &[])],
                ),
            ],
        );
        for queue in [parents, kids] {
            node.call("listen", json!({ "queue": queue }));
        }
        // Twice: the second time everything is there.
        for _ in 0..2 {
            if side == "n" {
                node.call("flow", json!({ "tree": tree }));
            } else {
                enqueue_tree(&server, &tree);
            }
        }
    }

    // Node writes the id into the options, and the type of a key that only counts is no content.
    let without_id = |all: BTreeMap<String, Vec<String>>| -> BTreeMap<String, Vec<Value>> {
        let read = |line: String| match line.strip_prefix("opts: ") {
            Some(options) => {
                let mut options: Value = serde_json::from_str(options).unwrap();
                options.as_object_mut().unwrap().retain(|name, value| name != "jobId" && value != &json!(0));
                options
            }
            None => json!(line),
        };
        all.into_iter().map(|(key, lines)| (key, lines.into_iter().map(read).collect())).collect()
    };
    assert_eq!(without_id(keys_of(&server, "w")), without_id(keys_of(&server, "n")));
    for queue in ["par", "kids"] {
        let heard = |node: &mut Node, side: &str| {
            eventually(SOON, "QueueEvents hears of the second time", || {
                let heard = node.call("heard", json!({ "queue": format!("{side}-{queue}") }));
                let mut events = heard.as_array().unwrap().clone();
                let again = events.iter().filter(|event| event[0] == "duplicated").count();
                events.iter_mut().filter_map(|event| event[1].as_object_mut()).for_each(|fields| drop(fields.remove("delay")));
                (again == if queue == "par" { 2 } else { 4 }).then_some(events)
            })
        };
        assert_eq!(heard(&mut node, "w"), heard(&mut node, "n"));
    }
}

/// Trees that differ in what of them is finished, on one side's queues; all ids are the tree's letter and the job's.
fn plant(node: &mut Node, side: &str) {
    let (parents, kids) = (&format!("{side}-par"), &format!("{side}-kids"));
    for (tree, policy) in [("A", "none"), ("B", "none"), ("C", "failParentOnFailure"), ("D", "ignoreDependencyOnFailure")] {
        let id = |job: &str| format!("{tree}-{job}");
        let refused = if policy == "none" { json!({}) } else { json!({ "refuse": "no" }) };
        let children = [
            node_of(kids, &id("first"), refused, with_policy(policy), &[]),
            // Nobody works on the parents' queue.
            node_of(parents, &id("later"), json!({}), json!({}), &[]),
            node_of(kids, &id("middle"), json!({}), json!({}), &[node_of(parents, &id("below"), json!({}), json!({}), &[])]),
        ];
        node.call("flow", json!({ "tree": node_of(parents, &id("top"), json!({}), json!({}), &children) }));
    }
}

#[test]
fn retrying_and_removing_children_and_parents_does_what_it_does_with_node() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    let mut node = Node::start(&server);
    for side in ["n", "w"] {
        plant(&mut node, side);
        work(side, &server, &mut node, &receiver, &format!("{side}-kids"));
    }

    // What was finished runs again: completed, failed and its parent in line, failed and ignored.
    for (id, state) in [("A-first", "completed"), ("C-first", "failed"), ("D-first", "failed")] {
        let args = json!([state, { "resetAttemptsMade": true }]);
        node.call("job", json!({ "queue": "n-kids", "id": id, "method": "retry", "args": args }));
        wq(&server).line(&format!("jobs retry -Q w-kids {id} --state {state}")).run().exits(0);
    }
    assert_eq!(keys_of(&server, "w"), keys_of(&server, "n"));
    assert!(keys_of(&server, "w")["par:A-top:dependencies"].contains(&"bull:kids:A-first".to_owned()));

    // Children of a parent that waits, one by one: the last one lets it run. Parents with all that is below them.
    for (queue, id) in [("kids", "A-first"), ("par", "A-later"), ("kids", "A-middle"), ("par", "B-top"), ("par", "C-top"), ("par", "D-top")]
    {
        node.call("job", json!({ "queue": format!("n-{queue}"), "id": id, "method": "remove", "args": [] }));
        wq(&server).line(&format!("jobs remove -Q w-{queue} {id} --yes")).run().exits(0);
        assert_eq!(keys_of(&server, "w"), keys_of(&server, "n"), "after {id}");
    }
    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:w-par:wait 0 -1"), ["A-top"]);
}

#[test]
fn a_parent_of_a_child_that_a_worker_has_is_not_removed() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, play));
    enqueue_tree(&server, &json!({ "id": "p", "children": [{ "queue": "kids", "id": "a", "data": { "ms": 3000 } }] }));
    let line = format!("worker -Q kids --via http --url {} --rate none", receiver.url());
    let _worker = wq(&server).line(&line).spawn();
    eventually(SOON, "the child runs", || (server.ask::<u64>("EXISTS bull:kids:a:lock") == 1).then_some(()));

    wq(&server).line("jobs remove -Q par p --yes").run().exits(5);

    assert_eq!(server.ask::<u64>("EXISTS bull:par:p bull:kids:a"), 2);
}
