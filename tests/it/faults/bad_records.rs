//! Records that no producer should have written, before good messages: nothing blank is sent, nothing bad stops a fenced worker.

use super::*;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// A dead letter, whose reason has this in it.
    Dead(&'static str),
    /// Odd, but a message: sent once.
    Sent,
    /// Removed and counted: there is no job.
    Gone,
}

struct Record {
    what: &'static str,
    id: Vec<u8>,
    /// Fields of its hash; none for a record without one.
    fields: Vec<(&'static str, Vec<u8>)>,
    end: End,
}

fn record(what: &'static str, id: impl Into<Vec<u8>>, data: impl Into<Vec<u8>>, end: End) -> Record {
    let fields = vec![("name", b"send".to_vec()), ("data", data.into()), ("opts", b"{}".to_vec()), ("timestamp", b"1".to_vec())];
    Record { what, id: id.into(), fields, end }
}

fn message(n: usize, text: &str) -> String {
    format!(r#"{{"to":"+{}","text":"{text}"}}"#, 34_600_000_000 + n)
}

/// The 19 kinds.
fn records() -> Vec<Record> {
    let good = |n| message(n, "Hola");
    let without = |what, id: &str, left_out: &str, end| {
        let mut record = record(what, id, "{}", end);
        record.fields.retain(|(name, _)| !left_out.split(' ').any(|field| field == *name));
        record
    };
    let with_opts = |what, id: &str, opts: &[u8], end| {
        let mut record = without(what, id, "opts data", end);
        record.fields.extend([("data", good(1).into_bytes()), ("opts", opts.to_vec())]);
        record
    };
    vec![
        without("id without a hash", "ghost", "name data opts timestamp", End::Gone),
        without("empty id", "", "name data opts timestamp", End::Gone),
        record("empty data", "empty", "", End::Dead("damaged: ")),
        record("null data", "null", "null", End::Dead("invalid_payload")),
        record("a list as data", "list", "[]", End::Dead("invalid_payload")),
        without("hash without data", "hollow", "data", End::Dead("damaged: ")),
        record("data that is no JSON", "torn", "{\"to\":", End::Dead("damaged: ")),
        with_opts("options that are no JSON", "wild", b"{", End::Dead("damaged: ")),
        record("invalid UTF-8 in data", "bytes", b"{\"to\":\"+34600000001\",\"text\":\"\xff\xfe\"}".to_vec(), End::Dead("damaged: ")),
        with_opts("invalid UTF-8 in options", "wilder", b"{\"attempts\":\"\xff\"}", End::Dead("damaged: ")),
        record("20,000 levels of JSON", "deep", "[".repeat(20_000) + &"]".repeat(20_000), End::Dead("")),
        record("5 MB of text", "long", message(2, &"x".repeat(5_000_000)), End::Dead("")),
        record("a NUL in the text", "nul", message(3, "a\\u0000b"), End::Sent),
        record("half a surrogate pair", "half", message(4, "a\\ud800b"), End::Dead("")),
        record("huge numbers", "huge", good(5).replace('{', r#"{"meta":{"n":1e999,"m":123456789012345678901234567890},"#), End::Sent),
        record("an id of digits", "17", good(6), End::Sent),
        record("an id in other letters", "ñandú 🐦", good(7), End::Sent),
        record("an id with blanks, colons and a line break", "a:b c\nd", good(8), End::Sent),
        record("an id of 1,000 bytes", "i".repeat(1_000), good(9), End::Sent),
    ]
}

/// Writes the records as they are, those that run first at the right.
fn write(server: &Server, records: &[Record]) {
    let mut connection = server.connection();
    for record in records {
        let key = [b"bull:whatsapp:", &record.id[..]].concat();
        if !record.fields.is_empty() {
            redis::cmd("HSET").arg(&key).arg(&record.fields).exec(&mut connection).unwrap();
        }
        redis::cmd("LPUSH").arg("bull:whatsapp:wait").arg(&record.id).exec(&mut connection).unwrap();
    }
}

fn is_in(server: &Server, set: &str, id: &[u8]) -> bool {
    let key = format!("bull:whatsapp:{set}");
    redis::cmd("ZSCORE").arg(key).arg(id).query::<Option<f64>>(&mut server.connection()).unwrap().is_some()
}

fn field(server: &Server, id: &[u8], name: &str) -> Option<String> {
    let key = [b"bull:whatsapp:", id].concat();
    let text: Option<Vec<u8>> = redis::cmd("HGET").arg(key).arg(name).query(&mut server.connection()).unwrap();
    text.map(|text| String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn nineteen_kinds_of_bad_records_end_with_a_reason_and_all_good_messages_are_sent() {
    const GOOD: usize = 1_000;
    let server = Server::start();
    // As Evolution answers.
    let receiver = Receiver::start(Duration::ZERO, |request| match request.body["text"].as_str() {
        Some(text) if !text.is_empty() => (201, "", r#"{"key":{"id":"3EB0"},"status":"PENDING"}"#.to_owned()),
        _ => (400, "", "blank".to_owned()),
    });
    let records = records();
    assert_eq!(records.len(), 19);
    write(&server, &records);
    let good: Vec<Record> =
        (0..GOOD).map(|n| record("good", format!("good{n}"), message(1_000 + n, &format!("Hola {n}")), End::Sent)).collect();
    write(&server, &good);
    let line = format!(
        "worker --via evolution --base-url {} --instance main --rate none --per-recipient none --concurrency 20 --keep-completed all --until-empty --json",
        receiver.url()
    );

    let run = wq(&server).line(&line).env("WQ_EVOLUTION_KEY", "key").run().exits(0);

    for Record { what, id, end, .. } in &records {
        let reason = field(&server, id, "failedReason");
        println!("{what}: {reason:?}");
        let found = match end {
            _ if is_in(&server, "completed", id) => End::Sent,
            End::Dead(part) if is_in(&server, "failed", id) && reason.as_ref().is_some_and(|reason| reason.contains(part)) => *end,
            _ if is_in(&server, "failed", id) => End::Dead("another reason"),
            _ => End::Gone,
        };
        assert_eq!(found, *end, "{what}: {reason:?}; {}", run.stderr);
        assert!(*end != End::Dead("") || reason.is_some_and(|reason| !reason.is_empty()), "{what}: no reason");
    }
    let expected = |end: fn(&End) -> bool| records.iter().filter(|record| end(&record.end)).count();
    let (odd, dead) = (expected(|end| *end == End::Sent), expected(|end| matches!(end, End::Dead(_))));
    let requests = receiver.requests();
    assert!(requests.iter().all(|request| request.status == 201), "something blank was sent");
    let recipients: BTreeSet<String> = requests.iter().map(|request| request.body["number"].to_string()).collect();
    assert_eq!((requests.len(), recipients.len()), (GOOD + odd, GOOD + odd), "each once");
    assert_eq!(completed(&server), (GOOD + odd) as u64);
    assert_eq!(server.ask::<usize>("ZCARD bull:whatsapp:failed"), dead);
    assert_eq!(server.ask::<u64>("EXISTS bull:whatsapp:wait bull:whatsapp:active"), 0);
    assert_eq!(run.json()["data"]["dropped"], 2, "{}", run.stdout);
    is_sound(&server);
}

#[test]
fn a_record_whose_key_has_another_type_is_told_and_keeps_no_good_message_waiting() {
    let server = Server::start();
    let receiver = Receiver::start(Duration::ZERO, accept);
    for (id, command) in [("text", "SET"), ("list", "LPUSH"), ("set", "SADD")] {
        server.ask::<()>(&format!("{command} bull:whatsapp:{id} foreign"));
        server.ask::<()>(&format!("LPUSH bull:whatsapp:wait {id}"));
    }
    write(&server, &(0..20).map(|n| record("good", format!("good{n}"), "{}", End::Sent)).collect::<Vec<_>>());
    let line = format!("worker --via http --url {} --rate none", receiver.url());

    let worker = wq(&server).line(&line).spawn();

    eventually(SOON, &format!("all good ones are sent; {}", worker.stderr()), || (receiver.accepted().len() == 20).then_some(()));
    eventually(SOON, "nothing is left in active", || (server.ask::<u64>("LLEN bull:whatsapp:active") == 0).then_some(()));
    assert!(worker.stderr().contains("something else in its place"), "{}", worker.stderr());
    let removed: u64 = server.ask("HGET wq:bull:whatsapp:counters missing_hash");
    assert_eq!((removed, server.ask::<u64>("EXISTS bull:whatsapp:text bull:whatsapp:list bull:whatsapp:set")), (3, 3));
}
