//! This file looks into a server: its log, raw commands, everything that is said to it.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{Exit, shell::Shell};
use crate::app::error::{AppError, Kind};
use crate::core::store::connect::{Link, ServerAddress};
use crate::core::store::server::{Monitor, Reply};
use crate::output::{Page, Row};

/// Commands after which the connection is a stream of messages.
const ENDLESS: [&str; 6] = ["monitor", "subscribe", "psubscribe", "ssubscribe", "sync", "psync"];
/// How often a log is looked at for more.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How much of a log's end is read for its last lines.
const LONGEST_TAIL: u64 = 1 << 20;

/// Prints the end of a log and, with `follow`, what comes.
pub(super) async fn logs(path: &Path, lines: usize, follow: bool, shell: &Shell) -> anyhow::Result<Exit> {
    let opened = Tail::open(path);
    let mut tail = opened.map_err(|error| AppError::new(Kind::NotFound, format!("the log {}: {error}", path.display())))?;
    let text = tail.end()?;
    let all: Vec<&str> = text.lines().collect();
    shell.printer.lines(all.iter().skip(all.len().saturating_sub(lines)).copied())?;
    if !follow {
        return Ok(Exit::Done);
    }
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let more = tail.more()?;
        if !more.is_empty() {
            shell.printer.lines(more.lines())?;
        }
    }
}

/// A log that is read as it grows.
struct Tail {
    path: PathBuf,
    file: File,
    /// A line that is not yet whole.
    begun: Vec<u8>,
}

impl Tail {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: File::open(path)?, begun: Vec::new() })
    }

    /// What is there, at most [`LONGEST_TAIL`] bytes.
    fn end(&mut self) -> io::Result<String> {
        let size = self.file.metadata()?.len();
        self.file.seek(SeekFrom::Start(size.saturating_sub(LONGEST_TAIL)))?;
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The whole lines that have come since, also into a new file of this name.
    fn more(&mut self) -> io::Result<String> {
        self.file.read_to_end(&mut self.begun)?;
        if self.is_replaced()? {
            self.file = File::open(&self.path)?;
            self.file.read_to_end(&mut self.begun)?;
        }
        let whole = self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines: Vec<u8> = self.begun.drain(..whole).collect();
        Ok(String::from_utf8_lossy(&lines).into_owned())
    }

    /// Whether it was moved away or emptied. For a moment there may be none.
    fn is_replaced(&mut self) -> io::Result<bool> {
        let Ok(named) = std::fs::metadata(&self.path) else { return Ok(false) };
        Ok(named.ino() != self.file.metadata()?.ino() || named.len() < self.file.stream_position()?)
    }
}

/// Runs one command, or each line of the input.
pub(super) async fn cli(link: &mut Link, words: &[String], shell: &Shell) -> anyhow::Result<Exit> {
    if !words.is_empty() {
        return run_one(link, words, shell).await;
    }
    let is_terminal = io::stdin().is_terminal();
    let mut exit = Exit::Done;
    loop {
        if is_terminal {
            shell.printer.ask(&format!("{}> ", link.server()))?;
        }
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            return Ok(exit);
        }
        let words = match split_words(&line) {
            Ok(words) => words,
            Err(problem) if is_terminal => {
                shell.printer.say(&problem);
                continue;
            }
            Err(problem) => return Err(AppError::new(Kind::Usage, problem).into()),
        };
        match words.first().map(|word| word.to_ascii_lowercase()).as_deref() {
            None => {}
            Some("quit" | "exit") => return Ok(exit),
            Some(_) => {
                let one = run_one(link, &words, shell).await?;
                exit = if is_terminal { Exit::Done } else { one };
            }
        }
    }
}

/// One answer of the server.
#[derive(Serialize)]
struct ReplyRow {
    reply: Value,
}

impl Row for ReplyRow {
    const SCHEMA: &'static str = "wq.redis_reply.v1";
    const COLUMNS: &'static [&'static str] = &["REPLY"];

    fn cells(&self) -> Vec<String> {
        vec![self.reply.to_string()]
    }

    fn id(&self) -> &str {
        self.reply.as_str().unwrap_or_default()
    }
}

fn value(reply: Reply) -> Value {
    match reply {
        Reply::Nil => Value::Null,
        Reply::Integer(number) => number.into(),
        Reply::Status(text) | Reply::Error(text) | Reply::Text(text) => text.into(),
        Reply::List(replies) => replies.into_iter().map(value).collect(),
    }
}

/// One line of `INFO`.
#[derive(Default, Serialize)]
struct InfoRow {
    section: String,
    name: String,
    value: String,
}

impl Row for InfoRow {
    const SCHEMA: &'static str = "wq.redis_info.v1";
    const COLUMNS: &'static [&'static str] = &["SECTION", "NAME", "VALUE"];

    fn cells(&self) -> Vec<String> {
        vec![self.section.clone(), self.name.clone(), self.value.clone()]
    }

    fn id(&self) -> &str {
        &self.name
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

/// Prints what the server says of itself: its own lines, or a row each if a format was asked for.
pub(super) fn info(text: &str, shell: &Shell) -> anyhow::Result<Exit> {
    if shell.printer.format.is_none() {
        shell.printer.lines(text.lines())?;
        return Ok(Exit::Done);
    }
    let (mut section, mut rows) = (String::new(), Vec::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            name.clone_into(&mut section);
        } else if let Some((name, value)) = line.split_once(':') {
            rows.push(InfoRow { section: section.clone(), name: name.to_owned(), value: value.to_owned() });
        }
    }
    shell.printer.rows(&rows, &Page { total: Some(rows.len() as u64), ..Page::default() })?;
    Ok(Exit::Done)
}

async fn run_one(link: &mut Link, words: &[String], shell: &Shell) -> anyhow::Result<Exit> {
    let name = words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    if ENDLESS.contains(&name.as_str()) {
        let refused = AppError::new(Kind::Usage, format!("{name} has no one answer"));
        return Err(refused.with_hint("to see what clients say: wq redis monitor; what jobs do: wq events").into());
    }
    let reply = link.raw(words).await.map_err(AppError::from)?;
    let exit = if matches!(reply, Reply::Error(_)) { Exit::Failed } else { Exit::Done };
    if shell.printer.format.is_some() {
        if let Reply::Error(text) = reply {
            return Err(AppError::new(Kind::Other, text).into());
        }
        shell.printer.record(&ReplyRow { reply: value(reply) })?;
        return Ok(exit);
    }
    let lines = match &reply {
        _ if io::stdout().is_terminal() => show(&reply, ""),
        // A script must not take it for a value.
        Reply::Error(text) => {
            shell.printer.say(text);
            return Ok(exit);
        }
        _ => plain(&reply),
    };
    shell.printer.lines(lines.iter().map(String::as_str))?;
    Ok(exit)
}

/// As `redis-cli` writes it into a pipe: values alone, one a line.
fn plain(reply: &Reply) -> Vec<String> {
    match reply {
        Reply::Nil => vec![String::new()],
        Reply::Integer(number) => vec![number.to_string()],
        Reply::Status(text) | Reply::Error(text) | Reply::Text(text) => text.split('\n').map(str::to_owned).collect(),
        Reply::List(replies) => replies.iter().flat_map(plain).collect(),
    }
}

/// As `redis-cli` shows it to people.
fn show(reply: &Reply, indent: &str) -> Vec<String> {
    match reply {
        Reply::Nil => vec!["(nil)".to_owned()],
        Reply::Status(text) => vec![text.clone()],
        Reply::Integer(number) => vec![format!("(integer) {number}")],
        Reply::Error(text) => vec![format!("(error) {text}")],
        Reply::Text(text) if text.contains('\n') && !text.contains('"') => text.lines().map(str::to_owned).collect(),
        Reply::Text(text) => vec![format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))],
        Reply::List(replies) if replies.is_empty() => vec!["(empty)".to_owned()],
        Reply::List(replies) => {
            let width = replies.len().to_string().len();
            let mut lines = Vec::new();
            for (index, reply) in replies.iter().enumerate() {
                let lead = format!("{:>width$}) ", index + 1);
                let deeper = format!("{indent}{}", " ".repeat(lead.len()));
                for (at, line) in show(reply, &deeper).into_iter().enumerate() {
                    lines.push(if at == 0 { format!("{lead}{line}") } else { format!("{}{line}", " ".repeat(lead.len())) });
                }
            }
            lines
        }
    }
}

/// Words separated by blanks; quotes keep blanks together, a backslash takes the next character as it is.
fn split_words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut in_word, mut quote) = (Vec::new(), String::new(), false, None);
    let mut characters = line.trim().chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some('"') | None, '\\') => {
                in_word = true;
                word.push(characters.next().unwrap_or('\\'));
            }
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => (quote, in_word) = (Some(c), true),
            (None, _) if c.is_whitespace() => {
                if std::mem::take(&mut in_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                in_word = true;
                word.push(c);
            }
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    if in_word {
        words.push(word);
    }
    Ok(words)
}

/// Shows every command until a limit, an interrupt or the end of the connection.
pub(super) async fn monitor(server: &ServerAddress, limit: Option<u64>, duration: Option<Duration>, shell: &Shell) -> anyhow::Result<Exit> {
    let mut monitor = Monitor::start(server, shell.settings.timeout).await.map_err(AppError::from)?;
    let end = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    let mut left = limit.unwrap_or(u64::MAX);
    while left > 0 {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            () = &mut end => break,
            line = monitor.next() => match line {
                Some(line) => shell.printer.lines([line.as_str()])?,
                None => return Err(AppError::new(Kind::Unreachable, "the connection ended").into()),
            },
        }
        left -= 1;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_a_shell() {
        assert_eq!(split_words(r#"SET a "b c" 'd "e' f\ g "" "#).unwrap(), ["SET", "a", "b c", "d \"e", "f g", ""]);
        assert!(split_words("GET 'a").is_err());
    }

    #[test]
    fn replies_look_as_people_know_them() {
        let nested = Reply::List(vec![Reply::Text("a".to_owned()), Reply::List(vec![Reply::Integer(1), Reply::Nil])]);

        assert_eq!(show(&nested, ""), ["1) \"a\"", "2) 1) (integer) 1", "   2) (nil)"]);
    }
}
