//! This file reads a flow from JSON, a parent with its children of any depth, and adds it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{AppError, IdSource, Kind, id_maker, line, new_id};
use crate::app::feed::{ask_patiently, call_names};
use crate::core::model::flow::{FlowAdded, FlowJob, FlowStatus, MAX_FLOW_BYTES, MAX_FLOW_JOBS, OnFailure};
use crate::core::model::id::{IdMaker, check_new_id, digest_id};
use crate::core::model::job::{DEFAULT_JOB_NAME, JobOptions, NewJob};
use crate::core::model::message::{TextMessage, check_job};
use crate::core::model::phone::{Country, Phone};
use crate::core::model::queue::{Prefix, QueueName};
use crate::core::store::Queue;
use crate::core::store::connect::ServerAddress;

/// How deep children may be nested; deeper ones are taken for a mistake.
const MAX_DEPTH: usize = 64;
/// The longest text of a tree: its data, and as much again around it.
const MAX_TEXT_BYTES: u64 = 2 * MAX_FLOW_BYTES as u64;

/// A flow as it was read.
#[derive(Debug)]
pub struct Tree {
    /// Its jobs, parents before their children.
    pub jobs: Vec<FlowJob>,
    /// Where each stands in the text: `$.children[0]`.
    pub places: Vec<String>,
}

/// What holds for every job of a tree that doesn't say otherwise.
#[derive(Debug)]
pub struct TreeDefaults {
    /// Where it goes.
    pub queue: QueueName,
    /// How it runs.
    pub options: JobOptions,
    /// Where numbers without `+` belong.
    pub country: Option<Country>,
}

/// One job as the text says it, in our words or in those of BullMQ's `FlowProducer`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Node<'a> {
    #[serde(alias = "queueName")]
    queue: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    to: Option<String>,
    text: Option<String>,
    opts: Option<Map<String, Value>>,
    id: Option<String>,
    key: Option<String>,
    on_failure: Option<String>,
    #[serde(borrow)]
    children: Option<Vec<&'a RawValue>>,
}

/// A parent on the way down.
#[derive(Clone, Copy)]
struct Above {
    index: usize,
    depth: usize,
    /// Whether its id will be the same the next time the text is read; then those of its children are made from it.
    has_lasting_id: bool,
}

/// Reads a tree from a file, or from standard input when `path` is `None`.
///
/// # Errors
/// When it can't be read, or something in it is wrong: the message names the place.
pub fn read_tree(path: Option<&Path>, defaults: &TreeDefaults) -> Result<Tree, AppError> {
    let text = read_text(path)?;
    // Once as a whole: a mistake of JSON itself is told with its line and column.
    serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|error| usage(format!("the tree is no JSON: {error}")))?;
    let mut reader =
        Reader { defaults, ids: id_maker()?, tree: Tree { jobs: Vec::new(), places: Vec::new() }, taken: HashMap::new(), bytes: 0 };
    let root = serde_json::from_str::<&RawValue>(&text).map_err(|error| usage(format!("the tree is no JSON: {error}")))?;
    reader.read(root, "$".to_owned(), None, 0)?;
    Ok(reader.tree)
}

/// Checks that one script can add all of it: a cluster keeps queues in different places.
///
/// # Errors
/// On a cluster, when a queue of the tree is not in the place of the first one.
pub fn check_places(server: &ServerAddress, prefix: &Prefix, tree: &Tree) -> Result<(), AppError> {
    let Some(root) = tree.jobs.first() else { return Ok(()) };
    for (job, place) in tree.jobs.iter().zip(&tree.places) {
        if !server.keeps_together(prefix, &root.queue, &job.queue)? {
            return Err(usage(format!("{place}.queue: the cluster keeps {} in another place than {}", job.queue, root.queue))
                .with_hint("give both names the same hash tag, such as {shop}-orders and {shop}-mails, or put it into --prefix"));
        }
    }
    Ok(())
}

/// Adds the tree, or nothing; `patience` is how long Redis may stay away.
///
/// # Errors
/// When it was not stored, or a job in it is the child of another parent.
pub async fn add_tree(queue: &Queue, tree: &Tree, patience: Duration) -> Result<Vec<FlowStatus>, AppError> {
    check_places(queue.link().server(), queue.prefix(), tree)?;
    let call = call_names(patience)?.next();
    // It may have been stored before an answer was lost: the same call again adds nothing twice.
    match ask_patiently(patience, async || queue.add_flow(&call, &tree.jobs).await).await? {
        FlowAdded::Done(statuses) => Ok(statuses),
        FlowAdded::Taken { index, parent } => Err(taken(tree, index, &parent)),
    }
}

fn taken(tree: &Tree, index: usize, parent: &str) -> AppError {
    let place = tree.places.get(index).map_or("$", String::as_str);
    let id = tree.jobs.get(index).map_or("", |job| job.job.id.as_str());
    AppError::new(Kind::Conflict, format!("{place}: the job {id:?} is a child of {parent} already; nothing was added"))
        .with_hint("give it another id, or remove the other parent")
}

fn usage(message: impl Into<String>) -> AppError {
    AppError::new(Kind::Usage, message)
}

fn read_text(path: Option<&Path>) -> Result<String, AppError> {
    let what = path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
    let failed = |error: io::Error| {
        let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Other };
        AppError::new(kind, format!("can't read {what}: {error}"))
    };
    let mut bytes = Vec::new();
    match path {
        None => io::stdin().take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes),
        Some(path) => File::open(path).and_then(|file| file.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)),
    }
    .map_err(failed)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(usage(format!("the tree is longer than {MAX_TEXT_BYTES} bytes")).with_hint("add it as several trees"));
    }
    String::from_utf8(bytes).map_err(|_| usage("the tree is not valid UTF-8"))
}

struct Reader<'d> {
    defaults: &'d TreeDefaults,
    ids: IdMaker,
    tree: Tree,
    /// Queue and id of every job so far, with its number.
    taken: HashMap<(String, String), usize>,
    bytes: usize,
}

impl Reader<'_> {
    /// Reads one job and all below it.
    fn read(&mut self, text: &RawValue, place: String, above: Option<Above>, number: usize) -> Result<(), AppError> {
        let wrong = |problem: String| usage(format!("{place}{problem}"));
        let node: Node<'_> = serde_json::from_str(text.get()).map_err(|error| wrong(format!(": {}", without_position(&error))))?;
        let depth = above.map_or(0, |above| above.depth + 1);
        if depth > MAX_DEPTH {
            return Err(wrong(format!(": children are nested deeper than {MAX_DEPTH} times")));
        }
        if self.tree.jobs.len() == MAX_FLOW_JOBS {
            let message = format!(": the tree has more than {MAX_FLOW_JOBS} jobs, the most that are added at once");
            return Err(wrong(message).with_hint("add it as several trees, and give each job that is to wait for another tree's an id"));
        }
        let queue = match &node.queue {
            Some(name) => name.parse().map_err(|error| wrong(format!(".queue: {error}")))?,
            None => self.defaults.queue.clone(),
        };
        let (job, on_failure, has_lasting_id) = self.job(&node, &queue, above, number).map_err(wrong)?;
        self.bytes += job.data.len();
        if self.bytes > MAX_FLOW_BYTES {
            let message = format!(".data: the data of the tree is longer than {MAX_FLOW_BYTES} bytes, the most that is added at once");
            return Err(wrong(message).with_hint("add it as several trees"));
        }
        let index = self.tree.jobs.len();
        if let Some(other) = self.taken.insert((queue.to_string(), job.id.clone()), index) {
            let other = self.tree.places.get(other).map_or("$", String::as_str);
            return Err(wrong(format!(": the id {:?} is that of {other} already", job.id)).with_hint("give each job of a queue its own id"));
        }
        self.tree.jobs.push(FlowJob { queue, job, on_failure, parent: above.map(|above| above.index) });
        self.tree.places.push(place.clone());
        for (number, child) in node.children.unwrap_or_default().into_iter().enumerate() {
            self.read(child, format!("{place}.children[{number}]"), Some(Above { index, depth, has_lasting_id }), number)?;
        }
        Ok(())
    }

    /// The job itself; a problem begins with the name of its field.
    fn job(
        &mut self,
        node: &Node<'_>,
        queue: &QueueName,
        above: Option<Above>,
        number: usize,
    ) -> Result<(NewJob, OnFailure, bool), String> {
        let data = data(node, self.defaults.country)?;
        let mut given = node.opts.clone().unwrap_or_default();
        let on_failure = on_failure(node.on_failure.as_deref(), &mut given)?;
        if above.is_none() && on_failure != OnFailure::Wait {
            return Err(".on_failure: the job at the top has no parent that could fail with it".to_owned());
        }
        if given.contains_key("deduplication") {
            return Err(".opts.deduplication: not for a job of a tree, since another job can't stand for it".to_owned());
        }
        let (id, options) = line::read_options(given, &self.defaults.options).map_err(|problem| format!(": {problem}"))?;
        let (id, has_lasting_id) = self.id(node, id, queue, above, number)?;
        let name = node.name.clone().unwrap_or_else(|| DEFAULT_JOB_NAME.to_owned());
        Ok((NewJob { id, name, data, options }, on_failure, has_lasting_id))
    }

    /// The id and whether it is the same the next time; `option` is what `opts.jobId` says.
    fn id(
        &mut self,
        node: &Node<'_>,
        option: Option<String>,
        queue: &QueueName,
        above: Option<Above>,
        number: usize,
    ) -> Result<(String, bool), String> {
        match (&node.id, option, &node.key) {
            (Some(id), None, None) => {
                check_new_id(id).map_err(|error| format!(".id: {error}"))?;
                Ok((id.clone(), true))
            }
            (None, Some(id), None) => Ok((id, true)),
            (None, None, Some(key)) => {
                let id = new_id(&IdSource::Key(key.clone()), queue).map_err(|error| format!(".key: {error}"))?;
                Ok((id, true))
            }
            (None, None, None) => {
                let parent = above.filter(|above| above.has_lasting_id).and_then(|above| self.tree.jobs.get(above.index));
                Ok(parent.map_or_else(
                    || (self.ids.next_id(), false),
                    |parent| {
                        let (above, number) = (parent.queue.as_str(), number.to_string());
                        let parts = ["child", above, &parent.job.id, queue.as_str(), &number];
                        (digest_id(&parts.map(str::as_bytes)), true)
                    },
                ))
            }
            _ => Err(": give one of id, key and opts.jobId".to_owned()),
        }
    }
}

/// The data of a job: as it is, or a message made of `to` and `text`.
fn data(node: &Node<'_>, country: Option<Country>) -> Result<String, String> {
    match (node.data, &node.to, &node.text) {
        (data, None, None) => {
            let data = data.map_or("{}", RawValue::get).to_owned();
            let name = node.name.as_deref().unwrap_or(DEFAULT_JOB_NAME);
            check_job(name, &data).map_err(|error| error.path().map_or_else(|| format!(".data: {error}"), |_| format!(".data.{error}")))?;
            Ok(data)
        }
        (None, Some(to), Some(text)) => {
            let phone = Phone::parse(to, country).map_err(|error| format!(".to: {error}"))?;
            let message = TextMessage { to: &phone, text, expires: None, campaign: None, category: None, conversation: None };
            message.to_json([]).map_err(|error| format!(".text: {error}"))
        }
        (Some(_), _, _) => Err(".data: give either data, or to and text".to_owned()),
        (None, None, Some(_)) => Err(".to: missing; say who gets the text".to_owned()),
        (None, Some(_), None) => Err(".text: missing; say what it says".to_owned()),
    }
}

/// What a failure does, in our word or in one of BullMQ's options, which are taken out.
fn on_failure(word: Option<&str>, options: &mut Map<String, Value>) -> Result<OnFailure, String> {
    let mut chosen = match word {
        Some(word) => Some(word.parse().map_err(|problem| format!(".on_failure: {problem}"))?),
        None => None,
    };
    for policy in OnFailure::ALL {
        let Some((name, _)) = policy.option_names() else { continue };
        let Some(value) = options.remove(name) else { continue };
        let is_set = value.as_bool().ok_or_else(|| format!(".opts.{name}: must be true or false"))?;
        if is_set && chosen.replace(policy).is_some_and(|other| other != policy) {
            return Err(format!(".opts.{name}: a failure does one thing only; there is another word for it already"));
        }
    }
    Ok(chosen.unwrap_or_default())
}

/// The parser's words; its position is one within the job, which says nothing to the reader of the whole.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or_else(|| text.clone(), |(problem, _)| problem.to_owned())
}
