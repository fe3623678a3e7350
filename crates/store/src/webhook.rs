//! Webhooks, and the messages that they are sent. Their secrets lie in a table of their own, which no list and no view reads.

use model::webhook::{DeliveryState, EventType};
use model::{Stamp, Timestamp};

use crate::engine::{Row, Tx, Value, insert_rows, params, statements};
use crate::error::Result;
use crate::visibility::made_in_visible;

/// Who is told of what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The row.
    pub id: i64,
    /// The id by which it is called.
    pub public_id: String,
    /// Its name.
    pub name: String,
    /// Where it is, and what it is told, as JSON, without secrets.
    pub settings: String,
    /// Whether it is told of restricted cases too.
    pub restricted: bool,
    /// Whether messages are sent.
    pub enabled: bool,
    /// Why it was paused by Vizsla itself; empty otherwise.
    pub paused: String,
    /// Since when no message arrived, or never.
    pub failing_since: Timestamp,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The row.
    pub id: i64,
    /// The id that goes with it, the same at every try.
    pub public_id: String,
    /// What it tells of.
    pub of_type: EventType,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is sent next, if it waits.
    pub next_at: Timestamp,
    /// When it was last tried, or never.
    pub tried_at: Timestamp,
    /// The status that came back, 0 for none.
    pub status: i64,
    /// Why the last try failed; empty when it did not.
    pub error: String,
    /// When it was written.
    pub created_at: Timestamp,
}

macro_rules! columns {
    () => {
        "w.id, w.public_id, w.name, w.settings, w.restricted, w.enabled, w.paused, w.failing_since, w.created_by, w.created_at, \
         w.updated_at FROM webhook w"
    };
}

macro_rules! delivery_columns {
    () => {
        "d.id, d.public_id, d.type, d.state, d.attempts, d.next_at, d.tried_at, d.status, d.error, d.created_at FROM webhook_delivery d"
    };
}

statements! {
    INSERT = "INSERT INTO webhook (public_id, name, settings, restricted, enabled, paused, failing_since, not_before, job_id, created_by,
        created_at, updated_at) VALUES ($1, $2, $3, $4, $5, '', 0, 0, 0, $6, $7, $7) RETURNING id";
    LIST = concat!("SELECT ", columns!(), " ORDER BY w.name");
    FIND = concat!("SELECT ", columns!(), " WHERE w.public_id = $1");
    FIND_BY_ROW = concat!("SELECT ", columns!(), " WHERE w.id = $1");
    FIND_BY_NAME = concat!("SELECT ", columns!(), " WHERE w.name = $1");
    UPDATE = "UPDATE webhook SET name = $2, settings = $3, restricted = $4, enabled = $5, paused = $6, failing_since = $7, not_before = 0,
        updated_at = $8 WHERE id = $1";
    STANDS = "UPDATE webhook SET enabled = $2, paused = $3, failing_since = $4, not_before = $5 WHERE id = $1";
    DELETE = "DELETE FROM webhook WHERE id = $1";
    DELETE_SECRETS = "DELETE FROM webhook_secret WHERE webhook_id = $1";
    DELETE_DELIVERIES = "DELETE FROM webhook_delivery WHERE webhook_id = $1";
    ADD_SECRET = "INSERT INTO webhook_secret (webhook_id, secret, valid_until) VALUES ($1, $2, 0)";
    FORGET_OLD = "DELETE FROM webhook_secret WHERE webhook_id = $1 AND valid_until > 0";
    END_SECRETS = "UPDATE webhook_secret SET valid_until = $2 WHERE webhook_id = $1 AND valid_until = 0";
    SECRETS = "SELECT secret FROM webhook_secret WHERE webhook_id = $1 AND (valid_until = 0 OR valid_until > $2) ORDER BY id DESC";
    OLD_UNTIL = "SELECT CAST(coalesce(max(valid_until), 0) AS bigint) FROM webhook_secret WHERE webhook_id = $1 AND valid_until > $2";
    DUE = "SELECT w.id FROM webhook w WHERE w.enabled = 1 AND w.not_before <= $1
        AND EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.state = 1 AND d.webhook_id = w.id AND d.next_at <= $1)
        AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = w.job_id AND j.state IN ('queued', 'running')) ORDER BY w.id";
    SET_JOB = "UPDATE webhook SET job_id = $2 WHERE id = $1";
    NEXT = "SELECT d.id, d.public_id, d.body, d.attempts,
        CASE WHEN EXISTS (SELECT 1 FROM security_case c WHERE c.id = d.case_id AND c.restricted = 1) THEN CAST(1 AS bigint)
            ELSE CAST(0 AS bigint) END FROM webhook_delivery d
        WHERE d.state = 1 AND d.webhook_id = $1 AND d.next_at <= $2 ORDER BY d.next_at, d.id LIMIT 1";
    TRIED = "UPDATE webhook_delivery SET state = $2, attempts = attempts + 1, next_at = $3, tried_at = $4, status = $5, error = $6
        WHERE id = $1";
    AGAIN = "UPDATE webhook_delivery SET state = 1, attempts = 0, next_at = $2 WHERE id = $1";
    DELIVERY = concat!("SELECT ", delivery_columns!(), " WHERE ", made_in_visible!("d.case_id"), " AND d.webhook_id = $2 AND d.public_id = $3");
    DELIVERIES = concat!("SELECT ", delivery_columns!(), " WHERE ", made_in_visible!("d.case_id"), " AND d.webhook_id = $2
        AND d.id < $3 ORDER BY d.id DESC LIMIT $4");
    COUNT_DELIVERIES = concat!("SELECT CAST(count(*) AS bigint) FROM (SELECT 1 FROM webhook_delivery d WHERE ", made_in_visible!("d.case_id"),
        " AND d.webhook_id = $2 LIMIT $3) AS counted");
    FORGET = "DELETE FROM webhook_delivery WHERE state <> 1 AND created_at < $1";
    DROP_WAITING = "UPDATE webhook_delivery SET state = 3, error = $3, tried_at = $2 WHERE webhook_id = $1 AND state = 1";
}

fn read(row: &Row<'_>) -> Result<Webhook> {
    Ok(Webhook {
        id: row.int(0)?,
        public_id: row.text(1)?,
        name: row.text(2)?,
        settings: row.text(3)?,
        restricted: row.flag(4)?,
        enabled: row.flag(5)?,
        paused: row.text(6)?,
        failing_since: row.time(7)?,
        created_by: row.text(8)?,
        created_at: row.time(9)?,
        updated_at: row.time(10)?,
    })
}

fn read_delivery(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery {
        id: row.int(0)?,
        public_id: row.text(1)?,
        of_type: row.word(2)?,
        state: row.code(3, DeliveryState::from_code)?,
        attempts: row.int(4)?,
        next_at: row.time(5)?,
        tried_at: row.time(6)?,
        status: row.int(7)?,
        error: row.text(8)?,
        created_at: row.time(9)?,
    })
}

/// Stores a webhook of which `id` and the times are not looked at, with its first secret; tells its row.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, hook: &Webhook, secret: &str, stamp: &Stamp) -> Result<i64> {
    let row = params![&hook.public_id, &hook.name, &hook.settings, hook.restricted, hook.enabled, &stamp.actor, stamp.at];
    let id = tx.query_one(INSERT, row, |row| row.int(0))?;
    tx.execute(ADD_SECRET, params![id, secret])?;
    Ok(id)
}

/// All webhooks, by name.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Webhook>> {
    tx.query(LIST, &[], read)
}

/// The webhook of an id.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, public_id: &str) -> Result<Option<Webhook>> {
    tx.query_opt(FIND, params![public_id], read)
}

/// The webhook of a row.
///
/// # Errors
/// When the database fails.
pub fn find_by_row(tx: &mut Tx<'_>, id: i64) -> Result<Option<Webhook>> {
    tx.query_opt(FIND_BY_ROW, params![id], read)
}

/// The webhook of a name.
///
/// # Errors
/// When the database fails.
pub fn find_by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<Webhook>> {
    tx.query_opt(FIND_BY_NAME, params![name], read)
}

/// Stores what an administrator changed; what waits is sent as soon as it is due.
///
/// # Errors
/// When the database fails.
pub fn update(tx: &mut Tx<'_>, hook: &Webhook, stamp: &Stamp) -> Result<()> {
    let Webhook { id, name, settings, restricted, enabled, paused, failing_since, .. } = hook;
    tx.execute(UPDATE, params![*id, name, settings, *restricted, *enabled, paused, *failing_since, stamp.at]).map(|_| ())
}

/// Stores how a webhook stands after a try; before `not_before` it is sent nothing.
///
/// # Errors
/// When the database fails.
pub fn stands(tx: &mut Tx<'_>, hook: &Webhook, not_before: Timestamp) -> Result<()> {
    tx.execute(STANDS, params![hook.id, hook.enabled, &hook.paused, hook.failing_since, not_before]).map(|_| ())
}

/// Deletes a webhook with its secrets and messages.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    for sql in [DELETE_SECRETS, DELETE_DELIVERIES, DELETE] {
        tx.execute(sql, params![id])?;
    }
    Ok(())
}

/// Gives a webhook another secret; the one before signs beside it until `until`.
///
/// # Errors
/// When the database fails.
pub fn rotate(tx: &mut Tx<'_>, id: i64, secret: &str, until: Timestamp) -> Result<()> {
    tx.execute(FORGET_OLD, params![id])?;
    tx.execute(END_SECRETS, params![id, until])?;
    tx.execute(ADD_SECRET, params![id, secret]).map(|_| ())
}

/// What a webhook's messages are signed with now, the newest first: for signing, and for nothing else.
///
/// # Errors
/// When the database fails.
pub fn secrets(tx: &mut Tx<'_>, id: i64, now: Timestamp) -> Result<Vec<String>> {
    tx.query(SECRETS, params![id, now], |row| row.text(0))
}

/// Until when the secret before the newest signs too; never when it does no more.
///
/// # Errors
/// When the database fails.
pub fn old_secret_until(tx: &mut Tx<'_>, id: i64, now: Timestamp) -> Result<Timestamp> {
    tx.query_one(OLD_UNTIL, params![id, now], |row| row.time(0))
}

/// A message to be stored: one and the same text for several webhooks.
#[derive(Debug, Clone, Copy)]
pub struct NewDelivery<'a> {
    /// What it tells of.
    pub of_type: EventType,
    /// The case that it tells of, or 0.
    pub case: i64,
    /// The text.
    pub body: &'a str,
}

/// Stores a message for each of these webhooks, to be sent at once. Tells their ids.
///
/// # Errors
/// When the database fails.
pub fn add(tx: &mut Tx<'_>, webhooks: &[i64], message: &NewDelivery<'_>, stamp: &Stamp) -> Result<Vec<String>> {
    let id_of = |webhook: &i64| format!("msg_{}", stamp.uuid(&format!("message:{}:{webhook}:{}", message.of_type, message.case), 0));
    let ids: Vec<String> = webhooks.iter().map(id_of).collect();
    let mut values = Vec::with_capacity(webhooks.len() * 12);
    for (webhook, id) in webhooks.iter().zip(&ids) {
        let row: [Value; 12] = [
            id.into(),
            (*webhook).into(),
            message.case.into(),
            message.of_type.as_str().into(),
            message.body.into(),
            DeliveryState::Pending.code().into(),
            0.into(),
            stamp.at.into(),
            0.into(),
            0.into(),
            "".into(),
            stamp.at.into(),
        ];
        values.extend(row);
    }
    let head =
        "INSERT INTO webhook_delivery (public_id, webhook_id, case_id, type, body, state, attempts, next_at, tried_at, status, error,
        created_at)";
    insert_rows(tx, head, 12, &values, "")?;
    Ok(ids)
}

/// The rows of webhooks that have messages due and no job that sends them.
///
/// # Errors
/// When the database fails.
pub fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<i64>> {
    tx.query(DUE, params![now], |row| row.int(0))
}

/// Says which job sends a webhook's messages.
///
/// # Errors
/// When the database fails.
pub fn set_job(tx: &mut Tx<'_>, id: i64, job: i64) -> Result<()> {
    tx.execute(SET_JOB, params![id, job]).map(|_| ())
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDelivery {
    /// The row.
    pub id: i64,
    /// The id that goes with it.
    pub public_id: String,
    /// The text.
    pub body: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Whether it tells of a case that is restricted by now.
    pub restricted: bool,
}

/// The message of a webhook that is due first.
///
/// # Errors
/// When the database fails.
pub fn next(tx: &mut Tx<'_>, webhook: i64, now: Timestamp) -> Result<Option<DueDelivery>> {
    tx.query_opt(NEXT, params![webhook, now], |row| {
        Ok(DueDelivery { id: row.int(0)?, public_id: row.text(1)?, body: row.text(2)?, attempts: row.int(3)?, restricted: row.flag(4)? })
    })
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Where the message stands now.
    pub state: DeliveryState,
    /// When it is sent next, if it waits.
    pub next_at: Timestamp,
    /// The status that came back, 0 for none.
    pub status: i64,
    /// Why it failed; empty when it did not.
    pub error: String,
}

/// Notes what came of a try.
///
/// # Errors
/// When the database fails.
pub fn tried(tx: &mut Tx<'_>, delivery: i64, tried: &Tried, now: Timestamp) -> Result<()> {
    tx.execute(TRIED, params![delivery, tried.state.code(), tried.next_at, now, tried.status, &tried.error]).map(|_| ())
}

/// Lets a message be sent again from now on, with the whole schedule before it.
///
/// # Errors
/// When the database fails.
pub fn again(tx: &mut Tx<'_>, delivery: i64, now: Timestamp) -> Result<()> {
    tx.execute(AGAIN, params![delivery, now]).map(|_| ())
}

/// Gives up what waits for a webhook.
///
/// # Errors
/// When the database fails.
pub fn drop_waiting(tx: &mut Tx<'_>, webhook: i64, why: &str, now: Timestamp) -> Result<()> {
    tx.execute(DROP_WAITING, params![webhook, now, why]).map(|_| ())
}

/// A message of a webhook, if the viewer may know of the case that it tells of.
///
/// # Errors
/// When the database fails.
pub fn delivery(tx: &mut Tx<'_>, webhook: i64, public_id: &str) -> Result<Option<Delivery>> {
    tx.query_opt(DELIVERY, params![tx.viewer(), webhook, public_id], read_delivery)
}

/// The messages of a webhook before a row, newest first: those that tell of cases of which the viewer may know.
///
/// # Errors
/// When the database fails.
pub fn deliveries(tx: &mut Tx<'_>, webhook: i64, before: i64, limit: i64) -> Result<Vec<Delivery>> {
    tx.query(DELIVERIES, params![tx.viewer(), webhook, before, limit], read_delivery)
}

/// How many messages of a webhook tell of cases of which the viewer may know, counted up to `at_most`.
///
/// # Errors
/// When the database fails.
pub fn count_deliveries(tx: &mut Tx<'_>, webhook: i64, at_most: i64) -> Result<i64> {
    tx.query_one(COUNT_DELIVERIES, params![tx.viewer(), webhook, at_most], |row| row.int(0))
}

/// Forgets messages that are over and were written before a time.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(FORGET, params![before])
}
