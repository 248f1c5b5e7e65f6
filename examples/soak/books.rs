//! This file lays the provider's books beside the queue's: which message was accepted, refused or left unanswered, and where its
//! job ended. Every message has a number of its own, by which it is known.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wq::core::model::job::JobRecord;
use wq::core::model::state::JobState;
use wq::core::store::Queue;

use crate::finding::Findings;
use crate::stage::{Provider, Stage, number};

pub(crate) type Numbers = BTreeSet<String>;

/// What the provider wrote down.
#[derive(Debug, Default)]
pub(crate) struct ProvidersBook {
    /// How often each was accepted.
    pub(crate) accepted: BTreeMap<String, u32>,
    /// Accepted without an answer.
    pub(crate) dropped: Numbers,
    /// How often each fault kept each from being accepted.
    pub(crate) refused: BTreeMap<String, BTreeMap<String, u32>>,
}

impl ProvidersBook {
    pub(crate) fn read(provider: &Provider) -> Result<Self> {
        let mut book = Self::default();
        each_line(&provider.journal, |entry| {
            let to = text(&entry, "to")?;
            if text(&entry, "outcome")? == "dropped" {
                book.dropped.insert(to.clone());
            }
            *book.accepted.entry(to).or_default() += 1;
            Ok(())
        })?;
        each_line(&provider.refusals, |refusal| {
            *book.refused.entry(text(&refusal, "code")?).or_default().entry(text(&refusal, "to")?).or_default() += 1;
            Ok(())
        })?;
        Ok(book)
    }

    /// The numbers of messages that met one of these faults.
    pub(crate) fn refused_by(&self, is_meant: impl Fn(&str) -> bool) -> Numbers {
        self.refused.iter().filter(|(code, _)| is_meant(code)).flat_map(|(_, numbers)| numbers.keys().cloned()).collect()
    }

    /// How often sends met this fault.
    pub(crate) fn times(&self, code: &str) -> u32 {
        self.refused.get(code).map_or(0, |numbers| numbers.values().sum())
    }

    /// How often this message met this fault.
    pub(crate) fn times_of(&self, code: &str, number: &str) -> u32 {
        self.refused.get(code).and_then(|numbers| numbers.get(number)).copied().unwrap_or(0)
    }

    pub(crate) fn doubled(&self) -> Numbers {
        self.accepted.iter().filter(|(_, times)| **times > 1).map(|(number, _)| number.clone()).collect()
    }
}

/// A page of a gateway: nobody can tell from it whether the message was taken.
pub(crate) fn is_page(code: &str) -> bool {
    code.starts_with("gateway-")
}

/// Where the jobs ended.
#[derive(Debug, Default)]
pub(crate) struct QueuesBook {
    pub(crate) completed: Numbers,
    /// Held, as `wq dlq list --uncertain` has it.
    pub(crate) held: Numbers,
    /// The other dead letters, with why.
    pub(crate) dead: BTreeMap<String, String>,
    /// Whatever has not ended.
    pub(crate) unfinished: Numbers,
}

impl QueuesBook {
    pub(crate) async fn read(stage: &Stage, queue: &Queue, messages: u32) -> Result<Self> {
        let mut book = Self::default();
        let limit = messages.to_string();
        let listed = stage.json(&["dlq", "list", "--uncertain", "--limit", &limit])?;
        for held in listed.get("data").and_then(Value::as_array).context("no list of held messages")? {
            book.held.insert(text(held.get("data").context("a held message without data")?, "to")?);
        }
        for job in all(queue, JobState::Failed).await? {
            let to = number_of(&job)?;
            if !book.held.contains(&to) {
                book.dead.insert(to, job.failed_reason.unwrap_or_default());
            }
        }
        for job in all(queue, JobState::Completed).await? {
            book.completed.insert(number_of(&job)?);
        }
        for state in [JobState::Waiting, JobState::Prioritized, JobState::Delayed, JobState::Active, JobState::WaitingChildren] {
            for job in all(queue, state).await? {
                book.unfinished.insert(number_of(&job)?);
            }
        }
        Ok(book)
    }

    pub(crate) fn dead_numbers(&self) -> Numbers {
        self.dead.keys().cloned().collect()
    }
}

/// What every soak has to find: all has ended, once, and nothing is in two places, nowhere, or sent twice.
pub(crate) fn expect_once(findings: &mut Findings, messages: u32, providers: &ProvidersBook, queues: &QueuesBook) {
    let nothing = Numbers::new();
    let all: Numbers = (0..messages).map(number).collect();
    let ended: Numbers = [&queues.completed, &queues.held, &queues.dead_numbers()].into_iter().flatten().cloned().collect();
    let places = queues.completed.len() + queues.held.len() + queues.dead.len();
    findings.expect_same(("unfinished", &queues.unfinished), ("nothing", &nothing));
    findings.expect_same(("accepted twice", &providers.doubled()), ("nothing", &nothing));
    findings.expect_same(("ended", &ended), ("added", &all));
    findings.expect(places == ended.len(), format!("{places} ends of {} messages", ended.len()));
}

/// What the provider's own count finds, by key and by content.
pub(crate) fn check(stage: &Stage, provider: &Provider, findings: &mut Findings, accepted: usize) -> Result<Value> {
    let journal = provider.journal.to_str().context("the home is no UTF-8")?;
    let expected = accepted.to_string();
    match stage.json(&["sandbox", "check", journal, "--expect", &expected]) {
        Ok(checked) => {
            let count = |name: &str| checked.pointer(&format!("/data/{name}")).and_then(Value::as_u64).with_context(|| name.to_owned());
            let doubles = ["doubled", "doubled_by_key", "doubled_by_content"].map(count);
            findings.expect(doubles.iter().all(|count| matches!(count, Ok(0))), format!("accepted twice: {checked}"));
            Ok(json!(count("accepted")?))
        }
        Err(error) => {
            findings.expect(false, format!("the provider's journal: {error}"));
            Ok(Value::Null)
        }
    }
}

async fn all(queue: &Queue, state: JobState) -> Result<Vec<JobRecord>> {
    let mut jobs = Vec::new();
    loop {
        let page = queue.page(state, jobs.len() as u64, 1_000).await?;
        if page.is_empty() {
            return Ok(jobs);
        }
        jobs.extend(page);
    }
}

fn number_of(job: &JobRecord) -> Result<String> {
    text(&serde_json::from_str(&job.data)?, "to")
}

fn each_line(path: &Path, mut read: impl FnMut(Value) -> Result<()>) -> Result<()> {
    for line in BufReader::new(File::open(path)?).lines() {
        read(serde_json::from_str(&line?)?)?;
    }
    Ok(())
}

fn text(value: &Value, name: &str) -> Result<String> {
    Ok(value.get(name).and_then(Value::as_str).with_context(|| format!("no {name:?} in a line"))?.to_owned())
}
