//! This file lets campaigns and templates step aside, and brings them back.

use std::collections::HashMap;

use redis::Value;
use serde::Deserialize;

use super::codec::{array, hash_fields, integer, text, unsigned};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, RETURN_ASIDE, SET_ASIDE};
use crate::core::model::aside::{Aside, SetAside};
use crate::core::model::clock::Millis;

/// Jobs that one call brings back: a few milliseconds of the server.
const RETURN_BATCH: u64 = 500;

/// What is written down about one of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    reason: String,
    since: f64,
    by: String,
}

impl Said {
    fn read(json: &str) -> Self {
        // Damaged, it still steps aside and can be brought back.
        serde_json::from_str(json).unwrap_or_default()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    fn tell(self, key: String, jobs: u64) -> SetAside {
        SetAside { key, reason: self.reason, since: self.since as Millis, by: self.by, jobs }
    }
}

impl Queue {
    /// Lets the jobs of a campaign or template step aside whenever they are taken; `false` when they did already.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn set_aside(&self, what: &Aside, reason: &str, by: &str) -> Result<bool, StoreError> {
        let mut arguments = Arguments::default();
        arguments.push(what.to_string()).push(reason).push(by);
        let answer = SET_ASIDE.run(&self.link, &self.keys, &arguments).await?;
        Ok(integer(&answer) == Some(1))
    }

    /// Brings them back, in their order to the end of their lines; `None` when nothing of that name stepped aside. The jobs
    /// told are those that came back.
    ///
    /// # Errors
    /// When the server can't be asked; batches before that are back.
    pub async fn return_aside(&self, what: &Aside) -> Result<Option<SetAside>, StoreError> {
        let key = what.to_string();
        let mut arguments = Arguments::default();
        arguments.push(&key).number(RETURN_BATCH);
        let (mut said, mut jobs, mut found) = (None, 0, false);
        loop {
            let answer = RETURN_ASIDE.run(&self.link, &self.keys, &arguments).await?;
            let shape = || RETURN_ASIDE.unexpected("another shape");
            let [json, returned, left]: [Value; 3] = array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(shape)?;
            let json = text(json);
            found |= json.is_some() || unsigned(&returned) > 0;
            said = said.or(json);
            jobs += unsigned(&returned);
            if unsigned(&left) == 0 {
                return Ok(found.then(|| Said::read(&said.unwrap_or_default()).tell(key, jobs)));
            }
        }
    }

    /// What stepped aside, by name, with the jobs that wait for its return.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn list_aside(&self) -> Result<Vec<SetAside>, StoreError> {
        let mut link = self.link.clone();
        let all: HashMap<String, String> = hash_fields(link.query(redis::cmd("HGETALL").arg(self.keys.ours("aside"))).await?);
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let mut all: Vec<(String, String)> = all.into_iter().collect();
        all.sort();
        let mut commands = redis::pipe();
        for (key, _) in &all {
            // Some may have been removed or promoted meanwhile.
            commands.cmd("ZINTERCARD").arg(2).arg(self.keys.ours(&format!("aside:{key}"))).arg(self.keys.bullmq("delayed"));
        }
        let counts: Vec<Value> = link.query_all(&commands).await?;
        Ok(all.into_iter().zip(&counts).map(|((key, json), jobs)| Said::read(&json).tell(key, unsigned(jobs))).collect())
    }
}
