//! Deduplication: whoever adds first, whoever adds second, and whoever works, the same jobs, keys and events come of it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::leftovers::leftovers;
use super::lines;
use crate::support::node::Node;
use crate::support::receiver::Answer;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Node,
    Ours,
}
use By::{Node as Nodes, Ours};

/// Who adds the first, third, … job, and who the second, fourth, …
const MIXES: [[By; 2]; 4] = [[Nodes, Nodes], [Ours, Nodes], [Nodes, Ours], [Ours, Ours]];

/// The fields of an entry of the event stream.
type Event = BTreeMap<String, String>;

/// How a worker ends a job.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Sent,
    Retried,
    Failed,
}

/// One queue in which a story happens.
struct Story<'a> {
    server: &'a Server,
    node: &'a mut Node,
    queue: String,
    mix: [By; 2],
    worker: By,
    added: usize,
}

impl Story<'_> {
    /// Adds a job under its id by whoever's turn it is.
    fn add(&mut self, id: &str, options: &Value) {
        let mut options = options.clone();
        options["jobId"] = json!(id);
        // `wq` has defaults of its own for these.
        for (name, value) in [("attempts", json!(1)), ("backoff", json!({ "type": "fixed", "delay": 1 }))] {
            options.as_object_mut().unwrap().entry(name).or_insert(value);
        }
        let job = json!({ "name": id, "data": { "from": id }, "opts": options });
        let by = self.mix[self.added % 2];
        self.added += 1;
        match by {
            Nodes => {
                let args = json!([job["name"], job["data"], job["opts"]]);
                self.node.call("queue", json!({ "queue": self.queue, "method": "add", "args": args }));
            }
            Ours => {
                wq(self.server).args(["enqueue", "-Q", &self.queue, "--ndjson", "-"]).input(lines(&[job])).run().exits(0);
            }
        }
    }

    /// Has the next job taken; `during` happens while it is worked on, then it ends so.
    fn work(&mut self, end: End, during: impl FnOnce(&mut Self)) {
        if self.worker == Nodes {
            eventually(SOON, "Node has a job", || self.node.call("take", json!({ "queue": self.queue })).is_string().then_some(()));
            during(self);
            let error = (end != End::Sent).then_some("no");
            self.node.call("end", json!({ "queue": self.queue, "error": error, "final": end == End::Failed }));
            return;
        }
        let (open, gate): (Sender<()>, _) = channel();
        let gate = Mutex::new(gate);
        let receiver = Receiver::start(Duration::ZERO, move |request| -> Answer {
            gate.lock().unwrap().recv_timeout(SOON).unwrap();
            match end {
                End::Sent => (200, "", json!({ "ok": request.body["name"] }).to_string()),
                End::Retried => (500, "", "no".to_owned()),
                End::Failed => (422, "", "no".to_owned()),
            }
        });
        let line = format!("worker -Q {} --via http --url {} --rate none --once", self.queue, receiver.url());
        let mut worker = wq(self.server).line(&line).spawn();
        let active = format!("LLEN bull:{}:active", self.queue);
        eventually(SOON, "our worker has the job", || (self.server.ask::<u64>(&active) == 1).then_some(()));
        during(self);
        open.send(()).unwrap();
        worker.ends(SOON);
    }

    fn key(&self, name: &str) -> String {
        format!("bull:{}:{name}", self.queue)
    }

    /// Everything that happened, moments and reasons left out.
    fn events(&self) -> Vec<Event> {
        let entries: Vec<(String, Event)> = self.server.ask(&format!("XRANGE {} - +", self.key("events")));
        let mut events: Vec<_> = entries.into_iter().map(|(_, event)| event).collect();
        for event in &mut events {
            event.remove("delay");
            event.remove("failedReason");
        }
        events
    }

    /// Every key that is left; the id is in Node's options, too, and a worker of ours has a name.
    fn leftovers(&self) -> BTreeMap<String, Vec<String>> {
        let mut keys = leftovers(self.server, &self.queue);
        for field in keys.values_mut().flatten() {
            if let Some(options) = field.strip_prefix("opts: ") {
                let mut options: BTreeMap<String, Value> = serde_json::from_str(options).unwrap();
                options.remove("jobId");
                let rules: BTreeMap<String, Value> = serde_json::from_value(options["de"].clone()).unwrap();
                options.insert("de".to_owned(), json!(rules));
                *field = format!("opts: {}", json!(options));
            }
        }
        for fields in keys.values_mut() {
            fields.retain(|field| !field.starts_with("pb: "));
        }
        keys
    }
}

/// Tells the story in every mix of authors and workers; all must come to what comes of Node alone, which is given back.
fn tell(workers: &[By], story: impl Fn(&mut Story<'_>)) -> (Vec<Event>, BTreeMap<String, Vec<String>>) {
    let server = Server::tcp();
    let mut node = Node::start(&server);
    let mut of_node = None;
    for (number, (worker, mix)) in workers.iter().flat_map(|worker| MIXES.map(|mix| (*worker, mix))).enumerate() {
        let queue = format!("mix-{number}");
        node.call("listen", json!({ "queue": queue }));
        let mut told = Story { server: &server, node: &mut node, queue, mix, worker, added: 0 };
        story(&mut told);
        let found = (told.events(), told.leftovers());
        let expected = of_node.get_or_insert_with(|| found.clone());
        assert_eq!(found.0, expected.0, "events of {mix:?}, worked by {worker:?}");
        assert_eq!(found.1, expected.1, "keys of {mix:?}, worked by {worker:?}");
    }
    of_node.unwrap()
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str()).collect()
}

fn under(rules: &Value) -> Value {
    let mut rules = rules.clone();
    rules["id"] = json!("k:1/2");
    json!({ "deduplication": rules })
}

#[test]
fn s09_a_simple_deduplication_lasts_until_its_owner_ends_or_is_removed() {
    let simple = under(&json!({}));

    let (events, keys) = tell(&[Nodes, Ours], |story| {
        story.add("a", &simple);
        story.add("b", &simple);
        story.work(End::Sent, |_| {});
        story.add("c", &simple);
        story.add("d", &simple);
        story.work(End::Failed, |_| {});
        story.add("e", &simple);
        let remove = if story.mix[0] == Nodes { Nodes } else { Ours };
        match remove {
            Nodes => drop(story.node.call("job", json!({ "queue": story.queue, "id": "e", "method": "remove", "args": [] }))),
            Ours => drop(wq(story.server).args(["jobs", "remove", "-Q", &story.queue, "e", "--yes"]).run().exits(0)),
        }
        story.add("f", &simple);
    });

    assert_eq!(names(&events).iter().filter(|name| **name == "deduplicated").count(), 2);
    assert_eq!(
        (&events[2]["jobId"], &events[2]["deduplicationId"], &events[2]["deduplicatedJobId"]),
        (&"a".into(), &"k:1/2".into(), &"b".into())
    );
    assert_eq!(keys["de:k:1/2"], ["f", "stays"]);
}

#[test]
fn s09_a_deduplication_with_a_time_to_live_outlives_its_owner_and_is_renewed_by_extend() {
    let timed = under(&json!({ "ttl": 600_000 }));
    let extended = under(&json!({ "ttl": 1_200_000, "extend": true }));

    let (events, keys) = tell(&[Nodes, Ours], |story| {
        let left = |story: &Story<'_>| story.server.ask::<i64>(&format!("PTTL {}", story.key("de:k:1/2")));
        story.add("a", &timed);
        story.add("b", &timed);
        story.work(End::Sent, |_| {});
        assert!((1..=600_000).contains(&left(story)), "{}", left(story));
        story.add("c", &extended);
        assert!(left(story) > 600_000, "{}", left(story));
        story.add("d", &timed);
        assert!(left(story) > 600_000, "{}", left(story));
        // Time passes.
        story.server.ask::<u64>(&format!("PEXPIRE {} 1", story.key("de:k:1/2")));
        eventually(SOON, "the time is over", || (left(story) == -2).then_some(()));
        story.add("e", &extended);
        story.add("f", &extended);
    });

    assert_eq!(names(&events).iter().filter(|name| **name == "deduplicated").count(), 4);
    assert_eq!(keys["de:k:1/2"], ["e", "expires"]);
}

#[test]
fn s09_replace_takes_the_place_of_a_delayed_owner_and_of_no_other() {
    let later = |rules: Value| {
        let mut options = under(&rules);
        options["delay"] = json!(3_600_000);
        options
    };

    let (events, keys) = tell(&[Nodes], |story| {
        story.add("a", &later(json!({ "replace": true })));
        story.add("b", &later(json!({ "replace": true })));
        // A time to live that is there stays, unless it is extended.
        story.add("c", &later(json!({ "replace": true, "ttl": 600_000 })));
        story.add("d", &later(json!({ "replace": true, "ttl": 600_000, "extend": true })));
        story.add("e", &later(json!({ "replace": true, "ttl": 900_000 })));
        assert!(story.server.ask::<i64>(&format!("PTTL {}", story.key("de:k:1/2"))) <= 600_000);
        story.add("f", &later(json!({ "replace": true })));
        story.add("g", &under(&json!({ "replace": true })));
        story.add("h", &later(json!({ "replace": true })));
        story.add("i", &later(json!({ "replace": true, "ttl": 600_000, "extend": true })));
    });

    assert_eq!(names(&events).iter().filter(|name| **name == "removed").count(), 6);
    assert_eq!(keys["de:k:1/2"], ["g", "stays"]);
    assert_eq!(keys["wait"], ["g"]);
}

#[test]
fn s09_reschedule_puts_a_delayed_owner_off_and_no_other() {
    let in_ms = |delay: u64, rules: Value| {
        let mut options = under(&rules);
        options["delay"] = json!(delay);
        options
    };

    let (events, keys) = tell(&[Nodes], |story| {
        story.add("a", &in_ms(3_600_000, json!({ "reschedule": true })));
        story.add("b", &in_ms(7_200_000, json!({ "reschedule": true })));
        let due = |story: &Story<'_>| story.server.ask::<f64>(&format!("ZSCORE {} a", story.key("delayed"))) / 4096.0;
        let before = due(story);
        story.add("c", &in_ms(5_400_000, json!({ "reschedule": true, "ttl": 600_000, "extend": true })));
        assert!((1_000_000.0..2_000_000.0).contains(&(before - due(story))), "{}", before - due(story));
        story.add("d", &in_ms(5_400_000, json!({ "reschedule": true, "replace": true })));
        story.add("e", &under(&json!({ "reschedule": true })));
        story.add("f", &in_ms(60_000, json!({ "reschedule": true })));
    });

    assert_eq!(names(&events).iter().filter(|name| **name == "delayed").count(), 6);
    assert_eq!(keys["delayed"], ["d"]);
    assert!(keys["d"].contains(&"delay: 60000".to_owned()), "{:?}", keys["d"]);
}

#[test]
fn s09_keep_last_adds_the_last_job_of_those_that_came_while_the_owner_was_active() {
    let kept = |more: Value| {
        let mut options = under(&json!({ "keepLastIfActive": true }));
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };

    let (events, keys) = tell(&[Nodes, Ours], |story| {
        story.add("a", &kept(json!({})));
        story.add("b", &kept(json!({})));
        story.work(End::Sent, |story| {
            story.add("c", &kept(json!({})));
            story.add("d", &kept(json!({ "priority": 7, "attempts": 2 })));
            story.add("e", &under(&json!({})));
        });
        story.work(End::Retried, |story| story.add("f", &kept(json!({ "delay": 3_600_000, "removeOnComplete": true }))));
        story.work(End::Failed, |story| story.add("g", &kept(json!({ "lifo": true, "removeOnComplete": true }))));
        story.add("h", &kept(json!({})));
        story.work(End::Sent, |story| story.add("i", &kept(json!({ "delay": 3_600_000 }))));
    });

    let order: Vec<String> = events
        .iter()
        .filter(|event| ["added", "completed", "failed"].contains(&event["event"].as_str()))
        .map(|event| format!("{} {}", event["event"], event["jobId"]))
        .collect();
    assert_eq!(order, ["added a", "added d", "completed a", "added g", "failed d", "added i", "completed g"]);
    assert_eq!((&keys["de:k:1/2"], &keys["delayed"]), (&vec!["i".to_owned(), "stays".to_owned()], &vec!["i".to_owned()]));
    assert!(!keys.contains_key("dn:k:1/2") && !keys.contains_key("g"));
}

#[test]
fn s09_what_is_kept_for_later_goes_with_an_owner_that_is_removed() {
    let kept = under(&json!({ "keepLastIfActive": true }));

    let (events, keys) = tell(&[Nodes], |story| {
        story.add("a", &kept);
        story.node.call("take", json!({ "queue": story.queue }));
        story.add("b", &kept);
        story.server.ask::<u64>(&format!("DEL {}", story.key("a:lock")));
        match story.mix[0] {
            Nodes => drop(story.node.call("job", json!({ "queue": story.queue, "id": "a", "method": "remove", "args": [] }))),
            Ours => drop(wq(story.server).args(["jobs", "remove", "-Q", &story.queue, "a", "--yes"]).run().exits(0)),
        }
    });

    assert_eq!(names(&events), ["added", "waiting", "active", "deduplicated", "removed"]);
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["id"]);
}

#[test]
fn s09_a_deduplication_whose_owner_is_gone_is_taken_over_unless_its_time_runs() {
    let (events, keys) = tell(&[Nodes], |story| {
        for (number, rules) in
            [json!({}), json!({ "replace": true }), json!({ "reschedule": true }), json!({ "ttl": 600_000, "extend": true })]
                .iter()
                .enumerate()
        {
            let id = format!("stale-{number}");
            story.server.ask::<String>(&format!("SET {} nobody", story.key("de:k:1/2")));
            story.add(&id, &under(rules));
            assert_eq!(story.server.ask::<String>(&format!("GET {}", story.key("de:k:1/2"))), id);
        }
        story.server.ask::<String>(&format!("SET {} nobody PX 600000", story.key("de:k:1/2")));
        story.add("timed", &under(&json!({})));
    });

    assert_eq!(names(&events).iter().filter(|name| **name == "added").count(), 4);
    assert_eq!(keys["de:k:1/2"], ["nobody", "expires"]);
}
