//! A receiver in the test's own process: writes down every request and answers as it was told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at: Instant,
    pub(crate) key: String,
    pub(crate) body: serde_json::Value,
    pub(crate) status: u16,
}

impl Request {
    pub(crate) fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }
}

/// An answer: status, further headers, body.
pub(crate) type Answer = (u16, &'static str, String);

/// Accepts everything.
pub(crate) fn accept(_: &Request) -> Answer {
    (200, "", r#"{"ok":true}"#.to_owned())
}

type Requests = Arc<Mutex<Vec<Request>>>;

pub(crate) struct Receiver {
    port: u16,
    requests: Requests,
}

impl Receiver {
    /// Answers each request by `answer`, after `latency`.
    pub(crate) fn start(latency: Duration, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, answer) = (Requests::default(), Arc::new(answer));
        let written = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, answer) = (Arc::clone(&written), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &requests, latency, &*answer));
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Ids of accepted requests, sorted.
    pub(crate) fn accepted(&self) -> Vec<String> {
        let mut ids: Vec<String> =
            self.requests().iter().filter(|request| request.status < 300).map(|request| request.id().to_owned()).collect();
        ids.sort();
        ids
    }

    /// The most requests in any sliding window.
    pub(crate) fn busiest(&self, window: Duration) -> usize {
        let times: Vec<Instant> = self.requests().iter().map(|request| request.at).collect();
        (0..times.len()).map(|first| times[first..].iter().take_while(|time| **time < times[first] + window).count()).max().unwrap_or(0)
    }
}

fn serve(stream: TcpStream, requests: &Requests, latency: Duration, answer: &dyn Fn(&Request) -> Answer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some((key, body)) = read_request(&mut reader) {
        let mut request = Request { at: Instant::now(), key, body, status: 0 };
        let (status, headers, text) = answer(&request);
        request.status = status;
        requests.lock().unwrap().push(request);
        if !latency.is_zero() {
            std::thread::sleep(latency);
        }
        let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n", text.len());
        if writer.write_all((head + &text).as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<(String, serde_json::Value)> {
    let (mut length, mut key, mut line) = (0, String::new(), String::new());
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some((name, value)) if name.eq_ignore_ascii_case("idempotency-key") => value.clone_into(&mut key),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((key, serde_json::from_slice(&body).ok()?))
}
