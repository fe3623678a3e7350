//! Small pictures of events by day.

use std::borrow::Borrow;

use app::logs::DayCount;
use model::Timestamp;
use model::list::thousands;

use crate::ui::words;

/// The days that a picture shows, first and last, counted since the epoch.
pub(crate) type Frame = (i64, i64);

/// One bar: a day, or several that stand together.
pub(crate) struct Bar {
    /// A height, or `none` where no data was.
    pub(crate) class: String,
    /// `2026-11-24: 5 events`.
    pub(crate) title: String,
}

/// A picture, and what it says to those who don't see it.
pub(crate) struct Hist {
    pub(crate) bars: Vec<Bar>,
    pub(crate) said: String,
}

/// Bars for the days of a frame, at most `most` of them. Where `covered` is told, days on which a source had no event at all
/// are marked: nothing can be said about them.
pub(crate) fn hist(frame: Option<Frame>, counts: &[DayCount], covered: Option<&[DayCount]>, most: i64) -> Hist {
    let Some((first, last)) = frame.filter(|(first, last)| first <= last) else {
        return Hist { bars: Vec::new(), said: "no events".to_owned() };
    };
    let days = last - first + 1;
    let each = (days + most - 1) / most.max(1);
    let bars = (days + each - 1) / each;
    let mut heights = vec![0_i64; bars as usize];
    let mut known = vec![covered.is_none(); bars as usize];
    let place =
        |day: &DayCount| usize::try_from((number(day)? - first) / each).ok().filter(|_| number(day).is_some_and(|day| day >= first));
    for day in counts {
        if let Some(height) = place(day).and_then(|at| heights.get_mut(at)) {
            *height += day.count;
        }
    }
    for day in covered.unwrap_or_default().iter().filter(|day| day.count > 0) {
        if let Some(known) = place(day).and_then(|at| known.get_mut(at)) {
            *known = true;
        }
    }
    let largest = heights.iter().copied().max().unwrap_or_default();
    let total: i64 = heights.iter().sum();
    let bar = |(at, (count, known)): (usize, (&i64, &bool))| {
        let from = first + at as i64 * each;
        let to = (from + each - 1).min(last);
        let when = if from == to { date(from) } else { format!("{} to {}", date(from), date(to)) };
        let without = !known && *count == 0;
        let events = if without { "no data".to_owned() } else { counted(*count, "event") };
        let class = if without { "none".to_owned() } else { format!("h{}", words::height(*count, largest)) };
        Bar { class, title: format!("{when}: {events}") }
    };
    let gaps = known.iter().zip(&heights).filter(|(known, count)| !**known && **count == 0).count() as i64;
    let peak = heights.iter().position(|count| *count == largest && largest > 0).map(|at| date(first + at as i64 * each));
    let mut said = format!("{} in {}", counted(total, "event"), counted(days, "day"));
    if let Some(peak) = peak.filter(|_| bars > 1) {
        said.push_str(&format!(", most on {peak}"));
    }
    if gaps > 0 {
        said.push_str(&format!("; no data on {}", if each == 1 { counted(gaps, "day") } else { "some days".to_owned() }));
    }
    Hist { bars: heights.iter().zip(&known).enumerate().map(bar).collect(), said }
}

/// The heights of a picture in a table's cell.
pub(crate) fn spark(frame: Option<Frame>, counts: &[DayCount]) -> Vec<String> {
    hist(frame, counts, None, 10).bars.into_iter().map(|bar| bar.class).collect()
}

/// The frame of some days.
pub(crate) fn frame_of(days: &[DayCount]) -> Option<Frame> {
    Some((number(days.first()?)?, number(days.last()?)?))
}

fn number(day: &DayCount) -> Option<i64> {
    day.day.parse::<Timestamp>().ok().map(Timestamp::day)
}

fn date(day: i64) -> String {
    Timestamp::from_day(day).date()
}

/// `1 event`, `2 events`.
pub(crate) fn counted(count: impl Borrow<i64>, noun: &str) -> String {
    let count = *count.borrow();
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(given: &[(&str, i64)]) -> Vec<DayCount> {
        given.iter().map(|(day, count)| DayCount { day: (*day).to_owned(), count: *count }).collect()
    }

    #[test]
    fn days_without_data_are_told_from_days_without_hits() {
        let hits = days(&[("2026-01-02", 10), ("2026-01-04", 5)]);
        let held = days(&[("2026-01-01", 7), ("2026-01-02", 900), ("2026-01-04", 5)]);
        let picture = hist(frame_of(&held), &hits, Some(&held), 60);
        let classes: Vec<&str> = picture.bars.iter().map(|bar| bar.class.as_str()).collect();
        assert_eq!(classes, ["h0", "h20", "none", "h10"]);
        assert_eq!(picture.said, "15 events in 4 days, most on 2026-01-02; no data on 1 day");
        assert_eq!(picture.bars[2].title, "2026-01-03: no data");
    }

    #[test]
    fn long_times_are_drawn_in_few_bars() {
        let hits = days(&[("2000-01-01", 1), ("2026-01-01", 1)]);
        let picture = hist(frame_of(&hits), &hits, Some(&hits), 10);
        assert_eq!(picture.bars.len(), 10);
        assert_eq!(
            (picture.bars[0].class.as_str(), picture.bars[5].class.as_str(), picture.bars[9].class.as_str()),
            ("h20", "none", "h20")
        );
        assert!(hist(None, &hits, None, 10).bars.is_empty());
        // What lies outside the frame is not drawn.
        assert_eq!(hist(Some((0, 1)), &hits, None, 10).said, "0 events in 2 days");
    }
}
