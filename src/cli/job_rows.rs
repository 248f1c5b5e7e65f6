//! This file shows jobs, and what was done with them.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{Exit, shell::Shell};
use crate::core::model::clock::now_ms;
use crate::core::model::job::{JobRecord, SendIntent};
use crate::core::model::state::JobState;
use crate::core::store::{Change, Swept};
use crate::output::{Page, Row, human};

/// How much of a job's data a table shows.
const PREVIEW_CHARS: usize = 60;

/// A job with all that is known of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct JobRow {
    id: String,
    state: Option<&'static str>,
    name: String,
    priority: u32,
    attempts_made: u32,
    attempts_allowed: u32,
    attempts_started: u32,
    stalled: u32,
    added_at: Option<String>,
    due_at: Option<String>,
    processed_at: Option<String>,
    finished_at: Option<String>,
    delay_ms: u64,
    worker: Option<String>,
    reason: Option<String>,
    return_value: Option<Value>,
    progress: Option<Value>,
    deduplication_id: Option<String>,
    parent: Option<String>,
    parent_problem: Option<String>,
    stable_key: Option<String>,
    intent: Option<IntentRow>,
    sent_as: Option<String>,
    data: Value,
    options: Value,
    stacktrace: Vec<String>,
    #[serde(skip)]
    added_ms: Option<u64>,
    #[serde(skip)]
    raw_data: String,
}

/// Who was about to send a job.
#[derive(Debug, Serialize)]
pub(super) struct IntentRow {
    incarnation: String,
    at: String,
    until: String,
    on_uncertain: &'static str,
}

impl From<SendIntent> for IntentRow {
    fn from(intent: SendIntent) -> Self {
        let SendIntent { incarnation, at, until, policy } = intent;
        Self { incarnation, at: human::moment(at), until: human::moment(until), on_uncertain: policy }
    }
}

impl std::fmt::Display for IntentRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} by the worker process {} (then {}), none after {}", self.at, self.incarnation, self.on_uncertain, self.until)
    }
}

/// JSON as such; anything else as a text.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

impl From<JobRecord> for JobRow {
    fn from(job: JobRecord) -> Self {
        Self {
            state: job.state.map(JobState::as_str),
            name: job.name,
            priority: job.priority,
            attempts_made: job.attempts_made,
            attempts_allowed: job.attempts_allowed,
            attempts_started: job.attempts_started,
            stalled: job.stalled,
            added_at: job.timestamp.map(human::moment),
            due_at: job.due.map(human::moment),
            processed_at: job.processed_on.map(human::moment),
            finished_at: job.finished_on.map(human::moment),
            delay_ms: job.delay_ms,
            worker: job.worker,
            reason: job.failed_reason,
            return_value: job.return_value.as_deref().map(json),
            progress: job.progress.as_deref().map(json),
            deduplication_id: job.deduplication_id,
            parent: job.parent,
            parent_problem: job.parent_problem,
            stable_key: job.stable_key,
            intent: job.intent.map(Into::into),
            sent_as: job.sent_as,
            data: json(&job.data),
            options: json(&job.options),
            stacktrace: job.stacktrace,
            added_ms: job.timestamp,
            raw_data: job.data,
            id: job.id,
        }
    }
}

impl Row for JobRow {
    const SCHEMA: &'static str = "wq.jobs.v1";
    const COLUMNS: &'static [&'static str] = &["ID", "STATE", "NAME", "PRIORITY", "ATTEMPTS", "AGE", "REASON", "DATA"];

    fn cells(&self) -> Vec<String> {
        let mut preview: String = self.raw_data.chars().take(PREVIEW_CHARS).collect();
        if preview.len() < self.raw_data.len() {
            preview.push('…');
        }
        let age = self.added_ms.map(|added| human::duration(Duration::from_millis(now_ms().saturating_sub(added))));
        vec![
            self.id.clone(),
            self.state.unwrap_or("-").to_owned(),
            self.name.clone(),
            self.priority.to_string(),
            format!("{}/{}", self.attempts_made, self.attempts_allowed),
            age.unwrap_or_else(|| "-".to_owned()),
            self.reason.clone().unwrap_or_default(),
            preview,
        ]
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// One job, field by field.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct WholeJob(pub(super) JobRow);

impl Row for WholeJob {
    const SCHEMA: &'static str = JobRow::SCHEMA;
    const COLUMNS: &'static [&'static str] = &[
        "ID",
        "STATE",
        "NAME",
        "PRIORITY",
        "ATTEMPTS",
        "STARTED",
        "STALLED",
        "ADDED",
        "DUE",
        "PROCESSED",
        "FINISHED",
        "WORKER",
        "REASON",
        "RETURNED",
        "PROGRESS",
        "DEDUPLICATION",
        "PARENT",
        "KEY",
        "INTENT",
        "SENT AS",
        "OPTIONS",
        "DATA",
        "TRACES",
    ];

    fn cells(&self) -> Vec<String> {
        let job = &self.0;
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), Value::to_string);
        vec![
            job.id.clone(),
            job.state.unwrap_or("-").to_owned(),
            job.name.clone(),
            job.priority.to_string(),
            format!("{}/{}", job.attempts_made, job.attempts_allowed),
            job.attempts_started.to_string(),
            job.stalled.to_string(),
            or_dash(&job.added_at),
            or_dash(&job.due_at),
            or_dash(&job.processed_at),
            or_dash(&job.finished_at),
            or_dash(&job.worker),
            or_dash(&job.reason),
            value(&job.return_value),
            value(&job.progress),
            or_dash(&job.deduplication_id),
            match &job.parent_problem {
                Some(problem) => format!("{} was not told: {problem}", or_dash(&job.parent)),
                None => or_dash(&job.parent),
            },
            or_dash(&job.stable_key),
            job.intent.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            or_dash(&job.sent_as),
            job.options.to_string(),
            job.raw_data.clone(),
            if job.stacktrace.is_empty() { "-".to_owned() } else { job.stacktrace.join("\n") },
        ]
    }

    fn id(&self) -> &str {
        &self.0.id
    }
}

/// What was done, or would be done, with one job.
#[derive(Debug, Default, Serialize)]
struct ChangeRow {
    id: String,
    change: String,
}

impl Row for ChangeRow {
    const SCHEMA: &'static str = "wq.changes.v1";
    const COLUMNS: &'static [&'static str] = &["ID", "CHANGE"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.clone(), self.change.clone()]
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// Prints what became of each job, or would, and says how the command ends: 4 when none was found, 5 when only some were
/// changed. `done` is a participle: `removed`.
pub(super) fn report_changes(ids: &[String], changes: &[Change], done: &str, dry_run: bool, shell: &Shell) -> std::io::Result<Exit> {
    let done = if dry_run { format!("would be {done}") } else { done.to_owned() };
    let rows: Vec<ChangeRow> =
        ids.iter().zip(changes).map(|(id, change)| ChangeRow { id: id.clone(), change: word(*change, &done).to_owned() }).collect();
    shell.printer.rows(&rows, &Page { total: Some(rows.len() as u64), dry_run, ..Page::default() })?;
    let count = |wanted: Change| changes.iter().filter(|change| **change == wanted).count();
    let done_count = count(Change::Done);
    let end = if dry_run { "; nothing was changed (dry run)" } else { "" };
    shell.printer.note(&format!("{done_count} of {} {done}{end}", changes.len()));
    Ok(if done_count == changes.len() {
        Exit::Done
    } else if count(Change::NotFound) == changes.len() {
        Exit::NotFound
    } else {
        Exit::Partial
    })
}

/// Prints the first of the jobs that would be changed, and how many there are in all.
pub(super) fn report_foreseen(ids: &[String], total: u64, done: &str, shell: &Shell) -> std::io::Result<Exit> {
    let change = format!("would be {done}");
    let rows: Vec<ChangeRow> = ids.iter().map(|id| ChangeRow { id: id.clone(), change: change.clone() }).collect();
    shell.printer.rows(&rows, &Page { total: Some(total), dry_run: true, ..Page::default() })?;
    if (ids.len() as u64) < total {
        shell.printer.say(&format!("the first {} are listed", ids.len()));
    }
    shell.printer.note(&format!("{total} of {total} {change}; nothing was changed (dry run)"));
    Ok(Exit::Done)
}

/// Prints the first of the jobs that were changed, and how many there were in all.
pub(super) fn report_swept(swept: &Swept, total: u64, done: &str, shell: &Shell) -> std::io::Result<Exit> {
    let Swept { changed, left, held, first } = swept;
    let rows: Vec<ChangeRow> = first.iter().map(|id| ChangeRow { id: id.clone(), change: done.to_owned() }).collect();
    shell.printer.rows(&rows, &Page { total: Some(*changed), ..Page::default() })?;
    if (first.len() as u64) < *changed {
        shell.printer.say(&format!("the first {} are listed", first.len()));
    }
    if *left > 0 {
        shell.printer.warn(&format!("{left} ids have no job and stay where they are"));
    }
    note_held(*held, shell);
    shell.printer.note(&format!("{changed} of {} {done}", total.saturating_sub(*held)));
    Ok(if *left > 0 { Exit::Partial } else { Exit::Done })
}

/// Says how many messages were left alone because they may have been sent.
pub(super) fn note_held(count: u64, shell: &Shell) {
    if count > 0 {
        shell.printer.say(&format!("{count} that may have been sent stay as they are; see: wq dlq list --uncertain"));
    }
}

fn word(change: Change, done: &str) -> &str {
    match change {
        Change::Done => done,
        Change::NotFound => "not found",
        Change::WrongState => "in another state",
        Change::Locked => "a worker has it",
        Change::SchedulerOwned => "belongs to a scheduler",
        Change::Held => "may have been sent: wq dlq resolve",
    }
}
