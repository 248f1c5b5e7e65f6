//! This file decides which addresses a provider may be told to fetch: public ones, over https, as far as the text says.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::error::MessageError;

/// Longer ones are refused.
const MAX_URL_BYTES: usize = 2048;
/// Names that only exist inside a network, with all names below them.
const INNER_DOMAINS: [&str; 10] = ["localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "home.arpa", "test"];

/// Networks that IANA's registry does not call globally reachable, and multicast, with the length of their prefixes.
const INNER_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
    // Azure's metadata service stands among public addresses.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];
/// `2000::/3`.
const GLOBAL_UNICAST: u128 = 0x2000 << 112;
/// `64:ff9b::/96`, an IPv4 address behind a translator.
const NAT64: u128 = 0x0064_ff9b << 96;
/// `2002::/16`, an IPv4 address in bits 16 to 47.
const SIX_TO_FOUR: u128 = 0x2002 << 112;
/// `2001::/23`: Teredo, ORCHID and their like.
const PROTOCOLS: u128 = 0x2001 << 112;
/// `2001:db8::/32`.
const DOCUMENTATION: u128 = 0x2001_0db8 << 96;
/// `3fff::/20`.
const MORE_DOCUMENTATION: u128 = 0x3fff << 112;

/// Checks an address that stands in a message. The provider fetches it, from a network where private addresses lead to the
/// operator's own machines. Names are not resolved here.
///
/// # Errors
/// With the reason; never repeats the address, which may hold a secret.
pub(super) fn check(text: &str, path: &str) -> Result<(), MessageError> {
    let refuse = |code, problem: &str| Err(MessageError::field(path, code, problem));
    if text.len() > MAX_URL_BYTES {
        return refuse("url_too_long", "the address is longer than 2048 bytes");
    }
    // Browsers skip what is hidden between the letters of an address; whoever writes it there has something to hide.
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return refuse(
            "url_invalid",
            "is no address: it holds a space, a backslash or a control character; write them as %20 and the like",
        );
    }
    let Ok(url) = Url::parse(text) else {
        return refuse("url_invalid", "is no address such as https://example.com/picture.png");
    };
    if url.scheme() != "https" {
        return refuse("url_scheme", "must begin with https://; other files go as base64 or by the provider's id");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("url_credentials", "holds a user name or password, which the provider would see; use a signed address");
    }
    let is_private = match url.host() {
        None => return refuse("url_invalid", "has no host"),
        Some(Host::Domain(name)) => is_inner_name(name),
        Some(Host::Ipv4(address)) => is_inner_v4(address),
        Some(Host::Ipv6(address)) => is_inner_v6(address),
    };
    if is_private {
        return refuse("url_private", "leads into a private network; the provider fetches it, so it must be public");
    }
    Ok(())
}

fn is_inner_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let is_below = |domain: &str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.contains('.') || INNER_DOMAINS.into_iter().any(is_below)
}

fn is_inner_v4(address: Ipv4Addr) -> bool {
    INNER_V4.into_iter().any(|(network, length)| (address.to_bits() ^ network.to_bits()).leading_zeros() >= length)
}

/// All but global unicast, and global forms that hold an inner IPv4 address.
fn is_inner_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let is_in = |network: u128, length: u32| (bits ^ network).leading_zeros() >= length;
    let holds_inner = |shift: u32| u32::try_from(bits >> shift & u128::from(u32::MAX)).is_ok_and(|v4| is_inner_v4(Ipv4Addr::from_bits(v4)));
    if is_in(NAT64, 96) {
        return holds_inner(0);
    }
    if is_in(SIX_TO_FOUR, 16) {
        return holds_inner(80);
    }
    !is_in(GLOBAL_UNICAST, 3) || is_in(PROTOCOLS, 23) || is_in(DOCUMENTATION, 32) || is_in(MORE_DOCUMENTATION, 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(address: &str) -> &'static str {
        check(address, "media.url").err().map_or("ok", |error| error.code())
    }

    #[test]
    fn public_addresses_over_https_pass() {
        for address in [
            "https://example.com/a.png",
            "https://cdn.example.com:8443/a.png?sig=x%20y#top",
            "HTTPS://EXAMPLE.COM/A.PNG",
            "https://b\u{fc}cher.example/a.png",
            "https://8.8.8.8/a.png",
            "https://[2606:4700:4700::1111]/a.png",
            "https://[64:ff9b::808:808]/a.png",
            "https://[2002:808:808::]/a.png",
            "https://localhost.example.com/a.png",
            "https://notlocalhost.com/a.png",
            "https://172.15.255.255/",
            "https://172.32.0.1/",
            "https://169.253.169.254/",
        ] {
            assert_eq!(verdict(address), "ok", "{address}");
        }
    }

    #[test]
    fn addresses_of_the_inside_are_refused_in_every_notation() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "router",
            "nas.local",
            "db.internal",
            "metadata.google.internal",
            "metadata.google.internal.",
            "printer.lan",
            "gate.home.arpa",
            "127.0.0.1",
            "127.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "%31%32%37.0.0.1",
            "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
            "127\u{3002}0\u{3002}0\u{3002}1",
            "\u{2460}\u{2461}\u{2466}.0.0.1",
            "0.0.0.0",
            "0",
            "10.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2002:a9fe:a9fe::1]",
            "[2001::1]",
            "[2001:db8::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[ff02::1]",
        ] {
            assert_eq!(verdict(&format!("https://{host}/latest/meta-data/")), "url_private", "{host}");
        }
    }

    #[test]
    fn what_is_no_plain_https_address_is_refused() {
        for (address, code) in [
            ("http://example.com/a.png", "url_scheme"),
            ("http://169.254.169.254/", "url_scheme"),
            ("file:///etc/passwd", "url_scheme"),
            ("ftp://example.com/a", "url_scheme"),
            ("data:text/html,x", "url_scheme"),
            ("javascript:alert(1)", "url_scheme"),
            ("gopher://example.com/", "url_scheme"),
            ("//example.com/a.png", "url_invalid"),
            ("/etc/passwd", "url_invalid"),
            ("example.com/a.png", "url_invalid"),
            ("", "url_invalid"),
            ("https://", "url_invalid"),
            ("https://exa mple.com/", "url_invalid"),
            ("https://example.com/a b.png", "url_invalid"),
            (" https://example.com/", "url_invalid"),
            ("https://exam\tple.com/", "url_invalid"),
            ("https://example.com\\@127.0.0.1/", "url_invalid"),
            ("https://256.256.256.256/", "url_invalid"),
            ("https://[::1/", "url_invalid"),
            ("https://[fe80::1%25eth0]/", "url_invalid"),
            ("https://example.com:99999/", "url_invalid"),
            ("https://ana:secret@example.com/a.png", "url_credentials"),
            ("https://ana@example.com/a.png", "url_credentials"),
            ("https://:secret@example.com/a.png", "url_credentials"),
            ("https://example.com@127.0.0.1/", "url_credentials"),
        ] {
            assert_eq!(verdict(address), code, "{address}");
        }
        assert_eq!(verdict(&format!("https://example.com/{}", "a".repeat(MAX_URL_BYTES))), "url_too_long");
    }

    #[test]
    fn an_error_never_repeats_the_address() {
        for address in ["https://ana:hush@example.com/", "https://127.0.0.1/hush", "http://example.com/hush", "hush"] {
            assert!(!check(address, "media.url").unwrap_err().to_string().contains("hush"), "{address}");
        }
    }
}
