//! `wq sandbox`: this file turns flags into a WhatsApp provider on this machine, and reads the journal that it kept.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::settings::environment;
use super::time::parse_duration;
use super::{Exit, shell::Shell};
use crate::app::error::{AppError, Kind};
use crate::output::{Page, Row};
use crate::sandbox::{self, ErrorFor, Fault, Knobs, Options, Sandbox, SandboxError, Share, Template, Webhook, WebhookKnobs};

/// Key, token and secret unless the environment has others.
const USUAL_SECRET: &str = "sandbox";

/// A WhatsApp provider on this machine, in Evolution's and Meta's dialects: to try things out, and to count with
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Box<Serve>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Count what a journal holds; exit 6 when a message was accepted twice
    Check(Check),
    /// List what can go wrong, by its code, and the numbers that always meet it
    Codes,
}

#[derive(Debug, clap::Args)]
struct Check {
    /// The file that --journal wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Exit 6 also unless so many different messages were accepted
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// On loopback; port 0 is a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    /// Evolution's instance
    #[arg(long, value_name = "NAME", default_value = "main")]
    instance: String,
    /// Meta's business number
    #[arg(long, value_name = "ID", default_value = "106540352242922")]
    phone_number_id: String,
    /// The number that messages come from
    #[arg(long, value_name = "NUMBER", default_value = "+34900111222", value_parser = digits)]
    own_number: String,
    /// A template of Meta's and how many parameters its body wants, or the code it is refused with; without any, all are good
    #[arg(long = "template", value_name = "NAME=N|CODE")]
    templates: Vec<Template>,
    /// Write one line for each accepted message, before it is answered; numbers are whole, the file is for you alone (0600)
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Write one line for each send that a fault kept from being accepted, before it is answered (0600 as well)
    #[arg(long, value_name = "FILE")]
    refusals: Option<PathBuf>,
    /// Decides all lots: the same messages meet the same fate
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    faults: FaultFlags,
    #[command(flatten)]
    webhooks: WebhookFlags,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Faults")]
struct FaultFlags {
    /// How long an answer takes
    #[arg(long, value_name = "TIME..TIME", default_value = "0ms", value_parser = sandbox::latency)]
    latency: (Duration, Duration),
    /// A share of sends goes wrong so; CODE as below
    #[arg(long = "error", value_name = "CODE=SHARE", value_parser = error)]
    errors: Vec<(Fault, Share)>,
    /// A share is accepted, but not answered
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    drop_answers: Share,
    /// Sends to this number go wrong so; CODE:2 is twice only
    #[arg(long, value_name = "NUMBER=CODE")]
    error_for: Vec<ErrorFor>,
    /// No number is special by its end
    #[arg(long)]
    plain_numbers: bool,
    /// What Retry-After says with 429 and 503
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    retry_after: Duration,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Webhooks")]
struct WebhookFlags {
    /// Where webhooks go; Meta's are signed
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Sent with each of them; Evolution's `jwt_key` becomes a token
    #[arg(long = "webhook-header", value_name = "NAME: VALUE", value_parser = header, requires = "webhook")]
    headers: Vec<(String, String)>,
    /// From the acceptance to delivered
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    deliver_after: Duration,
    /// From delivered to read
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    read_after: Duration,
    /// From read to a reply that quotes the message
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = parse_duration)]
    reply_after: Duration,
    /// How many of the delivered are read
    #[arg(long, value_name = "SHARE", default_value = "60%")]
    read_rate: Share,
    /// How many of the delivered are replied to
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    reply_rate: Share,
    /// A share of the accepted fails later, with this code of Meta's
    #[arg(long = "fail-later", value_name = "CODE=SHARE", value_parser = later)]
    fail_later: Vec<(u32, Share)>,
    /// A share of webhooks comes out of order
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    swap_webhooks: Share,
    /// A share of webhooks comes twice
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    double_webhooks: Share,
    /// Before one not taken comes again; doubles
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration)]
    webhook_retry_after: Duration,
}

const EXAMPLES: &str = "\
Examples:
  wq sandbox --journal sent.ndjson
  wq sandbox --error http-500=2% --error 131056=1% --drop-answers 2% --latency 20ms..80ms --seed 7
  wq sandbox --webhook http://127.0.0.1:3000/hooks --read-rate 60% --reply-rate 5%
  wq sandbox check sent.ndjson --expect 5000
  wq sandbox codes
  curl -d '{\"disconnect\":\"10s\"}' http://127.0.0.1:8788/sandbox/faults

The first line on stdout is its URL. Key and token are WQ_SANDBOX_KEY, webhooks of Meta's are signed with WQ_SANDBOX_APP_SECRET; each is \
\"sandbox\" when not set. With WQ_SANDBOX_VERIFY_TOKEN the receiver is first asked for Meta's challenge. Paths: /message/sendText/main, /v25.0/106540352242922/messages.

Numbers that end in 999404, 999429, 999500, 999502, 999599, 131056, … always go wrong, and those in 931026 fail after they were accepted: \
wq sandbox codes. While it runs: GET /sandbox/state, GET /sandbox/journal, GET and POST /sandbox/faults with what is to be turned: latency, \
errors {CODE: SHARE}, error_for {NUMBER: CODE}, drop_answers, retry_after, read_rate, reply_rate, swap_webhooks, double_webhooks, reset; or for \
a TIME: disconnect, unauthorized, refuse (nobody can connect), storm {\"code\": CODE, \"for\": TIME}.";

fn digits(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if (7..=15).contains(&digits.len()) { Ok(digits) } else { Err("write a number such as +34900111222".to_owned()) }
}

fn error(text: &str) -> Result<(Fault, Share), String> {
    let (code, share) = text.split_once('=').ok_or("write CODE=SHARE, such as http-500=3%")?;
    Ok((code.parse()?, share.parse()?))
}

fn later(text: &str) -> Result<(u32, Share), String> {
    let (code, share) = text.split_once('=').ok_or("write CODE=SHARE, such as 131026=3%")?;
    Ok((code.parse().map_err(|_| format!("{code:?} is no code of Meta's"))?, share.parse()?))
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write 'NAME: VALUE'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl Serve {
    fn options(self) -> Options {
        let FaultFlags { latency, errors, drop_answers, error_for, plain_numbers, retry_after } = self.faults;
        let flags = self.webhooks;
        let webhooks = WebhookKnobs {
            deliver_after: flags.deliver_after,
            read_after: flags.read_after,
            reply_after: flags.reply_after,
            read_rate: flags.read_rate,
            reply_rate: flags.reply_rate,
            swap_rate: flags.swap_webhooks,
            double_rate: flags.double_webhooks,
            retry_after: flags.webhook_retry_after,
        };
        let secret = |name: &str| environment(name).unwrap_or_else(|| USUAL_SECRET.to_owned());
        Options {
            listen: self.listen,
            instance: self.instance,
            phone_number_id: self.phone_number_id,
            own_number: self.own_number,
            key: secret("WQ_SANDBOX_KEY"),
            app_secret: secret("WQ_SANDBOX_APP_SECRET"),
            templates: self.templates,
            journal: self.journal,
            refusals: self.refusals,
            webhook: flags.webhook.map(|url| Webhook { url, headers: flags.headers }),
            seed: self.seed,
            knobs: Knobs { latency, errors, drop_answers, error_for, plain_numbers, fail_later: flags.fail_later, retry_after, webhooks },
        }
    }
}

/// Where a sandbox listens and what it answers to.
#[derive(Debug, Serialize)]
struct OpenRow {
    url: String,
    instance: String,
    phone_number_id: String,
}

impl Row for OpenRow {
    const SCHEMA: &'static str = "wq.sandbox.v1";
    const COLUMNS: &'static [&'static str] = &["URL", "INSTANCE", "PHONE NUMBER ID"];

    fn cells(&self) -> Vec<String> {
        vec![self.url.clone(), self.instance.clone(), self.phone_number_id.clone()]
    }

    fn id(&self) -> &str {
        &self.url
    }
}

/// What a journal holds.
#[derive(Debug, Serialize)]
struct CheckRow {
    file: String,
    #[serde(flatten)]
    review: sandbox::Review,
}

impl Row for CheckRow {
    const SCHEMA: &'static str = "wq.sandbox-check.v1";
    const COLUMNS: &'static [&'static str] =
        &["ACCEPTED", "DISTINCT", "DOUBLED", "KEYED", "DOUBLED KEYS", "DOUBLED CONTENTS", "UNANSWERED", "WORST SECOND", "WORST MINUTE"];

    fn cells(&self) -> Vec<String> {
        let review = &self.review;
        [
            review.accepted,
            review.distinct,
            review.doubled,
            review.keyed,
            review.doubled_by_key,
            review.doubled_by_content,
            review.dropped,
            review.worst_1s_window,
            review.worst_60s_window,
        ]
        .map(|number| number.to_string())
        .to_vec()
    }

    fn id(&self) -> &str {
        &self.file
    }
}

/// A fault that can be asked for.
#[derive(Debug, Serialize)]
struct CodeRow {
    code: String,
    number_ends: Option<String>,
    told: String,
}

impl Row for CodeRow {
    const SCHEMA: &'static str = "wq.sandbox-codes.v1";
    const COLUMNS: &'static [&'static str] = &["CODE", "NUMBER ENDS", "ANSWER"];

    fn cells(&self) -> Vec<String> {
        vec![self.code.clone(), self.number_ends.clone().unwrap_or_default(), self.told.clone()]
    }

    fn id(&self) -> &str {
        &self.code
    }
}

fn codes(shell: &Shell) -> anyhow::Result<Exit> {
    let rows: Vec<CodeRow> =
        sandbox::codes().into_iter().map(|sandbox::Code { code, number_ends, told }| CodeRow { code, number_ends, told }).collect();
    shell.printer.rows(&rows, &Page::default())?;
    Ok(Exit::Done)
}

/// Serves until a signal, or checks a journal.
///
/// # Errors
/// When the address, a file or the webhooks' URL is of no use.
pub async fn run(args: Args, shell: &Shell) -> anyhow::Result<Exit> {
    match args.command {
        Some(Command::Check(check)) => self::check(&check, shell),
        Some(Command::Codes) => codes(shell),
        None => serve(args.serve.options(), shell).await,
    }
}

async fn serve(options: Options, shell: &Shell) -> anyhow::Result<Exit> {
    let (instance, phone_number_id) = (options.instance.clone(), options.phone_number_id.clone());
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let sandbox = Sandbox::open(options).await.map_err(sort)?;
    let url = format!("http://{}", sandbox.address());
    if shell.settings.format.is_some() {
        shell.printer.record(&OpenRow { url, instance, phone_number_id })?;
    } else {
        shell.printer.lines([url.as_str()])?;
        shell.printer.note(&format!("Evolution's instance {instance}, Meta's number {phone_number_id}; Ctrl-C ends it"));
    }
    if let Some(token) = environment("WQ_SANDBOX_VERIFY_TOKEN") {
        match sandbox.challenge(&token).await {
            Ok(()) => shell.printer.note("the receiver of webhooks gave the challenge back"),
            Err(problem) => shell.printer.warn(&format!("the receiver of webhooks fails Meta's challenge: {problem}")),
        }
    }
    let stop = CancellationToken::new();
    let serving = tokio::spawn(sandbox.serve(stop.clone()));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
    let state = serving.await.context("sandbox")?;
    shell.printer.note(&format!("at its end: {state}"));
    Ok(Exit::Done)
}

fn check(check: &Check, shell: &Shell) -> anyhow::Result<Exit> {
    let file = check.file.display().to_string();
    let review = sandbox::review(&check.file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => AppError::new(Kind::NotFound, format!("there is no journal {file}")),
        _ => AppError::new(Kind::Other, format!("the journal {file}: {error}")),
    })?;
    let (doubled, distinct) = (review.doubled, review.distinct);
    shell.printer.record(&CheckRow { file, review })?;
    if doubled > 0 {
        shell.printer.say(&format!("{doubled} messages were accepted more than once"));
        return Ok(Exit::CheckFailed);
    }
    if let Some(expected) = check.expect.filter(|expected| *expected != distinct) {
        shell.printer.say(&format!("{distinct} messages instead of {expected}"));
        return Ok(Exit::CheckFailed);
    }
    Ok(Exit::Done)
}

fn sort(error: SandboxError) -> AppError {
    match &error {
        SandboxError::NotLoopback(_) => AppError::new(Kind::Refused, error.to_string()).with_hint("listen on 127.0.0.1"),
        SandboxError::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
            AppError::new(Kind::Conflict, error.to_string()).with_hint("port 0 takes a free one: --listen 127.0.0.1:0")
        }
        SandboxError::Webhook(_) => AppError::new(Kind::Usage, error.to_string()),
        SandboxError::Listen { .. } | SandboxError::Journal { .. } => AppError::new(Kind::Other, error.to_string()),
    }
}
