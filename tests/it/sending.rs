//! `wq worker`: what it sends, how it ends, and what it refuses before it takes a job.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::command::Wq;
use crate::support::receiver::accept;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);

/// Adds jobs j0, j1, …
fn add(server: &Server, queue: &str, count: usize) {
    let line =
        |n| format!("{{\"name\":\"send\",\"data\":{{\"to\":\"+3460011122{n}\",\"text\":\"Hola\"}},\"opts\":{{\"jobId\":\"j{n}\"}}}}\n");
    let lines: String = (0..count).map(line).collect();
    wq(server).line(&format!("enqueue -Q {queue} --ndjson -")).input(lines).run().exits(0);
}

fn field(server: &Server, id: &str, name: &str) -> String {
    server.ask::<Option<String>>(&format!("HGET bull:whatsapp:{id} {name}")).unwrap_or_default()
}

fn number_of(server: &Server, state: &str) -> u64 {
    server.ask(&format!("ZCARD bull:whatsapp:{state}"))
}

#[test]
fn a_message_sent_by_http_keeps_the_answer_as_its_return_value() {
    let (server, receiver) = (Server::start(), Receiver::start(Duration::ZERO, |_| (200, "", "{ \"receipt\": 7 }".to_owned())));
    add(&server, "whatsapp", 1);

    let worked = wq(&server).line(&format!("worker --via http --url {} --until-empty --json", receiver.url())).run().exits(0);

    assert_eq!(worked.json()["data"]["completed"], 1);
    assert_eq!(field(&server, "j0", "returnvalue"), "{\"receipt\":7}");
    let requests = receiver.requests();
    assert_eq!((requests.len(), requests[0].key.as_str()), (1, "j0"));
    let sent = serde_json::json!({
        "id": "j0", "name": "send", "data": { "to": "+34600111220", "text": "Hola" }, "attempt": 1, "queue": "whatsapp",
    });
    assert_eq!(requests[0].body, sent);
}

#[test]
fn a_failure_is_retried_and_a_refusal_is_a_dead_letter_at_once() {
    let server = Server::start();
    let receiver = Receiver::start(Duration::ZERO, |request| match (request.id(), request.body["attempt"].as_u64()) {
        ("j0", Some(1)) => (503, "", "busy".to_owned()),
        ("j1", _) => (422, "", "no such number +34600111221".to_owned()),
        _ => accept(request),
    });
    let line =
        |n| format!("{{\"data\":{{}},\"opts\":{{\"jobId\":\"j{n}\",\"attempts\":3,\"backoff\":{{\"type\":\"fixed\",\"delay\":50}}}}}}\n");
    wq(&server).line("enqueue --ndjson -").input((0..3).map(line).collect::<String>()).run().exits(0);

    let run = format!("worker --via http --url {} --until-empty --rate none --json", receiver.url());
    let report = wq(&server).line(&run).run().exits(0).json();

    assert_eq!([&report["data"]["completed"], &report["data"]["retried"], &report["data"]["dead"]], [2, 1, 1]);
    assert_eq!(receiver.accepted(), ["j0", "j2"]);
    assert_eq!(receiver.requests().len(), 4);
    assert_eq!(field(&server, "j1", "failedReason"), "http 422: no such number +34…1221");
}

#[test]
fn a_receiver_that_asks_to_wait_uses_up_no_attempt() {
    let server = Server::start();
    let receiver = Receiver::start(Duration::ZERO, {
        let asked = std::sync::atomic::AtomicBool::new(false);
        move |request| {
            let is_first = !asked.swap(true, std::sync::atomic::Ordering::SeqCst);
            if is_first { (429, "Retry-After: 1\r\n", String::new()) } else { accept(request) }
        }
    });
    wq(&server).line("enqueue --data {} --id j0 --attempts 1").run().exits(0);

    let worked = wq(&server).line(&format!("worker --via http --url {} --until-empty --json", receiver.url())).run().exits(0);

    assert_eq!([&worked.json()["data"]["postponed"], &worked.json()["data"]["completed"]], [1, 1]);
    let attempts: Vec<_> = receiver.requests().iter().map(|request| request.body["attempt"].clone()).collect();
    assert_eq!(attempts, [1, 1]);
}

#[test]
fn a_message_past_its_moment_is_a_dead_letter_and_never_sent() {
    let (server, receiver) = (Server::start(), Receiver::start(Duration::ZERO, accept));
    let input = "{\"data\":{\"expires\":1},\"opts\":{\"jobId\":\"late\"}}\n{\"data\":{\"expires\":\"2999-01-01T00:00:00Z\"},\"opts\":{\"jobId\":\"early\"}}\n";
    wq(&server).line("enqueue --ndjson -").input(input).run().exits(0);

    wq(&server).line(&format!("worker --via http --url {} --until-empty --rate none", receiver.url())).run().exits(0);

    assert_eq!(receiver.accepted(), ["early"]);
    assert_eq!(number_of(&server, "failed"), 1);
    assert!(field(&server, "late", "failedReason").starts_with("expired: "), "{}", field(&server, "late", "failedReason"));
}

#[test]
fn a_message_handed_to_a_command_keeps_its_output_as_its_return_value() {
    let server = Server::start();
    add(&server, "whatsapp", 2);
    let script = "grep -q '\"text\":\"Hola\"' && echo \"{ \\\"sent\\\": \\\"$WQ_JOB_ID\\\" }\"";

    wq(&server).args(["worker", "--via", "exec", "--until-empty", "--rate", "none", "--", "sh", "-c", script]).run().exits(0);

    assert_eq!([field(&server, "j0", "returnvalue"), field(&server, "j1", "returnvalue")], ["{\"sent\":\"j0\"}", "{\"sent\":\"j1\"}"]);
}

#[test]
fn the_log_way_says_what_it_would_send_and_hides_phones() {
    let server = Server::start();
    add(&server, "whatsapp", 1);

    let worked = wq(&server).line("worker --via log --until-empty").run().exits(0);

    assert_eq!(worked.stdout, "would send whatsapp/j0 send, attempt 1: {\"to\":\"+34…1220\",\"text\":\"Hola\"}\n");
    worked.stderr_has("worker on whatsapp at ").stderr_has("1 completed");
}

#[test]
fn a_quiet_worker_prints_nothing() {
    let server = Server::start();
    add(&server, "whatsapp", 1);

    let worked = wq(&server).line("worker --via log --until-empty -q").run().exits(0);

    assert_eq!((worked.stdout.as_str(), worked.stderr.as_str()), ("", ""));
    assert_eq!(number_of(&server, "completed"), 1);
}

#[test]
fn once_takes_one_message_or_none() {
    let server = Server::start();
    wq(&server).line("worker --via log --once").run().exits(0).stderr_has("0 completed");
    add(&server, "whatsapp", 3);

    wq(&server).line("worker --via log --once").run().exits(0).stderr_has("1 completed");

    assert_eq!(number_of(&server, "completed"), 1);
}

#[test]
fn one_worker_serves_several_queues() {
    let (server, receiver) = (Server::start(), Receiver::start(Duration::ZERO, accept));
    add(&server, "north", 2);
    add(&server, "south", 2);

    let run = format!("worker -Q north -Q south -Q north --via http --url {} --until-empty --rate none", receiver.url());
    wq(&server).line(&run).run().exits(0).stderr_has("4 completed");

    let mut queues: Vec<_> = receiver.requests().iter().map(|request| request.body["queue"].to_string()).collect();
    queues.sort();
    assert_eq!(queues, ["\"north\"", "\"north\"", "\"south\"", "\"south\""]);
}

#[test]
fn completed_messages_stay_as_long_as_they_were_told_to() {
    let server = Server::start();
    add(&server, "whatsapp", 3);

    wq(&server).line("worker --via log --until-empty --rate none --keep-completed 1").run().exits(0);
    assert_eq!(number_of(&server, "completed"), 1);

    add(&server, "whatsapp", 3);
    wq(&server).line("worker --via log --until-empty --rate none --keep-completed none").run().exits(0);
    assert_eq!(server.ask::<u64>("EXISTS bull:whatsapp:j0 bull:whatsapp:j1"), 0);
}

#[test]
fn the_first_signal_finishes_what_is_being_sent() {
    for signal in ["TERM", "INT"] {
        let (server, receiver) = (Server::start(), Receiver::start(Duration::from_millis(500), accept));
        add(&server, "whatsapp", 9);
        let mut worker = wq(&server).line(&format!("worker --via http --url {} --rate none --concurrency 3", receiver.url())).spawn();
        eventually(SOON, "three are being sent", || (receiver.requests().len() == 3).then_some(()));

        worker.signal(signal);

        assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
        assert_eq!((number_of(&server, "completed"), receiver.requests().len()), (3, 3));
        assert_eq!(server.ask::<u64>("LLEN bull:whatsapp:active"), 0);
        assert_eq!(server.ask::<Vec<String>>("KEYS bull:whatsapp:*:lock"), Vec::<String>::new());
    }
}

#[test]
fn the_second_signal_ends_it_within_a_second_and_its_commands_with_it() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
        add(&server, "whatsapp", 9);
        let ids = folder.path().join("ids");
        let script = format!("echo $$ >> {}; exec sleep 300", ids.display());
        let mut worker = wq(&server).args(["worker", "--via", "exec", "--rate", "none", "--", "sh", "-c", &script]).spawn();
        let ids = eventually(SOON, "five are being sent", || {
            let ids = std::fs::read_to_string(&ids).unwrap_or_default();
            (ids.lines().count() == 5).then_some(ids)
        });

        worker.signal(signal);
        eventually(SOON, "it heard the first", || worker.stderr().contains("stopping").then_some(()));
        worker.signal(signal);
        let started = Instant::now();

        assert_eq!(worker.ends(SOON).code(), Some(code), "{}", worker.stderr());
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        for id in ids.lines() {
            eventually(SOON, "the command is gone", || {
                let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
                (stat.is_empty() || stat.contains(") Z ")).then_some(())
            });
        }
    }
}

#[test]
fn sends_that_outlast_the_grace_time_are_told_and_are_no_success() {
    let server = Server::start();
    add(&server, "whatsapp", 1);
    let mut worker = wq(&server).line("worker --via log --latency 300s --grace 100ms").spawn();
    eventually(SOON, "it is being sent", || (server.ask::<u64>("LLEN bull:whatsapp:active") == 1).then_some(()));

    worker.signal("TERM");

    assert_eq!(worker.ends(SOON).code(), Some(1));
    eventually(SOON, "it says so", || worker.stderr().contains("cut off while being sent: 1").then_some(()));
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_worker() {
    let server = Server::start();
    add(&server, "whatsapp", 9);
    let mut command = Command::new(env!("CARGO_BIN_EXE_wq"));
    command.env_clear().env("WQ_REDIS_URL", server.url()).args(["worker", "--via", "log", "--rate", "20/s"]);
    let mut worker = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut reader = BufReader::new(worker.stdout.take().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();

    drop(reader);

    let status = eventually(SOON, "it ends", || worker.try_wait().unwrap());
    assert!(first.starts_with("would send ") && status.code() == Some(0), "{first} {status}");
}

#[test]
fn what_can_not_work_is_refused_before_redis_is_asked() {
    for (line, problem) in [
        ("worker", "--via"),
        ("worker --via pigeon", "invalid value 'pigeon'"),
        ("worker --via http", "--via http needs --url"),
        ("worker --via http --url nonsense", "the URL to send to is of no use"),
        ("worker --via http --url ftp://host/", "it must begin with http:// or https://"),
        ("worker --via exec", "no command to run"),
        ("worker --via exec -- no-such-command", "the command \"no-such-command\" was not found"),
        ("worker --via log --url http://127.0.0.1:1/", "--url needs --via http"),
        ("worker --via log --rate 0/m", "is no rate"),
        ("worker --via log --concurrency 0", "'--concurrency <N>'"),
        ("worker --via log --lock-ttl 1ms", "is not between 100ms and 24h"),
        ("worker --via log --once --until-empty", "cannot be used with"),
        ("worker --via log -Q a:b", "is not allowed"),
        ("worker --via log --keep-completed soon", "is not how many to keep"),
    ] {
        Wq::bare().line(&format!("--redis redis://127.0.0.1:1 {line}")).run().exits(2).stderr_has(problem);
    }
}

#[test]
fn a_worker_without_a_server_gives_up_in_time() {
    let started = Instant::now();

    Wq::bare().line("--redis redis://127.0.0.1:1 --timeout 300ms worker --via log").run().exits(3).stderr_has("can't reach Redis");

    assert!(started.elapsed() < Duration::from_secs(5));
}
