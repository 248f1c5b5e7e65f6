//! What is really on the server, read with plain commands, and what must hold of it whatever the model says.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Known, Model};
use super::same;
use crate::support::structure::Structure;

/// Plain commands over one connection.
pub(super) struct Plain(pub(super) redis::Connection);

impl Plain {
    /// One command, its words separated by blanks.
    pub(super) fn ask<T: redis::FromRedisValue>(&mut self, words: &str) -> T {
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        command.query(&mut self.0).unwrap()
    }

    /// A list, its right end first: the oldest.
    fn list(&mut self, name: &str) -> Vec<String> {
        let mut ids: Vec<String> = self.ask(&format!("LRANGE bull:q:{name} 0 -1"));
        ids.reverse();
        ids
    }

    /// A sorted set in its order.
    fn set(&mut self, name: &str) -> Vec<String> {
        self.ask(&format!("ZRANGE bull:q:{name} 0 -1"))
    }
}

/// Compares everything, then looks at what must be true of any queue.
pub(super) fn compare(plain: &mut Plain, model: &Model, is_limited: bool) -> Result<(), String> {
    let (waiting, active) = (plain.list("wait"), plain.list("active"));
    let sets = ["prioritized", "delayed", "completed", "failed"].map(|name| plain.set(name));
    let [prioritized, delayed, completed, failed] = &sets;
    let unordered = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();

    same("waiting", &waiting, &model.waiting.iter().cloned().collect())?;
    same("prioritized", prioritized, &model.prioritized())?;
    same("active", &active, &model.active)?;
    same("delayed", &unordered(delayed), &model.delayed())?;
    same("completed", &unordered(completed), &model.completed)?;
    same("failed", &unordered(failed), &model.failed)?;
    jobs(plain, model)?;
    markers(plain, model, is_limited)
}

fn jobs(plain: &mut Plain, model: &Model) -> Result<(), String> {
    let structure = Structure::read(&mut plain.0, "q");
    same("what doesn't fit together", &structure.faults(), &Vec::new())?;
    same("locks", &structure.locks, &model.locks)?;
    model.jobs.iter().try_for_each(|(id, known)| job(plain, id, known, model))
}

fn job(plain: &mut Plain, id: &str, known: &Known, model: &Model) -> Result<(), String> {
    let fields: BTreeMap<String, String> = plain.ask(&format!("HGETALL bull:q:{id}"));
    let has = |field: &str| fields.contains_key(field);
    let number = |field: &str| fields.get(field).map_or(0, |text| text.parse().unwrap());
    let found = Known {
        priority: number("priority"),
        attempts_made: number("atm"),
        attempts_started: number("ats"),
        stalls: number("stc"),
        doomed: has("defa"),
    };
    let (completed, failed) = (model.completed.contains(id), model.failed.contains(id));
    same(id, &found, known)?;
    same(&format!("{id} says when it finished"), &has("finishedOn"), &(completed || failed))?;
    same(&format!("{id} has a return value"), &has("returnvalue"), &completed)?;
    same(&format!("{id} failed and doesn't say why"), &(failed && !has("failedReason")), &false)?;
    same(&format!("{id} says for how long it is delayed"), &(number("delay") > 0), &model.delayed().contains(id))
}

/// A worker that sleeps must be woken for what it could start.
fn markers(plain: &mut Plain, model: &Model, is_limited: bool) -> Result<(), String> {
    let mut marker = |member: &str| plain.ask::<Option<f64>>(&format!("ZSCORE bull:q:marker {member}")).is_some();
    if model.paused || is_limited {
        return Ok(());
    }
    if model.has_work() && !marker("0") {
        return Err("jobs wait and no marker says so".to_owned());
    }
    if !model.delayed().is_empty() && !marker("1") {
        return Err("jobs are delayed and no marker says until when".to_owned());
    }
    Ok(())
}
