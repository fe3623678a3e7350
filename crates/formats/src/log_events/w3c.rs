//! W3C extended logs, as IIS, Exchange and CloudFront write them. The line is the text; `#Fields` tells what its words mean.

use std::io::Read;

use super::Shape;
use super::emit::{Ended, Found, Output, Place};
use super::fields::{Role, role_of_key};
use super::lines::{Step, each_line};

/// Whether a stream that begins like this is such a log.
pub(super) fn detect(head: &str) -> bool {
    head.lines().take(20).take_while(|line| line.starts_with('#')).any(|line| line.starts_with("#Fields:"))
}

/// Reads a stream to its end, or until the sink stops it.
pub(super) fn read(reader: impl Read, member: &str, output: &mut Output<'_, '_>) -> Ended {
    let mut roles: Vec<Option<Role>> = Vec::new();
    let mut separator = ' ';
    each_line(reader, member, output, |output, line, number| {
        if let Some(fields) = line.strip_prefix("#Fields:") {
            // Exchange separates by commas, CloudFront its rows by tabs.
            separator = if fields.contains(',') { ',' } else { ' ' };
            roles = fields.split([' ', '\t', ',']).filter(|name| !name.is_empty()).map(role_of_field).collect();
            return Step::NoEvent;
        }
        if line.starts_with('#') {
            return Step::NoEvent;
        }
        let separator = if separator == ' ' && line.contains('\t') { '\t' } else { separator };
        let values = roles.iter().zip(line.split(separator)).filter_map(|(role, value)| Some(((*role)?, value)));
        let mut found = Found::of_values(values);
        // The standard says that times are in UTC.
        if let Some(time) = &mut found.time {
            time.zone = true;
        }
        Step::event(output.event(line, line, Shape::Text, &found, Place { member, line: number }))
    })
}

fn role_of_field(name: &str) -> Option<Role> {
    match name {
        "c-ip" | "x-forwarded-for" => role_of_key("c-ip"),
        "s-computername" | "x-host-header" | "cs-host" | "server-name" => role_of_key("hostname"),
        "date-time" => role_of_key("timestamp"),
        "client-ip" | "remote-endpoint" => role_of_key("clientip"),
        "server-ip" | "local-endpoint" => role_of_key("server_ip"),
        "client-hostname" => role_of_key("host"),
        _ => role_of_key(name),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::ControlFlow;

    use super::super::{Format, Options, read_events};

    /// Time, host, accounts, source, destination and action.
    type Seen = (Option<String>, Option<String>, Vec<String>, Option<String>, Option<String>, Option<String>);

    fn seen(log: &str) -> Vec<Seen> {
        let mut all = Vec::new();
        let own = |text: Option<&str>| text.map(str::to_owned);
        let report = read_events(Cursor::new(log), "u_ex.log", &Options::default(), &mut |event| {
            assert_eq!(event.raw, event.text);
            let accounts = event.accounts.iter().map(|a| a.to_string()).collect();
            let time = event.time.map(|t| t.to_string());
            all.push((time, own(event.host), accounts, own(event.source), own(event.destination), own(event.action)));
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!((report.members[0].format, report.without_zone), (Some(Format::W3c), 0));
        all
    }

    #[test]
    fn the_header_tells_what_the_words_mean_and_may_change() {
        let log = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2024-01-31 10:00:00\n\
                   #Fields: date time s-ip cs-method cs-uri-stem cs-username c-ip sc-status\n\
                   2024-01-31 10:00:00 10.0.0.5 GET /owa/ CORP\\anna 192.0.2.7 200\n\
                   #Fields: time date c-ip\n10:00:01 2024-01-31 192.0.2.8\n";
        let all = seen(log);
        let own = |text: &str| Some(text.to_owned());
        assert_eq!(
            all[0],
            (own("2024-01-31T10:00:00Z"), own("192.0.2.7"), vec!["CORP\\anna".to_owned()], own("192.0.2.7"), own("10.0.0.5"), own("GET"))
        );
        assert_eq!((all[1].0.clone(), all[1].3.clone()), (own("2024-01-31T10:00:01Z"), own("192.0.2.8")));
    }

    #[test]
    fn commas_and_tabs_separate_too() {
        let exchange =
            "#Software: Microsoft Exchange Server\n#Fields: date-time,client-ip,event-id\n2024-01-31T10:00:00.123Z,192.0.2.7,RECEIVE\n";
        assert_eq!(seen(exchange)[0].3.as_deref(), Some("192.0.2.7"));
        let cloudfront = "#Version: 1.0\n#Fields: date time c-ip cs(User-Agent)\n2024-01-31\t10:00:00\t192.0.2.7\tMozilla/5.0%20(X)\n";
        assert_eq!((seen(cloudfront)[0].0.as_deref(), seen(cloudfront)[0].3.as_deref()), (Some("2024-01-31T10:00:00Z"), Some("192.0.2.7")));
    }
}
