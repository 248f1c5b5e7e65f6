//! This file adds flows, parents with their children, in one script, and finds the children of a parent.

use redis::Value;
use serde_json::json;

use super::add::{LIBRARY, how_it_starts};
use super::change::texts;
use super::codec::{array, integer, options_json, text};
use super::error::StoreError;
use super::keys::Keys;
use super::queue::Queue;
use super::repeats::CallName;
use super::scripts::{ADD_FLOW, Arguments};
use crate::core::model::flow::{FlowAdded, FlowJob, FlowStatus, Standing};
use crate::core::model::priority::Priority;
use crate::core::model::queue::Prefix;

impl Queue {
    /// Adds a flow of up to [`crate::core::model::flow::MAX_FLOW_JOBS`] jobs, parents before their children; it may spread over
    /// queues of this queue's prefix.
    ///
    /// All or nothing, and safe to repeat under the same name after a lost answer: then the answer is that of the first call.
    ///
    /// # Errors
    /// When the server can't be reached or refuses to store; then nothing was stored, unless the connection was lost,
    /// when all of it may have been.
    pub async fn add_flow(&self, call: &CallName, jobs: &[FlowJob]) -> Result<FlowAdded, StoreError> {
        let answer = self.run_on_terms(&ADD_FLOW, &flow_arguments(call, self.prefix(), jobs)).await?;
        let shape = || ADD_FLOW.unexpected("another shape");
        let mut parts = array(answer).ok_or_else(shape)?.into_iter();
        let (code, rest) = (parts.next().ok_or_else(shape)?, parts.next().ok_or_else(shape)?);
        if integer(&code) == Some(0) {
            let index = integer(&rest).and_then(|number| usize::try_from(number - 1).ok()).ok_or_else(shape)?;
            let parent = parts.next().and_then(text).ok_or_else(shape)?;
            return Ok(FlowAdded::Taken { index, parent });
        }
        let statuses = array(rest).filter(|statuses| statuses.len() == jobs.len()).ok_or_else(shape)?;
        let statuses = statuses.iter().map(status).collect::<Option<Vec<_>>>().ok_or_else(shape)?;
        Ok(FlowAdded::Done(statuses))
    }
}

impl Queue {
    /// Full keys of the children of a job, up to `most` of each standing, sorted by standing and key.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn children(&self, id: &str, most: usize) -> Result<Vec<(Standing, String)>, StoreError> {
        let part = |name: &str| self.keys.bullmq(&format!("{id}:{name}"));
        let mut commands = redis::pipe();
        commands.cmd("SRANDMEMBER").arg(part("dependencies")).arg(most);
        commands.cmd("HRANDFIELD").arg(part("processed")).arg(most);
        commands.cmd("HRANDFIELD").arg(part("failed")).arg(most);
        commands.cmd("ZRANGE").arg(part("unsuccessful")).arg(0).arg(most.saturating_sub(1));
        commands.ignore_errors();
        let answers: Vec<Value> = self.link.clone().query_all(&commands).await?;
        let standings = [Standing::Pending, Standing::Completed, Standing::Ignored, Standing::FailedParent];
        let mut children = Vec::new();
        for (standing, answer) in standings.into_iter().zip(answers) {
            let mut keys = texts(answer);
            keys.sort_unstable();
            children.extend(keys.into_iter().map(|key| (standing, key)));
        }
        Ok(children)
    }

    /// The queue and the id in the key of a job with this queue's prefix; `None` for any other key.
    pub fn locate(&self, key: &str) -> Option<(Self, String)> {
        let (queue, id) = key.strip_prefix(self.prefix().as_str())?.strip_prefix(':')?.split_once(':')?;
        Some((Self::open(&self.link, self.prefix(), &queue.parse().ok()?).ok()?, id.to_owned()))
    }
}

fn status(code: &Value) -> Option<FlowStatus> {
    match integer(code)? {
        1 => Some(FlowStatus::Stored),
        0 => Some(FlowStatus::Duplicate),
        2 => Some(FlowStatus::Skipped),
        _ => None,
    }
}

fn flow_arguments(call: &CallName, prefix: &Prefix, jobs: &[FlowJob]) -> Arguments {
    let mut arguments = Arguments::default();
    arguments.push(LIBRARY);
    call.write(&mut arguments);
    for FlowJob { queue, job, on_failure, parent } in jobs {
        let above = parent.and_then(|index| Some((index + 1, jobs.get(index)?)));
        let mut options = job.options.clone();
        let mut said = String::new();
        if let Some((_, above)) = above {
            let queue_key = format!("{prefix}:{}", above.queue);
            options.other.insert("parent".to_owned(), json!({ "id": above.job.id, "queue": queue_key }));
            let mut parent = json!({ "id": above.job.id, "queueKey": queue_key });
            if let (Some((_, short)), Some(fields)) = (on_failure.option_names(), parent.as_object_mut()) {
                options.other.insert(short.to_owned(), json!(true));
                fields.insert(short.to_owned(), json!(true));
            }
            said = parent.to_string();
        }
        let (start, ms) = how_it_starts(&job.options);
        arguments.push(Keys::new(prefix, queue).base()).push(job.id.as_str()).push(job.name.as_str()).push(job.data.as_str());
        arguments.push(options_json(&options)).number(job.options.priority.map_or(0, Priority::number));
        arguments.push(if job.options.lifo { "1" } else { "0" }).push(start).number(ms);
        arguments.number(above.map_or(0, |(number, _)| number)).push(said);
    }
    arguments
}
