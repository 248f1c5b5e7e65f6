//! This file shows that a worker lives, and lets the jobs of dead ones go on.

use std::sync::Arc;

use redis::Value;

use super::change::texts;
use super::codec::{array, unsigned};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, RECOVER_DEAD};

/// What a worker has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It begins, under a new incarnation.
    Enter(Subscribed),
    /// It lives.
    Beat(Subscribed),
    /// It is back over another connection: nothing but its own lost takes is looked for.
    Return,
    /// It ends, and everything is stored.
    Leave,
}

/// Whether the server would notice the end of a worker's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// It would.
    Yes,
    /// It has nothing to notice it by: only a long silence may count as death.
    No,
}

impl Sign {
    fn words(self) -> [&'static str; 2] {
        let flag = |subscribed| if subscribed == Subscribed::Yes { "1" } else { "0" };
        match self {
            Self::Enter(subscribed) => ["enter", flag(subscribed)],
            Self::Beat(subscribed) => ["beat", flag(subscribed)],
            Self::Return => ["return", "0"],
            Self::Leave => ["leave", "0"],
        }
    }
}

/// What a worker knows of takes over connections that it lost: they may be carried out late, and nobody hears of them.
#[derive(Clone, Debug, Default)]
pub struct Bygone {
    /// Number of the first take over the present connection; 0 when there was no other.
    pub first_take: u64,
    /// The jobs of earlier takes that it has: id and token.
    pub known: Vec<(String, Arc<str>)>,
}

/// What a sweep found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The worker itself was declared dead: it needs a new incarnation, and what it hasn't started is no longer its own.
    pub was_declared_dead: bool,
    /// How many incarnations were found dead.
    pub dead: u64,
    /// Jobs that went back to the front of their lines.
    pub returned: Vec<String>,
    /// Jobs that are held, since nobody knows whether they were sent.
    pub held: Vec<String>,
    /// Jobs whose outcome was known.
    pub completed: Vec<String>,
    /// Jobs that are dead letters because processes died each time they were sent.
    pub poisonous: Vec<String>,
}

impl Queue {
    /// Gives back what a worker took over connections that it lost and never heard of; it was never started. The same is done
    /// with every later sign of life, since such a take may arrive late. Returns the ids.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn reclaim(&self, incarnation: &str, bygone: &Bygone) -> Result<Vec<String>, StoreError> {
        // Without a sweep it doesn't matter which process of the server answers.
        self.recover_dead(Sign::Return, incarnation, "", bygone).await.map(|recovered| recovered.returned)
    }

    /// Gives a sign of life and, at most every 500 ms over all workers, lets the jobs of dead workers go on.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn recover_dead(&self, sign: Sign, incarnation: &str, run_id: &str, bygone: &Bygone) -> Result<Recovered, StoreError> {
        let mut arguments = Arguments::default();
        let [word, subscribed] = sign.words();
        arguments.push(word).push(incarnation).push(run_id).push(subscribed).number(bygone.first_take);
        for (id, token) in &bygone.known {
            arguments.push(id.as_str()).push(&**token);
        }
        let answer = RECOVER_DEAD.run(&self.link, &self.keys, &arguments).await?;
        let [is_known, dead, returned, held, completed, poisonous]: [Value; 6] =
            array(answer).and_then(|parts| parts.try_into().ok()).ok_or_else(|| RECOVER_DEAD.unexpected("another shape"))?;
        Ok(Recovered {
            was_declared_dead: unsigned(&is_known) == 0,
            dead: unsigned(&dead),
            returned: texts(returned),
            held: texts(held),
            completed: texts(completed),
            poisonous: texts(poisonous),
        })
    }
}
