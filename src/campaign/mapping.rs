//! This file decides which column of a contact file becomes which field of the message.

use super::error::CampaignError;
use super::rejects::REJECT_COLUMNS;
use super::template::Template;

/// What `--map` can fill: the names on its left side.
pub const FIELDS: [&str; 5] = ["to", "text", "expires", "category", "conversation"];

/// Column names that hold the recipient when `--map` does not say.
const RECIPIENT_NAMES: [&str; 3] = ["to", "phone", "number"];

/// The names of a file's columns, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
}

impl Header {
    /// Takes over the names; cells without one are called `column_3` after their place.
    ///
    /// # Errors
    /// When two columns have one name.
    pub fn new(cells: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, CampaignError> {
        let mut names: Vec<String> = Vec::new();
        for (place, cell) in cells.into_iter().enumerate() {
            let name = match cell.as_ref().trim() {
                "" => format!("column_{}", place + 1),
                name => name.to_owned(),
            };
            if names.contains(&name) {
                return Err(CampaignError::RepeatedColumn(name));
            }
            names.push(name);
        }
        Ok(Self { names })
    }

    /// All names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of a column, from 0.
    pub fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// The column of that name; capitals don't matter when no column has it exactly.
    ///
    /// # Errors
    /// [`CampaignError::UnknownColumn`] with the names that there are.
    pub fn find(&self, wanted: &str) -> Result<usize, CampaignError> {
        let wanted = wanted.trim();
        let loose = || self.names.iter().position(|name| name.to_lowercase() == wanted.to_lowercase());
        let found = self.names.iter().position(|name| name == wanted).or_else(loose);
        found.ok_or_else(|| CampaignError::UnknownColumn { wanted: wanted.to_owned(), known: self.listed() })
    }

    fn listed(&self) -> String {
        self.names.join(", ")
    }
}

/// Where the text of a message comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// A column.
    Column(usize),
    /// `--text`, with its placeholders.
    Template(Template),
}

/// Which column fills which field; all the others go to `meta`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The column of the phone number.
    pub to: usize,
    /// The text.
    pub text: TextSource,
    /// The column of the moment after which nothing is sent.
    pub expires: Option<usize>,
    /// The column of WhatsApp's category.
    pub category: Option<usize>,
    /// The column of the conversation.
    pub conversation: Option<usize>,
    /// Columns that are kept in `meta`.
    pub meta: Vec<usize>,
}

/// Reads `to=phone,text=body` into pairs of field and column.
///
/// # Errors
/// When a part has no `=`, or names a field that no message has, or one twice.
pub fn parse_map(text: &str) -> Result<Vec<(String, String)>, CampaignError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in text.split(',') {
        let bad = || CampaignError::BadMapping(part.to_owned());
        let (field, column) = part.split_once('=').ok_or_else(bad)?;
        let (field, column) = (field.trim(), column.trim());
        if column.is_empty() {
            return Err(bad());
        }
        if !FIELDS.contains(&field) {
            return Err(CampaignError::UnknownField(field.to_owned()));
        }
        if pairs.iter().any(|(known, _)| known == field) {
            return Err(CampaignError::MappedTwice(field.to_owned()));
        }
        pairs.push((field.to_owned(), column.to_owned()));
    }
    Ok(pairs)
}

impl Mapping {
    /// Binds the pairs of `--map`, the text of `--text` and the usual column names to the columns of `header`.
    ///
    /// # Errors
    /// When a column is missing or there is no recipient or no text.
    pub fn bind(header: &Header, pairs: &[(String, String)], text: Option<&str>) -> Result<Self, CampaignError> {
        let mapped = |field: &str| pairs.iter().find(|(known, _)| known == field).map(|(_, column)| header.find(column)).transpose();
        let usual = |names: &[&str]| names.iter().find_map(|name| header.find(name).ok());
        let optional = |field: &'static str| mapped(field).map(|found| found.or_else(|| usual(&[field])));

        let to = mapped("to")?.or_else(|| usual(&RECIPIENT_NAMES)).ok_or_else(|| CampaignError::NoRecipient(header.listed()))?;
        let text = match (text, mapped("text")?) {
            (Some(_), Some(_)) => return Err(CampaignError::TwoTexts),
            (Some(text), None) => TextSource::Template(Template::parse(text, |name| header.find(name))?),
            (None, Some(column)) => TextSource::Column(column),
            (None, None) => TextSource::Column(usual(&["text"]).ok_or_else(|| CampaignError::NoText(header.listed()))?),
        };
        let (expires, category, conversation) = (optional("expires")?, optional("category")?, optional("conversation")?);
        let mut mapping = Self { to, text, expires, category, conversation, meta: Vec::new() };
        mapping.meta = (0..header.names().len()).filter(|column| mapping.is_free(*column, header)).collect();
        Ok(mapping)
    }

    fn is_free(&self, column: usize, header: &Header) -> bool {
        let taken = [Some(self.to), self.expires, self.category, self.conversation];
        let is_text = matches!(self.text, TextSource::Column(text) if text == column);
        !is_text && !taken.contains(&Some(column)) && !REJECT_COLUMNS.contains(&header.name(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> Header {
        Header::new(names.split(',')).unwrap()
    }

    fn bind(names: &str, map: &str, text: Option<&str>) -> Result<Mapping, CampaignError> {
        let pairs = if map.is_empty() { Vec::new() } else { parse_map(map)? };
        Mapping::bind(&header(names), &pairs, text)
    }

    #[test]
    fn usual_column_names_need_no_map() {
        let mapping = bind("Name,Phone,Text,city", "", None).unwrap();

        assert_eq!((mapping.to, mapping.text, mapping.meta), (1, TextSource::Column(2), vec![0, 3]));
    }

    #[test]
    fn a_map_wins_over_the_usual_names() {
        let mapping = bind("phone,mobile,body,expires", "to=mobile,text=body", None).unwrap();

        assert_eq!((mapping.to, mapping.text, mapping.expires, mapping.meta), (1, TextSource::Column(2), Some(3), vec![0]));
    }

    #[test]
    fn columns_of_an_earlier_rejects_file_are_ignored() {
        let mapping = bind("phone,text,_line,_column,_value,_reason_code,_reason", "", None).unwrap();

        assert!(mapping.meta.is_empty());
    }

    #[test]
    fn an_unknown_column_is_named_together_with_the_known_ones() {
        let error = bind("phone,body", "to=telefono", None).unwrap_err().to_string();

        assert_eq!(error, r#"there is no column "telefono"; the columns are: phone, body"#);
        assert!(bind("phone,body", "", Some("Hola {{nome}}")).unwrap_err().to_string().contains("\"nome\""));
    }

    #[test]
    fn a_file_without_recipient_or_text_is_refused() {
        assert!(matches!(bind("name,text", "", None), Err(CampaignError::NoRecipient(_))));
        assert!(matches!(bind("phone,body", "", None), Err(CampaignError::NoText(_))));
        assert!(matches!(bind("phone,body", "text=body", Some("Hi")), Err(CampaignError::TwoTexts)));
    }

    #[test]
    fn broken_maps_are_refused() {
        assert!(matches!(parse_map("phone"), Err(CampaignError::BadMapping(_))));
        assert!(matches!(parse_map("to="), Err(CampaignError::BadMapping(_))));
        assert!(matches!(parse_map("phone=to"), Err(CampaignError::UnknownField(_))));
        assert!(matches!(parse_map("to=a,to=b"), Err(CampaignError::MappedTwice(_))));
    }

    #[test]
    fn two_columns_of_one_name_are_refused_and_nameless_ones_are_numbered() {
        assert!(matches!(Header::new(["a", " a"]), Err(CampaignError::RepeatedColumn(_))));
        assert_eq!(Header::new(["a", "", " "]).unwrap().names(), ["a", "column_2", "column_3"]);
    }
}
