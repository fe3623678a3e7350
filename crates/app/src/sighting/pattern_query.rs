//! From what stands in a pattern's brackets to what the log index is asked: every event that holds it is among those that the
//! question finds; which of these do is told by their fields.

use formats::intel::stix::pattern::events::{Field, counterpart};
use formats::intel::stix::pattern::{Comparison, Literal, Operator, Test};
use logs::{NeedleKind, Query};
use model::observable::{Observable, ObservableType as T};
use model::sighting::UrlMatch;

use super::needle::needle;

/// Values that are longer are not looked up: events are compared anyway.
const LONGEST: usize = 4_096;

/// The question for a comparison; every event where the index has nothing to look it up by.
pub(super) fn query(comparison: &Comparison) -> Query {
    match comparison {
        Comparison::Test(test) => of_test(test),
        Comparison::And(parts) => {
            let mut all: Vec<Query> = parts.iter().map(query).filter(|query| *query != Query::All).collect();
            match all.len() {
                0 => Query::All,
                1 => all.remove(0),
                _ => Query::And(all),
            }
        }
        Comparison::Or(parts) => any(parts.iter().map(query)),
    }
}

fn any(queries: impl Iterator<Item = Query>) -> Query {
    let mut all: Vec<Query> = queries.collect();
    if all.is_empty() || all.contains(&Query::All) {
        return Query::All;
    }
    if all.len() == 1 { all.remove(0) } else { Query::Or(all) }
}

fn of_test(test: &Test) -> Query {
    // Nothing tells the property: no event holds it.
    let Some(field) = counterpart(&test.path) else { return Query::Not(Box::new(Query::All)) };
    if test.negated || !field.stands_in_text() {
        return Query::All;
    }
    match test.operator {
        Operator::Equal | Operator::In => any(test.values.iter().map(|literal| equal(&field, literal))),
        Operator::IsSubset => match test.values.first() {
            Some(Literal::Text(text)) => network(text),
            _ => Query::All,
        },
        Operator::Like => match test.values.first() {
            Some(Literal::Text(text)) => like(&field, text),
            _ => Query::All,
        },
        _ => Query::All,
    }
}

fn equal(field: &Field, literal: &Literal) -> Query {
    match literal {
        // Windows writes the numbers of processes as hexadecimal ones.
        Literal::Int(number) => {
            any([value(NeedleKind::Plain, number.to_string()), value(NeedleKind::Plain, format!("0x{number:x}"))].into_iter())
        }
        Literal::Text(text) if field.is_account() => account(text),
        Literal::Text(text) => {
            let address = text.strip_suffix("/32").or(text.strip_suffix("/128")).unwrap_or(text);
            let of_type = match address.parse::<std::net::IpAddr>() {
                Ok(std::net::IpAddr::V4(_)) => T::Ipv4Addr,
                Ok(std::net::IpAddr::V6(_)) => T::Ipv6Addr,
                Err(_) => field.of_type.unwrap_or(T::Other),
            };
            let normal = Observable::new(of_type, if of_type == T::Ipv4Addr || of_type == T::Ipv6Addr { address } else { text });
            let normal = normal.map_or_else(|_| text.clone(), |found| found.value);
            let needle = needle(0, of_type.as_str(), &normal, UrlMatch::Whole);
            let others = needle.alternatives.into_iter().map(|other| value(other.kind, other.value));
            let as_written = (normal != *text).then(|| value(NeedleKind::Plain, text.clone()));
            any(std::iter::once(value(NeedleKind::Plain, needle.value)).chain(others).chain(as_written))
        }
        _ => Query::All,
    }
}

/// Fields name a domain apart from the account, so the whole may stand nowhere.
fn account(text: &str) -> Query {
    let name = text.trim();
    if name.is_empty() || name.contains(['*', '?']) { Query::All } else { Query::Account(name.to_owned()) }
}

fn value(kind: NeedleKind, value: String) -> Query {
    let holds_a_word = value.chars().any(char::is_alphanumeric);
    if holds_a_word && value.len() <= LONGEST { Query::Value { kind, value } } else { Query::All }
}

fn network(text: &str) -> Query {
    match text.split('/').next().unwrap_or_default().parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) if text.contains('/') => value(NeedleKind::Network, text.to_owned()),
        Ok(std::net::IpAddr::V4(_)) => value(NeedleKind::Plain, text.to_owned()),
        // Groups of zeros are left out where addresses are written, and may be all that a network says.
        _ => Query::All,
    }
}

/// `%` and `_` as the index has them. What is written in more than one way is left to the comparison.
fn like(field: &Field, text: &str) -> Query {
    let odd = matches!(field.of_type, Some(T::Ipv6Addr | T::MacAddr | T::DomainName)) && !text.is_ascii();
    if odd || matches!(field.of_type, Some(T::Ipv6Addr | T::MacAddr)) || field.is_account() || text.contains("xn--") {
        return Query::All;
    }
    let mut form: String = text
        .chars()
        .map(|c| match c {
            '%' => '*',
            '_' => '?',
            other => other,
        })
        .collect();
    if field.of_type == Some(T::WindowsRegistryKey) {
        // Hives have several names.
        form = form.split_once('\\').map_or(form.clone(), |(_, rest)| format!("*{rest}"));
    }
    let longest = form.split(|c: char| !c.is_alphanumeric()).map(str::len).max().unwrap_or_default();
    if longest < 3 { Query::All } else { value(if form.contains(['*', '?']) { NeedleKind::Wildcard } else { NeedleKind::Plain }, form) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::intel::stix::pattern::{Observed, Version, parse};

    fn of(pattern: &str) -> Query {
        match parse(pattern, Version::V21).unwrap().what {
            Observed::One(comparison) => query(&comparison),
            other => panic!("{other:?}"),
        }
    }

    fn plain(text: &str) -> Query {
        Query::Value { kind: NeedleKind::Plain, value: text.to_owned() }
    }

    #[test]
    fn what_has_to_stand_in_an_event_is_looked_up() {
        assert_eq!(of("[ipv4-addr:value = '192.0.2.1/32']"), Query::Or(vec![plain("192.0.2.1"), plain("192.0.2.1/32")]));
        assert_eq!(of("[domain-name:value = 'evil.example' AND network-traffic:dst_port > 80]"), plain("evil.example"));
        assert_eq!(of("[domain-name:value = 'evil.example' OR network-traffic:dst_port > 80]"), Query::All);
        assert_eq!(
            of("[process:command_line LIKE '%mimikatz_x%']"),
            Query::Value { kind: NeedleKind::Wildcard, value: "*mimikatz?x*".to_owned() }
        );
        assert_eq!(of("[process:command_line MATCHES 'mimikatz']"), Query::All);
        assert_eq!(
            of("[ipv4-addr:value ISSUBSET '192.0.2.0/24']"),
            Query::Value { kind: NeedleKind::Network, value: "192.0.2.0/24".to_owned() }
        );
        assert_eq!(of("[user-account:user_id = 'anna']"), Query::Account("anna".to_owned()));
        assert_eq!(of("[mutex:name = 'x']"), Query::Not(Box::new(Query::All)));
        assert_eq!(of("[file:name != 'a.exe' AND file:name NOT = 'b.exe']"), Query::All);
        let key = of("[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Foo']");
        assert!(matches!(&key, Query::Or(all) if all.contains(&plain("HKLM\\Software\\Foo"))), "{key:?}");
    }
}
