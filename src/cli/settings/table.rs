//! This file reads one table of a settings file: each key by its name and kind, and no key that nobody knows.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::secret::{looks_like_a_key, looks_like_a_token};
use super::server::has_password;
use crate::app::error::{AppError, Kind};

/// A key that is written wrong in so many places is still recognised.
const FEW_SLIPS: usize = 2;
/// Parts of names that are given to secrets.
const SECRET_WORDS: [&str; 6] = ["key", "token", "secret", "password", "passwd", "credential"];

/// The text of a settings file, for saying where in it something is.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// As the user knows it.
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A complaint about what begins at this byte. It must not repeat what the file says: that may be a secret.
    pub(super) fn refuse(self, span: Option<Range<usize>>, problem: &str) -> AppError {
        let path = self.path.display();
        let line = |span: Range<usize>| self.text.get(..span.start).unwrap_or(self.text).matches('\n').count() + 1;
        AppError::new(
            Kind::Usage,
            match span {
                Some(span) => format!("the settings file {path}, line {}: {problem}", line(span)),
                None => format!("the settings file {path}: {problem}"),
            },
        )
    }
}

/// A table that is being read: what is asked for is taken out, what remains at the end is a mistake.
pub(super) struct Table<'a> {
    source: Source<'a>,
    /// `[profiles.sales.cloud]`; empty for what stands before all tables.
    title: String,
    entries: Vec<Entry<'a>>,
    /// Every name that was asked for, in that order. Where secrets are is asked first, so that the cure can name it.
    known: Vec<&'static str>,
}

struct Entry<'a> {
    name: Cow<'a, str>,
    at: Range<usize>,
    value: Spanned<DeValue<'a>>,
}

impl<'a> Table<'a> {
    /// The whole file.
    ///
    /// # Errors
    /// When it is no TOML.
    pub(super) fn of_file(source: Source<'a>) -> Result<Self, AppError> {
        let table = DeTable::parse(source.text).map_err(|error| source.refuse(error.span(), error.message()))?;
        Ok(Self::new(source, String::new(), table.into_inner()))
    }

    fn new(source: Source<'a>, title: String, table: DeTable<'a>) -> Self {
        let entry =
            |(name, value): (Spanned<Cow<'a, str>>, Spanned<DeValue<'a>>)| Entry { at: name.span(), name: name.into_inner(), value };
        let mut entries: Vec<Entry<'a>> = table.into_iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.at.start);
        Self { source, title, entries, known: Vec::new() }
    }

    /// The next key of this name, with where it stands.
    fn take(&mut self, name: &'static str) -> Option<Entry<'a>> {
        self.known.push(name);
        let at = self.entries.iter().position(|entry| entry.name == name)?;
        Some(self.entries.remove(at))
    }

    fn wrong_kind(&self, entry: &Entry<'_>, kind: &str) -> AppError {
        self.source.refuse(Some(entry.at.clone()), &format!("{} is to be {kind}", entry.name))
    }

    /// A text in quotes.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, AppError> {
        let Some(entry) = self.take(name) else { return Ok(None) };
        let DeValue::String(text) = entry.value.get_ref() else { return Err(self.wrong_kind(&entry, "a text in quotes")) };
        self.refuse_secrets(&entry, text)?;
        Ok(Some(text.clone().into_owned()))
    }

    /// Digits, in quotes or not.
    pub(super) fn digits(&mut self, name: &'static str) -> Result<Option<String>, AppError> {
        let Some(entry) = self.take(name) else { return Ok(None) };
        match entry.value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => Ok(Some(number.as_str().to_owned())),
            DeValue::String(text) => {
                self.refuse_secrets(&entry, text)?;
                Ok(Some(text.clone().into_owned()))
            }
            _ => Err(self.wrong_kind(&entry, "a number")),
        }
    }

    /// A whole number of at least 1 and at most `most`.
    pub(super) fn number(&mut self, name: &'static str, most: u16) -> Result<Option<u16>, AppError> {
        let Some(entry) = self.take(name) else { return Ok(None) };
        let number = match entry.value.get_ref() {
            DeValue::Integer(number) => u16::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let is_good = |number: &u16| (1..=most).contains(number);
        number.filter(is_good).map(Some).ok_or_else(|| self.wrong_kind(&entry, &format!("a whole number of 1 to {most}")))
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, AppError> {
        let Some(entry) = self.take(name) else { return Ok(None) };
        match entry.value.get_ref() {
            DeValue::Boolean(flag) => Ok(Some(*flag)),
            _ => Err(self.wrong_kind(&entry, "true or false")),
        }
    }

    /// The path of a file with a secret; a relative one starts at the settings file's folder, wherever the command runs.
    pub(super) fn secret_file(&mut self, name: &'static str) -> Result<Option<PathBuf>, AppError> {
        let at = self.place_of(name);
        let Some(text) = self.text(name)? else { return Ok(None) };
        let path = self.source.path.parent().map_or_else(|| PathBuf::from(&text), |folder| folder.join(&text));
        if looks_like_a_key(&text) && !path.exists() {
            return Err(self.secret_inside(at, name));
        }
        Ok(Some(path))
    }

    /// The name of a variable that holds a secret.
    pub(super) fn secret_variable(&mut self, name: &'static str) -> Result<Option<String>, AppError> {
        let at = self.place_of(name);
        let Some(variable) = self.text(name)? else { return Ok(None) };
        let is_name = |text: &str| {
            let rest_is_good = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            rest_is_good && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
        };
        if looks_like_a_key(&variable) || !is_name(&variable) {
            return Err(self.secret_inside(at, name));
        }
        Ok(Some(variable))
    }

    fn place_of(&self, name: &str) -> Option<Range<usize>> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| entry.at.clone())
    }

    /// A table below this one, empty when it is not there.
    pub(super) fn table(&mut self, name: &'static str) -> Result<Self, AppError> {
        let title = self.title_below(name);
        let Some(entry) = self.take(name) else { return Ok(Self::new(self.source, title, DeTable::new())) };
        self.below(entry, title)
    }

    /// All tables below this one, whatever their names.
    pub(super) fn tables(mut self) -> Result<Vec<(String, Self)>, AppError> {
        let entries = std::mem::take(&mut self.entries);
        let named = |entry: Entry<'a>| {
            let (name, title) = (entry.name.clone().into_owned(), self.title_below(&entry.name));
            Ok((name, self.below(entry, title)?))
        };
        entries.into_iter().map(named).collect()
    }

    fn below(&self, entry: Entry<'a>, title: String) -> Result<Self, AppError> {
        if !matches!(entry.value.get_ref(), DeValue::Table(_)) {
            return Err(self.wrong_kind(&entry, &format!("a table: {title}")));
        }
        let DeValue::Table(table) = entry.value.into_inner() else { return Err(self.source.refuse(None, "it changed while it was read")) };
        Ok(Self::new(self.source, title, table))
    }

    fn title_below(&self, name: &str) -> String {
        match self.title.strip_suffix(']') {
            Some(above) => format!("{above}.{name}]"),
            None => format!("[{name}]"),
        }
    }

    /// A complaint about this table as a whole.
    pub(super) fn refuse(&self, problem: &str) -> AppError {
        let title = if self.title.is_empty() { "it" } else { &self.title };
        self.source.refuse(None, &format!("{title} {problem}"))
    }

    /// The end of the reading: a key that nobody asked for is a mistake, and perhaps a secret that does not belong here.
    pub(super) fn end(mut self) -> Result<(), AppError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let Entry { name, at, .. } = self.entries.remove(0);
        let slips = |known: &&&'static str| strsim::osa_distance(&name, known);
        let nearest = self.known.iter().min_by_key(slips).filter(|known| slips(known) <= FEW_SLIPS);
        let lower = name.to_lowercase();
        if nearest.is_none() && SECRET_WORDS.iter().any(|word| lower.contains(word)) {
            return Err(self.secret_inside(Some(at), &name));
        }
        let problem =
            if self.title.is_empty() { format!("there is no key {name:?}") } else { format!("{} has no key {name:?}", self.title) };
        let hint = match nearest {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => format!("there are: {}", self.known.join(", ")),
        };
        Err(self.source.refuse(Some(at), &problem).with_hint(hint))
    }

    /// A key, token or password in the file itself, which too many can read and which ends in back-ups and repositories.
    fn secret_inside(&self, at: Option<Range<usize>>, name: &str) -> AppError {
        let mut stems = self.known.iter().filter_map(|known| known.strip_suffix("_file"));
        let stem = stems.next_back().filter(|stem| !self.title.is_empty() || name.contains(stem));
        let hint = match stem {
            Some(stem) => {
                format!(
                    "put it into a file that you alone can read, and say {stem}_file = \"PATH\"; or into a variable: {stem}_env = \"NAME\""
                )
            }
            None => "put it into the environment".to_owned(),
        };
        let problem = format!("{name} holds a secret, and a settings file is no place for one");
        self.source.refuse(at, &problem).with_hint(hint)
    }

    fn refuse_secrets(&self, entry: &Entry<'_>, text: &str) -> Result<(), AppError> {
        if looks_like_a_token(text) {
            return Err(self.secret_inside(Some(entry.at.clone()), &entry.name));
        }
        if has_password(text) {
            let problem = format!("{} has a password in it, and a settings file is no place for one", entry.name);
            let hint = if entry.name == "redis" {
                "leave it out of the URL and say beside it password_file = \"PATH\", or password_env = \"NAME\""
            } else {
                "leave it out of the URL"
            };
            return Err(self.source.refuse(Some(entry.at.clone()), &problem).with_hint(hint));
        }
        Ok(())
    }
}
