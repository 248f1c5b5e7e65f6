//! Bull Board over a queue that only `wq` fills and works: what its page shows, and what its buttons do.

use std::time::Duration;

use serde_json::{Value, json};

use super::{add, play};
use crate::support::board::Board;
use crate::support::command::Background;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// What all tests here stand on. The worker's life is the test's own business.
struct Stage {
    server: Server,
    receiver: Receiver,
    board: Board,
}

impl Stage {
    fn new() -> Self {
        let server = Server::tcp();
        let board = Board::start(&server, &["q"]);
        Self { server, receiver: Receiver::start(Duration::ZERO, play), board }
    }

    /// `wq worker` until nothing is left.
    fn work(&self) {
        wq(&self.server).line(&self.line(" --until-empty")).run().exits(0);
    }

    fn worker(&self, more: &str) -> Background {
        wq(&self.server).line(&self.line(more)).spawn()
    }

    fn line(&self, more: &str) -> String {
        format!("worker -Q q --via http --url {} --rate none --concurrency 1{more}", self.receiver.url())
    }

    /// What the page of the queue shows of this status.
    fn page(&self, status: &str) -> Value {
        self.board.get(&format!("/api/queues?activeQueue=q&status={status}&page=1&jobsPerPage=20"))["queues"][0].clone()
    }

    /// Ids on the page of this status, sorted.
    fn ids(&self, status: &str) -> Vec<String> {
        let page = self.page(status);
        let mut ids: Vec<String> = page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// What `wq jobs get` says of the job.
    fn job(&self, id: &str) -> Value {
        wq(&self.server).line(&format!("jobs get -Q q {id} --json")).run().exits(0).json()["data"].clone()
    }

    fn state(&self, id: &str) -> String {
        self.job(id)["state"].as_str().unwrap().to_owned()
    }

    /// Names that the receiver got, in order.
    fn sent(&self) -> Vec<String> {
        self.receiver.requests().iter().map(|request| request.body["name"].as_str().unwrap().to_owned()).collect()
    }

    fn is_sent(&self, name: &str) {
        eventually(SOON, &format!("{name} is sent"), || self.sent().iter().any(|sent| sent == name).then_some(()));
    }
}

fn named(id: &str, data: &Value, mut options: Value) -> Value {
    options["jobId"] = json!(id);
    json!({ "name": id, "data": data, "opts": options })
}

fn refused(id: &str) -> Value {
    named(id, &json!({ "refuse": "no such number" }), json!({ "attempts": 3 }))
}

fn later(id: &str) -> Value {
    named(id, &json!({}), json!({ "delay": 3_600_000 }))
}

#[test]
fn s47_board_retries_one_failed_job_and_then_all_of_them() {
    let stage = Stage::new();
    add(&stage.server, &["one", "two", "three"].map(refused));
    stage.work();
    assert_eq!(stage.ids("failed"), ["one", "three", "two"]);

    stage.board.put("/api/queues/q/one/retry");
    assert_eq!((stage.state("one"), stage.ids("failed").len(), stage.ids("waiting")), ("waiting".into(), 2, vec!["one".into()]));
    let all = stage.board.put("/api/queues/q/retry/failed");
    assert_eq!(all, json!({ "retried": 2, "skipped": 0 }));
    assert_eq!(stage.server.ask::<Vec<String>>("LRANGE bull:q:wait 0 -1").len(), 3);

    let _worker = stage.worker("");
    eventually(SOON, "our worker tries all of them again", || (stage.ids("failed").len() == 3).then_some(()));
    assert_eq!((stage.sent().len(), stage.server.ask::<u64>("EXISTS bull:q:wait bull:q:active")), (6, 0));
}

#[test]
fn s47_board_promotes_one_delayed_job_and_then_all_of_them() {
    let stage = Stage::new();
    add(&stage.server, &["one", "two", "three"].map(later));
    let _worker = stage.worker("");

    stage.board.put("/api/queues/q/two/promote");
    stage.is_sent("two");
    assert_eq!(stage.ids("delayed"), ["one", "three"]);
    stage.board.put("/api/queues/q/promote");

    eventually(SOON, "all are completed", || (stage.ids("completed").len() == 3).then_some(()));
    assert_eq!((stage.sent().len(), stage.server.ask::<u64>("EXISTS bull:q:delayed")), (3, 0));
}

#[test]
fn s47_board_cleans_what_is_older_than_five_seconds() {
    let stage = Stage::new();
    add(&stage.server, &[refused("old"), refused("young"), named("sent", &json!({}), json!({})), later("waits")]);
    stage.work();
    let ago = stage.server.ask::<Vec<u64>>("TIME")[0] * 1000 - 6000;
    stage.server.ask::<u64>(&format!("ZADD bull:q:failed {ago} old"));
    stage.server.ask::<u64>(&format!("ZADD bull:q:completed {ago} sent"));
    let now = stage.server.ask::<Vec<u64>>("TIME")[0] * 1000 + 60_000;
    stage.server.ask::<u64>(&format!("ZADD bull:q:failed {now} young"));

    stage.board.put("/api/queues/q/clean/failed");
    stage.board.put("/api/queues/q/clean/completed");

    assert_eq!((stage.ids("failed"), stage.ids("completed").len(), stage.ids("delayed").len()), (vec!["young".into()], 0, 1));
    assert_eq!(stage.server.ask::<u64>("EXISTS bull:q:old bull:q:sent bull:q:young bull:q:waits"), 2);
    // What it cleaned may come again.
    add(&stage.server, &[refused("old")]);
    stage.work();
    assert_eq!(stage.ids("failed"), ["old", "young"]);
}

#[test]
fn s47_board_changes_the_data_the_delay_and_the_priority_of_a_job_before_our_worker_sends_it() {
    let stage = Stage::new();
    let ranked = |id: &str, priority: u32| named(id, &json!({ "text": "old" }), json!({ "priority": priority }));
    add(&stage.server, &[ranked("edited", 5), ranked("raised", 9), ranked("plain", 3), later("sooner")]);

    stage.board.ok("PATCH", "/api/queues/q/edited/update-data", &json!({ "jobData": { "text": "new 👋" } }));
    stage.board.ok("PATCH", "/api/queues/q/raised/priority", &json!({ "priority": 1 }));
    stage.board.ok("PATCH", "/api/queues/q/plain/priority", &json!({ "priority": 0 }));
    assert_eq!(stage.ids("prioritized"), ["edited", "raised"]);
    let now = stage.server.ask::<Vec<u64>>("TIME")[0] * 1000;
    stage.board.ok("PATCH", "/api/queues/q/sooner/delay", &json!({ "runAt": now + 7_200_000 }));
    let due: String = stage.server.ask("ZSCORE bull:q:delayed sooner");
    assert!(due.parse::<u64>().unwrap() / 4096 > now + 7_100_000, "{due}");
    stage.board.ok("PATCH", "/api/queues/q/sooner/delay", &json!({ "runAt": now }));
    let _worker = stage.worker("");

    stage.is_sent("sooner");
    eventually(SOON, "all are completed", || (stage.ids("completed").len() == 4).then_some(()));
    let ranked: Vec<String> = stage.sent().into_iter().filter(|name| name != "sooner").collect();
    assert_eq!(ranked, ["plain", "raised", "edited"]);
    let requests = stage.receiver.requests();
    let edited = requests.iter().find(|request| request.body["name"] == "edited").unwrap();
    assert_eq!(edited.body["data"], json!({ "text": "new 👋" }));
}

#[test]
fn s47_board_pauses_and_resumes_adds_and_deletes() {
    let stage = Stage::new();
    let _worker = stage.worker("");
    eventually(SOON, "our worker waits", || stage.server.ask::<String>("CLIENT LIST").contains("cmd=bzpopmin").then_some(()));

    stage.board.put("/api/queues/q/pause");
    let data = json!({ "name": "by-board", "data": { "text": "hello" }, "options": { "jobId": "by-board" } });
    let added = stage.board.ok("POST", "/api/queues/q/add", &data);
    add(&stage.server, &[named("gone", &json!({}), json!({}))]);
    let asked = stage.server.calls("evalsha");
    stage.server.ask::<u64>("ZADD bull:q:marker 0 0");
    eventually(SOON, "our worker asks in vain", || (stage.server.calls("evalsha") > asked).then_some(()));
    assert_eq!([&added["job"]["id"], &added["status"]], ["by-board", "waiting"]);
    assert_eq!((stage.page("latest")["isPaused"].as_bool(), stage.sent().len()), (Some(true), 0));
    assert_eq!(wq(&stage.server).line("queues show q --json").run().exits(0).json()["data"]["paused"], true);
    stage.board.put("/api/queues/q/gone/clean");
    assert_eq!((stage.server.ask::<u64>("EXISTS bull:q:gone"), stage.ids("waiting")), (0, vec!["by-board".to_owned()]));
    stage.board.put("/api/queues/q/resume");

    stage.is_sent("by-board");
    eventually(SOON, "it is completed", || (stage.state("by-board") == "completed").then_some(()));
    assert_eq!((stage.page("latest")["isPaused"].as_bool(), stage.sent().len()), (Some(false), 1));
    stage.board.put("/api/queues/pause");
    assert_eq!(stage.page("latest")["isPaused"], true);
    stage.board.put("/api/queues/resume");
    assert_eq!(stage.page("latest")["isPaused"], false);
}

#[test]
fn s47_board_sets_limits_that_our_worker_keeps() {
    let stage = Stage::new();
    stage.board.ok("PUT", "/api/queues/q/concurrency", &json!({ "concurrency": 1 }));
    stage.board.ok("PUT", "/api/queues/q/rate-limit", &json!({ "max": 1, "duration": 60_000 }));
    assert_eq!(stage.board.get("/api/queues/q/rate-limit")["rateLimit"], json!({ "max": 1, "duration": 60_000 }));
    add(&stage.server, &(0..4).map(|n| named(&format!("j{n}"), &json!({}), json!({}))).collect::<Vec<_>>());
    let _worker = stage.worker("");

    let page = eventually(SOON, "the window is full", || {
        Some(stage.page("latest")).filter(|page| page["activeRateLimitTtl"].as_i64().unwrap() > 0)
    });
    assert_eq!(page["globalConcurrency"], 1);
    assert!(stage.sent().len() <= 1, "{:?}", stage.sent());
    stage.board.ok("PUT", "/api/queues/q/rate-limit", &json!({ "max": null }));
    stage.board.put("/api/queues/q/rate-limit/release");
    stage.board.ok("PUT", "/api/queues/q/concurrency", &json!({ "concurrency": 0 }));

    eventually(SOON, "our worker goes on", || (stage.ids("completed").len() == 4).then_some(()));
    assert_eq!(stage.page("latest")["globalConcurrency"], Value::Null);
}

#[test]
fn s47_board_empties_and_obliterates_and_wq_starts_anew() {
    let stage = Stage::new();
    let waits = named("waits", &json!({}), json!({}));
    add(&stage.server, &[waits.clone(), named("ranked", &json!({}), json!({ "priority": 2 })), later("later")]);

    stage.board.put("/api/queues/q/empty");
    assert_eq!(stage.page("latest")["counts"]["waiting"], 0);
    assert_eq!((stage.ids("prioritized").len(), stage.ids("delayed")), (0, vec!["later".to_owned()]));
    stage.board.put("/api/queues/q/pause");
    stage.board.put("/api/queues/q/obliterate");

    assert_eq!(stage.server.ask::<Vec<String>>("KEYS bull:q:*"), Vec::<String>::new());
    add(&stage.server, &[waits]);
    stage.work();
    assert_eq!(stage.ids("completed"), ["waits"]);
}

#[test]
fn s55_board_gives_an_exhausted_job_one_more_attempt_and_wq_all_of_them() {
    let stage = Stage::new();
    add(&stage.server, &[named("stubborn", &json!({ "fail": 99 }), json!({ "attempts": 3, "backoff": { "type": "fixed", "delay": 0 } }))]);
    stage.work();
    assert_eq!((stage.sent().len(), stage.ids("failed").len()), (3, 1));

    stage.board.put("/api/queues/q/stubborn/retry");
    stage.work();
    assert_eq!((stage.sent().len(), stage.ids("failed").len()), (4, 1));
    wq(&stage.server).line("jobs retry -Q q stubborn").run().exits(0);
    stage.work();

    assert_eq!((stage.sent().len(), stage.ids("failed").len()), (7, 1));
    assert_eq!(stage.page("failed")["jobs"][0]["attempts"], 3);
}

#[test]
fn s48_board_lists_our_worker_by_its_name_and_warns_of_no_missing_workers() {
    let stage = Stage::new();
    add(&stage.server, &[named("first", &json!({}), json!({}))]);
    assert_eq!(stage.page("latest")["hasWorkers"], false);
    let _worker = stage.worker(" --name our-1");
    stage.is_sent("first");

    eventually(SOON, "the board sees our worker", || (stage.page("latest")["hasWorkers"] == true).then_some(()));
    let workers = stage.board.get("/api/queues/q/workers")["workers"].clone();
    assert_eq!((workers.as_array().unwrap().len(), &workers[0]["name"]), (1, &json!("our-1")));
    assert!(workers[0]["addr"].as_str().unwrap().starts_with("127.0.0.1:"), "{workers}");
    eventually(SOON, "it is completed", || (stage.state("first") == "completed").then_some(()));
    assert_eq!(stage.page("completed")["jobs"][0]["processedBy"], "our-1");
}

#[test]
fn s42_board_shows_how_long_the_rate_holds_our_worker_back() {
    let stage = Stage::new();
    stage.server.ask::<u64>("HSET bull:q:meta max 1 duration 60000");
    add(&stage.server, &["one", "two"].map(|id| named(id, &json!({}), json!({}))));
    let _worker = stage.worker("");

    stage.is_sent("one");
    let ttl = stage.page("latest")["activeRateLimitTtl"].as_i64().unwrap();
    assert!((1..=60_000).contains(&ttl), "{ttl}");
    assert_eq!(stage.ids("waiting"), ["two"]);
}

#[test]
fn s20_board_shows_counts_and_a_failed_job_with_its_reason_and_stack() {
    let stage = Stage::new();
    let tried = json!({ "attempts": 2, "backoff": { "type": "fixed", "delay": 0 }, "priority": 4 });
    add(&stage.server, &[named("tried", &json!({ "fail": 9, "to": "+34600111222" }), tried), named("sent", &json!({}), json!({}))]);
    stage.work();
    add(&stage.server, &[named("waits", &json!({}), json!({})), named("ranked", &json!({}), json!({ "priority": 2 })), later("later")]);

    let page = stage.page("failed");
    let counts = json!({ "active": 0, "completed": 1, "delayed": 1, "failed": 1, "prioritized": 1, "waiting": 1, "waiting-children": 0 });
    assert_eq!(page["counts"], counts);
    let job = &page["jobs"][0];
    assert_eq!([&job["failedReason"], &job["isFailed"], &job["attempts"]], [&json!("http 500: not yet"), &json!(true), &json!(2)]);
    assert_eq!(job["data"], json!({ "fail": 9, "to": "+34600111222" }));
    let stack: Vec<&str> = job["stacktrace"].as_array().unwrap().iter().map(|trace| trace.as_str().unwrap()).collect();
    assert!(stack.len() == 2 && stack[0].contains("not yet") && stack[0].contains("attempt 2"), "{stack:?}");
    assert_eq!(stage.page("completed")["jobs"][0]["isFailed"], false);
    let whole = stage.board.get("/api/queues/q/tried");
    assert_eq!([&whole["status"], &whole["job"]["id"]], ["failed", "tried"]);
    assert!(whole["job"]["processedOn"].is_u64() && whole["job"]["finishedOn"].is_u64(), "{whole}");
    let flow = stage.board.get("/api/queues/q/tried/flow");
    assert_eq!([&flow["nodeId"], &flow["isFlowNode"]], [&json!("tried"), &json!(false)]);
    assert!(stage.board.get("/api/redis/stats")["version"].is_string());
}

#[test]
fn board_shows_the_page_again_once_wq_has_dead_lettered_a_damaged_job() {
    let stage = Stage::new();
    let queues = "/api/queues?activeQueue=q&status=latest";
    add(&stage.server, &[named("good", &json!({}), json!({}))]);
    let mut connection = stage.server.connection();
    let damaged = ["name", "send", "data", r#"{"to": "#, "opts", "{]", "progress", "half", "timestamp", "1795489418213"];
    redis::cmd("HSET").arg("bull:q:damaged").arg(&damaged).exec(&mut connection).unwrap();
    redis::cmd("LPUSH").arg("bull:q:wait").arg("damaged").exec(&mut connection).unwrap();
    assert_eq!(stage.board.ask("GET", queues, &Value::Null).0, 500, "Bull Board can read it: this test shows nothing");

    stage.work();

    let page = stage.page("failed");
    assert_eq!((page["jobs"].as_array().unwrap().len(), &page["jobs"][0]["id"]), (1, &json!("damaged")));
    let reason = page["jobs"][0]["failedReason"].as_str().unwrap();
    assert!(reason.starts_with("damaged: "), "{reason}");
    assert_eq!(stage.board.ask("GET", queues, &Value::Null).0, 200);
    assert_eq!((stage.ids("completed"), stage.sent()), (vec!["good".to_owned()], vec!["good".to_owned()]));
}

#[test]
fn s47_board_lists_runs_changes_and_removes_our_schedules() {
    let stage = Stage::new();
    let add = ["schedule", "add", "pulse", "-Q", "q", "--every", "1h", "--offset", "10m", "--name", "ping", "--data", r#"{"ping":true}"#];
    wq(&stage.server).args(add).run().exits(0);
    let _worker = stage.worker("");
    let listed = || stage.board.get("/api/job-schedulers?queueName=q")["schedulers"].clone();

    let schedule = listed()[0].clone();
    assert_eq!(
        [&schedule["id"], &schedule["name"], &schedule["template"]["data"]],
        [&json!("pulse"), &json!("ping"), &json!({ "ping": true })]
    );
    assert_eq!([&schedule["every"], &schedule["nextRunJobId"]], [&json!(3_600_000), &stage.page("delayed")["jobs"][0]["id"]]);
    assert_eq!(stage.page("latest")["jobSchedulerCount"], 1);
    stage.board.put("/api/queues/q/job-schedulers/pulse/run");
    stage.is_sent("ping");
    assert_eq!(stage.receiver.requests()[0].body["data"], json!({ "ping": true }));
    let daily = json!({ "pattern": "0 0 9 * * *", "tz": "America/Sao_Paulo" });
    stage.board.ok("PATCH", "/api/queues/q/job-schedulers/pulse", &daily);
    let shown = wq(&stage.server).line("schedule show pulse -Q q --json").run().exits(0).json()["data"].clone();
    assert_eq!([&listed()[0]["pattern"], &listed()[0]["tz"]], [&daily["pattern"], &daily["tz"]], "{shown}");
    stage.board.put("/api/queues/q/job-schedulers/pulse/remove");

    assert_eq!((listed(), stage.ids("delayed").len()), (json!([]), 0));
    wq(&stage.server).line("schedule show pulse -Q q").run().exits(4);
}

#[test]
fn s47_board_shows_the_log_the_progress_and_the_metrics_of_what_wq_does() {
    let stage = Stage::new();
    add(&stage.server, &[named("told", &json!({}), json!({}))]);
    wq(&stage.server).args(["jobs", "note", "-Q", "q", "told", "called back 👋"]).run().exits(0);
    wq(&stage.server).args(["jobs", "progress", "-Q", "q", "told", r#"{"percent":40}"#]).run().exits(0);
    wq(&stage.server).line(&stage.line(" --until-empty --metrics 60")).run().exits(0);

    assert_eq!(stage.board.get("/api/queues/q/told/logs"), json!(["called back 👋"]));
    assert_eq!(stage.page("completed")["jobs"][0]["progress"], json!({ "percent": 40 }));
    let metrics = stage.board.get("/api/queues/q/metrics");
    assert_eq!([&metrics["completed"]["meta"]["count"], &metrics["failed"]["meta"]["count"]], [1, 0]);
}
