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

/// Reads ISO 8601 with date, time and optional zone (`T` or a space between), a date alone, or a number: seconds,
/// milliseconds, microseconds or nanoseconds since 1970, told apart by size.
///
/// Written by hand because it runs once or twice an event and has to take what general parsers refuse.
pub(super) fn parse(text: &str) -> Option<EventTime> {
    let text = text.trim();
    number(text).or_else(|| iso(text))
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
struct Digits<'t>(&'t [u8]);

impl Digits<'_> {
    fn take(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    }

    fn eat(&mut self, any: &[u8]) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        any.contains(first).then(|| self.0 = rest)
    }
}

fn iso(text: &str) -> Option<EventTime> {
    let mut digits = Digits(text.as_bytes());
    let year = digits.take(4)?;
    digits.eat(b"-/")?;
    let month = digits.take(2)?;
    digits.eat(b"-/")?;
    let day = digits.take(2)?;
    let (mut seconds, mut micros, mut offset) = (0, 0, None);
    if !digits.0.is_empty() {
        digits.eat(b"Tt ")?;
        let hour = digits.take(2)?;
        digits.eat(b":")?;
        let minute = digits.take(2)?;
        let second = if digits.eat(b":").is_some() { digits.take(2)? } else { 0 };
        // A leap second counts as the one before it.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        seconds = hour * 3_600 + minute * 60 + second.min(59);
        if digits.eat(b".,").is_some() {
            let length = digits.0.iter().take_while(|b| b.is_ascii_digit()).count();
            let (fraction, rest) = digits.0.split_at_checked(length).filter(|(f, _)| !f.is_empty())?;
            micros = micros_of(std::str::from_utf8(fraction).ok()?);
            digits.0 = rest;
        }
        offset = zone(digits)?;
    }
    let days = days_since_1970(year, month, day)?;
    let at = ((days * 86_400 + seconds - offset.unwrap_or(0)) * 1_000_000) + micros;
    Some(EventTime { at: Timestamp(at), zone: offset.is_some() })
}

/// Seconds east of UTC; `Some(None)` when there is no zone.
fn zone(mut digits: Digits<'_>) -> Option<Option<i64>> {
    if digits.0.first() == Some(&b' ') {
        digits.eat(b" ")?;
    }
    let sign = match digits.0 {
        b"" => return Some(None),
        b"Z" | b"z" | b"UTC" => return Some(Some(0)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    digits.eat(b"+-")?;
    let hours = digits.take(2)?;
    let _ = digits.eat(b":");
    let minutes = if digits.0.is_empty() { 0 } else { digits.take(2)? };
    (digits.0.is_empty() && hours <= 18 && minutes <= 59).then_some(Some(sign * (hours * 3_600 + minutes * 60)))
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

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in -60_000_000_000_000_000_i64..200_000_000_000_000_000) {
            let text = Timestamp(micros).to_string();
            proptest::prop_assert_eq!(parse(&text), Some(EventTime { at: Timestamp(micros), zone: true }));
        }

        #[test]
        fn nothing_panics(text in "[0-9TZ:./+ -]{0,30}") {
            let _ = parse(&text);
        }
    }
}
