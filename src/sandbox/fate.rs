//! This file says what becomes of a request: the faults there are, their names, and the lot that each message draws.

use std::fmt;
use std::str::FromStr;

use super::meta::errors;

/// What a provider, or something in front of it, does wrong. Each dialect has an answer of its own for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The number has no WhatsApp account: `exists:false`, or 131026.
    NotOnWhatsApp,
    /// The instance lost WhatsApp: 500 with the word alone, or 131016.
    ConnectionClosed,
    /// The same, of a number that the provider knows already: 400 with a list.
    ConnectionClosedCached,
    /// The instance is known but not loaded: 500 with the text of a JavaScript error.
    NotLoaded,
    /// The key or the token is wrong: 401.
    Unauthorized,
    /// There is no such instance or number: 404, or 100 with the subcode 33.
    InstanceMissing,
    /// The request breaks the provider's schema: 400.
    Invalid,
    /// A media file could not be fetched or converted.
    MediaFailed,
    /// The provider's own error 500, with its body.
    OwnError,
    /// A page of a gateway, with this status: 500 to 504.
    Gateway(u16),
    /// 429 with Retry-After.
    TooMany,
    /// 503 with Retry-After.
    Unavailable,
    /// A page with 200, as a wrong base URL gives.
    Page,
    /// 200 with nothing in it.
    Empty,
    /// 200 with 100 MB of nothing.
    Huge,
    /// 302 to somewhere else.
    Moved,
    /// No answer at all; nothing was accepted.
    Silent,
    /// Accepted, and the connection closed without an answer.
    Dropped,
    /// Accepted, and the answer broken off in its middle.
    CutShort,
    /// An error of Meta's, by its code.
    Meta(u32),
}

/// What stands before a status at the end of a number: digits that numbers counted up from a round one do not reach soon.
const STATUS_END: &str = "999";

/// A fault with its name.
#[derive(Clone, Copy, Debug)]
struct Row {
    name: &'static str,
    fault: Fault,
    /// Numbers that end in [`STATUS_END`] and these digits meet it; none when empty.
    end: &'static str,
    /// What comes back.
    told: &'static str,
}

const fn row(name: &'static str, fault: Fault, end: &'static str, told: &'static str) -> Row {
    Row { name, fault, end, told }
}

/// Every fault that has a name. Codes of Meta's are written as numbers.
const ROWS: [Row; 22] = [
    row("not-on-whatsapp", Fault::NotOnWhatsApp, "404", "400 exists:false; Meta 131026"),
    row("connection-closed", Fault::ConnectionClosed, "501", "500 Connection Closed; Meta 131016"),
    row("connection-closed-400", Fault::ConnectionClosedCached, "", "400 Error: Connection Closed; Meta 131016"),
    row("not-loaded", Fault::NotLoaded, "", "500 with a JavaScript error; Meta 131016"),
    row("unauthorized", Fault::Unauthorized, "401", "401; Meta 190"),
    row("instance-missing", Fault::InstanceMissing, "", "404 no such instance; Meta 100, subcode 33"),
    row("invalid", Fault::Invalid, "400", "400 schema; Meta 131009"),
    row("media-failed", Fault::MediaFailed, "415", "500 while fetching media; Meta 131053"),
    row("http-500", Fault::OwnError, "500", "500 with the provider's own body; Meta 131000"),
    row("gateway-500", Fault::Gateway(500), "", "500 with a page"),
    row("gateway-502", Fault::Gateway(502), "502", "502 with a page"),
    row("gateway-503", Fault::Gateway(503), "", "503 with a page"),
    row("gateway-504", Fault::Gateway(504), "504", "504 with a page"),
    row("too-many", Fault::TooMany, "429", "429 with Retry-After; Meta 130429"),
    row("unavailable", Fault::Unavailable, "503", "503 with Retry-After"),
    row("page-200", Fault::Page, "", "200 with a page"),
    row("empty-200", Fault::Empty, "", "200 with nothing"),
    row("huge-200", Fault::Huge, "", "200 with 100 MB of blanks"),
    row("moved", Fault::Moved, "", "302"),
    row("silent", Fault::Silent, "", "not accepted, and never answered"),
    row("dropped", Fault::Dropped, "599", "accepted, then the connection closed"),
    row("cut-short", Fault::CutShort, "598", "accepted, then half an answer"),
];

/// A word that names a fault, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// `http-500`, `131056`.
    pub code: String,
    /// How a number ends whose messages meet it.
    pub number_ends: Option<String>,
    /// What comes back, first from Evolution.
    pub told: String,
}

/// All faults: those with names, then Meta's.
pub fn codes() -> Vec<Code> {
    let named = ROWS.iter().map(|row| Code {
        code: row.name.to_owned(),
        number_ends: (!row.end.is_empty()).then(|| format!("{STATUS_END}{}", row.end)),
        told: row.told.to_owned(),
    });
    let of_meta = errors::all().map(|(code, status, title)| Code {
        code: code.to_string(),
        number_ends: Fault::of_number(&code.to_string()).map(|_| code.to_string()),
        told: format!("{status} {title}"),
    });
    named.chain(of_meta).collect()
}

impl Fault {
    /// Whether the message was accepted all the same.
    pub(super) fn accepts(self) -> bool {
        matches!(self, Self::Dropped | Self::CutShort)
    }

    /// What is wrong with numbers that end so; `None` for all others.
    ///
    /// `…999404` names a status, `…131056` a code of Meta's.
    pub(super) fn of_number(digits: &str) -> Option<Self> {
        let tail = digits.get(digits.len().checked_sub(6)?..)?;
        if let Some(code) = meta_code(tail) {
            return Some(Self::Meta(code));
        }
        let end = tail.strip_prefix(STATUS_END)?;
        ROWS.iter().find(|row| row.end == end).map(|row| row.fault)
    }

    /// The code with which messages to such a number fail after they were accepted: `…93xxxx` for 13xxxx.
    pub(super) fn later_of_number(digits: &str) -> Option<u32> {
        let tail = digits.get(digits.len().checked_sub(6)?..)?;
        meta_code(&format!("1{}", tail.strip_prefix('9')?))
    }
}

/// Codes of the Cloud API that concern sends: 130xxx to 135xxx.
fn meta_code(text: &str) -> Option<u32> {
    text.parse().ok().filter(|code| (130_000..136_000).contains(code) && errors::is_known(*code))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, ROWS.iter().find(|row| row.fault == *self)) {
            (Self::Meta(code), _) => write!(f, "{code}"),
            (_, Some(row)) => f.write_str(row.name),
            (other, None) => write!(f, "{other:?}"),
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(row) = ROWS.iter().find(|row| row.name == text) {
            return Ok(row.fault);
        }
        let code = text.parse().ok().map(Self::Meta);
        code.ok_or_else(|| format!("{text:?} is no fault; write a code of Meta's such as 131056, or a word: wq sandbox codes"))
    }
}

/// A part of all, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// Whether a lot from [`draw`] falls into this share.
    pub(super) fn takes(self, lot: f64) -> bool {
        lot < self.0
    }

    /// The number itself.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.0 * 1e6).round() / 1e4)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("{text:?} is no share; write 2%, 0.5% or 0.02");
        let (number, whole) = text.trim().strip_suffix('%').map_or((text.trim(), 1.0), |percent| (percent.trim_end(), 100.0));
        let share = number.parse::<f64>().map_err(|_| refuse())? / whole;
        if (0.0..=1.0).contains(&share) { Ok(Self(share)) } else { Err(refuse()) }
    }
}

/// What a lot is drawn for, so that the lots of one message do not depend on each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Error = 1,
    Latency,
    Later,
    Read,
    Reply,
    Swap,
    Double,
    Jitter,
}

/// A lot from 0 to 1 that depends on nothing but its arguments: the same messages meet the same fate in every run of one
/// seed, in whatever order they come. `turn` counts the tries of one message.
#[expect(clippy::cast_precision_loss, reason = "53 bits are a lot")]
pub(super) fn draw(seed: u64, message: u64, purpose: Purpose, turn: u32) -> f64 {
    let word = mix(seed ^ mix(message ^ mix((u64::from(turn) << 8) | purpose as u64)));
    (word >> 11) as f64 / (1_u64 << 53) as f64
}

/// Spreads a number over all 64 bits, one to one (the last step of splitmix64).
pub(super) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        for row in ROWS {
            assert_eq!((row.name.parse(), row.fault.to_string().as_str()), (Ok(row.fault), row.name));
        }
        assert_eq!("131056".parse(), Ok(Fault::Meta(131_056)));
        assert!("nonsense".parse::<Fault>().unwrap_err().contains("wq sandbox codes"));
    }

    #[test]
    fn a_share_is_read_in_percent_and_as_a_fraction() {
        assert_eq!(["2%", "0.02", " 2 % "].map(str::parse), [Ok(Share(0.02)), Ok(Share(0.02)), Ok(Share(0.02))]);
        for text in ["", "%", "101%", "-1%", "1.5", "NaN", "two"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
        assert_eq!("0.5%".parse::<Share>().unwrap().to_string(), "0.5%");
    }

    #[test]
    fn a_number_names_its_fault_by_its_end() {
        assert_eq!(Fault::of_number("34600131056"), Some(Fault::Meta(131_056)));
        assert_eq!(Fault::of_number("34600999404"), Some(Fault::NotOnWhatsApp));
        assert_eq!(Fault::of_number("34600999599"), Some(Fault::Dropped));
        for ordinary in ["34600111222", "34600130999", "5511980000007", "1", ""] {
            assert_eq!(Fault::of_number(ordinary), None, "{ordinary}");
        }
        assert_eq!((Fault::later_of_number("34600931026"), Fault::later_of_number("34600131026")), (Some(131_026), None));
    }

    #[test]
    fn lots_repeat_with_their_seed_and_spread_evenly() {
        let lots = |seed: u64, turn: u32| (0..10_000).map(|message| draw(seed, message, Purpose::Error, turn)).collect::<Vec<f64>>();
        let below = |lots: &[f64]| lots.iter().filter(|lot| **lot < 0.02).count();

        assert_eq!(lots(7, 0), lots(7, 0));
        assert_ne!(lots(7, 0), lots(8, 0));
        assert_ne!(lots(7, 0), lots(7, 1));
        assert!((150..250).contains(&below(&lots(7, 0))), "{}", below(&lots(7, 0)));
    }
}
