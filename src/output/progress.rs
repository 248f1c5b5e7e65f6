//! This file shows how far a long command is.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::human;

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A running count on stderr.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
    what: &'static str,
    total: Option<u64>,
    started: Instant,
    last_line: Instant,
    done: u64,
}

impl Progress {
    pub(super) fn start(total: Option<u64>, what: &'static str, quiet: bool) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let bar = (is_terminal && !quiet).then(|| {
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(10));
            let template = match total {
                Some(_) => "{bar:30} {human_pos}/{human_len} {msg} {per_sec} eta {eta}",
                None => "{spinner} {human_pos} {msg} {per_sec}",
            };
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(what);
            bar
        });
        let now = Instant::now();
        Self { bar, lines: !is_terminal && !quiet, what, total, started: now, last_line: now, done: 0 }
    }

    /// So many more are done.
    pub fn add(&mut self, count: u64) {
        self.done += count;
        if let Some(bar) = &self.bar {
            bar.inc(count);
        }
        if self.lines && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            self.print_line();
        }
    }

    /// Takes the bar away; the closing line of the command says the rest.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn print_line(&self) {
        let of = self.total.map(|total| format!(" of {}", human::count(total))).unwrap_or_default();
        let line = format!("{}{of} {} in {}\n", human::count(self.done), self.what, human::duration(self.started.elapsed()));
        // Progress that nobody can read is no reason to stop.
        io::stderr().lock().write_all(line.as_bytes()).ok();
    }
}
