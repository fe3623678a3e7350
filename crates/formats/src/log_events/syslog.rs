//! The header of a syslog line: RFC 5424, RFC 3164, and what products make of them.

use super::time::{self, Stamp};

/// A line taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Header<'l> {
    pub(super) time: Option<Stamp>,
    pub(super) host: Option<&'l str>,
    /// What comes after machine and time, beginning with the program's name.
    pub(super) message: &'l str,
}

/// Takes a line apart, if it has such a header.
pub(super) fn header(line: &str) -> Option<Header<'_>> {
    let (priority, rest) = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((number, rest)) if (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) => (true, rest),
        Some(_) => return None,
        None => (false, line),
    };
    if priority && let Some(rest) = rest.strip_prefix("1 ") {
        return rfc_5424(rest);
    }
    let rest = rest.trim_start();
    let Some((stamp, length)) = time::prefix(rest) else {
        return if priority { cisco(rest) } else { None };
    };
    let after = rest.get(length..)?;
    let after = after.strip_prefix(':').unwrap_or(after);
    let message = after.strip_prefix(' ')?.trim_start();
    let (word, following) = message.split_once(' ').unwrap_or((message, ""));
    if is_tag(word) && word.ends_with(':') {
        // Without a machine: what a program wrote by itself.
        return (priority || matches!(stamp, Stamp::NoYear(_)) || word.ends_with("]:")).then_some(Header {
            time: Some(stamp),
            host: None,
            message,
        });
    }
    if !is_host(word) {
        return None;
    }
    let following = following.trim_start();
    let tagged = following.split(' ').next().is_some_and(is_tag);
    let old = matches!(stamp, Stamp::NoYear(_));
    (old || priority || tagged).then_some(Header { time: Some(stamp), host: Some(word), message: following })
}

/// `TIMESTAMP HOST APP PROCID MSGID SD MSG`, each `-` where there is none.
fn rfc_5424(rest: &str) -> Option<Header<'_>> {
    let (stamp, rest) = rest.split_once(' ')?;
    let time = match time::prefix(stamp) {
        Some((time, length)) if length == stamp.len() => Some(time),
        _ if stamp == "-" => None,
        _ => return None,
    };
    let (host, message) = rest.split_once(' ')?;
    Some(Header { time, host: Some(host).filter(|host| *host != "-"), message })
}

/// `123: host: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: …` and its shorter kinds.
fn cisco(rest: &str) -> Option<Header<'_>> {
    let (mut rest, mut host) = (rest, None);
    for _ in 0..3 {
        let (word, after) = rest.split_once(": ")?;
        let stamp = word.trim_start_matches(['*', '.']);
        if let Some((time, length)) = time::prefix(stamp)
            && length == stamp.len()
        {
            return Some(Header { time: Some(time), host, message: after });
        }
        if !word.bytes().all(|b| b.is_ascii_digit()) {
            host = Some(word).filter(|word| is_host(word));
        }
        rest = after;
    }
    None
}

fn is_host(word: &str) -> bool {
    let word = word.trim_end_matches(':');
    !word.is_empty()
        && word.len() <= 255
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:/%".contains(&b))
        && word.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// `sshd[123]:`, `kernel:`, `%ASA-6-302013:`.
fn is_tag(word: &str) -> bool {
    let Some(name) = word.strip_suffix(':') else { return false };
    let name = match name.split_once('[') {
        Some((name, number)) if number.ends_with(']') => name,
        Some(_) => return false,
        None => name,
    };
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/%()@".contains(&b))
        && !name.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_apart() {
        for (line, host, message) in [
            (
                "<34>1 2024-01-31T10:00:00.003Z fw1.example su - ID47 - 'su root' failed",
                Some("fw1.example"),
                "su - ID47 - 'su root' failed",
            ),
            ("<34>1 - - app - - - text", None, "app - - - text"),
            ("<13>Jan 31 10:00:00 pc1 sshd[12]: Accepted", Some("pc1"), "sshd[12]: Accepted"),
            ("Jan  1 10:00:00 pc1 kernel: x", Some("pc1"), "kernel: x"),
            ("Jan 1 10:00:00 10.0.0.1 last message repeated 2 times", Some("10.0.0.1"), "last message repeated 2 times"),
            ("2024-01-31T10:00:00+01:00 pc1 su[1]: x", Some("pc1"), "su[1]: x"),
            ("2024-01-31 10:00:00-0700 logd[29]: x", None, "logd[29]: x"),
            ("<166>Jan 31 2024 10:00:00 asa1 : %ASA-6-302013: Built", Some("asa1"), ": %ASA-6-302013: Built"),
            ("<189>29: sw1: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: Configured", Some("sw1"), "%SYS-5-CONFIG_I: Configured"),
        ] {
            let header = header(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((header.host, header.message), (host, message), "{line}");
        }
        for line in [
            "",
            "2020-04-16T05:13:40.861934Z 344 [Note] Access denied",
            "2024-01-31 10:00:00,123 INFO [main] x",
            "1.2.3.4 - - [31/Jan/2024:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1",
            "<html>1",
            "2022-04-25T15:08:29.098Z [AUTH] WARN: x",
        ] {
            assert_eq!(header(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(line in "(<[0-9]{1,3}>)?(1 )?(Jan 31 10:00:00|2024-01-31T10:00:00Z)?.{0,40}") {
            let _ = header(&line);
        }
    }
}
