//! This file knows phone numbers: what is one, how it is written, and which spellings are the same contact.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, Region};

/// More digits than any number with an international prefix has.
const MAX_DIGITS: usize = 20;
/// `+` and the 15 digits that E.164 allows.
const MAX_E164_CHARS: usize = 16;
/// Fewer digits than any number that WhatsApp could know.
const MIN_DIGITS: usize = 5;

/// A phone number that libphonenumber calls valid, in E.164. Prints masked: `+55…0000`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    e164: String,
    country_digits: usize,
}

/// A country of the ISO 3166 list, such as `BR`: where a number without `+` belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(Region);

/// The word is no country.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no country; write its two letters, such as BR, MX, AR or ES")]
pub struct CountryError(String);

impl FromStr for Country {
    type Err = CountryError;

    fn from_str(code: &str) -> Result<Self, CountryError> {
        let refuse = || CountryError(code.chars().take(40).collect());
        let region = Region::from_code(&code.trim().to_ascii_uppercase()).map_err(|_| refuse())?;
        // The library takes any two letters for a region until it is asked for its calling code.
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| Self(region)).ok_or_else(refuse)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.as_region_str().as_str())
    }
}

/// Why a text is no phone number. Never carries the number itself.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PhoneError {
    /// Nothing but spaces.
    #[error("the phone number is empty")]
    Empty,
    /// `5.51199E+12`: a spreadsheet has thrown the last digits away.
    #[error("a spreadsheet has shortened the phone number; format the column as text and export it again")]
    Shortened,
    /// Letters or signs that no number has.
    #[error("the phone number contains {0:?}, which is no part of a phone number")]
    NotANumber(char),
    /// An extension can't be reached by WhatsApp.
    #[error("the phone number has an extension, which WhatsApp can't reach")]
    Extension,
    /// Neither `+` nor `00`, and no default country.
    #[error("the phone number has no country code; write it with +, or give --default-country")]
    NoCountry,
    /// No country has that code.
    #[error("the phone number begins with a country code that does not exist")]
    UnknownCountry,
    /// Too few digits.
    #[error("the phone number is too short")]
    TooShort,
    /// Too many digits.
    #[error("the phone number is too long")]
    TooLong,
    /// The right length perhaps, but no operator of that country has such a number.
    #[error("the phone number does not exist in its country's numbering plan")]
    Invalid,
}

impl PhoneError {
    /// A stable word for files and programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "phone_empty",
            Self::Shortened => "phone_shortened",
            Self::NotANumber(_) => "phone_not_a_number",
            Self::Extension => "phone_extension",
            Self::NoCountry => "phone_no_country",
            Self::UnknownCountry => "phone_unknown_country",
            Self::TooShort => "phone_too_short",
            Self::TooLong => "phone_too_long",
            Self::Invalid => "phone_invalid",
        }
    }
}

impl Phone {
    /// Reads a number as people write it: with `+` or `00`, or national when `default_country` is known; spaces, dots,
    /// dashes, slashes and brackets are ignored.
    ///
    /// The forms that only WhatsApp uses (BR without the 9, MX with a 1, AR with or without the 9) are turned into the
    /// country's official form when they are not valid as they stand.
    ///
    /// # Errors
    /// [`PhoneError`] says what is wrong, without repeating the number.
    pub fn parse(text: &str, default_country: Option<Country>) -> Result<Self, PhoneError> {
        let dialled = dialled(text)?;
        let region = match (dialled.starts_with('+'), default_country) {
            (true, _) => None,
            (false, Some(country)) => Some(country.0),
            (false, None) => return Err(PhoneError::NoCountry),
        };
        let number = PhoneNumber::parse(&dialled, region).map_err(|error| sort(&error))?;
        let phone = if number.is_valid() { Some(Self::from_valid(&number)) } else { official_form(&number) };
        let phone = phone.ok_or(PhoneError::Invalid)?;
        // The library lets a few German numbers be longer than E.164 allows.
        if phone.e164.len() > MAX_E164_CHARS { Err(PhoneError::TooLong) } else { Ok(phone) }
    }

    /// Reads a number as providers write it: `34600111222`, `34600111222@s.whatsapp.net` (with `:12` for one of its devices), or
    /// as people do, with its country.
    ///
    /// # Errors
    /// [`PhoneError`] says what is wrong, without repeating the number. Groups and anonymous ids (`@g.us`, `@lid`) are no numbers.
    pub fn of_provider(text: &str) -> Result<Self, PhoneError> {
        let text = text.trim();
        let number = match text.split_once('@') {
            Some((number, "s.whatsapp.net" | "c.us")) => number.split(':').next().unwrap_or(number),
            Some(_) => return Err(PhoneError::NotANumber('@')),
            None => text,
        };
        match Self::parse(number, None) {
            Err(PhoneError::NoCountry) => Self::parse(&format!("+{}", number.strip_prefix('\'').unwrap_or(number)), None),
            outcome => outcome,
        }
    }

    fn from_valid(number: &PhoneNumber) -> Self {
        Self { e164: number.format_as(PhoneNumberFormat::E164).into_owned(), country_digits: count_digits(number.country_code) }
    }

    /// The number for sending: `+` and 5 to 15 digits.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The calling code of its country, such as `+55`; `+1` is of several countries.
    pub fn country_code(&self) -> &str {
        self.e164.get(..=self.country_digits).unwrap_or("+")
    }

    /// The contact behind the number: digits without `+`, the same for all spellings that reach the same person.
    /// For identity only, never for sending.
    pub fn canonical(&self) -> String {
        let digits = self.e164.trim_start_matches('+');
        let without = |from: usize, to: usize| [digits.get(..from), digits.get(to..)].map(Option::unwrap_or_default).concat();
        match (digits.as_bytes(), digits.len()) {
            ([b'5', b'5', _, _, b'9', ..], 13) => without(4, 5),
            ([b'5', b'2', b'1', ..] | [b'5', b'4', b'9', ..], 13) => without(2, 3),
            _ => digits.to_owned(),
        }
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.e164.get(self.e164.len().saturating_sub(4)..).unwrap_or_default();
        write!(f, "{}…{tail}", self.country_code())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({self})")
    }
}

/// What would be typed into a telephone: digits with at most one leading `+`.
fn dialled(text: &str) -> Result<String, PhoneError> {
    // A leading apostrophe is how spreadsheets (and our own CSV output) keep a number as text.
    let text = text.trim();
    let text = text.strip_prefix('\'').unwrap_or(text);
    let mut dialled = String::with_capacity(text.len().min(32));
    for c in text.chars() {
        match c {
            '0'..='9' => dialled.push(c),
            '+' | '\u{ff0b}' if dialled.is_empty() => dialled.push('+'),
            'e' | 'E' if looks_shortened(text) => return Err(PhoneError::Shortened),
            'x' | 'X' | '#' | ';' | ',' if dialled.len() > MIN_DIGITS => return Err(PhoneError::Extension),
            _ if is_separator(c) => {}
            _ => dialled.push(foreign_digit(c).ok_or(PhoneError::NotANumber(c))?),
        }
    }
    if let Some(rest) = dialled.strip_prefix("00") {
        dialled = format!("+{rest}");
    }
    match dialled.trim_start_matches('+').len() {
        0 => Err(PhoneError::Empty),
        digits if digits < MIN_DIGITS => Err(PhoneError::TooShort),
        digits if digits > MAX_DIGITS => Err(PhoneError::TooLong),
        _ => Ok(dialled),
    }
}

/// Everything between digits that means nothing, with the invisible marks that come along when a number is copied.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// Arabic-Indic, Persian and full-width digits as ASCII.
fn foreign_digit(c: char) -> Option<char> {
    let zero = [0x0660, 0x06f0, 0xff10].into_iter().find(|zero| (*zero..zero + 10).contains(&u32::from(c)))?;
    char::from_digit(u32::from(c) - zero, 10)
}

/// `5.51199E+12`, `5,51199e12`: a mantissa and an exponent.
fn looks_shortened(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let is_number = |part: &str, also: &[char]| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || also.contains(&c));
    is_number(mantissa, &['.', ',']) && is_number(exponent, &['+'])
}

fn sort(error: &ParseError) -> PhoneError {
    match error {
        ParseError::InvalidCountryCode => PhoneError::UnknownCountry,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneError::TooShort,
        ParseError::TooLongNsn => PhoneError::TooLong,
        ParseError::NotANumber(_) => PhoneError::Invalid,
    }
}

/// The valid form of a number that only WhatsApp writes in this way.
fn official_form(number: &PhoneNumber) -> Option<Phone> {
    let national = number.national_number.to_string();
    let (area, rest) = national.split_at_checked(2)?;
    let first_of_rest = rest.bytes().next()?;
    let respelt = match (number.country_code, national.len()) {
        (55, 10) if (b'6'..=b'9').contains(&first_of_rest) => format!("{area}9{rest}"),
        (52, 11) => national.strip_prefix('1')?.to_owned(),
        (54, 11) => national.strip_prefix('9')?.to_owned(),
        (54, 10) => format!("9{national}"),
        _ => return None,
    };
    let number = PhoneNumber { country_code: number.country_code, national_number: respelt.parse().ok()?, ..PhoneNumber::default() };
    number.is_valid().then(|| Phone::from_valid(&number))
}

fn count_digits(country_code: i32) -> usize {
    match country_code {
        ..10 => 1,
        10..100 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, country: &str) -> Result<String, PhoneError> {
        let country = (!country.is_empty()).then(|| country.parse().unwrap());
        Phone::parse(text, country).map(|phone| phone.e164().to_owned())
    }

    fn contact(text: &str) -> String {
        Phone::parse(text, None).unwrap().canonical()
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, country) in [
            ("+34600111222", ""),
            (" +34 600 11 12 22 ", ""),
            ("0034600111222", ""),
            ("00 34 600-111-222", "BR"),
            ("600111222", "ES"),
            ("34600111222", "ES"),
            ("(600) 111.222", "es"),
            ("'+34600111222", ""),
            ("\u{202a}+34\u{a0}600\u{a0}111\u{a0}222\u{202c}", ""),
            ("+٣٤٦٠٠١١١٢٢٢", ""),
        ] {
            assert_eq!(read(text, country), Ok("+34600111222".to_owned()), "{text} {country}");
        }
    }

    #[test]
    fn brazilian_mexican_and_argentinian_forms_of_whatsapp_become_official_ones() {
        for (text, country, official) in [
            ("+55 11 98765 4321", "", "+5511987654321"),
            ("+55 11 8765 4321", "", "+5511987654321"),
            ("11 8765-4321", "BR", "+5511987654321"),
            ("5511987654321", "BR", "+5511987654321"),
            ("551187654321", "BR", "+5511987654321"),
            ("+55 11 3333 4444", "", "+551133334444"),
            ("+52 1 55 1234 5678", "", "+525512345678"),
            ("+52 55 1234 5678", "", "+525512345678"),
            ("5512345678", "MX", "+525512345678"),
            ("+54 9 11 2345 6789", "", "+5491123456789"),
            ("+54 11 2345 6789", "", "+541123456789"),
            ("011 15-2345-6789", "AR", "+5491123456789"),
        ] {
            assert_eq!(read(text, country), Ok(official.to_owned()), "{text} {country}");
        }
    }

    #[test]
    fn spellings_of_one_contact_have_one_canonical_form() {
        assert_eq!(contact("+5511987654321"), "551187654321");
        assert_eq!(contact("+551187654321"), "551187654321");
        assert_eq!(contact("+5215512345678"), contact("+525512345678"));
        assert_eq!(contact("+5491123456789"), contact("+541123456789"));
        assert_eq!(contact("+34600111222"), "34600111222");
        assert_ne!(contact("+551133334444"), contact("+5511987654321"));
    }

    #[test]
    fn numbers_are_read_as_providers_write_them() {
        for text in [
            "34600111222",
            "34600111222@s.whatsapp.net",
            "34600111222:12@s.whatsapp.net",
            "34600111222@c.us",
            "+34 600 111 222",
            "'34600111222",
        ] {
            assert_eq!(Phone::of_provider(text).map(|phone| phone.e164), Ok("+34600111222".to_owned()), "{text}");
        }
        for (text, reason) in [
            ("120363041234567890@g.us", PhoneError::NotANumber('@')),
            ("98765432109876@lid", PhoneError::NotANumber('@')),
            ("600111222", PhoneError::Invalid),
            ("", PhoneError::Empty),
        ] {
            assert_eq!(Phone::of_provider(text), Err(reason), "{text}");
        }
        assert_eq!(Phone::of_provider("551187654321@s.whatsapp.net"), Phone::parse("+55 11 98765-4321", None));
    }

    #[test]
    fn what_is_no_phone_number_is_refused_with_its_reason() {
        for (text, country, reason) in [
            ("", "", PhoneError::Empty),
            ("  ", "ES", PhoneError::Empty),
            ("+", "", PhoneError::Empty),
            ("600111222", "", PhoneError::NoCountry),
            ("+34 600", "", PhoneError::Invalid),
            ("+34", "", PhoneError::TooShort),
            ("+999600111222", "", PhoneError::UnknownCountry),
            ("+3460011122233344455566", "", PhoneError::TooLong),
            ("+34 100 111 222", "", PhoneError::Invalid),
            ("+34600111222 x5", "", PhoneError::Extension),
            ("ana@example.com", "", PhoneError::NotANumber('a')),
            ("+1-800-FLOWERS", "", PhoneError::NotANumber('F')),
            ("5.51199E+12", "BR", PhoneError::Shortened),
            ("12+34600111222", "", PhoneError::NotANumber('+')),
        ] {
            assert_eq!(read(text, country), Err(reason), "{text}");
        }
    }

    #[test]
    fn a_number_is_masked_wherever_it_is_printed() {
        let phone = Phone::parse("+5511987650000", None).unwrap();

        assert_eq!(phone.to_string(), "+55…0000");
        assert_eq!(format!("{phone:?}"), "Phone(+55…0000)");
    }

    #[test]
    fn a_word_that_is_no_country_is_named() {
        assert!("XX".parse::<Country>().is_err() && "Brazil".parse::<Country>().is_err() && "".parse::<Country>().is_err());
        assert_eq!("br".parse::<Country>().map(|country| country.to_string()), Ok("BR".to_owned()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_text_is_a_number_or_an_error_and_what_is_a_number_reads_as_itself(
            text in prop_oneof![any::<String>(), "\\+?[0-9]{0,22}", "[+0-9 ()./xX#;,eE-]{0,30}", "\\+(55|52|54)[0-9]{10,11}"],
            country in prop_oneof![Just(None), Just(Some("BR")), Just(Some("MX")), Just(Some("AR")), Just(Some("ES")), Just(Some("IT"))],
        ) {
            let country = country.map(|code| code.parse().unwrap());
            if let Ok(phone) = Phone::parse(&text, country) {
                let again = Phone::parse(phone.e164(), None).unwrap();
                prop_assert_eq!(again.e164(), phone.e164());
                prop_assert_eq!(again.canonical(), phone.canonical());
                prop_assert!(phone.e164().len() <= MAX_E164_CHARS && phone.e164()[1..].bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
    }
}
