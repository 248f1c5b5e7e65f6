//! This file finds a job with all its children and where they are.

use super::error::AppError;
use super::inspector;
use crate::core::model::flow::{MAX_FLOW_JOBS, Standing};
use crate::core::model::job::JobRecord;
use crate::core::store::Queue;

/// A job of a flow.
#[derive(Debug)]
pub struct Member {
    /// How far below the one that was asked for, which has 0.
    pub depth: usize,
    /// The id of its parent, unless it is the one that was asked for.
    pub parent: Option<String>,
    /// How its parent stands to it.
    pub standing: Option<Standing>,
    /// Its queue; its whole key where that has another prefix.
    pub queue: String,
    /// All that is known of it; no more than its id when it is gone or has another prefix.
    pub job: JobRecord,
}

/// The job with its children, each parent before its children; whether there are more than the
/// [`MAX_FLOW_JOBS`] that are looked at.
///
/// # Errors
/// When the server can't be asked, or there is no such job.
pub async fn family(queue: &Queue, id: &str) -> Result<(Vec<Member>, bool), AppError> {
    let root = inspector::job(queue, id).await?;
    let mut members = vec![Member { depth: 0, parent: None, standing: None, queue: queue.name().to_string(), job: root }];
    // The next to look at is the last; children are put on it in reverse, to come out in order.
    let mut ahead = below(queue, id, 1).await?;
    while let Some(next) = ahead.pop() {
        if members.len() == MAX_FLOW_JOBS {
            return Ok((members, true));
        }
        let Next { depth, parent, standing, key } = next;
        let place = queue.locate(&key);
        let gone = |id: String| JobRecord { id, ..JobRecord::default() };
        let member = |queue: String, job: JobRecord| Member { depth, parent: Some(parent.clone()), standing: Some(standing), queue, job };
        let Some((queue, id)) = place else {
            members.push(member(key.clone(), gone(key)));
            continue;
        };
        let job = queue.job(&id).await?.unwrap_or_else(|| gone(id.clone()));
        members.push(member(queue.name().to_string(), job));
        // A foreign writer may have made a job its own ancestor.
        if depth < MAX_FLOW_JOBS {
            ahead.extend(below(&queue, &id, depth + 1).await?);
        }
    }
    Ok((members, false))
}

struct Next {
    depth: usize,
    parent: String,
    standing: Standing,
    key: String,
}

async fn below(queue: &Queue, id: &str, depth: usize) -> Result<Vec<Next>, AppError> {
    let children = queue.children(id, MAX_FLOW_JOBS + 1).await?;
    let next = |(standing, key)| Next { depth, parent: id.to_owned(), standing, key };
    Ok(children.into_iter().rev().map(next).collect())
}
