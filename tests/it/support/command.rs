//! The command under test, run as a user would, with an environment of its own.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Server, eventually};

/// How long one command may take in a test.
const DEADLINE: Duration = Duration::from_mins(1);

/// A command that talks to this server.
pub(crate) fn wq(server: &Server) -> Wq {
    let mut wq = Wq::bare();
    wq.command.env("WQ_REDIS_URL", server.url());
    wq
}

/// A command that is about to run.
#[must_use]
pub(crate) struct Wq {
    command: Command,
    home: tempfile::TempDir,
    input: Option<Vec<u8>>,
}

impl Wq {
    /// Knows no server.
    pub(crate) fn bare() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wq"));
        command.env_clear().env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TZ", "UTC").env("WQ_STATE_DIR", home.path().join("state")).current_dir(home.path());
        Self { command, home, input: None }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Arguments separated by blanks, for those without blanks in them.
    pub(crate) fn line(self, line: &str) -> Self {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        self.args(words)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Finished {
        let shown = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        self.command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        if let (Some(input), Some(mut stdin)) = (self.input.take(), child.stdin.take()) {
            // A command that refuses early closes its end.
            std::thread::spawn(move || stdin.write_all(&input).ok());
        }
        let (stdout, stderr) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("wq {shown} still ran after {DEADLINE:?}\nstderr: {}", stderr.lock().unwrap());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        drop(self.home);
        Finished { shown, status, stdout: settled(&stdout), stderr: settled(&stderr) }
    }

    /// Starts it and lets it run.
    pub(crate) fn spawn(mut self) -> Background {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let (stdout, stderr) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
        Background { child, stdout, stderr, _home: self.home }
    }
}

/// What a command left behind.
pub(crate) struct Finished {
    shown: String,
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "wq {}\nstdout: {}\nstderr: {}", self.shown, self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn stdout_has(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "wq {}: no {text:?} in stdout:\n{}", self.shown, self.stdout);
        self
    }

    #[track_caller]
    pub(crate) fn stderr_has(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "wq {}: no {text:?} in stderr:\n{}", self.shown, self.stderr);
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("wq {}: {error}\n{}\n{}", self.shown, self.stdout, self.stderr))
    }
}

/// A command that runs beside the test; killed with it.
pub(crate) struct Background {
    child: Child,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    _home: tempfile::TempDir,
}

impl Background {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name: `TERM`, `INT`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(&mut self, within: Duration) -> ExitStatus {
        let stderr = Arc::clone(&self.stderr);
        eventually(within, &format!("the command ends; stderr: {}", stderr.lock().unwrap()), || self.child.try_wait().unwrap())
    }

    pub(crate) fn stdout(&self) -> String {
        self.stdout.lock().unwrap().clone()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Already gone is as good.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&text);
    std::thread::spawn(move || {
        let (mut buffer, mut bytes) = ([0; 8192], Vec::new());
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..count]);
            // A read may end in the middle of a character: the rest of it comes with the next one.
            let whole = match std::str::from_utf8(&bytes) {
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                _ => bytes.len(),
            };
            let rest = bytes.split_off(whole);
            sink.lock().unwrap().push_str(&String::from_utf8_lossy(&std::mem::replace(&mut bytes, rest)));
        }
        sink.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes));
    });
    text
}

/// The text once the thread that collects it has let go of it: the pipe is closed then.
fn settled(text: &Arc<Mutex<String>>) -> String {
    eventually(Duration::from_secs(5), "the output is read", || (Arc::strong_count(text) == 1).then_some(()));
    text.lock().unwrap().clone()
}
