//! Webhooks: what other systems are told of, and how a message that did not arrive is tried again.
//!
//! The rules are those of [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).

use crate::Timestamp;
use crate::choice::choice;

choice! {
    /// What a webhook is told of.
    pub enum EventType {
        CaseCreated = 1 "case.created" "A case was opened",
        CaseClosed = 2 "case.closed" "A case was closed",
        SightingDone = 3 "sighting.done" "A sightings search ended",
        /// A case that watches saw something new.
        SightingSeen = 4 "sighting.seen" "A watch saw something",
        /// Sent by hand, to see whether it arrives.
        Test = 5 "webhook.test" "A test",
    }
}

impl EventType {
    /// Whether a webhook can ask for it: a test goes to whichever is tested.
    #[must_use]
    pub fn can_be_asked_for(self) -> bool {
        self != Self::Test
    }
}

choice! {
    /// Where a message to a webhook stands.
    pub enum DeliveryState {
        Pending = 1 "pending" "Waits",
        Delivered = 2 "delivered" "Delivered",
        /// Every try of the schedule failed, or the webhook wants no more.
        Failed = 3 "failed" "Given up",
    }
}

/// How long after a failed try the next one comes, in seconds: at once, then over about three days.
const WAITS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How often a message is tried: the first time, and once after each wait.
pub const TRIES: i64 = WAITS.len() as i64 + 1;

/// How long a webhook may fail without a single success before it is paused, in seconds: five days.
pub const PATIENCE_SECONDS: i64 = 5 * 86_400;

/// The most that a receiver can ask to be left alone, in seconds.
const LONGEST_ASKED: i64 = 86_400;

/// When a message is tried again after so many tries that failed; nothing when it is given up.
///
/// `asked` is what the receiver's `Retry-After` said, in seconds: it may make the wait longer. Up to a fifth is added by
/// `chance`, so that messages that failed together do not come together again.
#[must_use]
pub fn next_try(tries: i64, now: Timestamp, asked: Option<i64>, chance: u8) -> Option<Timestamp> {
    let wait = *WAITS.get(usize::try_from(tries.checked_sub(1)?).ok()?)?;
    let jitter = wait * i64::from(chance) / (5 * 256);
    Some(now.plus_seconds((wait + jitter).max(asked.unwrap_or(0).min(LONGEST_ASKED))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_three_days_and_then_given_up() {
        let start = Timestamp(1_767_603_600_000_000);
        let (mut now, mut tries) = (start, 1);
        while let Some(next) = next_try(tries, now, None, 255) {
            assert!(next > now);
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(tries, TRIES);
        let days = (now.micros() - start.micros()) / 86_400_000_000;
        assert!((3..=4).contains(&days), "{days}");
        assert_eq!(next_try(1, start, Some(60), 0), Some(start.plus_seconds(60)), "as the receiver asks");
        assert_eq!(next_try(1, start, Some(i64::MAX), 0), Some(start.plus_seconds(86_400)), "within reason");
        assert_eq!(next_try(0, start, None, 0), None);
    }
}
