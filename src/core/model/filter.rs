//! This file reads and applies the one filter language of `wq`: `state=failed age>1h data.to^=+55 reason~"timeout"`.

use std::cmp::Ordering;

use super::clock::Millis;
use super::job::JobRecord;
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
    /// The value as a number (ages in ms), for the fields that are numbers.
    number: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Id,
    Name,
    State,
    Priority,
    Age,
    Attempts,
    Reason,
    Worker,
    /// A path into `data`; empty is the whole text.
    Data(Vec<String>),
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

const FIELDS: &str = "id, name, state, priority, age, attempts, reason, worker, data, data.PATH";
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
    let number = match field {
        Field::State => {
            value.parse::<JobState>().map_err(|error| error.to_string())?;
            0.0
        }
        Field::Priority | Field::Attempts => value.parse().map_err(|_| format!("{value:?} is no number"))?,
        Field::Age => age_ms(&value).ok_or_else(|| format!("{value:?} is no age; write 30s, 5m, 1h or 2d"))?,
        _ => value.parse().unwrap_or(f64::NAN),
    };
    Ok((Term { field, operator, value, number }, rest))
}

fn read_field(name: &str) -> Result<Field, String> {
    Ok(match name {
        "id" => Field::Id,
        "name" => Field::Name,
        "state" => Field::State,
        "priority" => Field::Priority,
        "age" => Field::Age,
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

/// `30s`, `5m`, `1h`, `2d`, `500ms` in milliseconds.
fn age_ms(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * unit_ms)
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

    fn compare_json(&self, value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Number(number) if !self.number.is_nan() => self.compare_number(number.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(text) => self.compare_text(text),
            serde_json::Value::Null => self.operator == Operator::NotEqual,
            other => self.compare_text(&other.to_string()),
        }
    }

    fn compare_text(&self, text: &str) -> bool {
        match self.operator {
            Operator::StartsWith => text.starts_with(&self.value),
            Operator::Contains => text.to_lowercase().contains(&self.value.to_lowercase()),
            _ => self.accepts(text.cmp(&self.value)),
        }
    }

    fn compare_number(&self, number: f64) -> bool {
        number.partial_cmp(&self.number).is_some_and(|order| self.accepts(order))
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
            data: r#"{"to":"+5511999990000","meta":{"tries":7,"tags":["vip"]}}"#.to_owned(),
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
        ] {
            assert!(matches(filter), "{filter}");
        }
        for filter in ["state=completed", "priority>3", "age<1h", "data.to^=+34", "reason~refused", "data.nothing=x", "data.meta.tries<7"] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn a_filter_that_makes_no_sense_is_refused_where_it_does_not() {
        let error = |text: &str| text.parse::<Filter>().unwrap_err().to_string();

        assert!(error("state=failed colour=red").starts_with("at character 14: \"colour\" is no field; the fields are id, name"));
        assert!(error("priority=high").contains("no number"));
        assert!(error("age>soon").contains("no age"));
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
