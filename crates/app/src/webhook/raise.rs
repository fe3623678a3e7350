//! Writes messages down, in the transaction of what they tell of.

use model::case::case_number;
use model::webhook::EventType;
use model::{Stamp, Timestamp};
use serde_json::{Value as Json, json};
use store::case::Case;
use store::{Tx, webhook};

use super::WebhookSettings;
use crate::error::Result;

/// Queues a message for each webhook that is told of such events. Of a restricted case only those are told for which an
/// administrator allowed it. One of each type for a case in a transaction.
pub(crate) fn raise(tx: &mut Tx<'_>, stamp: &Stamp, event: EventType, case: &Case, data: &Json) -> Result<()> {
    // Where the settings can't be read, the message waits until they can.
    let asked = |hook: &webhook::Webhook| WebhookSettings::of(hook).map_or(true, |settings| settings.wants(event));
    let wants = |hook: &webhook::Webhook| hook.enabled && (hook.restricted || !case.restricted) && asked(hook);
    let hooks: Vec<i64> = webhook::list(tx)?.into_iter().filter(wants).map(|hook| hook.id).collect();
    if hooks.is_empty() {
        return Ok(());
    }
    let text = body(event, stamp.at, data);
    webhook::add(tx, &hooks, &webhook::NewDelivery { of_type: event, case: case.id, body: &text }, stamp)?;
    Ok(())
}

/// The text of a message.
pub(super) fn body(event: EventType, at: Timestamp, data: &Json) -> String {
    json!({ "type": event, "timestamp": at, "data": data }).to_string()
}

/// What is told of a case: no text that somebody wrote.
pub(crate) fn case_data(case: &Case) -> Json {
    json!({
        "case": case_number(case.number),
        "case_type": case.case_type,
        "rating": case.rating,
        "state": case.state,
        "verdict": case.verdict,
        "tlp": case.tlp,
        "restricted": case.restricted,
    })
}
