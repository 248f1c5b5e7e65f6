//! A real Bull Board over queues of the test: `tests/interop/board.mjs`, asked as its page in the browser asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::Value;

use super::Server;
use super::node::interop;

/// How long the board may take to start, and for one answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// A Bull Board that ends with the test.
pub(crate) struct Board {
    child: Child,
    port: u16,
}

impl Board {
    /// Over these queues, once it listens.
    pub(crate) fn start(server: &Server, queues: &[&str]) -> Self {
        let mut command = Command::new("node");
        command.arg("board.mjs").arg(server.port().to_string()).args(queues).current_dir(interop());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, port) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).ok();
            // Nobody listens any more when the board was too slow.
            sender.send(line).ok();
        });
        let line = port.recv_timeout(DEADLINE).expect("Bull Board says its port");
        Self { child, port: line.trim().parse().unwrap_or_else(|_| panic!("Bull Board ended instead of saying its port: {line:?}")) }
    }

    /// The body of an answer that must be 2xx; null when it has none.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.ok("GET", path, &Value::Null)
    }

    /// As [`Self::get`].
    #[track_caller]
    pub(crate) fn put(&self, path: &str) -> Value {
        self.ok("PUT", path, &Value::Null)
    }

    /// As [`Self::get`], with a JSON body unless that is null.
    #[track_caller]
    pub(crate) fn ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, body) = self.ask(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {body}");
        body
    }

    /// Status and body of any answer.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: board\r\nConnection: close\r\nContent-Type: application/json\r\n");
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        assert!(!head.to_lowercase().contains("transfer-encoding: chunked"), "{method} {path}: a body in pieces");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| body.into()))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
