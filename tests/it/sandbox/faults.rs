//! What goes wrong on request: by lot, by recipient, for a while.

use std::io::{BufRead, BufReader, Read, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::{PATIENCE, Sandbox, ask};
use crate::support::eventually;

/// What became of 300 messages, sent in this order.
fn fates(sandbox: &Sandbox, order: impl Iterator<Item = usize>) -> Vec<(usize, u16)> {
    let mut fates: Vec<(usize, u16)> =
        order.map(|n| (n, sandbox.send_text(&format!("346001{n:05}"), &format!("message {n}")).status)).collect();
    fates.sort_unstable();
    fates
}

#[test]
fn the_same_messages_meet_the_same_fate_with_the_same_seed_in_any_order() {
    let start = |seed: &str| {
        Sandbox::start(&["--error", "http-500=10%", "--error", "not-on-whatsapp=10%", "--drop-answers", "10%", "--seed", seed])
    };

    let forwards = fates(&start("7"), 0..300);
    let backwards = fates(&start("7"), (0..300).rev());
    let other = fates(&start("8"), 0..300);

    assert_eq!(forwards, backwards);
    assert_ne!(forwards, other);
    for status in [500, 400, 0] {
        let count = forwards.iter().filter(|(_, got)| *got == status).count();
        assert!((10..=60).contains(&count), "{count} of 300 with {status}");
    }
}

#[test]
fn a_recipients_own_fault_goes_away_when_it_has_a_count() {
    let sandbox = Sandbox::start(&["--error-for", "+34600111222=http-500:2", "--error-for", "+34600111333=131026"]);
    let statuses = |number: &str| (0..3).map(|_| sandbox.send_text(number, "x").status).collect::<Vec<_>>();

    assert_eq!(statuses("34600111222"), [500, 500, 201]);
    let reply = sandbox.meta_text("+34600111333", "x", "a");
    assert_eq!(reply.json()["error"]["code"], 131_026);
}

#[test]
fn a_disconnected_instance_says_so_everywhere_and_comes_back() {
    let sandbox = Sandbox::start(&[]);
    let state = || sandbox.evolution("GET", "/instance/connectionState/main", &json!({})).json()["instance"]["state"].clone();

    sandbox.turn(&json!({ "disconnect": "1h" }));
    let refused = sandbox.send_text("34600111222", "x");
    assert_eq!((refused.status, &refused.json()["response"]["message"]), (500, &json!("Connection Closed")));
    assert_eq!(state(), "close");

    sandbox.turn(&json!({ "disconnect": "1ms" }));
    eventually(PATIENCE, "it comes back", || (state() == "open").then_some(()));
    assert_eq!(sandbox.send_text("34600111222", "x").status, 201);
}

#[test]
fn a_storm_is_felt_by_both_dialects_until_it_is_over() {
    let sandbox = Sandbox::start(&[]);
    for (code, evolution, meta) in [("too-many", 429, 429), ("gateway-502", 502, 502), ("unauthorized", 401, 401)] {
        sandbox.turn(&json!({ "storm": { "code": code, "for": "1h" } }));
        let got = (sandbox.send_text("34600111222", "x").status, sandbox.meta_text("+34600111222", "x", "a").status);
        assert_eq!(got, (evolution, meta), "{code}");
        assert_eq!(sandbox.state()["storms"][0]["code"], code);
        sandbox.turn(&json!({ "reset": true }));
    }
    assert_eq!(sandbox.send_text("34600111222", "x").status, 201);
}

#[test]
fn a_gateway_that_is_down_takes_the_health_probe_with_it_and_a_crowd_does_not() {
    let sandbox = Sandbox::start(&[]);
    let probe = || sandbox.evolution("GET", "/instance/connectionState/main", &json!({})).status;

    sandbox.turn(&json!({ "storm": { "code": "too-many", "for": "1h" } }));
    assert_eq!(probe(), 200);
    sandbox.turn(&json!({ "storm": { "code": "gateway-502", "for": "1h" } }));
    assert_eq!(probe(), 502);
}

#[test]
fn a_door_that_is_closed_refuses_connections_and_opens_by_itself() {
    let sandbox = Sandbox::start(&[]);

    sandbox.turn(&json!({ "refuse": "500ms" }));

    eventually(PATIENCE, "nobody listens", || ask(sandbox.port, "GET", "/", &[], "").is_none().then_some(()));
    let reply = eventually(PATIENCE, "somebody listens again", || ask(sandbox.port, "GET", "/", &[], ""));
    assert_eq!(reply.status, 200);
}

#[test]
fn a_connection_that_is_open_gets_a_last_answer_when_the_door_closes() {
    let sandbox = Sandbox::start(&[]);
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", sandbox.port)).unwrap();
    let mut ask = || {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: sandbox\r\n\r\n").unwrap();
        let (mut head, mut reader) = (String::new(), BufReader::new(&stream));
        while reader.read_line(&mut head).unwrap() > 2 {}
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        reader.read_exact(&mut vec![0; length]).unwrap();
        head
    };
    assert!(!ask().contains("connection: close"));

    sandbox.turn(&json!({ "refuse": "1h" }));

    let last = ask();
    assert!(last.starts_with("http/1.1 200") && last.contains("connection: close"), "{last}");
}

#[test]
fn half_an_answer_and_none_are_accepted_all_the_same() {
    let sandbox = Sandbox::start(&[]);

    let none = sandbox.send_text("34600999599", "x");
    let half = sandbox.send_text("34600999598", "x");

    assert_eq!((none.status, none.head.as_str()), (0, ""));
    assert!(half.status == 201 && !half.whole && !half.body.is_empty(), "{half:?}");
    let state = sandbox.state();
    assert_eq!((&state["accepted"], &state["dropped"]), (&json!(2), &json!(2)));
}

#[test]
fn pages_and_emptiness_are_no_acceptance() {
    let sandbox = Sandbox::start(&["--error-for", "+34600111222=page-200:1", "--error-for", "+34600111333=empty-200:1"]);

    let (page, empty) = (sandbox.send_text("34600111222", "x"), sandbox.send_text("34600111333", "x"));

    assert!(page.status == 200 && page.body.starts_with("<html>"), "{page:?}");
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
    assert_eq!(sandbox.state()["accepted"], 0);
}

#[test]
fn an_endless_answer_has_its_hundred_megabytes() {
    let sandbox = Sandbox::start(&["--error-for", "+34600111222=huge-200"]);

    let reply = sandbox.send_text("34600111222", "x");

    // in chunks, each with its length in front
    assert!(reply.status == 200 && reply.body.len() > 100_000_000, "{} bytes", reply.body.len());
}

#[test]
fn knobs_are_turned_one_by_one_and_all_back() {
    let sandbox = Sandbox::start(&["--drop-answers", "2%"]);
    let knobs = || sandbox.ask("GET", "/sandbox/faults", &[], "").json();
    let before = knobs();

    sandbox.turn(&json!({ "errors": { "http-500": "100%" }, "latency": "1ms..2ms" }));
    assert_eq!((&knobs()["errors"], &knobs()["drop_answers"]), (&json!({ "http-500": "100%" }), &json!("2%")));
    assert_eq!(sandbox.send_text("34600111222", "x").status, 500);
    sandbox.turn(&json!({ "reset": true }));

    assert_eq!(knobs(), before);
}

#[test]
fn an_order_that_makes_no_sense_changes_nothing() {
    let sandbox = Sandbox::start(&[]);
    let order = |body: Value| {
        let reply = sandbox.ask("POST", "/sandbox/faults", &[], &body.to_string());
        (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    let before = sandbox.ask("GET", "/sandbox/faults", &[], "").body;

    for (body, told) in [
        (json!({ "latency": "1s", "errors": { "nonsense": "2%" } }), "is no fault"),
        (json!({ "drop_answers": 2 }), "is no share"),
        (json!({ "disconnect": "soon" }), "is no duration"),
        (json!({ "disconect": "1s" }), "unknown field"),
    ] {
        let (status, error) = order(body);
        assert!(status == 400 && error.contains(told), "{status} {error}");
    }
    assert_eq!(sandbox.ask("GET", "/sandbox/faults", &[], "").body, before);
    assert_eq!(sandbox.state()["storms"], json!([]));
}

#[test]
fn an_answer_takes_as_long_as_it_is_told() {
    let sandbox = Sandbox::start(&["--latency", "200ms..250ms"]);
    let before = std::time::Instant::now();

    sandbox.send_text("34600111222", "x");

    assert!(before.elapsed() >= Duration::from_millis(200));
}

#[test]
fn no_number_is_special_when_told_so() {
    let sandbox = Sandbox::start(&["--plain-numbers"]);

    for number in ["34600999404", "34600131056", "34600931026"] {
        assert_eq!(sandbox.send_text(number, "x").status, 201, "{number}");
    }
}
