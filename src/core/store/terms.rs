//! This file says on which terms jobs are added: what has to be true before an add counts, and how full the queue may get.

use std::time::Duration;

use redis::{Cmd, Value};

use super::codec::{array, integer, unsigned};
use super::connect::{RESPONSE_TIMEOUT, info_field};
use super::error::StoreError;
use super::queue::Queue;
use super::scripts::{Arguments, Script};

/// When an add is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the server has it; what a power cut or a fail-over then takes along is up to the server's settings.
    #[default]
    Fast,
    /// When that many replicas have it too.
    Replicated {
        /// At least 1.
        replicas: u32,
    },
    /// When it is on the server's disk.
    Fsync,
}

/// How full a queue may get by an add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The most jobs that may wait then, delayed ones included.
    pub max_waiting: Option<u64>,
    /// The most memory that the server may use before, in bytes.
    pub max_bytes: Option<u64>,
}

/// On which terms jobs are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// When an add is acknowledged.
    pub durability: Durability,
    /// How full the queue may get.
    pub room: Room,
}

/// How a server is asked whether it is as safe as was wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Confirmation {
    /// Not at all: its answer is enough, because nothing more was wanted or because it writes to disk before it answers.
    #[default]
    Answer,
    /// So many replicas within so many milliseconds.
    Replicas(u32, u128),
    /// Its disk, within so many milliseconds.
    Disk(u128),
}

impl Queue {
    /// The same queue, whose adds and schedules keep to these terms. Looks whether the server can do so at all; `patience` is
    /// how long it may take to confirm one call.
    ///
    /// # Errors
    /// [`StoreError::NotDurable`] when it can't; else when it can't be asked.
    pub async fn on_terms(&self, terms: Terms, patience: Duration) -> Result<Self, StoreError> {
        // Less than the connection waits for an answer: the server is to say no before that.
        let wait_ms = patience.min(RESPONSE_TIMEOUT).mul_f64(0.8).as_millis().max(1);
        let confirmation = match terms.durability {
            Durability::Fast => Confirmation::Answer,
            Durability::Replicated { replicas } => Confirmation::Replicas(replicas, wait_ms),
            Durability::Fsync => self.how_its_disk_is_asked(wait_ms).await?,
        };
        let mut queue = self.clone();
        (queue.confirmation, queue.room) = (confirmation, terms.room);
        Ok(queue)
    }

    /// Redis 7.2 and Valkey say when something is on the disk; an older one has to write before it answers.
    async fn how_its_disk_is_asked(&self, wait_ms: u128) -> Result<Confirmation, StoreError> {
        let mut link = self.link.clone();
        let (server, persistence) = (link.info("server").await?, link.info("persistence").await?);
        let refuse = |problem: &str| Err(StoreError::NotDurable { server: link.server().to_string(), problem: problem.to_owned() });
        if info_field(&persistence, "aof_enabled") != Some("1") {
            return refuse("its append-only file is off (appendonly no)");
        }
        if says_what_is_on_disk(&server) {
            return Ok(Confirmation::Disk(wait_ms));
        }
        let setting: Vec<String> = self.link.clone().query(redis::cmd("CONFIG").arg("GET").arg("appendfsync")).await?;
        match setting.get(1).map(String::as_str) {
            Some("always") => Ok(Confirmation::Answer),
            _ => {
                refuse("it can't say what is on its disk before Redis 7.2, and doesn't write before it answers (appendfsync is not always)")
            }
        }
    }

    /// Runs a script that adds, and has the server confirm it if that is wanted.
    pub(super) async fn run_on_terms(&self, script: &Script, arguments: &Arguments) -> Result<Value, StoreError> {
        let Some(question) = self.confirmation.question() else { return script.run(&self.link, &self.keys, arguments).await };
        let (answer, confirmed) = script.run_and_ask(&self.link, &self.keys, arguments, &question).await?;
        let doubt = confirmed.map_or_else(|error| Some(error.to_string()), |confirmed| self.confirmation.doubt(&confirmed));
        match doubt {
            None => Ok(answer),
            Some(problem) => Err(StoreError::Unconfirmed { server: self.link.server().to_string(), problem }),
        }
    }
}

impl Confirmation {
    fn question(self) -> Option<Cmd> {
        let mut question = Cmd::new();
        match self {
            Self::Answer => return None,
            Self::Replicas(replicas, ms) => question.arg("WAIT").arg(replicas).arg(ms.to_string()),
            Self::Disk(ms) => question.arg("WAITAOF").arg(1).arg(0).arg(ms.to_string()),
        };
        Some(question)
    }

    /// Why the answer is not what was wanted.
    fn doubt(self, answer: &Value) -> Option<String> {
        let seconds = |ms: u128| format!("{}.{} s", ms / 1000, ms % 1000 / 100);
        match self {
            Self::Answer => None,
            Self::Replicas(replicas, ms) => {
                let have = integer(answer).unwrap_or(0);
                let problem = || format!("only {have} of {replicas} replicas confirmed it within {}", seconds(ms));
                (have < i64::from(replicas)).then(problem)
            }
            Self::Disk(ms) => {
                let parts = array(answer.clone()).unwrap_or_default();
                let is_on_disk = parts.first().is_some_and(|local| unsigned(local) >= 1);
                (!is_on_disk).then(|| format!("it was not on the disk within {}", seconds(ms)))
            }
        }
    }
}

/// Valkey calls itself Redis 7.2.4.
fn says_what_is_on_disk(info: &str) -> bool {
    let mut numbers = info_field(info, "redis_version").unwrap_or_default().split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (7, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_from_7_2_on_say_what_is_on_their_disk() {
        assert!(says_what_is_on_disk("redis_version:7.2.4\r\nvalkey_version:9.1.2\r\n"));
        assert!(says_what_is_on_disk("redis_version:8.0.0\r\n"));
        assert!(!says_what_is_on_disk("redis_version:7.0.15\r\n"));
    }

    #[test]
    fn an_answer_short_of_what_was_wanted_is_told_in_words() {
        let replicas = Confirmation::Replicas(2, 4000);
        assert_eq!(replicas.doubt(&Value::Int(2)), None);
        assert_eq!(replicas.doubt(&Value::Int(1)).unwrap(), "only 1 of 2 replicas confirmed it within 4.0 s");

        let disk = Confirmation::Disk(800);
        assert_eq!(disk.doubt(&Value::Array(vec![Value::Int(1), Value::Int(0)])), None);
        assert_eq!(disk.doubt(&Value::Array(vec![Value::Int(0), Value::Int(3)])).unwrap(), "it was not on the disk within 0.8 s");
    }
}
