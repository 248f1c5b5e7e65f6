//! The long test of `wq` under fire: real workers that are killed with `kill -9` at random moments while they send a campaign
//! to a `wq sandbox`, whose journal is the truth about what was sent.
//!
//! ```text
//! scripts/soak --seed 7
//! ```
//!
//! Afterwards no message may be lost, none accepted twice, and no more uncertain than kills x concurrency. Prints how long a
//! dead worker's jobs stayed with it: the median and the worst.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use wq::core::model::queue::{Prefix, QueueName};
use wq::core::model::state::JobState;
use wq::core::store::Queue;
use wq::core::store::connect::ServerAddress;

/// Sends a campaign while workers are killed at random moments
#[derive(Debug, Parser)]
struct Args {
    /// Decides who is killed and when
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Messages of the campaign
    #[arg(long, default_value_t = 20_000)]
    messages: u32,
    /// Workers at a time
    #[arg(long, default_value_t = 3)]
    workers: usize,
    /// Sends at a time of each
    #[arg(long, default_value_t = 20)]
    concurrency: usize,
    /// How long the provider takes to answer, as `wq sandbox --latency` has it
    #[arg(long, default_value = "5ms..40ms")]
    latency: String,
    /// The shortest and the longest time between two kills, in milliseconds
    #[arg(long, default_value = "300,1500", value_delimiter = ',', num_args = 1)]
    between_kills: Vec<u64>,
    /// The binary under test
    #[arg(long, default_value = "target/release/wq")]
    wq: PathBuf,
    /// Everything is kept here; made anew
    #[arg(long, default_value = "target/soak")]
    home: PathBuf,
}

const QUEUE: &str = "soak";
/// When a soak that does not get on is given up.
const PATIENCE: Duration = Duration::from_mins(15);
/// How often the jobs of a dead worker are looked for.
const LOOK: Duration = Duration::from_millis(25);

/// Even bits from a seed (splitmix64): which worker dies when has to be the same in every run.
struct Lots(u64);

impl Lots {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound.max(1)
    }
}

/// A child that doesn't outlive this program.
struct Process(Child);

impl Process {
    fn kill(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits for that.
    fn end(mut self) -> Result<()> {
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

/// The server, the provider and the binary that all of it runs with.
struct Stage<'a> {
    args: &'a Args,
    server: String,
    provider: String,
    started: usize,
}

impl Stage<'_> {
    fn wq(&self) -> Command {
        let mut command = Command::new(&self.args.wq);
        command.env("WQ_REDIS_URL", &self.server).env("WQ_QUEUE", QUEUE).env("WQ_EVOLUTION_KEY", "sandbox").stdin(Stdio::null());
        command
    }

    fn worker(&mut self) -> Result<(String, Process)> {
        self.started += 1;
        let name = format!("soak-{}", self.started);
        let log = File::create(self.args.home.join(format!("{name}.log")))?;
        let mut command = self.wq();
        command.args(["worker", "--via", "evolution", "--instance", "main", "--base-url", &self.provider, "--rate", "none"]);
        command.args(["--per-recipient", "none", "--name", &name, "--concurrency", &self.args.concurrency.to_string()]);
        command.arg("--state-dir").arg(self.args.home.join("state"));
        let child = command.stdout(Stdio::null()).stderr(log).spawn().context("can't start a worker")?;
        Ok((name, Process(child)))
    }

    fn json(&self, words: &[&str]) -> Result<Value> {
        let output = self.wq().args(words).arg("--json").stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            bail!("wq {} ended with {}", words.join(" "), output.status);
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

fn number(index: u32) -> String {
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

/// Starts the server; the address is on its standard output.
fn start_server(args: &Args) -> Result<String> {
    let data = args.home.join("redis");
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let status = Command::new(&args.wq)
        .args(["redis", "start", "--port", &port.to_string(), "--data"])
        .arg(&data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        bail!("wq redis start ended with {status}");
    }
    Ok(format!("redis://127.0.0.1:{port}"))
}

fn stop_server(args: &Args) {
    // A server that is gone already is as good.
    Command::new(&args.wq).args(["--quiet", "redis", "stop", "--data"]).arg(args.home.join("redis")).stdout(Stdio::null()).status().ok();
}

fn start_provider(args: &Args) -> Result<(String, Process)> {
    let mut command = Command::new(&args.wq);
    command.args(["sandbox", "--listen", "127.0.0.1:0", "--latency", &args.latency, "--seed", &args.seed.to_string(), "--journal"]);
    command.arg(args.home.join("journal.ndjson")).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().context("can't start the sandbox")?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).context("the sandbox named no address")?;
    Ok((url.to_owned(), Process(child)))
}

/// How long the jobs of a dead worker stay in its name.
async fn watch(queue: Queue, worker: String, died: Instant) -> Result<Duration> {
    loop {
        let active = queue.page(JobState::Active, 0, 10_000).await?;
        if !active.iter().any(|job| job.worker.as_deref() == Some(worker.as_str())) {
            return Ok(died.elapsed());
        }
        if died.elapsed() > PATIENCE {
            bail!("the jobs of {worker} never came back");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Kills workers, each replaced at once, until nothing is left to send. Returns the recoveries.
async fn kill_until_done(stage: &mut Stage<'_>, queue: &Queue) -> Result<Vec<Duration>> {
    let (begun, mut lots) = (Instant::now(), Lots(stage.args.seed));
    let (shortest, longest) = match stage.args.between_kills[..] {
        [shortest, longest] if shortest <= longest => (shortest, longest),
        _ => bail!("--between-kills wants two numbers, such as 300,1500"),
    };
    let mut workers = Vec::new();
    for _ in 0..stage.args.workers {
        workers.push(stage.worker()?);
    }
    let mut watches = JoinSet::new();
    while queue.has_work_left().await? {
        if begun.elapsed() > PATIENCE {
            bail!("not done within {PATIENCE:?}");
        }
        tokio::time::sleep(Duration::from_millis(shortest + lots.below(longest - shortest + 1))).await;
        let victim = usize::try_from(lots.below(workers.len() as u64))?;
        let replacement = stage.worker()?;
        let place = workers.get_mut(victim).context("no such worker")?;
        let (name, mut process) = std::mem::replace(place, replacement);
        process.kill()?;
        watches.spawn(watch(queue.clone(), name, Instant::now()));
    }
    let mut recoveries = Vec::new();
    while let Some(watched) = watches.join_next().await {
        recoveries.push(watched??);
    }
    for (_, worker) in workers {
        worker.end()?;
    }
    recoveries.sort();
    Ok(recoveries)
}

/// How often each number was accepted.
fn accepted(journal: &Path) -> Result<HashMap<String, u32>> {
    let mut times = HashMap::new();
    for line in BufReader::new(File::open(journal)?).lines() {
        let entry: Value = serde_json::from_str(&line?)?;
        *times.entry(entry.get("to").and_then(Value::as_str).context("an entry without a number")?.to_owned()).or_default() += 1;
    }
    Ok(times)
}

/// The numbers of messages that ended without having been sent, as far as anybody knows: in `failed`, held ones among them.
async fn dead_letters(queue: &Queue) -> Result<HashSet<String>> {
    let mut numbers = HashSet::new();
    for offset in (0..).step_by(1000) {
        let page = queue.page(JobState::Failed, offset, 1000).await?;
        if page.is_empty() {
            break;
        }
        for job in page {
            let data: Value = serde_json::from_str(&job.data)?;
            numbers.insert(data.get("to").and_then(Value::as_str).unwrap_or_default().to_owned());
        }
    }
    Ok(numbers)
}

async fn soak(args: &Args) -> Result<bool> {
    let server = start_server(args)?;
    let (provider, _sandbox) = start_provider(args)?;
    let mut stage = Stage { args, server, provider, started: 0 };
    let contacts = args.home.join("contacts.csv");
    write_contacts(&contacts, args.messages)?;
    let contacts = contacts.to_str().context("the home is no UTF-8")?;
    stage.json(&["bulk", contacts, "--map", "to=phone", "--text", "Hi {{name}}", "--campaign", "soak"])?;

    let link = ServerAddress::parse(&stage.server)?.connect(Duration::from_secs(10)).await?;
    let queue = Queue::open(&link, &"bull".parse::<Prefix>()?, &QUEUE.parse::<QueueName>()?)?;
    let begun = Instant::now();
    let recoveries = kill_until_done(&mut stage, &queue).await?;
    let seconds = begun.elapsed().as_secs_f64();

    let (times, dead) = (accepted(&args.home.join("journal.ndjson"))?, dead_letters(&queue).await?);
    let lost = (0..args.messages).map(number).filter(|number| !times.contains_key(number) && !dead.contains(number)).count();
    let doubled = times.values().filter(|times| **times > 1).count();
    let unsent = dead.iter().filter(|number| !times.contains_key(*number)).count();
    let (kills, uncertain) = (recoveries.len(), dead.len());
    let left_active = queue.page(JobState::Active, 0, 1).await?.len();
    let bound = kills * args.concurrency;
    let ms = |at: Option<&Duration>| at.map_or(0, Duration::as_millis);
    let holds = lost == 0 && doubled == 0 && uncertain <= bound && left_active == 0;
    let tally = json!({
            "seed": args.seed, "messages": args.messages, "kills": kills, "lost": lost, "doubled": doubled,
            "uncertain": uncertain, "uncertain_at_most": bound, "uncertain_and_not_sent": unsent, "seconds": seconds.round(),
            "recovery_median_ms": ms(recoveries.get(kills / 2)), "recovery_worst_ms": ms(recoveries.last()), "holds": holds,
    });
    writeln!(std::io::stdout(), "{tally}")?;
    Ok(holds)
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    stop_server(&args);
    if args.home.exists() {
        fs::remove_dir_all(&args.home)?;
    }
    fs::create_dir_all(&args.home)?;
    let result = soak(&args).await;
    stop_server(&args);
    Ok(if result? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
