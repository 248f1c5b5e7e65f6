//! This file fills `{{column}}` placeholders of a text from the cells of a row.

use super::error::CampaignError;

/// A text with placeholders, each bound to a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Column(usize),
}

impl Template {
    /// Reads a text such as `Hola {{name}}`; `find` knows the columns.
    ///
    /// # Errors
    /// When a placeholder is not closed or empty, or names no column.
    pub fn parse(text: &str, find: impl Fn(&str) -> Result<usize, CampaignError>) -> Result<Self, CampaignError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let broken = || CampaignError::Template(format!("{{{{{}", after.chars().take(40).collect::<String>()));
            let (name, behind) = after.split_once("}}").ok_or_else(broken)?;
            let name = name.trim();
            if name.is_empty() || name.contains(['{', '}']) {
                return Err(broken());
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Column(find(name)?));
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// Writes the text for one row into `text`.
    ///
    /// # Errors
    /// The column whose cell is empty: a message that says `Hola ,` helps nobody.
    pub fn render<'c>(&self, text: &mut String, cell: impl Fn(usize) -> &'c str) -> Result<(), usize> {
        text.clear();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Column(column) => match cell(*column).trim() {
                    "" => return Err(*column),
                    value => text.push_str(value),
                },
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(name: &str) -> Result<usize, CampaignError> {
        let unknown = || CampaignError::UnknownColumn { wanted: name.to_owned(), known: "name, city".to_owned() };
        ["name", "city"].iter().position(|known| *known == name).ok_or_else(unknown)
    }

    fn render(template: &str, cells: [&str; 2]) -> Result<String, usize> {
        let mut text = "from the row before".to_owned();
        Template::parse(template, find).unwrap().render(&mut text, |column| cells[column])?;
        Ok(text)
    }

    #[test]
    fn placeholders_are_filled_from_the_row() {
        assert_eq!(render("Hola {{name}} de {{ city }}!", ["Ana", " Lima "]), Ok("Hola Ana de Lima!".to_owned()));
        assert_eq!(render("{{name}}{{name}}", ["a", ""]), Ok("aa".to_owned()));
        assert_eq!(render("no {braces} at }} all", ["", ""]), Ok("no {braces} at }} all".to_owned()));
        assert_eq!(render("{{name}}", ["{{city}}", "x"]), Ok("{{city}}".to_owned()));
    }

    #[test]
    fn an_empty_cell_is_never_filled_in() {
        assert_eq!(render("Hola {{name}} de {{city}}", ["Ana", " "]), Err(1));
    }

    #[test]
    fn broken_and_unknown_placeholders_are_refused_before_the_first_row() {
        for text in ["Hola {{name", "Hola {{}}", "Hola {{ }}", "{{{name}}}"] {
            assert!(matches!(Template::parse(text, find), Err(CampaignError::Template(_))), "{text}");
        }
        assert!(matches!(Template::parse("{{nome}}", find), Err(CampaignError::UnknownColumn { .. })));
    }
}
