//! `wq sandbox`: a provider in two dialects, asked over plain sockets, and a receiver of its webhooks.

mod campaign;
mod evolution;
mod faults;
mod journal;
mod meta;
mod webhooks;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::command::{Background, Wq};
use crate::support::eventually;

/// How long anything may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The business number that is there by default.
pub(super) const NUMBER_ID: &str = "106540352242922";

/// A sandbox of the test's own.
pub(super) struct Sandbox {
    pub(super) process: Background,
    pub(super) port: u16,
}

/// What came back; all zero and empty when the connection was closed without an answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
    /// Whether as much came as the head promised.
    pub(super) whole: bool,
}

impl Reply {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Sandbox {
    pub(super) fn start(args: &[&str]) -> Self {
        Self::of(Wq::bare(), args)
    }

    pub(super) fn of(wq: Wq, args: &[&str]) -> Self {
        let process = wq.args(["sandbox", "--listen", "127.0.0.1:0"]).args(args).spawn();
        let port = eventually(PATIENCE, "the sandbox says where it listens", || {
            assert!(!process.stderr().contains("wq: "), "{}", process.stderr());
            let first = process.stdout().lines().next().map(str::to_owned).filter(|_| process.stdout().contains('\n'))?;
            let digits: String = first.split("http://127.0.0.1:").nth(1)?.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
        Self { process, port }
    }

    pub(super) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        ask(self.port, method, path, headers, body).expect("the sandbox listens")
    }

    /// A request to Evolution's side, with the usual key.
    pub(super) fn evolution(&self, method: &str, path: &str, body: &Value) -> Reply {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        self.ask(method, path, &[("apikey", "sandbox"), ("content-type", "application/json")], &body)
    }

    pub(super) fn send_text(&self, number: &str, text: &str) -> Reply {
        self.evolution("POST", "/message/sendText/main", &json!({ "number": number, "text": text }))
    }

    /// A message over Meta's side, with the usual token; what every message has is added.
    pub(super) fn meta(&self, message: &Value) -> Reply {
        let mut message = message.clone();
        message["messaging_product"] = json!("whatsapp");
        let headers = [("authorization", "Bearer sandbox"), ("content-type", "application/json")];
        self.ask("POST", &format!("/v25.0/{NUMBER_ID}/messages"), &headers, &message.to_string())
    }

    pub(super) fn meta_text(&self, to: &str, text: &str, opaque: &str) -> Reply {
        self.meta(&json!({ "to": to, "type": "text", "text": { "body": text }, "biz_opaque_callback_data": opaque }))
    }

    #[track_caller]
    pub(super) fn turn(&self, knobs: &Value) {
        let reply = self.ask("POST", "/sandbox/faults", &[], &knobs.to_string());
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    pub(super) fn state(&self) -> Value {
        self.ask("GET", "/sandbox/state", &[], "").json()
    }
}

/// One request on a connection of its own; `None` when there is nobody to connect to.
pub(super) fn ask(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let headers = headers.iter().fold(String::new(), |all, (name, value)| all + &format!("{name}: {value}\r\n"));
    let head = format!("{method} {path} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A reset after what was read is an end too.
    stream.read_to_end(&mut answer).ok();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let mut reply = Reply { status, head: head.to_owned(), body: body.to_owned(), whole: false };
    reply.whole = reply.header("content-length").and_then(|length| length.parse().ok()) == Some(body.len());
    Some(reply)
}

/// The same JSON with these fields blanked, wherever they are: what differs from run to run.
pub(super) fn blanked(mut value: Value, names: &[&str]) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, field) in fields {
                *field = if names.contains(&name.as_str()) { json!("…") } else { blanked(field.take(), names) };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = blanked(item.take(), names)),
        _ => {}
    }
    value
}

/// A webhook as it came.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A receiver of webhooks that answers the n-th one, from 0, with the status that it is told.
pub(super) struct Hooks {
    port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Hooks {
    pub(super) fn start(status: impl Fn(usize) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (calls, status) = (Arc::new(Mutex::new(Vec::new())), Arc::new(status));
        let kept = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, status) = (Arc::clone(&kept), Arc::clone(&status));
                std::thread::spawn(move || listen(stream, &kept, &*status));
            }
        });
        Self { port, calls }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The calls once there are so many.
    pub(super) fn after(&self, count: usize) -> Vec<Call> {
        eventually(PATIENCE, &format!("{count} webhooks come"), || Some(self.calls()).filter(|calls| calls.len() >= count))
    }
}

fn listen(stream: TcpStream, calls: &Mutex<Vec<Call>>, status: &dyn Fn(usize) -> u16) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(call) = read_call(&mut reader) {
        let number = {
            let mut calls = calls.lock().unwrap();
            calls.push(call);
            calls.len() - 1
        };
        let answer = format!("HTTP/1.1 {} X\r\ncontent-length: 0\r\n\r\n", status(number));
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read_call(reader: &mut impl BufRead) -> Option<Call> {
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        head.push_str(&line);
        line.clear();
    }
    let path = head.split(' ').nth(1)?.to_owned();
    let call = Call { path, head, body: Vec::new() };
    let mut body = vec![0; call.header("content-length").map_or(Some(0), |length| length.trim().parse().ok())?];
    reader.read_exact(&mut body).ok()?;
    Some(Call { body, ..call })
}

#[test]
fn the_first_line_says_where_it_listens_and_a_signal_ends_it() {
    let mut plain = Sandbox::start(&[]);
    assert_eq!(plain.process.stdout(), format!("http://127.0.0.1:{}\n", plain.port));

    let mut json = Sandbox::start(&["--json"]);
    let first: Value = serde_json::from_str(&json.process.stdout()).unwrap();
    assert_eq!(first["data"]["url"], format!("http://127.0.0.1:{}", json.port));

    for sandbox in [&mut plain, &mut json] {
        sandbox.process.signal("TERM");
        assert_eq!(sandbox.process.ends(PATIENCE).code(), Some(0));
    }
}

#[test]
fn nobody_but_this_machine_can_reach_it() {
    let refused = |listen: &str| Wq::bare().args(["sandbox", "--listen", listen]).run();

    refused("0.0.0.0:0").exits(9).stderr_has("0.0.0.0 is no loopback address");
    refused("[::]:0").exits(9).stderr_has("no loopback address");
}

#[test]
fn a_port_that_is_taken_is_told_with_the_way_out() {
    let sandbox = Sandbox::start(&[]);

    let second = Wq::bare().args(["sandbox", "--listen", &format!("127.0.0.1:{}", sandbox.port)]).run();

    second.exits(8).stderr_has("hint: port 0 takes a free one");
}

#[test]
fn flags_that_make_no_sense_are_told() {
    for (flag, value, told) in [
        ("--error", "http-500", "write CODE=SHARE"),
        ("--error", "nonsense=2%", "is no fault"),
        ("--error", "http-500=200%", "is no share"),
        ("--drop-answers", "2", "is no share"),
        ("--latency", "80ms..20ms", "ends before it begins"),
        ("--error-for", "131026", "write +34600111222=CODE"),
        ("--template", "cita", "write NAME=PARAMETERS"),
        ("--webhook", "ftp://host/", "it must begin with http"),
    ] {
        Wq::bare().args(["sandbox", "--listen", "127.0.0.1:0", flag, value]).run().exits(2).stderr_has(told);
    }
}

#[test]
fn every_code_is_listed_with_the_numbers_that_meet_it() {
    let codes = Wq::bare().line("sandbox codes --json").run().exits(0).json();

    let codes = codes["data"].as_array().unwrap();
    let find = |code: &str| codes.iter().find(|row| row["code"] == code).unwrap_or_else(|| panic!("no {code}"));
    assert_eq!(find("http-500")["number_ends"], "999500");
    assert_eq!(find("131056")["number_ends"], "131056");
    assert_eq!(find("190")["number_ends"], Value::Null);
}
