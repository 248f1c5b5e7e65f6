//! This file is what every command gets: settings, a way to print, a way to ask, a way to Redis.

use std::io::{BufRead, IsTerminal};

use super::settings::{Settings, When, environment};
use crate::app::error::{AppError, Kind};
use crate::core::model::clock::{Millis, now_ms};
use crate::core::model::queue::QueueName;
use crate::core::store::Queue;
use crate::core::store::connect::Link;
use crate::output::Printer;

/// What a command works with.
#[derive(Debug)]
pub struct Shell {
    /// What was asked for.
    pub settings: Settings,
    /// How to print it.
    pub printer: Printer,
}

impl Shell {
    pub(super) fn new(settings: Settings) -> Self {
        let colours = |is_terminal: bool| match settings.color {
            When::Always => true,
            When::Never => false,
            When::Auto if environment("NO_COLOR").is_some() => false,
            When::Auto if environment("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            When::Auto => is_terminal && environment("TERM").is_none_or(|term| term != "dumb"),
        };
        let printer = Printer {
            format: settings.format,
            quiet: settings.quiet,
            raw_csv: settings.raw_csv,
            stdout_colours: colours(std::io::stdout().is_terminal()),
            stderr_colours: colours(std::io::stderr().is_terminal()),
        };
        Self { settings, printer }
    }

    /// A connection for one-shot commands.
    ///
    /// # Errors
    /// When nobody answers within `--timeout`.
    pub async fn link(&self) -> Result<Link, AppError> {
        Ok(self.settings.redis.connect(self.settings.timeout).await?)
    }

    /// The server's clock, which decides what is due; this machine's may be wrong, and is read only when nobody answers.
    pub async fn now(&self) -> Millis {
        let asked = async { self.settings.redis.connect_once().await?.now().await };
        asked.await.unwrap_or_else(|error| {
            tracing::debug!(%error, "the server's clock can't be read");
            now_ms()
        })
    }

    /// The queue named by `-Q`, or the default one.
    ///
    /// # Errors
    /// As [`Self::link`] and [`Self::check_name`].
    pub async fn queue(&self, name: Option<&QueueName>) -> Result<Queue, AppError> {
        self.check_name(name)?;
        self.open(&self.link().await?, name)
    }

    /// The queue named by `-Q`, or the default one, over a connection that is there.
    ///
    /// # Errors
    /// On a cluster, when its keys would not be together.
    pub fn open(&self, link: &Link, name: Option<&QueueName>) -> Result<Queue, AppError> {
        Ok(Queue::open(link, &self.settings.prefix, name.unwrap_or(&self.settings.queue))?)
    }

    /// The queues of these names, which were found on the server. Those whose keys a cluster has spread are told and left out.
    pub fn open_each(&self, link: &Link, names: &[QueueName]) -> Vec<Queue> {
        let mut queues = Vec::with_capacity(names.len());
        for name in names {
            match self.open(link, Some(name)) {
                Ok(queue) => queues.push(queue),
                Err(error) => self.printer.say(&format!("left out: {error}")),
            }
        }
        queues
    }

    /// Whether the queue can be on the server, as far as that is known without asking it.
    ///
    /// # Errors
    /// With `--cluster`, when its keys would not be together.
    pub fn check_name(&self, name: Option<&QueueName>) -> Result<(), AppError> {
        self.settings.redis.home_of(&self.settings.prefix, name.unwrap_or(&self.settings.queue))?;
        Ok(())
    }

    /// Asks before something is destroyed. `typed` must be typed out for what can't be had again.
    ///
    /// # Errors
    /// Refused when the answer is no, or when nobody can be asked and `--yes` was not given; with a protected profile whenever
    /// `--confirm` doesn't name it.
    pub fn confirm(&self, what: &str, typed: Option<&str>) -> Result<(), AppError> {
        self.check_protection()?;
        if self.settings.yes {
            return Ok(());
        }
        let can_ask = !self.settings.no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if !can_ask {
            let message = format!("needs a confirmation: {}", uncapitalised(what.trim_end_matches('.')));
            return Err(AppError::new(Kind::Refused, message).with_hint("add --yes if you are sure, or --dry-run to see more"));
        }
        let profile = self.settings.profile.as_ref().map(|profile| format!(" (profile {})", profile.value)).unwrap_or_default();
        let wanted = typed.unwrap_or("yes");
        self.printer.ask(&format!("{what}{profile} Type {wanted:?} to go on: "))?;
        let mut answer = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut answer)
            .map_err(|error| AppError::new(Kind::Other, format!("reading the answer: {error}")))?;
        let answer = answer.trim();
        let agreed = answer == wanted || (typed.is_none() && answer.eq_ignore_ascii_case("y"));
        if agreed { Ok(()) } else { Err(AppError::new(Kind::Refused, "not confirmed; nothing was changed")) }
    }
}

impl Shell {
    /// A protected profile has to be named: `--yes` in a script that was written for another one is not enough.
    fn check_protection(&self) -> Result<(), AppError> {
        let Some(profile) = self.settings.profile.as_ref().filter(|_| self.settings.protected) else { return Ok(()) };
        let name = &profile.value;
        if self.settings.confirm.as_ref() == Some(name) {
            return Ok(());
        }
        let message = format!("the profile {name} is protected; nothing was changed");
        Err(AppError::new(Kind::Refused, message).with_hint(format!("add --confirm {name} if you are sure, or --dry-run to see more")))
    }
}

fn uncapitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
