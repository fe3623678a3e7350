//! Times as logs write them.

use model::Timestamp;

/// A time, and whether it named its zone. Without a zone it is read as UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EventTime {
    pub(super) at: Timestamp,
    pub(super) zone: bool,
}

/// Seconds of the epoch below this number, milliseconds above: the year 5138 in one, 1973 in the other.
const LARGEST_SECONDS: i64 = 100_000_000_000;

/// What a text begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    Full(EventTime),
    /// As RFC 3164 writes it.
    NoYear(NoYear),
}

/// A day and a time of day of some year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoYear {
    month: i64,
    day: i64,
    micros: i64,
}

impl NoYear {
    /// The time in this year, if the day is there.
    fn in_year(self, year: i64) -> Option<Timestamp> {
        Some(Timestamp(days_since_1970(year, self.month, self.day)? * DAY + self.micros))
    }

    /// The time that is nearest to another.
    pub(super) fn near(self, other: Timestamp) -> Option<Timestamp> {
        let year = year_of(other);
        let years = [year, year - 1, year + 1].into_iter().filter_map(|year| self.in_year(year));
        years.min_by_key(|at| at.0.abs_diff(other.0))
    }

    /// The last time that is not after `now`, a day of slack for clocks and zones. A leap day may be years ago.
    pub(super) fn before(self, now: Timestamp) -> Option<Timestamp> {
        let year = year_of(now);
        (year - 8..=year + 1).rev().filter_map(|year| self.in_year(year)).find(|at| at.0 <= now.0.saturating_add(DAY))
    }
}

/// The microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Whether a log can be of this time: not before there were any, and not in the future. A day of slack is for clocks
/// and zones.
pub(super) fn is_likely(at: Timestamp, now: Option<Timestamp>) -> bool {
    // 1980-01-01.
    at.0 > 315_532_800_000_000 && now.is_none_or(|now| at.0 <= now.0.saturating_add(DAY))
}

fn year_of(at: Timestamp) -> i64 {
    // By the mean length of a year; put right at its ends.
    let days = at.0.div_euclid(DAY);
    let guess = 1970 + (days * 400).div_euclid(146_097);
    (guess - 1..=guess + 1).rev().find(|year| days_since_1970(*year, 1, 1).is_some_and(|first| first <= days)).unwrap_or(guess)
}

/// Reads what stands alone: ISO 8601 with date, time and optional zone (`T` or a space between), a date alone, a number
/// (seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size), or what [`prefix`] reads.
///
/// Written by hand because it runs once or twice an event and has to take what general parsers refuse.
pub(super) fn parse(text: &str) -> Option<EventTime> {
    let text = text.trim();
    if let Some(time) = number(text) {
        return Some(time);
    }
    match prefix(text) {
        Some((Stamp::Full(time), length)) if length == text.len() => Some(time),
        _ => text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")).and_then(number),
    }
}

/// Reads the time that a text begins with, and how many bytes it takes.
///
/// ISO 8601, `24/Nov/2024:10:20:30 +0100`, `24 Nov 2024 10:20:30`, `11/24/2024 5:20:30 PM`, `24.11.2024 17:20:30`,
/// `Sun Nov 24 10:20:30 2024`, `Nov 24 2024 10:20:30`, and without a year `Nov 24 10:20:30`.
pub(super) fn prefix(text: &str) -> Option<(Stamp, usize)> {
    let bytes = text.as_bytes();
    let mut digits = Digits(bytes);
    let stamp = match bytes {
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] => Stamp::Full(iso(&mut digits)?),
        [b'0'..=b'9', ..] => Stamp::Full(day_first(&mut digits)?),
        [b'A'..=b'Z', ..] => month_first(&mut digits)?,
        _ => return None,
    };
    Some((stamp, bytes.len() - digits.0.len()))
}

/// Whether a value is a date without a time of day.
pub(super) fn is_day(text: &str) -> bool {
    let text = text.trim();
    (8..=10).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit() || b"-/.".contains(&b))
        && text.bytes().any(|b| !b.is_ascii_digit())
}

/// Whether a value is a time of day without a date.
pub(super) fn is_clock(text: &str) -> bool {
    let text = text.trim();
    let mut digits = Digits(text.as_bytes());
    text.len() >= 5 && clock(&mut digits).is_some() && (digits.0.is_empty() || zone(&mut digits).is_some_and(|_| digits.0.is_empty()))
}

fn number(text: &str) -> Option<EventTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || whole.len() > 19 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) || text.ends_with('.') {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let micros = if whole < LARGEST_SECONDS {
        whole.checked_mul(1_000_000)?.checked_add(micros_of(fraction))?
    } else if whole < LARGEST_SECONDS * 1_000 {
        whole.checked_mul(1_000)?.checked_add(micros_of(fraction) / 1_000)?
    } else if whole < LARGEST_SECONDS * 1_000_000 {
        whole
    } else {
        whole / 1_000
    };
    Some(EventTime { at: Timestamp(micros), zone: true })
}

/// The digits after the decimal point as millionths; what is finer is cut off.
fn micros_of(fraction: &str) -> i64 {
    let mut micros = 0;
    for place in 0..6 {
        micros = micros * 10 + fraction.as_bytes().get(place).map_or(0, |b| i64::from(b.wrapping_sub(b'0')));
    }
    micros
}

/// Reads digits from the front.
#[derive(Clone, Copy)]
struct Digits<'t>(&'t [u8]);

impl Digits<'_> {
    fn take(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    }

    fn one_or_two(&mut self) -> Option<i64> {
        let two = matches!(self.0, [_, b'0'..=b'9', ..]);
        self.take(if two { 2 } else { 1 })
    }

    fn eat_all(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    fn eat(&mut self, any: &[u8]) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        any.contains(first).then(|| self.0 = rest)
    }
}

fn iso(digits: &mut Digits<'_>) -> Option<EventTime> {
    let year = digits.take(4)?;
    digits.eat(b"-/.")?;
    let month = digits.take(2)?;
    digits.eat(b"-/.")?;
    let day = digits.take(2)?;
    let date = *digits;
    for between in [&b"T"[..], b"t", b" - ", b", ", b" ", b"_", b":", b"\t"] {
        if digits.eat_all(between).is_none() {
            continue;
        }
        let Some(micros) = clock(digits) else { break };
        return finished(digits, year, month, day, micros);
    }
    // A time that is cut short is none; a date alone is one.
    *digits = date;
    if matches!(digits.0.first(), Some(b'T' | b't' | b'0'..=b'9')) {
        return None;
    }
    Some(EventTime { at: Timestamp(days_since_1970(year, month, day)? * DAY), zone: false })
}

/// A day first, or a month: `24/Nov/2024:…`, `24 Nov 2024 …`, `24.11.2024 …`, `11/24/2024 …`.
fn day_first(digits: &mut Digits<'_>) -> Option<EventTime> {
    let first = digits.one_or_two()?;
    let separator = *digits.0.first()?;
    digits.eat(b"/-. ")?;
    let (day, month, year) = if let Some(month) = month(digits) {
        digits.eat(b"/- ")?;
        (first, month, digits.take(4)?)
    } else {
        let second = digits.one_or_two()?;
        digits.eat(&[separator])?;
        let year = digits.take(4)?;
        // With slashes the month comes first, as Windows and spreadsheets write it, unless it can be none.
        if separator == b'/' && first <= 12 { (second, first, year) } else { (first, second, year) }
    };
    for between in [&b":"[..], b", ", b" ", b"T", b"-", b"\t"] {
        if digits.eat_all(between).is_some() {
            let micros = clock(digits)?;
            return finished(digits, year, month, day, micros);
        }
    }
    Some(EventTime { at: Timestamp(days_since_1970(year, month, day)? * DAY), zone: false })
}

/// `[Sun[,]] Nov 24 [2024] 10:20:30 [UTC] [2024]`, or `Sun, 24 Nov 2024 10:20:30 +0100`.
fn month_first(digits: &mut Digits<'_>) -> Option<Stamp> {
    const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    if WEEKDAYS.iter().any(|day| digits.0.starts_with(day)) {
        digits.0 = digits.0.get(3..)?;
        let _ = digits.eat(b",");
        digits.eat(b" ")?;
        if digits.0.first().is_some_and(u8::is_ascii_digit) {
            return day_first(digits).map(Stamp::Full);
        }
    }
    let month = month(digits)?;
    digits.eat(b" ")?;
    let _ = digits.eat(b" ");
    let day = digits.one_or_two()?;
    let _ = digits.eat(b",");
    digits.eat(b" ")?;
    let mut year = None;
    if matches!(digits.0, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ' | b',', ..]) {
        year = Some(digits.take(4)?);
        let _ = digits.eat(b",");
        digits.eat(b" ")?;
    }
    let micros = clock(digits)?;
    if let Some(year) = year {
        return finished(digits, year, month, day, micros).map(Stamp::Full);
    }
    // The year, where there is one, comes last, after the zone if that is named.
    let before = *digits;
    let offset = zone(digits);
    if digits.eat(b" ").is_some()
        && let Some(year) = digits.take(4)
        && !digits.0.first().is_some_and(u8::is_ascii_alphanumeric)
    {
        let days = days_since_1970(year, month, day)?;
        let at = days * DAY + micros - offset.unwrap_or(0) * 1_000_000;
        return Some(Stamp::Full(EventTime { at: Timestamp(at), zone: offset.is_some() }));
    }
    *digits = before;
    days_since_1970(2024, month, day)?;
    Some(Stamp::NoYear(NoYear { month, day, micros }))
}

/// Adds the zone, if one follows.
fn finished(digits: &mut Digits<'_>, year: i64, month: i64, day: i64, micros: i64) -> Option<EventTime> {
    let offset = zone(digits);
    let days = days_since_1970(year, month, day)?;
    Some(EventTime { at: Timestamp(days * DAY + micros - offset.unwrap_or(0) * 1_000_000), zone: offset.is_some() })
}

/// The number of a month by its English name.
fn month(digits: &mut Digits<'_>) -> Option<i64> {
    const MONTHS: [&[u8]; 12] = [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let (name, rest) = digits.0.split_at_checked(3)?;
    let number = MONTHS.iter().position(|month| name.eq_ignore_ascii_case(month))?;
    digits.0 = rest;
    i64::try_from(number + 1).ok()
}

/// A time of day in microseconds: `10:20[:30[.123456]]`, or by twelve hours with `AM` or `PM`.
fn clock(digits: &mut Digits<'_>) -> Option<i64> {
    let mut hour = digits.one_or_two()?;
    digits.eat(b":")?;
    let minute = digits.take(2)?;
    let second = if matches!(digits.0, [b':', b'0'..=b'9', ..]) {
        digits.eat(b":")?;
        digits.take(2)?
    } else {
        0
    };
    let mut micros = 0;
    if matches!(digits.0, [b'.' | b',', b'0'..=b'9', ..]) {
        digits.eat(b".,")?;
        let length = digits.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (fraction, rest) = digits.0.split_at_checked(length)?;
        micros = micros_of(std::str::from_utf8(fraction).ok()?);
        digits.0 = rest;
    }
    // A leap second counts as the one before it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let before = *digits;
    // Windows writes a narrow no-break space before `PM`.
    let _ = digits.eat(b" ").or_else(|| digits.eat_all("\u{202f}".as_bytes()));
    let half = digits.0.get(..2).map(<[u8]>::to_ascii_uppercase);
    match half.as_deref() {
        Some(half @ (b"AM" | b"PM")) if (1..=12).contains(&hour) && !digits.0.get(2).is_some_and(u8::is_ascii_alphanumeric) => {
            hour = hour % 12 + if half == b"PM" { 12 } else { 0 };
            digits.0 = digits.0.get(2..)?;
        }
        _ => *digits = before,
    }
    Some((hour * 3_600 + minute * 60 + second.min(59)) * 1_000_000 + micros)
}

/// Zones that products name by letters. Names with more than one meaning are left out: their times have no zone.
const ZONES: [(&[u8], i64); 13] = [
    (b"UTC", 0),
    (b"GMT", 0),
    (b"CEST", 2),
    (b"CET", 1),
    (b"EEST", 3),
    (b"EET", 2),
    (b"JST", 9),
    (b"EDT", -4),
    (b"EST", -5),
    (b"CDT", -5),
    (b"MDT", -6),
    (b"PDT", -7),
    (b"PST", -8),
];

/// Seconds east of UTC, if a zone follows; what is none is left.
fn zone(digits: &mut Digits<'_>) -> Option<i64> {
    let before = *digits;
    let found = zone_after_space(digits);
    if found.is_none() {
        *digits = before;
    }
    found
}

fn zone_after_space(digits: &mut Digits<'_>) -> Option<i64> {
    let apart = digits.eat(b" ").is_some();
    let sign = match digits.0 {
        [b'Z' | b'z', ..] => {
            digits.eat(b"Zz")?;
            return (!digits.0.first().is_some_and(u8::is_ascii_alphanumeric)).then_some(0);
        }
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => {
            let (name, hours) = ZONES.iter().find(|(name, _)| digits.0.starts_with(name))?;
            digits.0 = digits.0.get(name.len()..)?;
            return (!digits.0.first().is_some_and(u8::is_ascii_alphanumeric)).then_some(hours * 3_600);
        }
    };
    digits.eat(b"+-")?;
    let hours = digits.take(2)?;
    let colon = digits.eat(b":").is_some();
    let minutes = match digits.0 {
        [b'0'..=b'9', b'0'..=b'9', ..] => digits.take(2)?,
        _ if apart || colon => return None,
        _ => 0,
    };
    let ends = !digits.0.first().is_some_and(u8::is_ascii_alphanumeric);
    (ends && hours <= 18 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// By integer arithmetic over 400-year eras that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    const DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = DAYS.get(usize::try_from(month.checked_sub(1)?).ok()?)? + i64::from(leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_logs_write_them() {
        for (text, expected, zone) in [
            ("2023-08-15T09:53:46.118Z", "2023-08-15T09:53:46.118Z", true),
            ("2023-08-15T09:53:46.1181234567+02:00", "2023-08-15T07:53:46.118123Z", true),
            ("2023-08-15T09:53:46-0730", "2023-08-15T17:23:46Z", true),
            ("2023-08-15 04:53:48.446", "2023-08-15T04:53:48.446Z", false),
            ("2023-08-15 04:53", "2023-08-15T04:53:00Z", false),
            ("2023/08/15 04:53:48 UTC", "2023-08-15T04:53:48Z", true),
            ("2024-02-29", "2024-02-29T00:00:00Z", false),
            ("1692096826", "2023-08-15T10:53:46Z", true),
            ("1692096826.553848", "2023-08-15T10:53:46.553848Z", true),
            ("1692096826118", "2023-08-15T10:53:46.118Z", true),
            ("1692096826118000", "2023-08-15T10:53:46.118Z", true),
            ("1692096826118000000", "2023-08-15T10:53:46.118Z", true),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z", true),
            ("08/Jun/2020:06:49:01 +0200", "2020-06-08T04:49:01Z", true),
            ("28-Mar-2022 07:01:48.459", "2022-03-28T07:01:48.459Z", false),
            ("Wed, 05 Jul 2023 09:19:24 GMT", "2023-07-05T09:19:24Z", true),
            ("Wed Jul 05 09:19:24.428126 2023", "2023-07-05T09:19:24.428126Z", false),
            ("Mon Oct 11 09:01:35 CEST 2021", "2021-10-11T07:01:35Z", true),
            ("Mar  1 2024 10:11:12", "2024-03-01T10:11:12Z", false),
            ("8/2/2023, 7:32:47 PM", "2023-08-02T19:32:47Z", false),
            ("12/31/2023 12:00:01 AM", "2023-12-31T00:00:01Z", false),
            ("10/05/2010-10:08:59.667372", "2010-10-05T10:08:59.667372Z", false),
            ("2013-09-27\t2:42:26 PM", "2013-09-27T14:42:26Z", false),
            ("31/12/2023 12:00", "2023-12-31T12:00:00Z", false),
            ("07.11.2019 17:59:34", "2019-11-07T17:59:34Z", false),
            ("2022/02/07 - 10:49:33", "2022-02-07T10:49:33Z", false),
            ("2019/11/07 17:59:34", "2019-11-07T17:59:34Z", false),
            ("2023-08-15 09:53:46 -05:00", "2023-08-15T14:53:46Z", true),
            ("/Date(1692096826118)/", "2023-08-15T10:53:46.118Z", true),
        ] {
            let time = parse(text).unwrap();
            assert_eq!((time.at.to_string().as_str(), time.zone), (expected, zone), "{text}");
        }
        for bad in [
            "",
            "-",
            "2023-02-29",
            "2023-13-01",
            "2023-08-15T25:00",
            "2023-08-15Tx",
            "12.",
            "1e9",
            "2023-08-15T10:00:00+1",
            "20230815T100000",
            "99999999999999999999",
            "2023-08-15T10:00:00.Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_time_is_read_off_the_front_of_a_line() {
        for (line, length) in [
            ("2023-04-23 22:07:05.311 -05:00 [WRN] x", 30),
            ("2020-04-16T05:13:40.861934Z 344 [Note]", 27),
            ("2022-04-12 00:16:05.526 UTC [7755]", 27),
            ("2023-08-15 04:53:48 - login", 19),
            ("2024-07-20 12:27:52,797::WARNING", 23),
            ("Sep  8 07:46:30 canyon dovecot:", 15),
            ("Thu Nov 14 20:14:37.123 ***", 23),
            ("2021-01-01 00:00:00 -5 things", 19),
        ] {
            assert_eq!(prefix(line).map(|(_, length)| length), Some(length), "{line}");
        }
        for line in ["", "Marvin 1 10:00:00", "1.2.3.4 - -", "12 drummers", "é", "Feb 31 10:00:00 x", "10:00:00"] {
            assert_eq!(prefix(line), None, "{line}");
        }
        assert!(is_day("2024-01-31") && is_day("1/31/2024") && !is_day("20240131") && !is_day("10:00:00"));
        assert!(is_clock("10:00:00.5") && is_clock("5:00 PM") && !is_clock("10") && !is_clock("10:00:00 x"));
    }

    #[test]
    fn a_year_that_is_not_written_is_taken_from_what_is_near() {
        let Some((Stamp::NoYear(new_year), _)) = prefix("Jan  1 00:10:00 x") else { panic!() };
        let Some((Stamp::NoYear(leap), _)) = prefix("Feb 29 00:10:00 x") else { panic!() };
        let at = |text: &str| parse(text).unwrap().at;
        let year = |time: Option<Timestamp>| time.unwrap().to_string()[..4].to_owned();
        assert_eq!(year(new_year.near(at("2023-12-31 23:59:00"))), "2024");
        assert_eq!(year(new_year.near(at("2024-02-01"))), "2024");
        assert_eq!(year(leap.near(at("2023-12-31 23:59:00"))), "2024");
        assert_eq!(year(new_year.before(at("2024-06-01"))), "2024");
        assert_eq!(year(new_year.before(at("2023-12-30"))), "2023");
        assert_eq!(year(new_year.before(at("2023-12-31 12:00:00"))), "2024");
        assert_eq!(year(leap.before(at("2023-06-01"))), "2020");
        assert_eq!(leap.near(at("2022-06-01")), None);
        for year in [1970, 1999, 2000, 2024, 2025] {
            assert_eq!(year_of(Timestamp(days_since_1970(year, 1, 1).unwrap() * DAY)), year);
            assert_eq!(year_of(Timestamp(days_since_1970(year, 12, 31).unwrap() * DAY + DAY - 1)), year);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in -60_000_000_000_000_000_i64..200_000_000_000_000_000) {
            let text = Timestamp(micros).to_string();
            proptest::prop_assert_eq!(parse(&text), Some(EventTime { at: Timestamp(micros), zone: true }));
        }

        #[test]
        fn nothing_panics(text in "[0-9TZ:./+ APMJan,-]{0,30}|.{0,20}") {
            let _ = (parse(&text), is_day(&text), is_clock(&text));
            if let Some((Stamp::NoYear(time), _)) = prefix(&text) {
                let _ = (time.near(Timestamp(i64::MAX)), time.before(Timestamp(i64::MIN)));
            }
        }
    }
}
