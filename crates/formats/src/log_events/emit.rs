//! From what a reader found to the event that the sink is given.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use model::Timestamp;

use super::fields::{Role, account, is_name};
use super::time::{self, EventTime};
use super::walk::{NotWalked, Walked, walk};
use super::{Event, Options, Problem, ReadReport, Shape, Sink};

/// What of the events goes where.
pub(super) struct Output<'o, 's> {
    pub(super) options: &'o Options,
    pub(super) report: &'o mut ReadReport,
    pub(super) sink: &'o mut Sink<'s>,
}

/// What was read of a stream, and why it ended before its end, if so.
#[derive(Default)]
pub(super) struct Ended {
    pub(super) events: u64,
    pub(super) bytes: u64,
    pub(super) error: Option<io::Error>,
}

/// Where an event stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) member: &'p str,
    pub(super) line: u64,
}

impl Output<'_, '_> {
    pub(super) fn problem(&mut self, place: Place<'_>, problem: Problem) {
        self.report.problem(self.options.limits.notes, place, problem);
    }

    /// Hands an event to the sink; whether that wants no more.
    pub(super) fn event(&mut self, raw: &str, text: &str, shape: Shape, found: &Found<'_>, place: Place<'_>) -> bool {
        self.report.events += 1;
        let time = found.time.map(|t| t.at).and_then(|at| self.shifted(at));
        self.report.without_time += u64::from(time.is_none());
        self.report.without_zone += u64::from(found.time.is_some_and(|t| !t.zone));
        let event = Event {
            raw,
            text,
            shape,
            time,
            time_has_zone: found.time.is_some_and(|t| t.zone),
            host: found.host.or(found.source),
            accounts: &found.accounts,
            source: found.source,
            destination: found.destination,
            action: found.action,
            member: place.member,
            line: place.line,
        };
        let stop = (self.sink)(&event).is_break();
        self.report.stopped |= stop;
        stop
    }

    /// Hands one JSON text to the sink; whether that wants no more. What is no JSON is an event all the same, and told.
    #[inline]
    pub(super) fn json(&mut self, raw: &str, walked: &mut Walked, place: Place<'_>) -> bool {
        let shape = match walk(raw, walked) {
            Ok(()) => Shape::Json,
            Err(why) => {
                self.problem(place, if why == NotWalked::TooDeep { Problem::TooDeep } else { Problem::NotJson });
                walked.known.clear();
                Shape::Text
            }
        };
        let text = if shape == Shape::Json { walked.text.as_str() } else { raw };
        let found = Found::of(text, &walked.known);
        self.event(raw, text, shape, &found, place)
    }

    /// A time by the clock that the person trusts.
    fn shifted(&self, at: Timestamp) -> Option<Timestamp> {
        let micros = self.options.offset_seconds.checked_mul(1_000_000)?;
        at.0.checked_add(micros).map(Timestamp)
    }
}

/// The known fields of an event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) time: Option<EventTime>,
    pub(super) host: Option<&'a str>,
    pub(super) accounts: Vec<Cow<'a, str>>,
    pub(super) source: Option<&'a str>,
    pub(super) destination: Option<&'a str>,
    pub(super) action: Option<&'a str>,
}

/// The best value of a role so far, and its rank.
type Best<'a> = Option<(u16, &'a str)>;

fn better<'a>(best: &mut Best<'a>, rank: u16, value: &'a str) {
    let value = value.trim();
    if best.is_none_or(|(held, _)| rank < held) && is_name(value) {
        *best = Some((rank, value));
    }
}

impl<'a> Found<'a> {
    /// Of the fields of a text: what they mean and where in it their values stand.
    pub(super) fn of(text: &'a str, fields: &[(Role, Range<usize>)]) -> Self {
        Self::of_values(fields.iter().map(|(role, range)| (*role, text.get(range.clone()).unwrap_or_default())))
    }

    /// Of fields and their values.
    pub(super) fn of_values(fields: impl Iterator<Item = (Role, &'a str)> + Clone) -> Self {
        let mut time: Option<(u16, EventTime)> = None;
        let (mut host, mut source, mut destination, mut action): (Best<'a>, Best<'a>, Best<'a>, Best<'a>) = (None, None, None, None);
        let (mut day, mut clock): (Option<&str>, Option<&str>) = (None, None);
        let mut accounts: Vec<Cow<'a, str>> = Vec::new();
        for (at, (role, value)) in fields.clone().enumerate() {
            match role {
                Role::Time(rank) if time.is_none_or(|(best, _)| rank < best) => match time::parse(value) {
                    Some(_) if time::is_day(value) => day = day.or(Some(value)),
                    Some(parsed) => time = Some((rank, parsed)),
                    None if time::is_clock(value) => clock = clock.or(Some(value)),
                    None => {}
                },
                Role::Host(rank) => better(&mut host, rank, value),
                Role::Source(rank) => better(&mut source, rank, value),
                Role::Destination(rank) => better(&mut destination, rank, value),
                Role::Action(rank) => better(&mut action, rank, value),
                Role::User(rank) if is_name(value) => {
                    // The third `TargetUserName` has the third `TargetDomainName`.
                    let before = fields.clone().take(at).filter(|(other, _)| *other == role).count();
                    let domain = fields.clone().filter(|(other, _)| *other == Role::Domain(rank)).nth(before).map(|(_, value)| value);
                    let account = account(value, domain);
                    if !accounts.contains(&account) {
                        accounts.push(account);
                    }
                }
                _ => {}
            }
        }
        let of_parts = || match (day?.trim(), clock) {
            (day, Some(clock)) => time::parse(&format!("{day} {}", clock.trim())).or_else(|| time::parse(day)),
            (day, None) => time::parse(day),
        };
        let name = |best: Best<'a>| best.map(|(_, value)| value);
        Self {
            time: time.map(|(_, t)| t).or_else(of_parts),
            host: name(host),
            accounts,
            source: name(source),
            destination: name(destination),
            action: name(action),
        }
    }

    /// Takes from another what is not known yet.
    pub(super) fn or(&mut self, other: Self) {
        self.time = self.time.or(other.time);
        self.host = self.host.or(other.host);
        self.source = self.source.or(other.source);
        self.destination = self.destination.or(other.destination);
        self.action = self.action.or(other.action);
        for account in other.accounts {
            if !self.accounts.contains(&account) {
                self.accounts.push(account);
            }
        }
    }
}
