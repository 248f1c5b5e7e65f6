//! This file settles where Redis is and which password it gets.

use super::environment;
use super::file::Layers;
use super::origin::{Found, Origin};
use crate::app::error::AppError;

/// Where Redis is when nobody says anything.
const USUAL: &str = "redis://127.0.0.1:6379";
/// What its password is called in a complaint.
const PASSWORD: &str = "the password of Redis";

/// The URL of Redis with its password. What the user is to be warned of is added to `warnings`.
///
/// # Errors
/// When the password can't be read.
pub(super) fn url(flag: Option<&String>, layers: &Layers, warnings: &mut Vec<String>) -> Result<Found<String>, AppError> {
    if let Some(found) = layers.choose(("--redis", flag), "WQ_REDIS_URL", |_| None) {
        return Ok(found);
    }
    let Some(Found { value: redis, origin }) = layers.first(|values| values.redis.clone()) else {
        return Ok(of_other_tools().unwrap_or_else(|| Found::by_default(USUAL.to_owned())));
    };
    let Some(place) = redis.password else { return Ok(Found { value: redis.url, origin }) };
    let unlocked = place.read(PASSWORD)?;
    warnings.extend(unlocked.warning);
    Ok(Found { value: with_password(&redis.url, &unlocked.bytes), origin })
}

/// What Node teams have in their environment.
fn of_other_tools() -> Option<Found<String>> {
    if let Some(value) = environment("REDIS_URL") {
        return Some(Found { value, origin: Origin::Variable("REDIS_URL") });
    }
    let host = environment("REDIS_HOST")?;
    let port = environment("REDIS_PORT").unwrap_or_else(|| "6379".to_owned());
    let url = format!("redis://{host}:{port}");
    let value = environment("REDIS_PASSWORD").map_or_else(|| url.clone(), |password| with_password(&url, password.as_bytes()));
    Some(Found { value, origin: Origin::Variable("REDIS_HOST") })
}

/// The URL with a password, which goes behind the user if it names one.
fn with_password(url: &str, password: &[u8]) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("redis", url));
    let password = percent_encode(password);
    if scheme.ends_with("unix") {
        let sign = if rest.contains('?') { '&' } else { '?' };
        return format!("{scheme}://{rest}{sign}pass={password}");
    }
    match rest.rsplit_once('@') {
        Some((user, host)) => format!("{scheme}://{user}:{password}@{host}"),
        None => format!("{scheme}://:{password}@{rest}"),
    }
}

fn percent_encode(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    bytes.iter().map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Whether a URL shows a password.
pub(super) fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    rest.rsplit_once('@').is_some_and(|(login, _)| login.contains(':')) || query.split('&').any(|pair| pair.starts_with("pass="))
}

/// The URL without what stands before its host.
pub(in crate::cli) fn hide_password(url: &str) -> String {
    match (has_password(url), url.split_once("://"), url.rsplit_once('@')) {
        (true, Some((scheme, _)), Some((_, host))) => format!("{scheme}://***@{host}"),
        (true, _, _) => "***".to_owned(),
        (false, _, _) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_recognised_wherever_it_stands() {
        for url in
            ["redis://:secret@host", "redis://ana:p@ss@host:1/2", "redis://ana:pass?word@host", "unix:///run/redis.sock?db=1&pass=secret"]
        {
            assert!(has_password(url), "{url}");
        }
        for url in ["redis://host:6379/0", "redis://ana@host:6379", "unix:///run/redis.sock?db=1", "host:6379"] {
            assert!(!has_password(url), "{url}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [("https://me:secret@h/x", "https://***@h/x"), ("https://h/x", "https://h/x"), ("unix:///s?pass=a", "***")] {
            assert_eq!(hide_password(url), shown);
        }
    }

    #[test]
    fn a_password_of_any_characters_survives_the_way_into_a_url() {
        for (url, expected) in [
            ("redis://h:1/2", "redis://:a%2Fb%40c%3Ad%20e@h:1/2"),
            ("rediss://ana@h:1", "rediss://ana:a%2Fb%40c%3Ad%20e@h:1"),
            ("redis://h:1,i:2", "redis://:a%2Fb%40c%3Ad%20e@h:1,i:2"),
            ("unix:///run/r.sock?db=1", "unix:///run/r.sock?db=1&pass=a%2Fb%40c%3Ad%20e"),
        ] {
            assert_eq!(with_password(url, b"a/b@c:d e"), expected);
        }
    }
}
