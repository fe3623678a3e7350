//! Slows down whoever tries passwords: by account, and by address.
//!
//! An attempt is counted before the password is looked at and taken back when it was right, so that many at once don't
//! slip through together.

use std::net::{IpAddr, Ipv6Addr};

use model::Timestamp;
use model::text::sha256_hex;
use serde_json::json;
use store::Tx;
use store::account::attempt::Attempts;
use store::account::{self, attempt};
use store::journal::{self, Deed, ShownIn};

use super::NOBODY;
use crate::App;
use crate::error::{AppError, Result};

/// So many attempts may fail before the next has to wait.
const FREE: i64 = 5;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 900;
/// For how many seconds an account's failed attempts count.
const ACCOUNT_MEMORY: i64 = 86_400;
/// For how many seconds an address's failed attempts count: a whole team may share it.
const CLIENT_MEMORY: i64 = 1_800;

/// Attempts that were counted and may be taken back.
pub(super) struct Counted {
    account: Attempts,
    client: Attempts,
}

/// Counts an attempt on an account (or on a name that is none) from an address.
pub(super) async fn count(app: &App, name: &str, client: &str) -> Result<Counted> {
    let stamp = app.stamp("system");
    let (name, client) = (name.to_owned(), client_key(client));
    let write = move |tx: &mut Tx<'_>| {
        let now = stamp.at;
        let by_account = format!("account:{}", sha256_hex(name.as_bytes()));
        let by_client = format!("client:{}", sha256_hex(client.as_bytes()));
        let known = attempt::find_all(tx, &[&by_account, &by_client])?;
        let find = |subject: &str| known.iter().find(|attempts| attempts.subject == subject);
        let blocked = known.iter().map(|attempts| seconds_until(attempts.blocked_until, now)).max().unwrap_or(0);
        if blocked > 0 {
            return Err(AppError::Throttled { seconds: blocked });
        }
        let counted = Counted {
            account: one_more(by_account.clone(), find(&by_account), ACCOUNT_MEMORY, now),
            client: one_more(by_client.clone(), find(&by_client), CLIENT_MEMORY, now),
        };
        attempt::note(tx, &counted.account)?;
        attempt::note(tx, &counted.client)?;
        // Looked up for every name, so that one which exists takes no longer. Only real accounts enter the journal: nobody
        // fills it by inventing names, and no password typed into the wrong field ends there.
        if account::find(tx, &name)?.is_some() && counted.account.failures >= FREE {
            let details = json!({ "client": client, "attempts": counted.account.failures });
            journal::append(tx, &stamp, &Deed { verb: "account.throttle", object: &name, details }, ShownIn::Journal)?;
        }
        Ok(counted)
    };
    app.store.write(NOBODY, write).await
}

impl Counted {
    /// Takes the attempt back: the password was right.
    pub(super) fn succeeded(&self, tx: &mut Tx<'_>) -> Result<()> {
        attempt::clear(tx, &self.account.subject)?;
        // Others at the same address keep what they failed: a password of one's own buys no more tries at another's.
        attempt::take_back(tx, &self.client.subject, self.client.blocked_until)?;
        Ok(())
    }
}

/// Forgets what no longer counts.
pub(super) fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
    attempt::forget(tx, now.plus_seconds(-ACCOUNT_MEMORY), now)?;
    Ok(())
}

fn one_more(subject: String, known: Option<&Attempts>, memory: i64, now: Timestamp) -> Attempts {
    let before = known.filter(|known| known.last_at >= now.plus_seconds(-memory)).map_or(0, |known| known.failures);
    let failures = before.saturating_add(1);
    let wait = wait_after(failures);
    let blocked_until = if wait > 0 { now.plus_seconds(wait) } else { Timestamp::NEVER };
    Attempts { subject, failures, blocked_until, last_at: now }
}

/// How many seconds the next attempt waits after so many have failed: none, then 1, 2, 4, … up to a quarter of an hour.
fn wait_after(failures: i64) -> i64 {
    if failures < FREE {
        0
    } else {
        1_i64.checked_shl(u32::try_from(failures - FREE).unwrap_or(u32::MAX)).map_or(LONGEST_WAIT, |wait| wait.clamp(1, LONGEST_WAIT))
    }
}

/// Whole seconds, rounded up.
fn seconds_until(then: Timestamp, now: Timestamp) -> i64 {
    let micros = then.micros().saturating_sub(now.micros());
    if micros <= 0 { 0 } else { micros.saturating_add(999_999) / 1_000_000 }
}

/// An address as it is counted: of IPv6 its network, because one machine has 2⁶⁴ addresses in it.
fn client_key(client: &str) -> String {
    match client.trim().parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Err(_) => client.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        assert_eq!([0, 4, 5, 6, 7, 14, 15, 16, 80, i64::MAX].map(wait_after), [0, 0, 1, 2, 4, 512, 900, 900, 900, 900]);
    }

    #[test]
    fn one_machine_is_one_client() {
        assert_eq!(client_key("2001:db8:1:2:3:4:5:6"), client_key("2001:db8:1:2::9"));
        assert_ne!(client_key("2001:db8:1:2::9"), client_key("2001:db8:1:3::9"));
        assert_eq!(client_key("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(client_key("unix"), "unix");
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        let now = Timestamp(10_000_000);
        assert_eq!([0, 10_000_000, 10_000_001, 11_000_000, 11_000_001].map(|then| seconds_until(Timestamp(then), now)), [0, 0, 1, 1, 2]);
    }

    #[test]
    fn old_failures_do_not_count() {
        let long_ago = Attempts { subject: "a".to_owned(), failures: 9, blocked_until: Timestamp(1), last_at: Timestamp(1) };
        let now = Timestamp(1).plus_seconds(CLIENT_MEMORY + 1);
        assert_eq!(one_more("a".to_owned(), Some(&long_ago), CLIENT_MEMORY, now).failures, 1);
        assert_eq!(one_more("a".to_owned(), Some(&long_ago), ACCOUNT_MEMORY, now).failures, 10);
    }
}
