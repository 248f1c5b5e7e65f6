//! This file reads and applies the one filter language of `wq`: `state=failed age>1h data.to^=+55 reason~"timeout"`.

use std::cmp::Ordering;

use super::clock::Millis;
use super::job::JobRecord;
use super::priority::{Priority, PriorityError};
use super::state::JobState;

/// Terms that must all hold.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    field: Field,
    operator: Operator,
    value: String,
    /// The value as a number (times in ms); `None` when it is none.
    number: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Id,
    Name,
    State,
    Priority,
    Age,
    Delay,
    Attempts,
    Reason,
    Worker,
    /// A path into `data`; empty is the whole text.
    Data(Vec<String>),
}

/// A part of a job's hash that a filter may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobPart {
    /// Its name.
    Name,
    /// Its priority.
    Priority,
    /// When it was added.
    Added,
    /// Its delay.
    Delay,
    /// How many attempts ended.
    Attempts,
    /// Why it failed.
    Reason,
    /// Who had it last.
    Worker,
    /// Its data.
    Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    StartsWith,
    Contains,
}

/// Where a filter makes no sense, and why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("at character {position}: {problem}")]
pub struct FilterError {
    /// From 1.
    position: usize,
    problem: String,
}

const FIELDS: &str = "id, name, state, priority, age, delay, attempts, reason, worker, data, data.PATH";
/// The longer ones first: `<=` is not `<` and a value that begins with `=`.
const OPERATORS: [(&str, Operator); 9] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("^=", Operator::StartsWith),
    ("==", Operator::Equal),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("~", Operator::Contains),
];

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut rest = text.trim_start();
        let mut terms = Vec::new();
        while !rest.is_empty() {
            let position = text.chars().count() - rest.chars().count() + 1;
            let (term, after) = read_term(rest).map_err(|problem| FilterError { position, problem })?;
            terms.push(term);
            rest = after.trim_start();
        }
        Ok(Self { terms })
    }
}

fn read_term(text: &str) -> Result<(Term, &str), String> {
    let name_length = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_length);
    let field = read_field(name)?;
    let rest = rest.trim_start();
    let found = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, rest.strip_prefix(sign)?)));
    let (operator, rest) = found.ok_or_else(|| format!("after {name:?} comes one of = != < <= > >= ^= ~"))?;
    let (value, rest) = read_value(rest)?;
    let number = read_number(&field, &value)?;
    if field.is_number() && matches!(operator, Operator::StartsWith | Operator::Contains) {
        return Err(format!("{name} is a number; it takes = != < <= > >="));
    }
    Ok((Term { field, operator, value, number }, rest))
}

/// The value as the field's number; refused where the field needs another value.
fn read_number(field: &Field, value: &str) -> Result<Option<f64>, String> {
    match field {
        Field::State => value.parse::<JobState>().map(|_| None).map_err(|error| error.to_string()),
        Field::Priority => {
            let priority: Priority = value.parse().map_err(|error: PriorityError| error.to_string())?;
            Ok(Some(f64::from(priority.number())))
        }
        Field::Attempts => plain_number(value).map(Some).ok_or_else(|| format!("{value:?} is no number")),
        Field::Age | Field::Delay => {
            time_ms(value).map(Some).ok_or_else(|| format!("{value:?} is no time; write 500ms, 30s, 5m, 1h30m or 2d"))
        }
        _ => Ok(plain_number(value)),
    }
}

/// Digits with a sign and a point, as `f64` reads them; its words (`nan`, `inf`) are none.
fn plain_number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn read_field(name: &str) -> Result<Field, String> {
    Ok(match name {
        "id" => Field::Id,
        "name" => Field::Name,
        "state" => Field::State,
        "priority" => Field::Priority,
        "age" => Field::Age,
        "delay" => Field::Delay,
        "attempts" => Field::Attempts,
        "reason" => Field::Reason,
        "worker" => Field::Worker,
        "data" => Field::Data(Vec::new()),
        _ => match name.strip_prefix("data.") {
            Some(path) => Field::Data(path.split('.').map(str::to_owned).collect()),
            None => return Err(format!("{name:?} is no field; the fields are {FIELDS}")),
        },
    })
}

/// In quotes with `\"` inside, or up to the next blank.
fn read_value(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return if value.is_empty() { Err("a value is missing".to_owned()) } else { Ok((value.to_owned(), rest)) };
    };
    let (mut value, mut characters) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((value, quoted.get(at + 1..).unwrap_or_default())),
            '\\' => value.extend(characters.next().map(|(_, next)| next)),
            _ => value.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// `500ms`, `30s`, `5m`, `1h30m`, `1.5h`, `2d` in milliseconds.
fn time_ms(text: &str) -> Option<f64> {
    let (mut rest, mut total) = (text, 0.0);
    loop {
        let (number, after) = rest.split_at(rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?);
        let (unit, next) = after.split_at(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()));
        let unit_ms = match unit {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        };
        total += plain_number(number)? * unit_ms;
        if next.is_empty() {
            return Some(total);
        }
        rest = next;
    }
}

impl Field {
    fn part(&self) -> Option<JobPart> {
        match self {
            Self::Id | Self::State => None,
            Self::Name => Some(JobPart::Name),
            Self::Priority => Some(JobPart::Priority),
            Self::Age => Some(JobPart::Added),
            Self::Delay => Some(JobPart::Delay),
            Self::Attempts => Some(JobPart::Attempts),
            Self::Reason => Some(JobPart::Reason),
            Self::Worker => Some(JobPart::Worker),
            Self::Data(_) => Some(JobPart::Data),
        }
    }

    /// Whether it only compares as a number.
    fn is_number(&self) -> bool {
        matches!(self, Self::Priority | Self::Age | Self::Delay | Self::Attempts)
    }
}

impl Filter {
    /// Whether every term holds; ages are judged at `now`.
    pub fn matches(&self, job: &JobRecord, now: Millis) -> bool {
        let mut data = None;
        self.terms.iter().all(|term| term.holds(job, now, &mut data))
    }

    /// The states that can match at all.
    pub fn states(&self) -> Vec<JobState> {
        let wanted =
            |state: &JobState| self.terms.iter().filter(|term| term.field == Field::State).all(|term| term.compare_text(state.as_str()));
        JobState::ALL.into_iter().filter(wanted).collect()
    }
}

impl Filter {
    /// What must be known of a job besides its id and state, to judge it.
    pub fn parts(&self) -> Vec<JobPart> {
        self.terms.iter().filter_map(|term| term.field.part()).collect()
    }
}

impl Term {
    fn holds(&self, job: &JobRecord, now: Millis, data: &mut Option<serde_json::Value>) -> bool {
        match &self.field {
            Field::Id => self.compare_text(&job.id),
            Field::Name => self.compare_text(&job.name),
            Field::State => job.state.is_some_and(|state| self.compare_text(state.as_str())),
            Field::Priority => self.compare_number(f64::from(job.priority)),
            Field::Attempts => self.compare_number(f64::from(job.attempts_made)),
            #[expect(clippy::cast_precision_loss, reason = "ages are far below 2^53 ms")]
            Field::Age => job.timestamp.is_some_and(|added| self.compare_number(now.saturating_sub(added) as f64)),
            #[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 ms")]
            Field::Delay => self.compare_number(job.delay_ms as f64),
            Field::Reason => self.compare_text(job.failed_reason.as_deref().unwrap_or_default()),
            Field::Worker => self.compare_text(job.worker.as_deref().unwrap_or_default()),
            Field::Data(path) if path.is_empty() => self.compare_text(&job.data),
            Field::Data(path) => {
                let data = data.get_or_insert_with(|| serde_json::from_str(&job.data).unwrap_or_default());
                self.compare_json(path.iter().fold(&*data, |value, name| match name.parse::<usize>() {
                    Ok(index) if value.is_array() => value.get(index).unwrap_or(&serde_json::Value::Null),
                    _ => value.get(name).unwrap_or(&serde_json::Value::Null),
                }))
            }
        }
    }

    /// Numbers compare as numbers, also those written as texts where an order is asked for; what isn't there only `!=`.
    fn compare_json(&self, value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Number(number) => match (number.as_f64(), self.number) {
                (Some(number), Some(_)) if !self.is_textual() => self.compare_number(number),
                _ => self.compare_text(&number.to_string()),
            },
            serde_json::Value::String(text) => match plain_number(text) {
                Some(number) if self.is_order() && self.number.is_some() => self.compare_number(number),
                _ => self.compare_text(text),
            },
            serde_json::Value::Null => self.operator == Operator::NotEqual,
            other => self.compare_text(&other.to_string()),
        }
    }

    fn is_textual(&self) -> bool {
        matches!(self.operator, Operator::StartsWith | Operator::Contains)
    }

    fn is_order(&self) -> bool {
        matches!(self.operator, Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual)
    }

    fn compare_text(&self, text: &str) -> bool {
        match self.operator {
            Operator::StartsWith => text.starts_with(&self.value),
            Operator::Contains => text.to_lowercase().contains(&self.value.to_lowercase()),
            _ => self.accepts(text.cmp(&self.value)),
        }
    }

    fn compare_number(&self, number: f64) -> bool {
        self.number.and_then(|wanted| number.partial_cmp(&wanted)).is_some_and(|order| self.accepts(order))
    }

    fn accepts(&self, order: Ordering) -> bool {
        match self.operator {
            Operator::Equal => order == Ordering::Equal,
            Operator::NotEqual => order != Ordering::Equal,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Greater => order == Ordering::Greater,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::StartsWith | Operator::Contains => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn job() -> JobRecord {
        JobRecord {
            id: "a1".to_owned(),
            name: "send".to_owned(),
            state: Some(JobState::Failed),
            priority: 3,
            attempts_made: 2,
            timestamp: Some(1_000_000),
            failed_reason: Some("Timeout after 30 s".to_owned()),
            delay_ms: 90_000,
            worker: Some("mail-1".to_owned()),
            data: r#"{"to":"+5511999990000","owed":"120.50","meta":{"tries":7,"tags":["vip"]}}"#.to_owned(),
            ..JobRecord::default()
        }
    }

    fn matches(filter: &str) -> bool {
        filter.parse::<Filter>().unwrap().matches(&job(), 1_000_000 + 2 * 3_600_000)
    }

    #[test]
    fn every_field_and_operator_does_what_it_says() {
        for filter in [
            "",
            "name=send state=failed priority<=3 age>1h attempts>=2",
            "data.to^=+55",
            r#"reason~"timeout after""#,
            "data.meta.tries>5 data.meta.tags.0=vip",
            "id!=b data~vip data.nothing!=x",
            "priority=normal delay=1m30s delay<0.5h worker^=mail",
            "data.owed>99 data.owed<=120.5 data.meta.tries^=7",
        ] {
            assert!(matches(filter), "{filter}");
        }
        for filter in [
            "state=completed",
            "priority>3",
            "age<1h",
            "data.to^=+34",
            "reason~refused",
            "data.nothing=x",
            "data.meta.tries<7",
            "data.owed<99",
        ] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn a_filter_that_makes_no_sense_is_refused_where_it_does_not() {
        let error = |text: &str| text.parse::<Filter>().unwrap_err().to_string();

        assert!(error("state=failed colour=red").starts_with("at character 14: \"colour\" is no field; the fields are id, name"));
        assert!(error("priority=asap").contains("no priority"));
        assert!(error("attempts>nan").contains("no number"));
        assert!(error("age~1h").contains("it takes = != < <= > >="));
        for time in ["soon", "5", "h", "1h30", "1.2.3s", "5 parsecs"] {
            assert!(error(&format!("age>{time}")).contains("is no time"), "{time}");
        }
        assert!(error("state=done").contains("no state"));
        assert!(error("name").contains("comes one of"));
        assert!(error("reason~\"x").contains("not closed"));
    }

    #[test]
    fn only_the_states_that_can_match_are_looked_at() {
        assert_eq!("state=failed age>1h".parse::<Filter>().unwrap().states(), [JobState::Failed]);
        assert_eq!("age>1h".parse::<Filter>().unwrap().states().len(), JobState::ALL.len());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused(text in ".{0,60}") {
            if let Ok(filter) = text.parse::<Filter>() {
                filter.matches(&job(), 0);
            }
        }
    }
}
