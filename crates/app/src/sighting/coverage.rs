//! What the sources have in a window: "not seen" stands on it.

use logs::SourceCoverage;
use model::Timestamp;
use model::list::thousands;
use model::time::Window;

use super::{CoverageView, DeletedDays};
use crate::logs::{DayCount, Gap, gap, gaps};
use crate::text::counted;

/// Deleted days with fewer days than this between them are told as one: they were of one month, or of months that follow.
const JOINED_DAYS: i64 = 31;

/// What a source has in a window. A source that never had data has no row in the index.
pub(super) fn of(source: &str, window: Window, held: Option<&SourceCoverage>) -> CoverageView {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (first, last) = (held.and_then(|held| held.first), held.and_then(|held| held.last));
    let without_time = held.map_or(0, |held| number(held.without_time));
    let per_day = held.map(|held| held.per_day.as_slice()).unwrap_or_default();
    let (days_in_window, gaps, covered) = match window {
        Window::All => {
            let span = first.zip(last).map_or(0, |(first, last)| last.day() - first.day() + 1);
            (span, gaps(per_day), held.is_some_and(|held| held.events > 0))
        }
        Window::Between(from, to) => {
            // The index counts by days: a day at the window's edge may have its events on the other side of the edge.
            let meets = first.zip(last).is_some_and(|(first, last)| first <= to && last >= from);
            (to.day() - from.day() + 1, gaps_between(per_day, from.day(), to.day()), meets && !per_day.is_empty())
        }
    };
    let dated: u64 = per_day.iter().map(|(_, count)| count).sum();
    let events = if window == Window::All { held.map_or(0, |held| number(held.events)) } else { number(dated) };
    let days_covered = per_day.len() as i64;
    let deleted = held.map(|held| deleted(held, window)).unwrap_or_default();
    let mut text = words(window, covered, days_covered, days_in_window, events, first, last);
    if let Some(on) = deleted.iter().map(|days| days.on.as_str()).max() {
        let days: i64 = deleted.iter().map(|deleted| deleted.days).sum();
        text = match (covered, days) {
            (false, _) => format!("not covered: deleted by retention on {on}"),
            (true, 0) => format!("{text}; some deleted by retention on {on}"),
            (true, days) => format!("{text}; {} deleted by retention on {on}", counted(days, "day")),
        };
    }
    CoverageView {
        source: source.to_owned(),
        covered,
        text,
        events,
        days_covered,
        days_in_window,
        days: per_day.iter().map(|(day, count)| DayCount::of(*day, *count)).collect(),
        gaps,
        deleted,
        first,
        last,
        without_time,
    }
}

/// A source of which it is not known what it has, and why.
pub(super) fn unknown(source: &str, why: &str) -> CoverageView {
    CoverageView {
        source: source.to_owned(),
        covered: false,
        text: why.to_owned(),
        events: 0,
        days_covered: 0,
        days_in_window: 0,
        days: Vec::new(),
        gaps: Vec::new(),
        deleted: Vec::new(),
        first: None,
        last: None,
        without_time: 0,
    }
}

/// What retention removed in the window, days in a row that went on the same day together. Days that had no events join their
/// neighbours: they went with them.
fn deleted(held: &SourceCoverage, window: Window) -> Vec<DeletedDays> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut found: Vec<(i64, i64, DeletedDays)> = Vec::new();
    for gone in &held.gone {
        let on = gone.at.date();
        match found.last_mut().filter(|(_, last, deleted)| gone.day - *last <= JOINED_DAYS && deleted.on == on) {
            Some((first, last, deleted)) => {
                *last = gone.day;
                deleted.to = Timestamp::from_day(gone.day).date();
                deleted.days = gone.day - *first + 1;
                deleted.events += number(gone.events);
            }
            None => {
                let date = Timestamp::from_day(gone.day).date();
                let deleted = DeletedDays { from: date.clone(), to: date, days: 1, events: number(gone.events), on };
                found.push((gone.day, gone.day, deleted));
            }
        }
    }
    let without_day = held.gone_without_day.filter(|_| window == Window::All);
    let without_day = without_day.map(|(events, at)| DeletedDays {
        from: String::new(),
        to: String::new(),
        days: 0,
        events: number(events),
        on: at.date(),
    });
    found.into_iter().map(|(_, _, deleted)| deleted).chain(without_day).collect()
}

fn words(
    window: Window,
    covered: bool,
    days_covered: i64,
    days_in_window: i64,
    events: i64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
) -> String {
    if covered {
        let of = if days_in_window == 0 { "no times".to_owned() } else { format!("{days_covered} of {}", counted(days_in_window, "day")) };
        return format!("{of}, {}", counted(events, "event"));
    }
    match (window, first, last) {
        (Window::Between(..), Some(first), Some(last)) if first.day() == last.day() => {
            format!("no data in this window; it has {}", first.date())
        }
        (Window::Between(..), Some(first), Some(last)) => format!("no data in this window; it has {} to {}", first.date(), last.date()),
        (Window::Between(..), None, _) if events > 0 => "no data in this window; its events have no time".to_owned(),
        _ => "no data".to_owned(),
    }
}

/// The days of a window without events.
fn gaps_between(per_day: &[(i64, u64)], from: i64, to: i64) -> Vec<Gap> {
    let (Some((first, _)), Some((last, _))) = (per_day.first(), per_day.last()) else { return gap(from, to).into_iter().collect() };
    let mut found: Vec<Gap> = gap(from, first - 1).into_iter().collect();
    found.extend(gaps(per_day));
    found.extend(gap(last + 1, to));
    found
}

/// A range of dates as people say it, to the minute: `2026-11-01 00:00 to 2026-11-08 17:30 UTC`. Seconds are told where they count.
pub(super) fn range_words(from: Timestamp, to: Timestamp) -> String {
    let minute = |time: Timestamp| {
        let text = time.to_string();
        let clock = text.get(11..text.len() - 1).unwrap_or_default();
        let whole = matches!(clock.get(5..).unwrap_or_default(), ":00" | ":59.999999" | ":00.000000");
        let clock = if whole { clock.get(..5).unwrap_or_default() } else { clock.strip_suffix(".000000").unwrap_or(clock) };
        format!("{} {clock}", time.date())
    };
    format!("{} to {} UTC", minute(from), minute(to))
}

/// A window as it is searched.
pub(super) fn window_words(window: Window) -> String {
    match window {
        Window::All => "all data".to_owned(),
        Window::Between(from, to) => format!("{from} to {to}"),
    }
}

/// `last 7 days` for `7d`.
pub(super) fn last_words(length: &str) -> String {
    let length = length.trim();
    let split = length.len() - length.chars().last().map_or(0, char::len_utf8);
    let (number, unit) = length.split_at(split);
    let unit = match unit {
        "m" => "minute",
        "h" => "hour",
        "w" => "week",
        _ => "day",
    };
    match number.trim().parse::<i64>() {
        Ok(1) => format!("last {unit}"),
        Ok(number) => format!("last {} {unit}s", thousands(number)),
        Err(_) => format!("last {length}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(days: &[(i64, u64)], first: i64, last: i64) -> SourceCoverage {
        SourceCoverage {
            source: 1,
            first: Some(Timestamp(first)),
            last: Some(Timestamp(last)),
            per_day: days.to_vec(),
            events: 10,
            without_time: 0,
            raw_bytes: 0,
            disk_bytes: 0,
            gone: Vec::new(),
            gone_without_day: None,
        }
    }

    const DAY: i64 = 86_400_000_000;
    const HOUR: i64 = DAY / 24;

    #[test]
    fn a_window_beside_the_data_is_not_covered() {
        let window = |from, to| Window::Between(Timestamp(from), Timestamp(to));
        let all_day_five = held(&[(5, 10)], 5 * DAY, 5 * DAY + HOUR);
        let inside = of("dns", window(4 * DAY, 6 * DAY), Some(&all_day_five));
        assert!(inside.covered);
        assert_eq!((inside.text.as_str(), inside.gaps.len()), ("1 of 3 days, 10 events", 2));
        // The same day, but later: the day's count alone would call it covered.
        let later = of("dns", window(5 * DAY + 2 * HOUR, 5 * DAY + 3 * HOUR), Some(&all_day_five));
        assert!(!later.covered);
        assert_eq!(later.text, "no data in this window; it has 1970-01-06");
        let elsewhere = of("dns", window(8 * DAY, 9 * DAY), Some(&held(&[], 5 * DAY, 6 * DAY)));
        assert_eq!((elsewhere.covered, elsewhere.gaps.len()), (false, 1));
        let never = of("dns", Window::All, None);
        assert_eq!((never.covered, never.text.as_str()), (false, "no data"));
    }

    #[test]
    fn what_retention_removed_is_not_called_unseen() {
        let gone = |day| logs::GoneDay { day, events: 5, at: Timestamp(100 * DAY) };
        let emptied = SourceCoverage { gone: vec![gone(4), gone(5), gone(8)], ..held(&[], 60 * DAY, 61 * DAY) };
        let all_gone = of("dns", Window::Between(Timestamp(3 * DAY), Timestamp(9 * DAY)), Some(&emptied));
        assert_eq!((all_gone.covered, all_gone.text.as_str()), (false, "not covered: deleted by retention on 1970-04-11"));
        let [days] = all_gone.deleted.as_slice() else { panic!("{:?}", all_gone.deleted) };
        assert_eq!((days.from.as_str(), days.to.as_str(), days.days, days.events), ("1970-01-05", "1970-01-09", 5, 15));
        let part = SourceCoverage { gone: vec![gone(4)], ..held(&[(5, 10)], 5 * DAY, 5 * DAY + HOUR) };
        let some_left = of("dns", Window::Between(Timestamp(4 * DAY), Timestamp(6 * DAY)), Some(&part));
        assert!(some_left.covered);
        assert_eq!(some_left.text, "1 of 3 days, 10 events; 1 day deleted by retention on 1970-04-11");
    }

    #[test]
    fn windows_are_said_as_people_say_them() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        assert_eq!(
            range_words(time("2023-08-14T00:00:00Z"), time("2023-08-18T09:30:59.999999Z")),
            "2023-08-14 00:00 to 2023-08-18 09:30 UTC"
        );
        assert_eq!(range_words(time("2023-08-14T00:00:07Z"), time("2023-08-14T01:00:00Z")), "2023-08-14 00:00:07 to 2023-08-14 01:00 UTC");
        assert_eq!([last_words("7d"), last_words("1h"), last_words("90m")], ["last 7 days", "last hour", "last 90 minutes"]);
    }
}
