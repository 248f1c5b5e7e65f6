//! This file talks to a server as such: raw commands, what it says of itself, saving, emptying, ending.

use std::time::Duration;

use futures_util::StreamExt;
use redis::Value;
use redis::aio::ConnectionLike;
use tokio::time::Instant;

use super::connect::{Link, ServerAddress, info_field};
use super::error::StoreError;
use crate::core::model::clock::Millis;

/// How often a server is asked whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a command cost a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandCost {
    /// As the server spells it, `evalsha` or `client|setname`.
    pub command: String,
    /// How often it ran, in scripts too.
    pub calls: u64,
    /// How long it ran in all.
    pub time: Duration,
}

/// A line of INFO: `cmdstat_evalsha:calls=3,usec=210,usec_per_call=70.00,…`.
fn command_cost(line: &str) -> Option<CommandCost> {
    let (command, facts) = line.strip_prefix("cmdstat_")?.split_once(':')?;
    let fact = |name: &str| {
        let mut facts = facts.split(',').filter_map(|fact| fact.split_once('='));
        facts.find(|(known, _)| *known == name)?.1.parse::<u64>().ok()
    };
    Some(CommandCost { command: command.to_owned(), calls: fact("calls")?, time: Duration::from_micros(fact("usec")?) })
}

/// An answer of any shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Nothing.
    Nil,
    /// `OK` and the like.
    Status(String),
    /// A whole number.
    Integer(i64),
    /// Bytes, shown as UTF-8.
    Text(String),
    /// An error of the server.
    Error(String),
    /// A list.
    List(Vec<Self>),
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        match value {
            Value::Nil => Self::Nil,
            Value::Int(number) => Self::Integer(number),
            Value::Okay => Self::Status("OK".to_owned()),
            Value::SimpleString(text) => Self::Status(text),
            Value::BulkString(bytes) => Self::Text(String::from_utf8_lossy(&bytes).into_owned()),
            Value::VerbatimString { text, .. } => Self::Text(text),
            Value::Double(number) => Self::Text(number.to_string()),
            Value::Boolean(answer) => Self::Integer(i64::from(answer)),
            Value::Array(values) | Value::Set(values) => Self::List(values.into_iter().map(Self::from).collect()),
            Value::Map(pairs) => Self::List(pairs.into_iter().flat_map(|(name, value)| [name.into(), value.into()]).collect()),
            Value::ServerError(error) => Self::Error(error.to_string()),
            other => Self::Text(format!("{other:?}")),
        }
    }
}

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// Its process.
    pub pid: u32,
    /// A new one at every start.
    pub run_id: String,
    /// `Valkey 9.1.2` or `Redis 7.0.15`.
    pub version: String,
    /// Since its start.
    pub uptime_s: u64,
    /// Bytes in use.
    pub used_memory: u64,
    /// Bytes it may use; 0 is no limit.
    pub max_memory: u64,
    /// Keys in the database of this connection.
    pub keys: u64,
    /// Whether every write goes to the append-only file.
    pub aof: bool,
    /// Whether it still reads its data from disk; until then it takes no commands.
    pub loading: bool,
}

/// The timer moves some thousand keys, ten times a second.
const LONGEST_MOVE: Duration = Duration::from_secs(40);

impl Link {
    /// What the server says of itself; also while it loads its data.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn facts(&mut self) -> Result<ServerFacts, StoreError> {
        let info: String = self.query(&redis::cmd("INFO")).await?;
        let keyspace = info_field(&info, &format!("db{}", self.get_db())).unwrap_or_default();
        let keys = keyspace.split(',').find_map(|part| part.strip_prefix("keys=")?.parse().ok()).unwrap_or(0);
        let field = |name: &str| info_field(&info, name).unwrap_or_default();
        let number = |name: &str| field(name).parse().unwrap_or(0);
        let version = match info_field(&info, "valkey_version") {
            Some(valkey) => format!("Valkey {valkey}"),
            None => format!("Redis {}", field("redis_version")),
        };
        Ok(ServerFacts {
            pid: field("process_id").parse().unwrap_or(0),
            run_id: field("run_id").to_owned(),
            version,
            uptime_s: number("uptime_in_seconds"),
            used_memory: number("used_memory"),
            max_memory: number("maxmemory"),
            keys,
            aof: field("aof_enabled") == "1",
            loading: field("loading") == "1",
        })
    }

    /// CPU time that the server has used, user and system, without its children.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn cpu_time(&mut self) -> Result<Duration, StoreError> {
        let info = self.info("cpu").await?;
        let seconds = |name: &str| info_field(&info, name).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        Ok(Duration::try_from_secs_f64(seconds("used_cpu_user") + seconds("used_cpu_sys")).unwrap_or_default())
    }

    /// What each command has cost so far, in the server's order. The time of EVALSHA has that of the commands in its script in it.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn command_costs(&mut self) -> Result<Vec<CommandCost>, StoreError> {
        Ok(self.info("commandstats").await?.lines().filter_map(command_cost).collect())
    }

    /// One command as typed; an error of the server is an answer too.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn raw(&mut self, words: &[String]) -> Result<Reply, StoreError> {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word);
        }
        match self.query::<Value>(&command).await {
            Ok(value) => Ok(value.into()),
            Err(StoreError::Server { problem, .. } | StoreError::Refused { problem, .. } | StoreError::Moved { problem, .. }) => {
                Ok(Reply::Error(problem))
            }
            Err(error) => Err(error),
        }
    }

    /// Empties the database of this connection.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn flush_database(&mut self) -> Result<(), StoreError> {
        self.query(&redis::cmd("FLUSHDB")).await
    }

    /// Saves and ends the server. The broken connection is its answer.
    ///
    /// # Errors
    /// When it refuses, say because it can't save.
    pub async fn shut_down(&mut self) -> Result<(), StoreError> {
        match self.query::<()>(&redis::cmd("SHUTDOWN")).await {
            Err(error) if !error.is_connection_lost() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes a snapshot of now in the background and waits for it. One that was begun before doesn't count: it lacks what
    /// was written since.
    ///
    /// # Errors
    /// When the server can't be asked or the snapshot fails.
    pub async fn save_snapshot(&mut self) -> Result<(), StoreError> {
        loop {
            self.wait_for_background_work().await?;
            match self.query::<()>(&redis::cmd("BGSAVE")).await {
                Ok(()) => break,
                // It began another one just now; asking it to schedule ours would not tell when ours is done.
                Err(StoreError::Server { problem, .. }) if problem.contains("in progress") => {}
                Err(error) => return Err(error),
            }
        }
        let info = self.wait_for_background_work().await?;
        must_be_ok(&info, "rdb_last_bgsave_status", "BGSAVE")
    }

    /// Turns the append-only file on and waits until it holds everything.
    ///
    /// # Errors
    /// When the server can't be asked or can't write the file.
    pub async fn turn_on_append_only(&mut self) -> Result<(), StoreError> {
        self.query::<()>(redis::cmd("CONFIG").arg("SET").arg("appendonly").arg("yes")).await?;
        let info = self.wait_for_background_work().await?;
        must_be_ok(&info, "aof_last_bgrewrite_status", "CONFIG SET appendonly")
    }

    /// Until no snapshot is being taken and no append-only file rewritten; returns `INFO persistence`.
    async fn wait_for_background_work(&mut self) -> Result<String, StoreError> {
        loop {
            let info = self.info("persistence").await?;
            let works = ["rdb_bgsave_in_progress", "aof_rewrite_in_progress", "aof_rewrite_scheduled"];
            if works.iter().all(|name| info_field(&info, name) == Some("0")) {
                return Ok(info);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Until the server has moved all keys into the larger table that it began when they outgrew the one before: as long as it does, it
    /// looks in both for every key. Redis before 7.4 doesn't tell, and gets the time that its timer needs for millions of keys.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn wait_for_key_table(&mut self) -> Result<(), StoreError> {
        let begun = Instant::now();
        while begun.elapsed() < LONGEST_MOVE {
            let info = self.info("memory").await?;
            if info_field(&info, "mem_overhead_db_hashtable_rehashing") == Some("0") {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Where the server keeps its snapshot: folder and file name.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn snapshot_place(&mut self) -> Result<(String, String), StoreError> {
        let values: Vec<String> = self.query(redis::cmd("CONFIG").arg("GET").arg("dir").arg("dbfilename")).await?;
        let value = |name: &str| values.iter().position(|word| word == name).and_then(|at| values.get(at + 1)).cloned().unwrap_or_default();
        Ok((value("dir"), value("dbfilename")))
    }

    /// The server's clock, in ms: all that is due is due by it.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn now(&mut self) -> Result<Millis, StoreError> {
        let (seconds, micros): (u64, u64) = self.query(&redis::cmd("TIME")).await?;
        Ok(seconds * 1000 + micros / 1000)
    }
}

fn must_be_ok(info: &str, name: &str, operation: &'static str) -> Result<(), StoreError> {
    match info_field(info, name) {
        Some("ok") => Ok(()),
        other => Err(StoreError::Shape { operation, problem: format!("{name} is {}", other.unwrap_or("missing")) }),
    }
}

/// Every command that any client sends, one line each.
pub struct Monitor {
    lines: std::pin::Pin<Box<dyn futures_util::Stream<Item = String> + Send>>,
}

impl Monitor {
    /// Begins to watch.
    ///
    /// # Errors
    /// When the server can't be reached within `patience`.
    pub async fn start(server: &ServerAddress, patience: Duration) -> Result<Self, StoreError> {
        let client =
            server.client().ok_or_else(|| StoreError::Address { shown: server.to_string(), problem: "it names no host".to_owned() })?;
        let monitor = server.within(patience, client.get_async_monitor()).await?;
        Ok(Self { lines: Box::pin(monitor.into_on_message::<String>()) })
    }

    /// The next line; `None` when the connection ended.
    pub async fn next(&mut self) -> Option<String> {
        self.lines.next().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_command_is_read_from_the_servers_words() {
        let line = "cmdstat_client|setname:calls=3,usec=210,usec_per_call=70.00,rejected_calls=0,failed_calls=0";

        let cost = CommandCost { command: "client|setname".to_owned(), calls: 3, time: Duration::from_micros(210) };

        assert_eq!(command_cost(line), Some(cost));
        assert_eq!(command_cost("# Commandstats"), None);
    }
}
