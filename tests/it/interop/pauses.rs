//! Pause, add and resume by BullMQ 4, 5, 6 and `wq` in any order in which nothing has to get lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use super::{SOON, lines, play};
use crate::support::node::Node;
use crate::support::{Receiver, Server, eventually, wq};

/// BullMQ of every version and `wq` at the queues of one server.
struct Everybody {
    // Before the server, which has to be there when they end.
    nodes: BTreeMap<&'static str, Node>,
    server: Server,
    /// Who has made a `Queue` of which queue.
    made: BTreeSet<(String, String)>,
}

impl Everybody {
    fn start() -> Self {
        let server = Server::tcp();
        let nodes =
            [("v4", "bullmq4"), ("v5", "bullmq5"), ("v6", "bullmq")].map(|(who, library)| (who, Node::start_with(&server, library)));
        Self { nodes: nodes.into(), server, made: BTreeSet::new() }
    }

    /// Does the steps in order and gives the ids of the jobs that were added.
    fn act(&mut self, queue: &str, steps: &str) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for (at, step) in steps.split(", ").enumerate() {
            let (who, verb) = step.split_once(' ').unwrap();
            let id = format!("j{at}-{who}");
            if who == "wq" {
                self.wq(queue, verb, &id);
            } else {
                self.node(queue, who, verb, &id);
            }
            if verb == "add" {
                ids.insert(id);
            }
        }
        ids
    }

    fn wq(&self, queue: &str, verb: &str, id: &str) {
        let command = wq(&self.server);
        if verb == "add" {
            let job = lines(&[json!({ "opts": { "jobId": id } })]);
            command.line(&format!("enqueue -Q {queue} --ndjson -")).input(job).run().exits(0);
        } else {
            command.line(&format!("{verb} -Q {queue}")).run().exits(0);
        }
    }

    fn node(&mut self, queue: &str, who: &str, verb: &str, id: &str) {
        let args = if verb == "add" { json!(["send", {}, { "jobId": id }]) } else { json!([]) };
        self.nodes.get_mut(who).unwrap().call("queue", json!({ "queue": queue, "method": verb, "args": args }));
        // A Queue of 5 or 6 says which it is when it is made, at a moment of its own; 4 says nothing.
        if self.made.insert((queue.to_owned(), who.to_owned())) && who != "v4" {
            let version = format!("bullmq:{}", &who[1..]);
            eventually(SOON, "the queue is described", || {
                let known = self.server.ask::<Option<String>>(&format!("HGET bull:{queue}:meta version"));
                known.is_some_and(|known| known.starts_with(&version)).then_some(())
            });
        }
    }

    /// Every job of these steps is there, in the line, and is sent once.
    fn loses_nothing(&mut self, queue: &str, steps: &str) {
        let ids = self.act(queue, steps);
        let waiting: Vec<String> = self.server.ask(&format!("LRANGE bull:{queue}:wait 0 -1"));
        let real: Vec<&String> = waiting.iter().filter(|id| !id.starts_with("0:")).collect();
        assert_eq!(real.iter().map(|id| (*id).clone()).collect::<BTreeSet<_>>(), ids, "{steps}");
        assert_eq!((real.len(), self.server.ask::<u64>(&format!("EXISTS bull:{queue}:paused"))), (ids.len(), 0), "{steps}");
        assert!(!self.server.ask::<bool>(&format!("HEXISTS bull:{queue}:meta paused")), "{steps}");

        let receiver = Receiver::start(Duration::ZERO, play);
        let line = format!("worker -Q {queue} --via http --url {} --rate none --until-empty", receiver.url());
        wq(&self.server).line(&line).run().exits(0);

        assert_eq!(receiver.accepted(), ids.into_iter().collect::<Vec<_>>(), "{steps}");
    }
}

#[test]
fn s15_no_pause_or_resume_of_bullmq_6_or_5_loses_a_job_beside_ours() {
    let mut everybody = Everybody::start();
    for (at, steps) in [
        // Ours and v6: the line stays where it is.
        "v6 add, v6 pause, wq add, v6 add, v6 resume",
        "wq add, wq pause, v6 add, wq add, wq resume",
        "v6 pause, wq add, wq resume, wq pause, v6 add, v6 resume",
        // v5 parks the line and takes it back itself.
        "v5 add, v5 pause, wq add, v5 add, wq add, v5 resume",
        "v5 pause, wq add, v5 add, v5 resume",
        "v5 pause, wq add, v5 resume, wq add, v5 pause, wq add, v5 resume",
        "wq add, v5 pause, wq add, v5 resume",
        // v5 parks the line, we or v6 take it back, with what came to the other line meanwhile.
        "v5 add, v5 pause, v6 add, wq add, wq resume",
        "v5 add, v5 pause, wq add, v6 add, v6 resume",
        "v6 add, wq pause, v5 add, wq add, wq resume",
        "v6 pause, v5 add, wq add, v6 add, v6 resume",
        "v6 add, v5 pause, wq add, v6 add, wq pause, v5 add, wq add, v6 resume",
    ]
    .into_iter()
    .enumerate()
    {
        everybody.loses_nothing(&format!("q{at}"), steps);
    }
}

#[test]
fn s15_v4_no_pause_or_resume_of_bullmq_4_loses_a_job_beside_ours() {
    let mut everybody = Everybody::start();
    for (at, steps) in [
        "v4 add, v4 pause, wq add, v4 add, v4 resume",
        "wq add, v4 pause, wq add, v4 resume",
        "v4 pause, wq add, v4 resume",
        "v4 pause, wq add, v4 add, v4 resume",
        "v4 add, v4 pause, wq add, wq resume",
        "wq add, wq pause, v4 add, wq add, wq resume",
        "v4 add, wq pause, wq add, v4 add, wq resume, v4 add",
        "v4 add, v4 pause, v6 add, wq add, v4 add, v6 resume",
        "v6 add, wq pause, v4 add, v5 add, wq add, v6 resume",
        "v5 add, v4 pause, wq add, v5 resume, wq add",
    ]
    .into_iter()
    .enumerate()
    {
        everybody.loses_nothing(&format!("q{at}"), steps);
    }
}
