//! Stands between commands and their server and loses what it is told to lose: single requests and answers, or everything.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::Server;

/// Which way something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// To the server: half of its bytes arrive, so that the server never carries it out.
    Request,
    /// To the client: the server has carried out what it answers.
    Answer,
}

/// What is lost. With a single request or answer goes its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Nothing,
    /// Of each connection the one with this number, counted from when this was said, on so many connections.
    Nth {
        half: Half,
        number: usize,
        times: usize,
    },
    /// Of all connections together every answer whose number can be divided by this.
    EachOf(usize),
    /// All, and without a word. A connection that lost something this way stays silent for ever.
    Everything,
}

/// A proxy; it and its connections end with the test's process.
pub(crate) struct Proxy {
    port: u16,
    plan: Arc<Plan>,
}

struct Plan {
    /// With the number of faults before this one.
    fault: Mutex<(usize, Fault)>,
    answers: AtomicUsize,
    lost: AtomicUsize,
}

enum Fate {
    Passes,
    IsLost,
    Vanishes,
}

impl Proxy {
    /// Before a server that is reachable by TCP.
    pub(crate) fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, there) = (listener.local_addr().unwrap().port(), server.port());
        let plan = Arc::new(Plan { fault: Mutex::new((0, Fault::Nothing)), answers: AtomicUsize::new(0), lost: AtomicUsize::new(0) });
        let shared = Arc::clone(&plan);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A server that is away closes what was opened.
                let Ok(server) = TcpStream::connect(("127.0.0.1", there)) else { continue };
                connect(&client, &server, &shared);
            }
        });
        Self { port, plan }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on this is lost.
    pub(crate) fn lose(&self, fault: Fault) {
        let mut current = self.plan.fault.lock().unwrap();
        *current = (current.0 + 1, fault);
    }

    /// How many connections were cut.
    pub(crate) fn lost(&self) -> usize {
        self.plan.lost.load(Ordering::SeqCst)
    }

    /// Whether an order for a number of connections is carried out.
    pub(crate) fn is_done(&self) -> bool {
        !matches!(self.plan.fault.lock().unwrap().1, Fault::Nth { times: 1.., .. })
    }
}

fn connect(client: &TcpStream, server: &TcpStream, plan: &Arc<Plan>) {
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let is_silent = Arc::new(AtomicBool::new(false));
    for (from, to, half) in [(client, server, Half::Request), (server, client, Half::Answer)] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let (plan, is_silent) = (Arc::clone(plan), Arc::clone(&is_silent));
        std::thread::spawn(move || {
            carry(&from, &to, half, &plan, &is_silent);
            for end in [from, to] {
                // It may be closed already.
                end.shutdown(Shutdown::Both).ok();
            }
        });
    }
}

/// Carries whole requests or answers until one is lost or an end is closed.
fn carry(mut from: &TcpStream, mut to: &TcpStream, half: Half, plan: &Plan, is_silent: &AtomicBool) {
    let (mut bytes, mut buffer, mut seen) = (Vec::new(), vec![0; 1 << 16], (0, 0));
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        let mut at = 0;
        while let Some(length) = length_of_value(&bytes[at..]) {
            let value = &bytes[at..at + length];
            at += length;
            match plan.judge(half, &mut seen, is_silent) {
                Fate::Passes if to.write_all(value).is_ok() => {}
                Fate::Vanishes => {}
                Fate::IsLost if half == Half::Request => {
                    to.write_all(&value[..length / 2]).ok();
                    return;
                }
                Fate::Passes | Fate::IsLost => return,
            }
        }
        bytes.drain(..at);
    }
}

impl Plan {
    /// What becomes of the next request or answer of a connection, of which so many were `seen` under this fault.
    fn judge(&self, half: Half, seen: &mut (usize, usize), is_silent: &AtomicBool) -> Fate {
        let mut fault = self.fault.lock().unwrap();
        if seen.0 != fault.0 {
            *seen = (fault.0, 0);
        }
        seen.1 += 1;
        let number = if half == Half::Answer { self.answers.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 };
        let is_lost = match &mut fault.1 {
            Fault::Nothing => false,
            Fault::Everything => {
                is_silent.store(true, Ordering::SeqCst);
                false
            }
            Fault::EachOf(many) => half == Half::Answer && number.is_multiple_of(*many),
            Fault::Nth { half: lost, number, times } => {
                let is_it = *times > 0 && half == *lost && seen.1 == *number;
                *times -= usize::from(is_it);
                is_it
            }
        };
        self.lost.fetch_add(usize::from(is_lost), Ordering::SeqCst);
        match (is_lost, is_silent.load(Ordering::SeqCst)) {
            (true, _) => Fate::IsLost,
            (false, true) => Fate::Vanishes,
            (false, false) => Fate::Passes,
        }
    }
}

/// How many bytes the first request or answer has; nothing when it is not complete yet.
fn length_of_value(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let head = end + 2;
    let number = || std::str::from_utf8(&bytes[1..end]).ok()?.parse::<i64>().ok();
    match bytes[0] {
        b'$' | b'=' | b'!' => {
            let length = number().map_or(head, |length| usize::try_from(length).map_or(head, |length| head + length + 2));
            (bytes.len() >= length).then_some(length)
        }
        kind @ (b'*' | b'~' | b'>' | b'%') => {
            let parts = number().unwrap_or(0).max(0) * if kind == b'%' { 2 } else { 1 };
            (0..parts).try_fold(head, |at, _| Some(at + length_of_value(&bytes[at..])?))
        }
        _ => Some(head),
    }
}
