//! This file hands jobs to a command of the operator's: the job on its standard input, its exit code as the outcome.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{TransportError, envelope, redact};
use crate::core::dispatch::transport::{Delivery, Outcome, Transport};
use crate::core::model::job::Job;

/// "Try again later", as in sysexits.h.
const EXIT_TRY_AGAIN: i32 = 75;
/// What is kept of standard output, in bytes; the rest is read and dropped so that the child never blocks.
const MAX_STDOUT_BYTES: usize = envelope::MAX_REPLY_TEXT;
/// What is kept of the end of standard error, in bytes.
const MAX_STDERR_BYTES: usize = 8 * 1024;
/// What is read at once, in bytes.
const READ_BYTES: usize = 8 * 1024;
/// How many characters of standard error become part of a reason.
const REASON_CHARS: usize = 500;
/// How long the pipes of a child that has exited are still read: a process that it left behind may hold them open.
const PIPES_AFTER_EXIT: Duration = Duration::from_millis(200);
/// The longest value of an environment variable, in bytes; the system's own limit (128 KiB) would fail the start.
const MAX_VARIABLE_BYTES: usize = 1024;

/// What to run.
#[derive(Debug)]
pub struct Options {
    /// The command and its arguments as typed after `--`; never seen by a shell.
    pub command: Vec<OsString>,
    /// How long one run may take; then its whole process group is killed.
    pub timeout: Duration,
    /// The value of `PATH`, for commands without a `/`.
    pub search_path: Option<OsString>,
}

/// Sends by running a command once per job.
#[derive(Debug)]
pub struct Exec {
    program: PathBuf,
    /// What the command calls itself: as typed.
    name: OsString,
    arguments: Vec<OsString>,
    timeout: Duration,
}

impl Exec {
    /// Looks the command up, so that a missing one is noticed before a job is taken.
    ///
    /// # Errors
    /// When there is no command, no such file, or it may not be executed.
    pub fn new(options: Options) -> Result<Self, TransportError> {
        let mut words = options.command.into_iter();
        let name = words.next().filter(|name| !name.is_empty()).ok_or(TransportError::NoCommand)?;
        let program = find_program(&name, options.search_path.as_deref())?;
        Ok(Self { program, name, arguments: words.collect(), timeout: options.timeout })
    }

    async fn run(&self, job: &Job) -> Outcome {
        let input = match envelope::encode(job) {
            Ok(input) => input,
            Err(error) => return Outcome::Permanent { reason: format!("the job can't be written as JSON: {error}") },
        };
        let mut child = match self.start(job) {
            Ok(child) => child,
            // the command was there when the worker started: a full process table or a deploy under way will pass
            Err(error) => return Outcome::Retry { reason: format!("can't start {}: {error}", self.name.display()) },
        };
        let mut group = ProcessGroup::of(&child);
        match timeout(self.timeout, converse(&mut child, &mut group, input)).await {
            Ok(Ok(ending)) => ending.judge(),
            // from here on it had its input, and may have sent before it ended
            Ok(Err(error)) => Outcome::Uncertain { reason: format!("lost track of {}: {error}", self.name.display()) },
            Err(_) => {
                Outcome::Uncertain { reason: format!("{} did not end within {:?} and was killed", self.name.display(), self.timeout) }
            }
        }
    }

    fn start(&self, job: &Job) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command
            .arg0(&self.name)
            .args(&self.arguments)
            .env("WQ_JOB_ID", variable(&job.id))
            .env("WQ_JOB_NAME", variable(&job.name))
            .env("WQ_QUEUE", variable(&job.queue))
            .env("WQ_ATTEMPT", job.attempt.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // a group of its own: a time-out reaches its children too, and Ctrl-C at the terminal stops the worker only
            .process_group(0);
        command.spawn()
    }
}

impl Transport for Exec {
    fn name(&self) -> &'static str {
        "exec"
    }

    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(self.run(job))
    }
}

/// Kills a child and all that it started, unless it ended by itself: also when the delivery is dropped half-way.
struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }

    /// From now on the number may belong to somebody else.
    fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        let Some(leader) = self.0 else { return };
        if let Err(error) = kill_process_group(leader, Signal::KILL) {
            tracing::debug!(%error, "the process group was already gone");
        }
    }
}

/// How a child ended and what it said.
struct Ending {
    status: ExitStatus,
    stdout: Vec<u8>,
    /// Everything it wrote is in `stdout`.
    whole: bool,
    stderr: Vec<u8>,
}

impl Ending {
    fn judge(&self) -> Outcome {
        match (self.status.code(), self.status.signal()) {
            (Some(0), _) => Outcome::Accepted { reply: envelope::reply(&self.stdout, self.whole), provider_id: None },
            (Some(EXIT_TRY_AGAIN), _) => Outcome::Retry { reason: self.reason("exit 75") },
            (Some(code), _) => Outcome::Permanent { reason: self.reason(&format!("exit {code}")) },
            (None, signal) => Outcome::Uncertain { reason: self.reason(&format!("died by signal {}", signal.unwrap_or_default())) },
        }
    }

    fn reason(&self, ending: &str) -> String {
        let said = redact::tail(&self.stderr, REASON_CHARS);
        if said.is_empty() { ending.to_owned() } else { format!("{ending}: {said}") }
    }
}

/// Feeds the child and listens to it at the same time, so that neither side waits for the other for ever.
async fn converse(child: &mut Child, group: &mut ProcessGroup, input: Vec<u8>) -> io::Result<Ending> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut said, mut complaint) = (Head::default(), Tail::default());
    let status = {
        let pipes = async {
            tokio::join!(feed(stdin, &input), listen(stdout, |bytes| said.add(bytes)), listen(stderr, |bytes| complaint.add(bytes)));
        };
        let mut pipes = pin!(pipes);
        let status = tokio::select! {
            status = child.wait() => Some(status),
            () = &mut pipes => None,
        };
        if let Some(status) = status {
            group.has_ended();
            if timeout(PIPES_AFTER_EXIT, pipes).await.is_err() {
                tracing::debug!("a process left behind by the command holds its output open");
            }
            status?
        } else {
            let status = child.wait().await?;
            group.has_ended();
            status
        }
    };
    Ok(Ending { status, stdout: said.kept, whole: !said.cut, stderr: complaint.kept.into() })
}

async fn feed(pipe: Option<impl tokio::io::AsyncWrite + Unpin>, input: &[u8]) {
    let Some(mut pipe) = pipe else { return };
    let fed = async {
        pipe.write_all(input).await?;
        pipe.write_all(b"\n").await?;
        pipe.shutdown().await
    };
    match fed.await {
        // not reading its input is the command's good right
        Err(error) if error.kind() != ErrorKind::BrokenPipe => tracing::warn!(%error, "can't write to the command"),
        _ => {}
    }
}

async fn listen(pipe: Option<impl AsyncRead + Unpin>, mut keep: impl FnMut(&[u8])) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match pipe.read(&mut buffer).await {
            Ok(0) => return,
            Ok(read) => keep(buffer.get(..read).unwrap_or_default()),
            Err(error) => return tracing::warn!(%error, "can't read from the command"),
        }
    }
}

/// The beginning of a stream.
#[derive(Default)]
struct Head {
    kept: Vec<u8>,
    cut: bool,
}

impl Head {
    fn add(&mut self, bytes: &[u8]) {
        let room = MAX_STDOUT_BYTES - self.kept.len();
        self.cut |= bytes.len() > room;
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }
}

/// The end of a stream.
#[derive(Default)]
struct Tail {
    kept: VecDeque<u8>,
}

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        self.kept.extend(bytes);
        self.kept.drain(..self.kept.len().saturating_sub(MAX_STDERR_BYTES));
    }
}

/// A text as the value of an environment variable: without NUL, which none can hold, and not too long.
fn variable(text: &str) -> String {
    let mut end = text.len().min(MAX_VARIABLE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().replace('\0', "\u{fffd}")
}

fn find_program(name: &OsStr, search_path: Option<&OsStr>) -> Result<PathBuf, TransportError> {
    let shown = || name.display().to_string();
    if name.as_encoded_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return match look_at(&path) {
            Found::Executable => Ok(path),
            Found::Other => Err(TransportError::NotExecutable { name: shown() }),
            Found::Nothing => Err(TransportError::CommandNotFound { name: shown() }),
        };
    }
    let mut lame = false;
    for folder in search_path.into_iter().flat_map(std::env::split_paths) {
        let path = folder.join(name);
        match look_at(&path) {
            Found::Executable => return Ok(path),
            Found::Other => lame = true,
            Found::Nothing => {}
        }
    }
    Err(if lame { TransportError::NotExecutable { name: shown() } } else { TransportError::CommandNotFound { name: shown() } })
}

enum Found {
    Executable,
    Other,
    Nothing,
}

fn look_at(path: &Path) -> Found {
    match path.metadata() {
        Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => Found::Executable,
        Ok(_) => Found::Other,
        Err(_) => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str, search_path: &str) -> Result<PathBuf, String> {
        find_program(OsStr::new(name), Some(OsStr::new(search_path))).map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_is_found_on_the_search_path_or_at_its_own_path() {
        assert_eq!(lookup("sh", "/nowhere:/bin:/usr/bin"), Ok(PathBuf::from("/bin/sh")));
        assert_eq!(lookup("/bin/sh", ""), Ok(PathBuf::from("/bin/sh")));
    }

    #[test]
    fn a_command_that_can_not_run_is_told_apart_from_one_that_is_not_there() {
        assert_eq!(lookup("no-such-command", "/bin:/usr/bin"), Err("the command \"no-such-command\" was not found".to_owned()));
        assert_eq!(lookup("./no/such", "/bin"), Err("the command \"./no/such\" was not found".to_owned()));
        assert_eq!(lookup("/etc/passwd", ""), Err("the command \"/etc/passwd\" is not an executable file".to_owned()));
        assert_eq!(lookup("passwd", "/etc"), Err("the command \"passwd\" is not an executable file".to_owned()));
        assert_eq!(lookup("/bin", ""), Err("the command \"/bin\" is not an executable file".to_owned()));
    }

    #[test]
    fn nothing_after_the_dashes_is_no_command() {
        for command in [vec![], vec![OsString::new()]] {
            let options = Options { command, timeout: Duration::from_secs(1), search_path: None };

            assert!(matches!(Exec::new(options), Err(TransportError::NoCommand)));
        }
    }

    #[test]
    fn any_id_fits_in_a_variable() {
        assert_eq!(variable("a\0b"), "a\u{fffd}b");
        assert_eq!(variable(&"é".repeat(600)).len(), 1024);
        assert_eq!(variable(&format!("x{}", "é".repeat(600))).len(), 1023);
    }

    #[test]
    fn only_the_end_of_the_complaints_and_the_beginning_of_the_output_are_kept() {
        let (mut head, mut tail) = (Head::default(), Tail::default());
        for _ in 0..100 {
            head.add(&[b'x'; 5000]);
            tail.add(&[b'x'; 5000]);
        }
        tail.add(b"end");

        assert_eq!((head.kept.len(), head.cut), (MAX_STDOUT_BYTES, true));
        assert_eq!(tail.kept.len(), MAX_STDERR_BYTES);
        assert!(tail.kept.make_contiguous().ends_with(b"xxend"));
    }
}
