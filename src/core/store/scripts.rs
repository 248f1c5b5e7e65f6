//! This file joins the Lua scripts and runs them: by hash, loaded again whenever the server forgot them.

use std::fmt::Display;
use std::io::Write as _;
use std::sync::OnceLock;

use redis::{ErrorKind, ServerErrorKind, Value};
use sha1_smol::Sha1;

use super::connect::Link;
use super::error::StoreError;
use super::keys::Keys;

/// One atomic operation on a queue.
pub(super) struct Script {
    /// Its file in `lua/`, for messages.
    pub(super) name: &'static str,
    /// Joined when the script is first run: the binary holds each part once, however many scripts share it.
    parts: &'static [&'static str],
    joined: OnceLock<Joined>,
}

/// What a server is given.
struct Joined {
    text: String,
    /// SHA-1 of the text in hex, by which EVALSHA finds it.
    hash: String,
}

/// The header with the flags must be the first bytes. `allow-oom`: a full Redis must still be able to empty itself.
macro_rules! script {
    ($name:literal, $flags:literal $(, $lib:literal)*) => {
        Script {
            name: $name,
            parts: &[
                concat!("#!lua flags=", $flags, "\n"),
                include_str!("lua/lib/keys.lua"),
                include_str!("lua/lib/sound.lua"),
                include_str!("lua/lib/queue.lua"),
                $(include_str!(concat!("lua/lib/", $lib, ".lua")),)*
                include_str!(concat!("lua/", $name, ".lua")),
            ],
            joined: OnceLock::new(),
        }
    };
}

pub(super) static ADD_JOBS: Script = script!("add_jobs", "", "repeats", "ledger", "room", "dedup");
pub(super) static ADD_FLOW: Script = script!("add_flow", "", "repeats", "create", "flow");
pub(super) static TAKE_JOBS: Script = script!("take_jobs", "allow-oom", "fence", "tempo", "pace", "aside", "due", "take");
pub(super) static SETTLE_SENT: Script = script!("settle_sent", "allow-oom", "fence", "tempo", "pace", "aside", "due", "take", "finished");
pub(super) static SETTLE_JOBS: Script = script!(
    "settle_jobs",
    "allow-oom",
    "create",
    "successor",
    "fence",
    "tempo",
    "pace",
    "aside",
    "due",
    "take",
    "flow",
    "finished",
    "verdicts",
    "late"
);
pub(super) static SEND_INTENTS: Script = script!("send_intents", "allow-oom", "fence", "tempo", "pace");
pub(super) static TAKE_TRIAL: Script = script!("take_trial", "allow-oom", "fence", "tempo", "pace", "aside", "due", "take", "standstill");
pub(super) static SLOW_DOWN: Script = script!("slow_down", "allow-oom", "tempo");
pub(super) static SET_ASIDE: Script = script!("set_aside", "allow-oom", "aside");
pub(super) static RETURN_ASIDE: Script = script!("return_aside", "allow-oom", "aside");
pub(super) static RESERVE_SLOT: Script = script!("reserve_slot", "allow-oom", "tempo", "pace");
pub(super) static EXTEND_LOCKS: Script = script!("extend_locks", "allow-oom");
pub(super) static RECOVER_STALLED: Script = script!("recover_stalled", "allow-oom");
pub(super) static RECOVER_DEAD: Script =
    script!("recover_dead", "allow-oom", "create", "successor", "fence", "flow", "finished", "verdicts", "judge");
pub(super) static RESOLVE_HELD: Script =
    script!("resolve_held", "allow-oom", "create", "successor", "fence", "flow", "finished", "verdicts", "late");
pub(super) static CLAIM_LOOKUP: Script = script!("claim_lookup", "allow-oom", "fence");
pub(super) static SETTLE_FORGOTTEN: Script =
    script!("settle_forgotten", "allow-oom", "create", "successor", "fence", "flow", "finished", "verdicts", "late");
pub(super) static BARRIER: Script = script!("barrier", "allow-oom");
pub(super) static CHECK_USER: Script = script!("check_user", "no-writes");
pub(super) static PAUSE_QUEUE: Script = script!("pause_queue", "allow-oom", "standstill");
pub(super) static RESUME_QUEUE: Script = script!("resume_queue", "allow-oom", "standstill");
pub(super) static PROBE_QUEUE: Script = script!("probe_queue", "allow-oom", "standstill");
pub(super) static REMOVE_JOBS: Script = script!("remove_jobs", "allow-oom", "ledger", "flow", "fence");
pub(super) static UPDATE_JOB: Script = script!("update_job", "");
pub(super) static PROMOTE_JOBS: Script = script!("promote_jobs", "allow-oom", "again");
pub(super) static RETRY_JOBS: Script = script!("retry_jobs", "allow-oom", "flow", "fence", "again");
pub(super) static NOTE_JOB: Script = script!("note_job", "");
pub(super) static OBLITERATE_QUEUE: Script = script!("obliterate_queue", "allow-oom");
pub(super) static UPSERT_SCHEDULER: Script = script!("upsert_scheduler", "", "create", "run");
pub(super) static REMOVE_SCHEDULER: Script = script!("remove_scheduler", "allow-oom");
// A full Redis gets one job for each that runs, and no more than one.
pub(super) static NEXT_RUN: Script = script!("next_run", "allow-oom", "create", "run");

/// Every script, for the tests that load them all.
#[cfg(test)]
pub(super) static ALL: &[&Script] = &[
    &ADD_JOBS,
    &ADD_FLOW,
    &TAKE_JOBS,
    &SETTLE_SENT,
    &SETTLE_JOBS,
    &SEND_INTENTS,
    &TAKE_TRIAL,
    &SLOW_DOWN,
    &SET_ASIDE,
    &RETURN_ASIDE,
    &RESERVE_SLOT,
    &EXTEND_LOCKS,
    &RECOVER_STALLED,
    &RECOVER_DEAD,
    &RESOLVE_HELD,
    &CLAIM_LOOKUP,
    &SETTLE_FORGOTTEN,
    &BARRIER,
    &CHECK_USER,
    &PAUSE_QUEUE,
    &RESUME_QUEUE,
    &PROBE_QUEUE,
    &REMOVE_JOBS,
    &PROMOTE_JOBS,
    &UPDATE_JOB,
    &RETRY_JOBS,
    &NOTE_JOB,
    &OBLITERATE_QUEUE,
    &UPSERT_SCHEDULER,
    &REMOVE_SCHEDULER,
    &NEXT_RUN,
];

/// The arguments of one call, in the order that the script's header documents: one buffer, since a call has thousands.
#[derive(Default)]
pub(super) struct Arguments {
    packed: Vec<u8>,
    ends: Vec<usize>,
}

impl Arguments {
    pub(super) fn push(&mut self, argument: impl AsRef<[u8]>) -> &mut Self {
        self.packed.extend_from_slice(argument.as_ref());
        self.ends.push(self.packed.len());
        self
    }

    pub(super) fn number(&mut self, number: impl Display) -> &mut Self {
        // Writing into memory can't fail.
        write!(self.packed, "{number}").ok();
        self.ends.push(self.packed.len());
        self
    }

    /// Adds all of `more` behind.
    pub(super) fn append(&mut self, more: &Self) -> &mut Self {
        let offset = self.packed.len();
        self.packed.extend_from_slice(&more.packed);
        self.ends.extend(more.ends.iter().map(|end| offset + end));
        self
    }

    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().filter_map(move |end| self.packed.get(std::mem::replace(&mut start, *end)..*end))
    }
}

impl Script {
    /// Runs the script on one queue. A server that forgot it gets its text instead: NOSCRIPT proves that nothing was done, and
    /// the text goes with the call, so that a server that forgets again in between can't refuse it again.
    pub(super) async fn run(&self, link: &Link, keys: &Keys, arguments: &Arguments) -> Result<Value, StoreError> {
        let mut link = link.clone();
        let Joined { text, hash } = self.joined();
        let by_hash = Self::call("EVALSHA", hash, keys, arguments);
        match by_hash.query_async::<Value>(&mut link).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                link.query(&Self::call("EVAL", text, keys, arguments)).await
            }
            Err(error) => Err(StoreError::from_redis(link.server(), &error)),
            Ok(value) => Ok(value),
        }
    }

    /// Runs the script and asks a question right behind it, over the same connection and at the same node: what the answer says
    /// holds for what the script wrote.
    pub(super) async fn run_and_ask(
        &self,
        link: &Link,
        keys: &Keys,
        arguments: &Arguments,
        question: &redis::Cmd,
    ) -> Result<(Value, Result<Value, StoreError>), StoreError> {
        let mut link = link.clone();
        let Joined { text, hash } = self.joined();
        let by_hash = Self::call("EVALSHA", hash, keys, arguments);
        let is_forgotten = |error: &redis::RedisError| error.kind() == ErrorKind::Server(ServerErrorKind::NoScript);
        let answers = match link.query_pair(&by_hash, question).await {
            Err(error) if is_forgotten(&error) => link.query_pair(&Self::call("EVAL", text, keys, arguments), question).await,
            answers => answers,
        };
        let sorted = |error: redis::RedisError| StoreError::from_redis(link.server(), &error);
        answers.map(|(answer, said)| (answer, said.map_err(sorted))).map_err(sorted)
    }

    fn joined(&self) -> &Joined {
        self.joined.get_or_init(|| {
            let text = self.parts.concat();
            let hash = Sha1::from(&text).digest().to_string();
            Joined { text, hash }
        })
    }

    fn call(command: &str, script: &str, keys: &Keys, arguments: &Arguments) -> redis::Cmd {
        let mut call = redis::Cmd::with_capacity(arguments.ends.len() + 25, arguments.packed.len() + 2048);
        call.arg(command).arg(script).arg(keys.for_scripts().len());
        call.arg(keys.for_scripts()).arg(keys.base()).arg(keys.own());
        for argument in arguments.each() {
            call.arg(argument);
        }
        call
    }

    /// An answer of another shape than the header promises.
    pub(super) fn unexpected(&self, problem: impl Into<String>) -> StoreError {
        StoreError::Shape { operation: self.name, problem: problem.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_starts_with_its_flags_and_says_what_it_needs_and_returns() {
        for script in ALL {
            let text = &script.joined().text;
            let own = text.rsplit_once("-- ARGV").unwrap().1;
            assert!(text.starts_with("#!lua flags="), "{}", script.name);
            assert!(own.contains("-- Returns"), "{} doesn't say what it returns", script.name);
        }
    }

    #[test]
    fn a_full_server_takes_everything_but_what_adds_to_it() {
        let flags = |script: &Script| script.joined().text.lines().next().unwrap().to_owned();
        let refused = ALL.iter().filter(|script| !["allow-oom", "no-writes"].iter().any(|flag| flags(script).contains(flag)));

        let names: Vec<&str> = refused.map(|script| script.name).collect();

        assert_eq!(names, ["add_jobs", "add_flow", "update_job", "note_job", "upsert_scheduler"]);
    }
}
