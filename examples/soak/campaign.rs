//! This file sends a campaign through a provider with whom everything goes wrong at times, and accounts for every message: which
//! ones are uncertain has to follow from the provider's own books.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::books::{self, Numbers, ProvidersBook, QueuesBook};
use crate::finding::Findings;
use crate::gateway;
use crate::stage::{PATIENCE, Provider, Setting, Stage, Via};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    setting: Setting,
    /// Messages of the campaign
    #[arg(long, default_value_t = 5_000)]
    messages: u32,
    /// One way to send alone; both otherwise, and each followed by `gateway`
    #[arg(long)]
    via: Option<Via>,
}

/// 2 % are accepted without an answer, 3 % get 5xx, half of them with the provider's own body, 1 % are not on WhatsApp.
const FAULTS: [&str; 8] =
    ["--drop-answers", "2%", "--error", "http-500=1.5%", "--error", "gateway-502=1.5%", "--error", "not-on-whatsapp=1%"];
/// How long the provider has enough.
const STORM: &str = "3s";
/// How long it is away.
const AWAY: &str = "10s";
/// How often the provider and the queue are looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(100);
/// Attempts of every message of `wq bulk`.
const ATTEMPTS: u32 = 3;

pub(crate) async fn run(args: &Args) -> Result<bool> {
    if let Some(via) = args.via {
        return campaign(args, via).await;
    }
    let mut holds = true;
    for via in Via::BOTH {
        holds &= campaign(args, via).await?;
        holds &= gateway::through(&args.setting, via, gateway::MESSAGES).await?;
    }
    Ok(holds)
}

/// Pauses of the queue as `wq metrics` showed them.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    /// What was said of each class, first.
    pub(crate) reasons: BTreeMap<String, Value>,
    /// Whether it went on each time, with work left or none.
    pub(crate) is_over: bool,
    /// From the first look that found it paused to the first that did not.
    pub(crate) longest: Duration,
    since: Option<Instant>,
}

impl Pauses {
    /// Looks once; says whether all messages have ended.
    pub(crate) fn look(&mut self, stage: &Stage, messages: u32) -> Result<bool> {
        let metrics = stage.json(&["metrics"])?;
        let field = |name: &str| metrics.pointer(&format!("/data/{name}")).cloned().unwrap_or_default();
        if field("paused") == json!(true) {
            let pause = field("pause");
            let class = pause.get("class").and_then(Value::as_str).unwrap_or("nobody knows").to_owned();
            self.reasons.entry(class).or_insert(pause);
            self.since.get_or_insert_with(Instant::now);
        } else if let Some(since) = self.since.take() {
            self.longest = self.longest.max(since.elapsed());
        }
        self.is_over = self.since.is_none();
        let count = |name: &str| field(name).as_u64().unwrap_or_default();
        Ok(count("completed") + count("failed") >= u64::from(messages))
    }

    /// Waits for the end of the campaign.
    pub(crate) async fn watch(&mut self, stage: &Stage, messages: u32) -> Result<()> {
        let begun = Instant::now();
        while !self.look(stage, messages)? {
            if begun.elapsed() > PATIENCE {
                bail!("not done within {PATIENCE:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// It paused with a reason, for this alone, and went on by itself.
    pub(crate) fn expect(&self, findings: &mut Findings, class: &str) {
        let classes: Vec<&String> = self.reasons.keys().collect();
        findings.expect(classes == [class], format!("paused for {classes:?} instead of {class:?}"));
        let text = |pause: &Value, name: &str| pause.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let says = |pause: &Value| !text(pause, "reason").is_empty() && text(pause, "ends") == "probe";
        findings.expect(self.reasons.values().all(says), format!("a pause without a reason, or without an end: {:?}", self.reasons));
        findings.expect(self.is_over, "the queue did not go on by itself");
    }

    pub(crate) fn told(&self) -> Value {
        self.reasons.values().filter_map(|pause| pause.get("reason").cloned()).collect()
    }
}

/// Waits until the provider has accepted so many.
pub(crate) async fn accepted(provider: &Provider, count: u32) -> Result<()> {
    let begun = Instant::now();
    while provider.accepted()? < u64::from(count) {
        if begun.elapsed() > PATIENCE {
            bail!("the provider has not accepted {count} within {PATIENCE:?}");
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn campaign(args: &Args, via: Via) -> Result<bool> {
    let messages = args.messages;
    let mut stage = Stage::set(&args.setting)?;
    let provider = Provider::start(&args.setting, &FAULTS)?;
    stage.add(messages, &[])?;
    let queue = stage.queue().await?;
    let begun = Instant::now();
    let (_, worker) = stage.sender(via, &provider, &[])?;

    accepted(&provider, messages / 5).await?;
    provider.order(&json!({ "storm": { "code": "too-many", "for": STORM } }))?;
    accepted(&provider, messages * 2 / 5).await?;
    // Meta's own machines being away is a refused connection: its API has no word for it.
    let away = match via {
        Via::Evolution => json!({ "disconnect": AWAY }),
        Via::Cloud => json!({ "refuse": AWAY }),
    };
    provider.order(&away)?;
    let mut pauses = Pauses::default();
    pauses.watch(&stage, messages).await?;
    let seconds = begun.elapsed().as_secs_f64();
    worker.end()?;

    let (providers, queues) = (ProvidersBook::read(&provider)?, QueuesBook::read(&stage, &queue, messages).await?);
    let mut findings = Findings::default();
    books::expect_once(&mut findings, messages, &providers, &queues);
    expect_each_where_it_belongs(&mut findings, &providers, &queues);
    let paused_for = if via == Via::Evolution { "instance_disconnected" } else { "unreachable" };
    pauses.expect(&mut findings, paused_for);
    findings.expect(providers.times("too-many") > 0, "nothing met the storm");
    let checked = books::check(&stage, &provider, &mut findings, providers.accepted.len())?;
    findings.tell(json!({
        "soak": "campaign", "via": via.name(), "seed": args.setting.seed, "messages": messages, "seconds": seconds.round(),
        "completed": queues.completed.len(), "uncertain": queues.held.len(), "dead": queues.dead.len(),
        "accepted": checked, "accepted_without_an_answer": providers.dropped.len(),
        "pages_of_a_gateway": providers.refused_by(books::is_page).len(),
        "not_on_whatsapp": providers.refused_by(is_absence).len(), "own_errors": providers.times("http-500"),
        "told_to_wait": providers.times("too-many"), "doubled": providers.doubled().len(),
        "paused_s": pauses.longest.as_secs_f64().round(), "pauses": pauses.told(),
    }))
}

fn is_absence(code: &str) -> bool {
    code == "not-on-whatsapp"
}

/// What the provider did to each message decides where its job has to be.
fn expect_each_where_it_belongs(findings: &mut Findings, providers: &ProvidersBook, queues: &QueuesBook) {
    let accepted: Numbers = providers.accepted.keys().cloned().collect();
    let answered: Numbers = accepted.difference(&providers.dropped).cloned().collect();
    let pages = providers.refused_by(books::is_page);
    let unknown: Numbers = providers.dropped.union(&pages).cloned().collect();
    findings.expect_same(("completed", &queues.completed), ("answered", &answered));
    findings.expect_same(("uncertain", &queues.held), ("without an answer or with a page", &unknown));
    findings.expect(providers.dropped.is_disjoint(&pages), "a message of which nobody knew was sent again");

    let absent = providers.refused_by(is_absence);
    let used_up: Numbers =
        providers.refused_by(|code| code == "http-500").into_iter().filter(|to| providers.times_of("http-500", to) >= ATTEMPTS).collect();
    let dead: Numbers = absent.union(&used_up).cloned().collect();
    findings.expect_same(("dead", &queues.dead_numbers()), ("not on WhatsApp, or failed three times", &dead));
    let says = |to: &String| queues.dead.get(to).is_none_or(|reason| reason.starts_with("not_on_whatsapp:") || reason.contains("131026"));
    findings.expect(absent.iter().all(says), "a dead letter without the provider's reason");
    let none_missing = [providers.dropped.len(), pages.len(), absent.len()].iter().all(|count| *count > 0);
    findings.expect(none_missing && providers.times("http-500") > 0, "a fault that nothing met");
}
