//! This file sets the stage: a server, a provider, workers, and the binary under test that they all run with.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wq::core::model::queue::{Prefix, QueueName};
use wq::core::store::Queue;
use wq::core::store::connect::{Link, ServerAddress};

pub(crate) const QUEUE: &str = "soak";
/// When a soak that does not get on is given up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(15);
/// The business number of the sandbox.
const NUMBER_ID: &str = "106540352242922";

/// What every soak is told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Setting {
    /// Decides who is killed and when, and which messages go wrong
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Sends at a time of each worker
    #[arg(long, default_value_t = 20)]
    pub(crate) concurrency: usize,
    /// How long the provider takes to answer, as `wq sandbox --latency` has it
    #[arg(long, default_value = "5ms..40ms")]
    pub(crate) latency: String,
    /// The binary under test
    #[arg(long, default_value = "target/release/wq")]
    pub(crate) wq: PathBuf,
    /// Everything is kept here; made anew
    #[arg(long, default_value = "target/soak")]
    pub(crate) home: PathBuf,
}

/// The way to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Via {
    Evolution,
    Cloud,
}

impl Via {
    pub(crate) const BOTH: [Self; 2] = [Self::Evolution, Self::Cloud];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Evolution => "evolution",
            Self::Cloud => "cloud",
        }
    }

    fn flags(self) -> [&'static str; 4] {
        match self {
            Self::Evolution => ["--via", "evolution", "--instance", "main"],
            Self::Cloud => ["--via", "cloud", "--phone-number-id", NUMBER_ID],
        }
    }
}

/// A child that doesn't outlive this program.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn end(mut self) -> Result<()> {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let status = self.0.wait()?;
        if !status.success() {
            bail!("a worker ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A server of its own in a home that is made anew; both end with it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) setting: Setting,
    server: String,
    started: usize,
}

impl Stage {
    pub(crate) fn set(setting: &Setting) -> Result<Self> {
        let setting = setting.clone();
        // Of a soak that was broken off; there is none, as a rule.
        stop_server(&setting).ok();
        if setting.home.exists() {
            fs::remove_dir_all(&setting.home)?;
        }
        fs::create_dir_all(&setting.home)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = redis(&setting, "start");
        let status = command.args(["--port", &port.to_string()]).status().context("can't start the server")?;
        if !status.success() {
            bail!("wq redis start ended with {status}");
        }
        Ok(Self { setting, server: format!("redis://127.0.0.1:{port}"), started: 0 })
    }

    fn wq(&self) -> Command {
        let mut command = Command::new(&self.setting.wq);
        command.env("WQ_REDIS_URL", &self.server).env("WQ_QUEUE", QUEUE).env("WQ_EVOLUTION_KEY", "sandbox");
        command.env("WQ_CLOUD_TOKEN", "sandbox").stdin(Stdio::null());
        command
    }

    /// What a command prints as JSON.
    pub(crate) fn json(&self, words: &[&str]) -> Result<Value> {
        let output = self.wq().args(["--quiet", "--json"]).args(words).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            bail!("wq {} ended with {}", words.join(" "), output.status);
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Adds a campaign from a contact file.
    pub(crate) fn add(&self, messages: u32, further: &[&str]) -> Result<()> {
        let contacts = self.setting.home.join("contacts.csv");
        write_contacts(&contacts, messages)?;
        let contacts = contacts.to_str().context("the home is no UTF-8")?;
        let mut words = vec!["bulk", contacts, "--map", "to=phone", "--text", "Hi {{name}}", "--campaign", "soak"];
        words.extend(further);
        let tally = self.json(&words)?;
        if tally.pointer("/data/stored") != Some(&Value::from(messages)) {
            bail!("wq bulk stored something else than {messages}: {tally}");
        }
        Ok(())
    }

    /// Starts a worker without a rate; gives its name, too.
    pub(crate) fn worker(&mut self, flags: &[&str]) -> Result<(String, Process)> {
        self.started += 1;
        let name = format!("soak-{}", self.started);
        let log = File::create(self.setting.home.join(format!("{name}.log")))?;
        let mut command = self.wq();
        command.args(["worker", "--rate", "none", "--name", &name, "--concurrency", &self.setting.concurrency.to_string()]);
        command.args(flags).arg("--state-dir").arg(self.setting.home.join("state"));
        let child = command.stdout(Stdio::null()).stderr(log).spawn().context("can't start a worker")?;
        Ok((name, Process(child)))
    }

    /// Starts a worker that really sends, and forgets no job, so that each can be accounted for.
    pub(crate) fn sender(&mut self, via: Via, provider: &Provider, further: &[&str]) -> Result<(String, Process)> {
        let mut flags = via.flags().to_vec();
        flags.extend(["--base-url", provider.url.as_str(), "--keep-completed", "all"]);
        flags.extend(further);
        self.worker(&flags)
    }

    pub(crate) async fn link(&self) -> Result<Link> {
        Ok(ServerAddress::parse(&self.server)?.connect(Duration::from_secs(10)).await?)
    }

    pub(crate) async fn queue(&self) -> Result<Queue> {
        Ok(Queue::open(&self.link().await?, &"bull".parse::<Prefix>()?, &QUEUE.parse::<QueueName>()?)?)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = stop_server(&self.setting) {
            writeln!(std::io::stderr(), "soak: can't stop the server: {error}").ok();
        }
    }
}

fn redis(setting: &Setting, verb: &str) -> Command {
    let mut command = Command::new(&setting.wq);
    command.args(["--quiet", "redis", verb, "--data"]).arg(setting.home.join("redis"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn stop_server(setting: &Setting) -> std::io::Result<()> {
    redis(setting, "stop").stderr(Stdio::null()).status().map(drop)
}

/// The number of a message, of which it is the only one.
pub(crate) fn number(index: u32) -> String {
    format!("+55119{:08}", 80_000_000 + index)
}

fn write_contacts(path: &Path, messages: u32) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "phone,name")?;
    for index in 0..messages {
        writeln!(file, "{},Contact {index}", number(index))?;
    }
    Ok(file.flush()?)
}

/// A sandbox and its books.
#[derive(Debug)]
pub(crate) struct Provider {
    url: String,
    pub(crate) journal: PathBuf,
    pub(crate) refusals: PathBuf,
    _process: Process,
}

impl Provider {
    pub(crate) fn start(setting: &Setting, faults: &[&str]) -> Result<Self> {
        let (journal, refusals) = (setting.home.join("journal.ndjson"), setting.home.join("refusals.ndjson"));
        let mut command = Command::new(&setting.wq);
        command.args(["sandbox", "--listen", "127.0.0.1:0", "--plain-numbers", "--latency", &setting.latency]);
        command.args(["--seed", &setting.seed.to_string()]).args(faults);
        command.arg("--journal").arg(&journal).arg("--refusals").arg(&refusals);
        let log = File::create(setting.home.join("sandbox.log"))?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().context("can't start the sandbox")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).context("the sandbox named no address")?;
        Ok(Self { url: url.to_owned(), journal, refusals, _process: Process(child) })
    }

    /// Turns its knobs.
    pub(crate) fn order(&self, knobs: &Value) -> Result<Value> {
        self.ask("POST", "/sandbox/faults", &knobs.to_string())
    }

    /// How many messages it has accepted.
    pub(crate) fn accepted(&self) -> Result<u64> {
        let state = self.ask("GET", "/sandbox/state", "")?;
        state.get("accepted").and_then(Value::as_u64).with_context(|| format!("no count of the sandbox's: {state}"))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(serde_json::from_str(body)?),
            _ => bail!("the sandbox answered {method} {path} with {answer:?}"),
        }
    }
}
