//! Finds every path that a source names, in `use` items and inline, without a Rust parser.

use std::collections::BTreeSet;

/// A path, and the line it stands on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) line: usize,
    /// `["crate", "core", "store"]` with `self` and `super` resolved, or `["redis", "cmd"]`.
    pub(super) path: Vec<String>,
}

/// All paths in the source of `module` (`["cli", "worker"]`). Names that the source itself brings in are not taken for crates.
pub(super) fn named_in(source: &str, module: &[&str]) -> BTreeSet<Named> {
    let mut reader =
        Reader { tokens: tokens(source), at: 0, module: module.iter().map(|part| (*part).to_owned()).collect(), ..Reader::default() };
    reader.read();
    let Reader { found, local, .. } = reader;
    found.into_iter().filter(|named| named.path[0] == "crate" || !local.contains(&named.path[0])).collect()
}

#[derive(Default)]
struct Reader {
    tokens: Vec<(usize, String)>,
    at: usize,
    module: Vec<String>,
    /// Inline modules that are open, with the depth of braces at which each ends.
    inline: Vec<usize>,
    depth: usize,
    found: BTreeSet<Named>,
    local: BTreeSet<String>,
}

impl Reader {
    fn read(&mut self) {
        while let Some(token) = self.token(0).map(str::to_owned) {
            match token.as_str() {
                "{" => self.depth += 1,
                "}" => self.close(),
                "mod" => self.enter(),
                "use" => {
                    self.at += 1;
                    self.tree(&[]);
                }
                word if is_name(word) => self.inline_path(),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn token(&self, ahead: usize) -> Option<&str> {
        self.tokens.get(self.at + ahead).map(|(_, token)| token.as_str())
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.inline.last() == Some(&self.depth) {
            self.inline.pop();
            self.module.pop();
        }
    }

    fn enter(&mut self) {
        let Some(name) = self.token(1).filter(|name| is_name(name)).map(str::to_owned) else { return };
        self.local.insert(name.clone());
        if self.token(2) == Some("{") {
            self.inline.push(self.depth);
            self.module.push(name);
        }
        self.at += 1;
    }

    /// `a::b::{c, d as e, f::*}` with `before` in front of it; ends on the token after it.
    fn tree(&mut self, before: &[String]) {
        let mut path = before.to_vec();
        loop {
            match self.token(0).map(str::to_owned).as_deref() {
                Some("{") => {
                    self.at += 1;
                    while self.token(0).is_some_and(|token| token != "}") {
                        self.tree(&path);
                        if self.token(0) == Some(",") {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                Some("as") => {
                    self.local.extend(self.token(1).map(str::to_owned));
                    self.at += 2;
                    return self.keep(path);
                }
                Some("::") => self.at += 1,
                Some(word) if is_name(word) || word == "*" => {
                    path.push(word.to_owned());
                    self.at += 1;
                }
                _ => {
                    // `use redis;` brings in no name of ours.
                    if path.len() > 1 {
                        self.local.extend(path.last().cloned());
                    }
                    return self.keep(path);
                }
            }
        }
    }

    fn inline_path(&mut self) {
        let after = self.at.checked_sub(1).and_then(|before| self.tokens.get(before)).map(|(_, token)| token.as_str());
        if after == Some(".") || self.token(1) != Some("::") {
            return;
        }
        let mut path = vec![self.token(0).unwrap_or_default().to_owned()];
        while self.token(1) == Some("::") && self.token(2).is_some_and(is_name) {
            path.push(self.token(2).unwrap_or_default().to_owned());
            self.at += 2;
        }
        self.keep(path);
    }

    fn keep(&mut self, path: Vec<String>) {
        let line = self.tokens.get(self.at.min(self.tokens.len().saturating_sub(1))).map_or(0, |(line, _)| *line);
        let path = self.resolve(path);
        if !path.is_empty() {
            self.found.insert(Named { line, path });
        }
    }

    fn resolve(&self, path: Vec<String>) -> Vec<String> {
        let mut place = self.module.clone();
        let mut rest = path.as_slice();
        let mut is_relative = false;
        while let [first @ ("self" | "super"), more @ ..] = rest.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            if *first == "super" {
                place.pop();
            }
            is_relative = true;
            rest = &rest[rest.len() - more.len()..];
        }
        if is_relative { [vec!["crate".to_owned()], place, rest.to_vec()].concat() } else { path }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, `::` and single signs with their lines; comments, strings and characters are left out.
fn tokens(source: &str) -> Vec<(usize, String)> {
    let text: Vec<char> = source.chars().collect();
    let (mut found, mut line, mut at) = (Vec::new(), 1, 0);
    while at < text.len() {
        let end = end_of_token(&text, at);
        let token: String = text[at..end].iter().collect();
        let is_silent = token.starts_with("//") || token.starts_with("/*") || token.contains('"') || token.starts_with('\'');
        if !is_silent && !token.starts_with(char::is_whitespace) {
            found.push((line, token.clone()));
        }
        line += token.matches('\n').count();
        at = end;
    }
    found
}

fn end_of_token(text: &[char], at: usize) -> usize {
    let starts = |word: &str| text[at..].iter().copied().take(word.chars().count()).eq(word.chars());
    let until = |start: usize, stop: &dyn Fn(usize) -> bool| (start..text.len()).find(|place| stop(*place)).unwrap_or(text.len());
    if starts("//") {
        return until(at, &|place| text[place] == '\n');
    }
    if starts("/*") {
        return (until(at + 2, &|place| text[place] == '*' && text.get(place + 1) == Some(&'/')) + 2).min(text.len());
    }
    if let Some(hashes) = raw_string_hashes(&text[at..]) {
        let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
        let opened = until(at, &|place| text[place] == '"') + 1;
        return (until(opened, &|place| text[place..].starts_with(&closing)) + closing.len()).min(text.len());
    }
    if text[at] == '"' || starts("b\"") {
        let mut place = at + 1 + usize::from(text[at] == 'b');
        while place < text.len() && text[place] != '"' {
            place += 1 + usize::from(text[place] == '\\');
        }
        return (place + 1).min(text.len());
    }
    if text[at] == '\'' {
        return end_of_quote(text, at);
    }
    if text[at].is_alphanumeric() || text[at] == '_' {
        return until(at, &|place| !text[place].is_alphanumeric() && text[place] != '_');
    }
    at + if starts("::") { 2 } else { 1 }
}

/// A character, or the mark of a lifetime.
fn end_of_quote(text: &[char], at: usize) -> usize {
    match (text.get(at + 1), text.get(at + 2)) {
        (Some('\\'), _) => text[at + 3..].iter().position(|sign| *sign == '\'').map_or(text.len(), |more| at + 3 + more + 1),
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

/// `r"`, `r#"`, `br##"`: how many `#` it has.
fn raw_string_hashes(text: &[char]) -> Option<usize> {
    let text = text.strip_prefix(&['b']).unwrap_or(text).strip_prefix(&['r'])?;
    let hashes = text.iter().take_while(|sign| **sign == '#').count();
    (text.get(hashes) == Some(&'"')).then_some(hashes)
}
