//! This file turns one row of a contact file into a message with an id, or says why not.

use csv::StringRecord;

use super::mapping::{Header, Mapping, TextSource};
use super::reader::Row;
use super::rejects::Reject;
use crate::core::model::id::digest_id;
use crate::core::model::message::{MessageError, TextMessage, parse_expires};
use crate::core::model::phone::{Country, Phone};

/// What to do with several rows for one contact (and one row key).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// The first counts, also against what was added before: decided by the store's own answer.
    #[default]
    First,
    /// The last counts; needs a file that can be read twice.
    Last,
    /// Every row counts: its number becomes part of its id.
    Keep,
}

/// Everything that turns rows into messages and stays the same for all rows.
#[derive(Clone, Debug)]
pub struct Planner {
    /// The names of the columns.
    pub header: Header,
    /// Which column fills which field.
    pub mapping: Mapping,
    /// Part of every id and of every message.
    pub campaign: String,
    /// Where numbers without `+` belong.
    pub country: Option<Country>,
    /// A column that tells several messages to one contact apart.
    pub row_key: Option<usize>,
    /// What to do with several rows for one contact.
    pub duplicates: Duplicates,
}

/// A row that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The same for the same campaign, contact and row key, so that no run adds it twice.
    pub id: String,
    /// The message as JSON.
    pub data: String,
}

impl Planner {
    /// The message of a row; `text` is a buffer that is used again for every row.
    ///
    /// # Errors
    /// The reason for the rejects file.
    pub fn plan(&self, row: &Row<'_>, text: &mut String) -> Result<Planned, Reject> {
        let cells = self.checked(row)?;
        let cell = |column: usize| cells.get(column).unwrap_or_default();
        let blame = |column: usize, code, reason: String| Reject { code, column: Some(column), value: cell(column).to_owned(), reason };

        let to = self.mapping.to;
        let phone = Phone::parse(cell(to), self.country).map_err(|error| blame(to, error.code(), error.to_string()))?;
        let text_column = match &self.mapping.text {
            TextSource::Column(column) => {
                text.clear();
                text.push_str(cell(*column));
                Some(*column)
            }
            TextSource::Template(template) => {
                let missing =
                    |column| blame(column, "value_missing", format!("the text needs {:?}, which is empty", self.header.name(column)));
                template.render(text, cell).map_err(missing)?;
                None
            }
        };
        if text.contains('\u{fffd}') {
            let value = text_column.map(cell).unwrap_or_default().to_owned();
            let reason = "the text holds U+FFFD, the mark of a character that was lost when the file was converted".to_owned();
            return Err(Reject { code: "text_broken", column: text_column, value, reason });
        }
        let expires = match self.mapping.expires.filter(|column| !cell(*column).trim().is_empty()) {
            Some(column) => Some(parse_expires(cell(column)).map_err(|error| blame(column, error.code(), error.to_string()))?),
            None => None,
        };
        let message = TextMessage {
            to: &phone,
            text,
            expires,
            campaign: Some(&self.campaign),
            category: self.mapping.category.map(cell),
            conversation: self.mapping.conversation.map(cell),
        };
        let meta = self.mapping.meta.iter().map(|column| (self.header.name(*column), cell(*column)));
        let data = message.to_json(meta).map_err(|error| reject_message(&error, text_column, cell))?;
        let row_key = self.row_key.map(cell).unwrap_or_default();
        Ok(Planned { id: self.id(&phone, row_key, row.number), data })
    }

    fn id(&self, phone: &Phone, row_key: &str, row: u64) -> String {
        let contact = phone.canonical();
        let parts = [self.campaign.as_bytes(), contact.as_bytes(), row_key.as_bytes()];
        match self.duplicates {
            Duplicates::Keep => digest_id(&[parts[0], parts[1], parts[2], row.to_string().as_bytes()]),
            Duplicates::First | Duplicates::Last => digest_id(&parts),
        }
    }

    /// The cells of a row that is text and as wide as the header.
    fn checked<'r>(&self, row: &Row<'r>) -> Result<&'r StringRecord, Reject> {
        let reject = |code, column: Option<usize>, reason: String| {
            let value = column.and_then(|column| row.bytes.get(column)).map(|cell| String::from_utf8_lossy(cell).into_owned());
            Reject { code, column, value: value.unwrap_or_default(), reason }
        };
        let cells = row.text.map_err(|column| reject("invalid_utf8", Some(column), "the row is not valid UTF-8".to_owned()))?;
        let lines = || format!("lines {} to {}", row.line, row.last_line);
        if row.unclosed {
            return Err(reject("quote_not_closed", None, format!("a quote is not closed and took {} into one row", lines())));
        }
        let (found, expected) = (cells.len(), self.header.names().len());
        if found != expected {
            let hint = if row.last_line > row.line { format!(", and takes {}: is a quote not closed?", lines()) } else { String::new() };
            return Err(reject("ragged", None, format!("the row has {found} cells where the header has {expected}{hint}")));
        }
        if cells.as_byte_record().as_slice().contains(&0) {
            let column = cells.iter().position(|cell| cell.contains('\0'));
            return Err(reject("zero_byte", column, "the row holds a zero byte".to_owned()));
        }
        Ok(cells)
    }
}

fn reject_message<'c>(error: &MessageError, text_column: Option<usize>, cell: impl Fn(usize) -> &'c str) -> Reject {
    let value = text_column.map(cell).unwrap_or_default().to_owned();
    Reject { code: error.code(), column: text_column, value, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::mapping::parse_map;
    use crate::campaign::reader::ContactFile;

    fn plan(content: &[u8], map: &str, text: Option<&str>, change: impl FnOnce(&mut Planner)) -> Vec<Result<Planned, Reject>> {
        let mut file = ContactFile::read(std::io::Cursor::new(content.to_vec())).unwrap();
        let pairs = if map.is_empty() { Vec::new() } else { parse_map(map).unwrap() };
        let mapping = Mapping::bind(file.header(), &pairs, text).unwrap();
        let header = file.header().clone();
        let duplicates = Duplicates::First;
        let mut planner = Planner { header, mapping, campaign: "bf26".to_owned(), country: None, row_key: None, duplicates };
        change(&mut planner);
        let (mut plans, mut text) = (Vec::new(), String::new());
        while let Some(row) = file.next_row().unwrap() {
            plans.push(planner.plan(&row, &mut text));
        }
        plans
    }

    fn ids(content: &str, change: impl FnOnce(&mut Planner)) -> Vec<String> {
        plan(content.as_bytes(), "", Some("Hola"), change).into_iter().map(|planned| planned.unwrap().id).collect()
    }

    fn codes(content: &[u8], text: Option<&str>) -> Vec<&'static str> {
        plan(content, "", text, |_| ()).into_iter().map(|planned| planned.map_or_else(|reject| reject.code, |_| "ok")).collect()
    }

    #[test]
    fn a_row_becomes_a_message_with_its_other_columns_in_meta() {
        let plans = plan(b"phone,name,city\n+34 600 111 222,Ana,Lima\n", "", Some("Hola {{name}}"), |_| ());

        let data = r#"{"to":"+34600111222","text":"Hola Ana","campaign":"bf26","meta":{"name":"Ana","city":"Lima"}}"#;
        assert_eq!(plans[0].as_ref().unwrap().data, data);
    }

    #[test]
    fn spellings_of_one_contact_have_one_id_and_a_campaign_of_another_name_has_others() {
        let content = "phone\n+5511987654321\n+551187654321\n+55 11 98765-4321\n+5511987654322\n";

        let first = ids(content, |_| ());
        let other = ids(content, |planner| planner.campaign = "bf27".to_owned());

        assert!(first[0] == first[1] && first[1] == first[2] && first[2] != first[3]);
        assert_ne!(first[0], other[0]);
        assert_eq!(first[0], digest_id(&[b"bf26", b"551187654321", b""]));
    }

    #[test]
    fn a_row_key_or_keeping_duplicates_tells_rows_for_one_contact_apart() {
        let content = "phone,order\n+34600111222,1\n+34600111222,2\n+34600111222,2\n";

        let keyed = ids(content, |planner| planner.row_key = Some(1));
        let kept = ids(content, |planner| planner.duplicates = Duplicates::Keep);

        assert!(keyed[0] != keyed[1] && keyed[1] == keyed[2]);
        assert!(kept[0] != kept[1] && kept[1] != kept[2]);
    }

    #[test]
    fn every_kind_of_bad_row_is_rejected_with_its_own_code() {
        let content = b"phone,text,expires\n,a,\n+34600,a,\n600111222,a,\n+34600111222,,\n+34600111222,a,soon\n+34600111222,a\n\
            +34600111222,a,,\n+34600111222,caf\xe9,\n+34600111222,a\0b,\n+34600111222,\xef\xbf\xbd,\n+34600111222,a,1795489418213\n";

        let expected = [
            "phone_empty",
            "phone_invalid",
            "phone_no_country",
            "text_empty",
            "expires_not_a_time",
            "ragged",
            "ragged",
            "invalid_utf8",
            "zero_byte",
            "text_broken",
            "ok",
        ];
        assert_eq!(codes(content, None), expected);
    }

    #[test]
    fn a_message_with_a_hole_in_it_is_rejected_with_the_column() {
        let plans = plan(b"phone,name\n+34600111222,\n", "", Some("Hola {{name}}"), |_| ());

        let reject = plans[0].clone().unwrap_err();
        assert_eq!((reject.code, reject.column), ("value_missing", Some(1)));
    }

    #[test]
    fn a_quote_that_swallowed_rows_is_never_sent() {
        let never_closed = plan(b"phone,text\n\n+34600111222,\"Hola\n+34600111223,b\n+34600111224,c", "", None, |_| ());
        let closed_late = plan(b"phone,text\n\"+34600111222,a\n+34600111223,b\"\n+34600111224,c\n", "", None, |_| ());
        let rightly_closed = plan(b"phone,text\n+34600111222,\"Hola\n\"\n", "", None, |_| ());

        let rejects: Vec<Reject> = [never_closed, closed_late].map(|plans| plans[0].clone().unwrap_err()).into();
        assert_eq!(rejects[0].reason, "a quote is not closed and took lines 3 to 5 into one row");
        assert_eq!(rejects[1].reason, "the row has 1 cells where the header has 2, and takes lines 2 to 3: is a quote not closed?");
        assert!(rightly_closed[0].is_ok());
    }
}
