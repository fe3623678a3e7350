//! Time: integer microseconds UTC inside, RFC 3339 outside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A moment, in microseconds since 1970-01-01T00:00:00Z. In stored columns 0 stands for "never".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

impl Timestamp {
    /// "Never", in columns that lists sort by (those are never null).
    pub const NEVER: Self = Self(0);

    /// Microseconds since the epoch.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whether this is a moment at all.
    #[must_use]
    pub fn is_set(self) -> bool {
        self.0 != 0
    }

    /// `None` for "never".
    #[must_use]
    pub fn set(self) -> Option<Self> {
        self.is_set().then_some(self)
    }

    /// This moment, `seconds` later (earlier when negative).
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)))
    }

    /// The UTC day that holds this moment, as days since the epoch.
    #[must_use]
    pub fn day(self) -> i64 {
        self.0.div_euclid(SECONDS_PER_DAY * MICROS_PER_SECOND)
    }

    /// Midnight UTC at the start of a day counted since the epoch.
    #[must_use]
    pub fn from_day(day: i64) -> Self {
        Self(day.saturating_mul(SECONDS_PER_DAY * MICROS_PER_SECOND))
    }

    /// The date alone, `2026-11-24`.
    #[must_use]
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.jiff())
    }
}

/// A time that is not RFC 3339, or a duration that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTime(String);

impl FromStr for Timestamp {
    type Err = BadTime;

    /// Reads RFC 3339, and for convenience a plain date, taken as midnight UTC.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let text = text.trim();
        let with_time = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        with_time
            .parse::<jiff::Timestamp>()
            .map(|t| Self(t.as_microsecond()))
            .map_err(|_| BadTime("expected a time like 2026-11-24T09:30:00Z, or a date like 2026-11-24".to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// What part of time a sightings search covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Both ends included.
    Between(Timestamp, Timestamp),
    /// All data, events without a time among them.
    All,
}

impl Window {
    /// Reads `7d`, `36h` or `90m` as the window that ends at `now`.
    ///
    /// # Errors
    /// When the text is not a positive number followed by `m`, `h`, `d` or `w`, or exceeds ten years.
    pub fn last(text: &str, now: Timestamp) -> Result<Self, BadTime> {
        let bad = || BadTime("expected a length like 7d, 36h or 90m, of ten years at most".to_owned());
        let text = text.trim();
        let unit = text.chars().last().ok_or_else(bad)?;
        let number: i64 = text.strip_suffix(unit).unwrap_or_default().trim().parse().map_err(|_| bad())?;
        let seconds = match unit {
            'm' => 60,
            'h' => 3_600,
            'd' => SECONDS_PER_DAY,
            'w' => 7 * SECONDS_PER_DAY,
            _ => return Err(bad()),
        };
        let length = number.checked_mul(seconds).filter(|s| (1..=3_660 * SECONDS_PER_DAY).contains(s)).ok_or_else(bad)?;
        Ok(Self::Between(now.plus_seconds(-length), now))
    }

    /// The UTC days that the window touches, first and last; `None` for all data.
    #[must_use]
    pub fn days(self) -> Option<(i64, i64)> {
        match self {
            Self::Between(from, to) => Some((from.day(), to.day())),
            Self::All => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_in_and_out_as_rfc_3339() {
        let t: Timestamp = "2023-08-15T09:53:46.118+02:00".parse().unwrap_or_default();
        assert_eq!(t.to_string(), "2023-08-15T07:53:46.118Z");
        assert_eq!("2023-08-15".parse::<Timestamp>().unwrap_or_default().to_string(), "2023-08-15T00:00:00Z");
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert_eq!(Timestamp(-1).day(), -1);
    }

    #[test]
    fn the_last_seven_days_end_now() {
        let now = Timestamp::from_day(100);
        assert_eq!(Window::last("7d", now), Ok(Window::Between(Timestamp::from_day(93), now)));
        for bad in ["", "d", "0d", "-1d", "7", "7y", "99999999999d", "7ü"] {
            assert!(Window::last(bad, now).is_err(), "{bad}");
        }
    }
}
