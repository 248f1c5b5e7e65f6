//! This file looks for what endangers messages: in the server, in a queue, at the provider.

use std::time::Duration;

use crate::core::dispatch::transport::{self, Transport};
use crate::core::model::clock;
use crate::core::model::outage::OutageEnd;
use crate::core::store::error::StoreError;
use crate::core::store::examine::{Examination, Unheld};
use crate::core::store::permissions::Missing;
use crate::core::store::{Overview, Queue};

/// Memory in use from which the doctor warns, in percent of what is allowed.
const MEMORY_WARNS: u64 = 75;
/// From here on adds are about to be refused.
const MEMORY_FAILS: u64 = 95;
/// Clocks that differ by less are of no concern: what is due is decided by the server's alone.
const CLOCK_SLACK_MS: u64 = 2_000;
/// Active jobs that are looked at for a lock.
const MOST_ACTIVE: u64 = 10_000;
/// Ids that are named.
const NAMED: usize = 3;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// All is well.
    Good,
    /// Worth knowing; nothing is broken.
    Warning,
    /// Messages are in danger, or none is sent.
    Bad,
}

impl Finding {
    /// The word that people and programs read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Bad => "failed",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `server`, or the name of the queue or provider.
    pub subject: String,
    /// A stable word.
    pub name: &'static str,
    /// How it is.
    pub finding: Finding,
    /// What is the case, in one line.
    pub detail: String,
    /// What can be done about it.
    pub cure: Option<String>,
}

/// Makes the checks of one subject.
struct Checks<'a> {
    subject: &'a str,
    all: Vec<Check>,
}

impl<'a> Checks<'a> {
    fn of(subject: &'a str) -> Self {
        Self { subject, all: Vec::new() }
    }

    fn good(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(name, Finding::Good, detail.into(), None);
    }

    fn warning(&mut self, name: &'static str, detail: impl Into<String>, cure: impl Into<String>) {
        self.add(name, Finding::Warning, detail.into(), Some(cure.into()));
    }

    fn bad(&mut self, name: &'static str, detail: impl Into<String>, cure: impl Into<String>) {
        self.add(name, Finding::Bad, detail.into(), Some(cure.into()));
    }

    fn add(&mut self, name: &'static str, finding: Finding, detail: String, cure: Option<String>) {
        self.all.push(Check { subject: self.subject.to_owned(), name, finding, detail, cure });
    }
}

/// Looks at the server (each, of a cluster) and at a queue on it.
///
/// # Errors
/// When the server can't be asked.
pub async fn examine(queue: &Queue) -> Result<Vec<Check>, StoreError> {
    let mut found = Vec::new();
    let servers = queue.link().examine().await?;
    for (number, server) in servers.iter().enumerate() {
        let subject = if servers.len() == 1 { "server".to_owned() } else { format!("server {}", number + 1) };
        found.extend(server_checks(&subject, server));
    }
    let (before, server, after) = (clock::now_ms(), queue.server_now().await?, clock::now_ms());
    found.push(clock_check(server, before + (after.saturating_sub(before)) / 2));
    found.push(permissions_check(&queue.missing_permissions().await?));
    let overview = queue.overview().await?;
    let unheld = queue.unheld_active(MOST_ACTIVE).await?;
    found.extend(queue_checks(queue.name().as_str(), &overview, &unheld, queue.count_held().await?));
    Ok(found)
}

/// Asks a provider whether sends can work at all.
pub async fn ask_provider(transport: &dyn Transport) -> Check {
    let mut checks = Checks::of(transport.name());
    match transport.health().await {
        transport::Health::Up => checks.good("provider", "it takes messages"),
        transport::Health::Unknown => checks.good("provider", "it can't be asked"),
        transport::Health::Down(outage) => {
            let cure = match outage.end {
                OutageEnd::Probe => "workers go on by themselves once it is put right",
                OutageEnd::ByHand => "put it right, then: wq resume",
            };
            checks.bad("provider", format!("{}: {}", outage.class, outage.reason), cure);
        }
    }
    checks.all.remove(0)
}

/// A provider of whom is known without asking that nothing can be sent by it.
pub fn unusable_provider(name: &str, problem: String) -> Check {
    Check {
        subject: name.to_owned(),
        name: "provider",
        finding: Finding::Bad,
        detail: problem,
        cure: Some("correct its settings".to_owned()),
    }
}

fn server_checks(subject: &str, server: &Examination) -> Vec<Check> {
    let mut checks = Checks::of(subject);
    checks.good("version", server.facts.version.clone());
    if server.is_replica {
        checks.bad("role", "it is a copy of another server and takes no writes", "point --redis at the master");
    }
    durability(&mut checks, server);
    copies(&mut checks, server);
    eviction(&mut checks, server);
    memory(&mut checks, server);
    checks.all
}

/// What a crash or a power cut takes away.
fn durability(checks: &mut Checks<'_>, server: &Examination) {
    const NAME: &str = "durability";
    if !server.failed_writes.is_empty() {
        let what = server.failed_writes.join(", ");
        checks.bad(NAME, format!("it could not write {what} the last time"), "see its log; most often the disk is full");
        return;
    }
    let fsync = server.fsync.as_deref();
    match (server.facts.aof, fsync, server.snapshots) {
        (true, Some("always"), _) => checks.good(NAME, "always: what was acknowledged is on disk"),
        (true, Some("everysec"), _) => checks.good(NAME, "everysec: a power cut takes the last second or two of what was acknowledged"),
        (true, Some(_), _) => {
            let detail = "no fsync: a power cut takes what the system has not written yet, some 30 s";
            checks.warning(NAME, detail, "set appendfsync everysec, or always");
        }
        (true, None, _) => checks.good(NAME, "append-only file; it doesn't tell how often it is written to disk"),
        (false, _, Some(false)) => checks.bad(NAME, "none: a restart takes every message", "set appendonly yes"),
        (false, _, _) => {
            checks.warning(NAME, "snapshots: a crash takes everything since the last one", "set appendonly yes, appendfsync everysec");
        }
    }
}

fn copies(checks: &mut Checks<'_>, server: &Examination) {
    const NAME: &str = "replicas";
    match (server.replicas, server.min_replicas) {
        (0, Some(needed)) if needed > 0 => {
            checks.bad(NAME, format!("none is connected, and it takes no writes with less than {needed}"), "start the replicas");
        }
        (0, _) => checks.good(NAME, "none"),
        (connected, Some(needed)) if needed > 0 => checks.good(NAME, format!("{connected} connected, {needed} needed for each write")),
        (connected, _) => {
            let detail = format!("{connected} connected; a fail-over takes what was not copied yet");
            checks.warning(NAME, detail, "set min-replicas-to-write 1, and run workers with --durability replicated");
        }
    }
}

fn eviction(checks: &mut Checks<'_>, server: &Examination) {
    const NAME: &str = "eviction";
    let policy = server.eviction.as_str();
    if !matches!(policy, "noeviction" | "") {
        let detail = format!("maxmemory-policy is {policy}: when memory is full it removes messages without a word");
        checks.bad(NAME, detail, "set maxmemory-policy noeviction");
    } else if server.evicted > 0 {
        let detail = format!("{} keys were removed for want of memory since its start", server.evicted);
        checks.bad(NAME, detail, "messages may be lost: compare with what was sent");
    } else {
        checks.good(NAME, "noeviction: when memory is full, adds are refused and nothing is lost");
    }
}

fn memory(checks: &mut Checks<'_>, server: &Examination) {
    const NAME: &str = "memory";
    let (used, most) = (server.facts.used_memory, server.facts.max_memory);
    if most == 0 {
        checks.warning(NAME, format!("{} in use, without a limit: the system may end the server", mib(used)), "set maxmemory");
        return;
    }
    let percent = used.saturating_mul(100) / most;
    let detail = format!("{} of {} in use, {percent} %", mib(used), mib(most));
    let cure = "raise maxmemory, or keep less: wq jobs clean, wq worker --keep-completed";
    match percent {
        MEMORY_FAILS.. => checks.bad(NAME, detail, cure),
        MEMORY_WARNS.. => checks.warning(NAME, detail, cure),
        _ => checks.good(NAME, detail),
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1024 * 1024))
}

fn clock_check(server: u64, here: u64) -> Check {
    let mut checks = Checks::of("server");
    let apart = server.abs_diff(here);
    let detail = format!("the server's is {:.1} s {} this machine's", seconds(apart), if server < here { "behind" } else { "ahead of" });
    if apart > CLOCK_SLACK_MS {
        checks.warning("clock", detail, "set both by NTP; messages are due by the server's clock");
    } else {
        checks.good("clock", detail);
    }
    checks.all.remove(0)
}

/// Whether the server lets this user do what wq does.
fn permissions_check(missing: &Missing) -> Check {
    const NAME: &str = "permissions";
    let mut checks = Checks::of("server");
    let rules = missing.0.join(" ");
    let cure = format!("ACL SETUSER … {rules} (docs/security.md)");
    if missing.0.is_empty() {
        checks.good(NAME, "its user may do all that wq needs");
    } else if missing.is_bearable() {
        checks.warning(NAME, format!("the jobs of a dead worker go on after 15 s instead of 2 s, for want of {rules}"), cure);
    } else {
        checks.bad(NAME, format!("its user lacks {rules}"), cure);
    }
    checks.all.remove(0)
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

fn queue_checks(name: &str, overview: &Overview, unheld: &Unheld, held: u64) -> Vec<Check> {
    let mut checks = Checks::of(name);
    pause(&mut checks, overview);
    workers(&mut checks, overview);
    active(&mut checks, overview, unheld);
    if held > 0 {
        let detail = format!("{held} messages are held: nobody knows whether they were sent");
        checks.warning("uncertain", detail, "wq dlq list --uncertain, then wq dlq resolve");
    } else {
        checks.good("uncertain", "none");
    }
    checks.all
}

fn pause(checks: &mut Checks<'_>, overview: &Overview) {
    const NAME: &str = "paused";
    if !overview.counts.paused {
        checks.good(NAME, "no");
        return;
    }
    match overview.standstill.as_ref().filter(|pause| !pause.is_by_person()) {
        None => checks.warning(NAME, "by hand", "wq resume"),
        Some(pause) => {
            let age = age(overview.now.saturating_sub(pause.since));
            let cure = match pause.end {
                OutageEnd::Probe => "it goes on by itself once that is put right",
                OutageEnd::ByHand => "put it right, then: wq resume",
            };
            checks.bad(NAME, format!("for {age}, {}: {}", pause.class, pause.reason), cure);
        }
    }
}

fn workers(checks: &mut Checks<'_>, overview: &Overview) {
    const NAME: &str = "workers";
    let (connected, ready) = (overview.workers.len(), overview.counts.ready());
    match connected {
        0 if ready > 0 => checks.bad(NAME, format!("none is connected, and {ready} messages wait"), "wq worker"),
        0 => checks.warning(NAME, "none is connected", "wq worker"),
        _ => checks.good(NAME, format!("{connected} connected")),
    }
}

fn active(checks: &mut Checks<'_>, overview: &Overview, unheld: &Unheld) {
    const NAME: &str = "active";
    if unheld.ids.is_empty() {
        checks.good(NAME, format!("{}, each in a worker's hands", overview.counts.active));
        return;
    }
    let named: Vec<&str> = unheld.ids.iter().take(NAMED).map(String::as_str).collect();
    let more = if unheld.ids.len() > NAMED { ", …" } else { "" };
    let detail = format!("{} of {} are in nobody's hands: {}{more}", unheld.ids.len(), unheld.looked_at, named.join(", "));
    if overview.workers.is_empty() {
        checks.bad(NAME, detail, "start a worker: it takes them up again");
    } else {
        checks.warning(NAME, detail, "a worker takes them up again within its --stalled-interval");
    }
}

/// A time for people: `3 s`, `12 min`, `5 h`.
fn age(ms: u64) -> String {
    let s = Duration::from_millis(ms).as_secs();
    match s {
        0..120 => format!("{s} s"),
        120..7200 => format!("{} min", s / 60),
        _ => format!("{} h", s / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::outage::{BY_HAND, Standstill};
    use crate::core::store::Counts;
    use crate::core::store::server::ServerFacts;
    use crate::core::store::workers::WorkerInfo;

    fn server() -> Examination {
        let facts = ServerFacts { aof: true, used_memory: 10 << 20, max_memory: 100 << 20, ..ServerFacts::default() };
        Examination {
            facts,
            fsync: Some("everysec".to_owned()),
            snapshots: Some(true),
            eviction: "noeviction".to_owned(),
            min_replicas: Some(0),
            ..Examination::default()
        }
    }

    fn finding(name: &str, checks: &[Check]) -> Finding {
        checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no check {name}: {checks:?}")).finding
    }

    fn of_server(name: &str, server: &Examination) -> Finding {
        finding(name, &server_checks("server", server))
    }

    fn of_queue(name: &str, overview: &Overview, unheld: &Unheld) -> Finding {
        finding(name, &queue_checks("whatsapp", overview, unheld, 0))
    }

    fn working() -> Overview {
        let worker = WorkerInfo { name: None, address: String::new(), age_s: 0, idle_s: 0, ours: true };
        Overview { workers: vec![worker], ..Overview::default() }
    }

    fn paused(standstill: Option<Standstill>) -> Overview {
        Overview { counts: Counts { paused: true, ..Counts::default() }, standstill, now: 1_000_000, ..working() }
    }

    fn standstill(class: &str) -> Standstill {
        Standstill {
            class: class.to_owned(),
            reason: "190 expired".to_owned(),
            since: 400_000,
            end: OutageEnd::Probe,
            by: "w1".to_owned(),
            probes: 0,
            next_probe: None,
            by_hand_since: None,
        }
    }

    #[test]
    fn a_server_as_it_should_be_has_nothing_to_complain_of() {
        let checks = server_checks("server", &server());

        assert!(checks.iter().all(|check| check.finding == Finding::Good && check.cure.is_none()), "{checks:?}");
    }

    #[test]
    fn durability_is_what_the_server_really_gives() {
        let aof = |fsync: &str| Examination { fsync: Some(fsync.to_owned()), ..server() };
        let without_aof = |snapshots| {
            let facts = ServerFacts { aof: false, ..server().facts };
            Examination { facts, snapshots, ..server() }
        };
        for (server, expected) in [
            (aof("always"), Finding::Good),
            (aof("everysec"), Finding::Good),
            (aof("no"), Finding::Warning),
            (without_aof(Some(true)), Finding::Warning),
            (without_aof(None), Finding::Warning),
            (without_aof(Some(false)), Finding::Bad),
            (Examination { failed_writes: vec!["a snapshot"], ..server() }, Finding::Bad),
        ] {
            assert_eq!(of_server("durability", &server), expected, "{server:?}");
        }
    }

    #[test]
    fn copies_count_only_when_writes_wait_for_them() {
        for (replicas, min_replicas, expected) in [
            (0, Some(0), Finding::Good),
            (0, None, Finding::Good),
            (0, Some(1), Finding::Bad),
            (2, Some(0), Finding::Warning),
            (2, Some(1), Finding::Good),
        ] {
            let server = Examination { replicas, min_replicas, ..server() };

            assert_eq!(of_server("replicas", &server), expected, "{replicas} {min_replicas:?}");
        }
    }

    #[test]
    fn a_server_that_removes_messages_is_bad() {
        assert_eq!(of_server("eviction", &Examination { eviction: "allkeys-lru".to_owned(), ..server() }), Finding::Bad);
        assert_eq!(of_server("eviction", &Examination { evicted: 3, ..server() }), Finding::Bad);
        assert_eq!(of_server("role", &Examination { is_replica: true, ..server() }), Finding::Bad);
    }

    #[test]
    fn memory_warns_at_three_quarters() {
        for (used, most, expected) in [
            (74, 100, Finding::Good),
            (75, 100, Finding::Warning),
            (95, 100, Finding::Bad),
            (120, 100, Finding::Bad),
            (5, 0, Finding::Warning),
        ] {
            let facts = ServerFacts { used_memory: used, max_memory: most, ..server().facts };

            assert_eq!(of_server("memory", &Examination { facts, ..server() }), expected, "{used} of {most}");
        }
    }

    #[test]
    fn clocks_that_differ_are_told() {
        assert_eq!(clock_check(10_000, 8_000).finding, Finding::Good);
        assert_eq!(clock_check(10_000, 3_600_000).finding, Finding::Warning);
        assert_eq!(clock_check(8_000, 11_500).detail, "the server's is 3.5 s behind this machine's");
    }

    #[test]
    fn a_pause_by_hand_is_no_failure_and_an_outage_is() {
        assert_eq!(of_queue("paused", &working(), &Unheld::default()), Finding::Good);
        assert_eq!(of_queue("paused", &paused(None), &Unheld::default()), Finding::Warning);
        assert_eq!(of_queue("paused", &paused(Some(standstill(BY_HAND))), &Unheld::default()), Finding::Warning);
        let checks = queue_checks("whatsapp", &paused(Some(standstill("auth"))), &Unheld::default(), 0);
        let check = checks.iter().find(|check| check.name == "paused").unwrap();
        assert_eq!((check.finding, check.detail.as_str()), (Finding::Bad, "for 10 min, auth: 190 expired"));
    }

    #[test]
    fn messages_that_wait_for_no_worker_are_a_failure() {
        let waiting = |workers| Overview { counts: Counts { waiting: 3, ..Counts::default() }, workers, ..Overview::default() };

        assert_eq!(of_queue("workers", &waiting(Vec::new()), &Unheld::default()), Finding::Bad);
        assert_eq!(of_queue("workers", &waiting(working().workers), &Unheld::default()), Finding::Good);
        assert_eq!(of_queue("workers", &Overview::default(), &Unheld::default()), Finding::Warning);
    }

    #[test]
    fn active_jobs_in_nobodys_hands_are_named() {
        let unheld = Unheld { looked_at: 9, ids: ["a", "b", "c", "d"].map(str::to_owned).to_vec() };

        let checks = queue_checks("whatsapp", &Overview::default(), &unheld, 0);

        let check = checks.iter().find(|check| check.name == "active").unwrap();
        assert_eq!((check.finding, check.detail.as_str()), (Finding::Bad, "4 of 9 are in nobody's hands: a, b, c, …"));
        assert_eq!(of_queue("active", &working(), &unheld), Finding::Warning);
    }

    #[test]
    fn messages_of_unknown_outcome_are_a_warning() {
        assert_eq!(finding("uncertain", &queue_checks("whatsapp", &working(), &Unheld::default(), 2)), Finding::Warning);
    }
}
