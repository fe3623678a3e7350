//! Access logs of web servers and load balancers, and what error logs say in words.

use super::emit::Found;
use super::fields::{account, is_name};
use super::time::{self, Stamp};

/// Reads a line of an access log, if it is one.
pub(super) fn parse(line: &str) -> Option<Found<'_>> {
    common(line).or_else(|| load_balancer(line))
}

/// `[name ]client ident user [24/Nov/2024:10:20:30 +0100] "GET / HTTP/1.1" 200 …`
fn common(line: &str) -> Option<Found<'_>> {
    let open = memchr::memmem::find(line.as_bytes().get(..line.len().min(600))?, b" [")? + 2;
    let (stamp, length) = time::prefix(line.get(open..)?)?;
    let Stamp::Full(at) = stamp else { return None };
    let after = line.get(open + length..)?.strip_prefix(']')?.trim_start();
    let before: Vec<&str> = line.get(..open - 2)?.split(' ').filter(|word| !word.is_empty()).collect();
    let client = before.iter().position(|word| is_client(word))?;
    // Names of virtual hosts and what proxies were told may stand before and after the client.
    let named = client.checked_sub(1).and_then(|at| before.get(at)).map(|name| name.trim_end_matches(','));
    let user = before.get(client + 1..)?.last().filter(|_| before.len() >= client + 3).copied();
    let request = after.strip_prefix('"')?;
    let method = request.split([' ', '"']).next().filter(|word| is_method(word));
    Some(Found {
        time: Some(at),
        host: named.filter(|name| is_name(name) && name.contains('.')),
        accounts: user.filter(|user| is_name(user)).map(|user| account(user, None)).into_iter().collect(),
        source: before.get(client).map(|word| without_port(word)),
        destination: None,
        action: method,
    })
}

/// `https 2024-01-31T10:00:00.1Z app/name 192.0.2.1:4567 10.0.0.1:80 … "GET https://… HTTP/1.1" …`
fn load_balancer(line: &str) -> Option<Found<'_>> {
    let mut words = line.split(' ');
    let first = words.next()?;
    let stamp = if first.starts_with(|c: char| c.is_ascii_digit()) { first } else { words.next()? };
    let at = time::parse(stamp).filter(|_| stamp.contains('T'))?;
    let balancer = words.next()?;
    let client = words.next().filter(|word| is_client(word) && word.contains(':'))?;
    let target = words.next()?;
    let request = line.split_once('"')?.1;
    let method = request.split(' ').next().filter(|word| is_method(word))?;
    Some(Found {
        time: Some(at),
        host: Some(balancer),
        source: Some(without_port(client)),
        destination: Some(without_port(target)).filter(|name| is_name(name)),
        action: Some(method),
        ..Found::default()
    })
}

fn is_method(word: &str) -> bool {
    (3..=20).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

/// Whether a word is an address, with or without a port.
fn is_client(word: &str) -> bool {
    let word = without_port(word.trim_end_matches(','));
    word.parse::<std::net::IpAddr>().is_ok()
}

/// `1.2.3.4:80` and `[::1]:80` without the port.
fn without_port(word: &str) -> &str {
    if let Some(rest) = word.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    match word.split_once(':') {
        Some((address, port)) if !port.contains(':') => address,
        _ => word.trim_end_matches(','),
    }
}

/// Words before an address that say where something came from.
const FROM: [&str; 6] = [" from ", "client: ", "[client ", "[Client ", "rhost=", "IP: "];

/// What a message says in words: `Failed password for anna from 192.0.2.1 port 22`, `client: 192.0.2.1, server: …`.
pub(super) fn spoken(message: &str) -> Found<'_> {
    let Some((at, source)) = FROM.iter().find_map(|words| {
        let at = message.find(words)?;
        let word = message.get(at + words.len()..)?.split([' ', ',', ']', ')', ';']).next()?.trim_matches(['"', '\'', '.']);
        is_client(word).then(|| (at, without_port(word)))
    }) else {
        return Found::default();
    };
    let before = message.get(..at).unwrap_or_default();
    let user = [" for invalid user ", " for user ", " user ", " for "].iter().find_map(|words| {
        let (_, name) = before.rsplit_once(words)?;
        Some(name.trim_matches(['"', '\''])).filter(|name| is_name(name) && !name.contains([' ', ':', ',']))
    });
    Found { source: Some(source), accounts: user.map(|user| account(user, None)).into_iter().collect(), ..Found::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_tell_who_came_from_where() {
        for (line, source, host, user, action) in [
            ("192.0.2.1 - - [31/Jan/2024:10:00:00 +0100] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl/8\"", "192.0.2.1", None, None, Some("GET")),
            ("2001:db8::1 - anna [31/Jan/2024:10:00:00 +0100] \"-\" 408 0", "2001:db8::1", None, Some("anna"), None),
            (
                "www.corp.example 192.0.2.1 - bob [31/Jan/2024:10:00:00 +0100] \"POST /x HTTP/2\" 200 1",
                "192.0.2.1",
                Some("www.corp.example"),
                Some("bob"),
                Some("POST"),
            ),
            (
                "https 2024-01-31T09:00:00.000Z app/lb1 192.0.2.1:4567 10.0.0.1:80 0.1 200 \"GET https://x:443/ HTTP/1.1\" \"curl\"",
                "192.0.2.1",
                Some("app/lb1"),
                None,
                Some("GET"),
            ),
        ] {
            let found = parse(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((found.source, found.host, found.action), (Some(source), host, action), "{line}");
            assert_eq!(found.accounts.first().map(|a| &**a), user, "{line}");
            assert_eq!(found.time.unwrap().at.to_string(), "2024-01-31T09:00:00Z", "{line}");
        }
        for line in ["", "[31/Jan/2024:10:00:00 +0100] x", "hello [world] \"GET", "a b c [31/Jan/2024:10:00:00 +0100] \"GET / HTTP/1.1\""] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn words_tell_it_too() {
        let found = spoken("sshd[1]: Failed password for invalid user admin from 192.0.2.1 port 4567 ssh2");
        assert_eq!((found.source, found.accounts.as_slice()), (Some("192.0.2.1"), &["admin".into()][..]));
        assert_eq!(spoken("[error] 8#8: *1 open() failed, client: 192.0.2.1, server: x").source, Some("192.0.2.1"));
        assert_eq!(spoken("Received disconnect from [2001:db8::1]:22"), Found { source: Some("2001:db8::1"), ..Found::default() });
        assert_eq!(spoken("mail from anna to bob"), Found::default());
    }
}
