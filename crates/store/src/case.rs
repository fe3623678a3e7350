//! Cases: the header, the people, the tags, who may enter.

macro_rules! columns {
    () => {
        "c.id, c.number, c.name, c.case_type, c.rating, c.state, c.short_description, c.description, c.assigned_to, c.due_at, \
         c.tlp, c.pap, c.restricted, c.findings, c.recommendations, c.closure_summary, c.verdict, c.created_by, c.created_at, \
         c.updated_by, c.updated_at, c.closed_at, c.version, c.field_versions"
    };
}

mod list;

use std::collections::BTreeMap;

use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict};
use model::{Stamp, Timestamp};

pub use list::{CaseFilter, CaseListed, count_open, list};

use crate::engine::{Row, Tx, Value, insert_rows, params, statements, to_json};
use crate::error::Result;
use crate::visibility::case_visible;

/// A case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The row.
    pub id: i64,
    /// 1001 for `SECC0001001`.
    pub number: i64,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub case_type: CaseType,
    /// How much it matters.
    pub rating: Rating,
    /// Where it stands.
    pub state: CaseState,
    /// One line.
    pub short_description: String,
    /// Markdown.
    pub description: String,
    /// A login name, or empty.
    pub assigned_to: String,
    /// When it is due, or never.
    pub due_at: Timestamp,
    /// Who may be told.
    pub tlp: Tlp,
    /// What may be done with it.
    pub pap: Pap,
    /// Whether only those let in may know of it.
    pub restricted: bool,
    /// Markdown.
    pub findings: String,
    /// Markdown.
    pub recommendations: String,
    /// Markdown; needed to close.
    pub closure_summary: String,
    /// What the hunt found.
    pub verdict: Verdict,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// A login name.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
    /// When, or never.
    pub closed_at: Timestamp,
    /// Counts changes of the case's own fields.
    pub version: i64,
    /// The version at which each field was last changed.
    pub field_versions: BTreeMap<String, i64>,
}

/// The people and words around a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// Login names.
    pub contributors: Vec<String>,
    /// Login names.
    pub watchers: Vec<String>,
    /// Login names that may read work notes of that audience.
    pub work_notes_list: Vec<String>,
    /// Words.
    pub tags: Vec<String>,
    /// Login names let into a restricted case.
    pub allowed_accounts: Vec<String>,
    /// Groups let into a restricted case.
    pub allowed_groups: Vec<String>,
}

statements! {
    NEXT_NUMBER = "INSERT INTO counter (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value";
    INSERT = "INSERT INTO security_case (number, name, case_type, rating, state, short_description, description, assigned_to, due_at,
        tlp, pap, restricted, findings, recommendations, closure_summary, verdict, created_by, created_at, updated_by, updated_at,
        closed_at, version, field_versions, search_text)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
        RETURNING id";
    UPDATE = "UPDATE security_case SET name = $2, case_type = $3, rating = $4, state = $5, short_description = $6, description = $7,
        assigned_to = $8, due_at = $9, tlp = $10, pap = $11, restricted = $12, findings = $13, recommendations = $14,
        closure_summary = $15, verdict = $16, updated_by = $17, updated_at = $18, closed_at = $19, version = $20,
        field_versions = $21, search_text = $22 WHERE id = $1";
    TOUCH = "UPDATE security_case SET updated_by = $2, updated_at = $3 WHERE id = $1";
    BY_NUMBER = concat!("SELECT ", columns!(), " FROM security_case c WHERE ", case_visible!("c"), " AND c.number = $2");
    BY_ID = concat!("SELECT ", columns!(), " FROM security_case c WHERE ", case_visible!("c"), " AND c.id = $2");
    NUMBER_OF = "SELECT number FROM security_case WHERE id = $1";
    PEOPLE = "SELECT part, name FROM case_person WHERE case_id = $1 ORDER BY name";
    TAGS = "SELECT tag FROM case_tag WHERE case_id = $1 ORDER BY tag";
    ACCESS_ACCOUNTS = "SELECT p.name FROM case_access a JOIN account p ON p.id = a.account_id WHERE a.case_id = $1 ORDER BY p.name";
    ACCESS_GROUPS = "SELECT g.name FROM case_access a JOIN account_group g ON g.id = a.group_id WHERE a.case_id = $1 ORDER BY g.name";
    IS_CONTRIBUTOR = "SELECT 1 FROM case_person WHERE case_id = $1 AND part = 'contributor' AND name = $2";
    DELETE_PEOPLE = "DELETE FROM case_person WHERE case_id = $1 AND part = $2";
    DELETE_TAGS = "DELETE FROM case_tag WHERE case_id = $1";
    DELETE_ACCESS = "DELETE FROM case_access WHERE case_id = $1";
    ALLOW_ACCOUNT = "INSERT INTO case_access (case_id, account_id, group_id) SELECT CAST($1 AS bigint), p.id, 0 FROM account p
        WHERE p.name = $2 ON CONFLICT DO NOTHING";
    ALLOW_GROUP = "INSERT INTO case_access (case_id, account_id, group_id) SELECT CAST($1 AS bigint), 0, g.id FROM account_group g
        WHERE g.name = $2 ON CONFLICT DO NOTHING";
}

/// The system as a viewer.
const SYSTEM: i64 = -1;

fn read(row: &Row<'_>) -> Result<Case> {
    Ok(Case {
        id: row.int(0)?,
        number: row.int(1)?,
        name: row.text(2)?,
        case_type: row.word(3)?,
        rating: row.code(4, Rating::from_code)?,
        state: row.code(5, CaseState::from_code)?,
        short_description: row.text(6)?,
        description: row.text(7)?,
        assigned_to: row.text(8)?,
        due_at: row.time(9)?,
        tlp: row.code(10, Tlp::from_code)?,
        pap: row.code(11, Pap::from_code)?,
        restricted: row.flag(12)?,
        findings: row.text(13)?,
        recommendations: row.text(14)?,
        closure_summary: row.text(15)?,
        verdict: row.word(16)?,
        created_by: row.text(17)?,
        created_at: row.time(18)?,
        updated_by: row.text(19)?,
        updated_at: row.time(20)?,
        closed_at: row.time(21)?,
        version: row.int(22)?,
        field_versions: row.json(23)?,
    })
}

fn search_text(case: &Case) -> String {
    let number = model::case::case_number(case.number);
    let texts = [&case.name, &case.short_description, &case.description, &case.findings, &case.recommendations, &case.closure_summary];
    model::text::fold(&format!("{number} {}", texts.map(String::as_str).join(" ")))
}

/// The next number of a counter that starts at `first`, in this transaction.
///
/// # Errors
/// When the database fails.
pub fn next_number(tx: &mut Tx<'_>, counter: &str, first: i64) -> Result<i64> {
    tx.query_one(NEXT_NUMBER, params![counter, first], |row| row.int(0))
}

/// Stores a new case (its `id` is ignored) and tells its row.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, case: &Case) -> Result<i64> {
    let field_versions = to_json(&case.field_versions)?;
    let row = params![
        case.number,
        &case.name,
        case.case_type.as_str(),
        case.rating.code(),
        case.state.code(),
        &case.short_description,
        &case.description,
        &case.assigned_to,
        case.due_at,
        case.tlp.code(),
        case.pap.code(),
        case.restricted,
        &case.findings,
        &case.recommendations,
        &case.closure_summary,
        case.verdict.as_str(),
        &case.created_by,
        case.created_at,
        &case.updated_by,
        case.updated_at,
        case.closed_at,
        case.version,
        &field_versions,
        search_text(case),
    ];
    tx.query_one(INSERT, row, |row| row.int(0))
}

/// Writes the fields of a case as they are given.
///
/// # Errors
/// When the database fails.
pub fn update(tx: &mut Tx<'_>, case: &Case) -> Result<()> {
    let field_versions = to_json(&case.field_versions)?;
    let row = params![
        case.id,
        &case.name,
        case.case_type.as_str(),
        case.rating.code(),
        case.state.code(),
        &case.short_description,
        &case.description,
        &case.assigned_to,
        case.due_at,
        case.tlp.code(),
        case.pap.code(),
        case.restricted,
        &case.findings,
        &case.recommendations,
        &case.closure_summary,
        case.verdict.as_str(),
        &case.updated_by,
        case.updated_at,
        case.closed_at,
        case.version,
        &field_versions,
        search_text(case),
    ];
    tx.execute(UPDATE, row).map(|_| ())
}

/// Notes that something in the case changed, without counting as a change of its own fields.
///
/// # Errors
/// When the database fails.
pub fn touch(tx: &mut Tx<'_>, case: i64, stamp: &Stamp) -> Result<()> {
    tx.execute(TOUCH, params![case, &stamp.actor, stamp.at]).map(|_| ())
}

/// The case with a number, if the viewer may know of it.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, number: i64) -> Result<Option<Case>> {
    tx.query_opt(BY_NUMBER, params![tx.viewer(), number], read)
}

/// The case of a row, if the viewer may know of it.
///
/// # Errors
/// When the database fails.
pub fn find_by_id(tx: &mut Tx<'_>, id: i64) -> Result<Option<Case>> {
    tx.query_opt(BY_ID, params![tx.viewer(), id], read)
}

/// The number of a case, whoever may know of it: for entries of the journal that show in that case only.
///
/// # Errors
/// When the database fails.
pub fn number_of(tx: &mut Tx<'_>, id: i64) -> Result<i64> {
    tx.query_one(NUMBER_OF, params![id], |row| row.int(0))
}

/// The case with a number, whoever may know of it. Only for the verb that lets an administrator in, and says so to all who
/// are in.
///
/// # Errors
/// When the database fails.
pub fn find_behind_glass(tx: &mut Tx<'_>, number: i64) -> Result<Option<Case>> {
    tx.query_opt(BY_NUMBER, params![SYSTEM, number], read)
}

/// Lets one more account into a restricted case.
///
/// # Errors
/// When the database fails.
pub fn let_in(tx: &mut Tx<'_>, case: i64, account: &str) -> Result<()> {
    tx.execute(ALLOW_ACCOUNT, params![case, account]).map(|_| ())
}

/// The people and words around a case that the caller has found.
///
/// # Errors
/// When the database fails.
pub fn around(tx: &mut Tx<'_>, case: i64) -> Result<Around> {
    let mut around = Around::default();
    for (part, name) in tx.query(PEOPLE, params![case], |row| Ok((row.text(0)?, row.text(1)?)))? {
        match part.as_str() {
            "contributor" => around.contributors.push(name),
            "watcher" => around.watchers.push(name),
            _ => around.work_notes_list.push(name),
        }
    }
    around.tags = tx.query(TAGS, params![case], |row| row.text(0))?;
    around.allowed_accounts = tx.query(ACCESS_ACCOUNTS, params![case], |row| row.text(0))?;
    around.allowed_groups = tx.query(ACCESS_GROUPS, params![case], |row| row.text(0))?;
    Ok(around)
}

/// Whether a login name contributes to a case.
///
/// # Errors
/// When the database fails.
pub fn is_contributor(tx: &mut Tx<'_>, case: i64, name: &str) -> Result<bool> {
    Ok(tx.query_opt(IS_CONTRIBUTOR, params![case, name], |_| Ok(()))?.is_some())
}

/// Writes the people and words around a case as they are given.
///
/// # Errors
/// When the database fails.
pub fn set_around(tx: &mut Tx<'_>, case: i64, around: &Around) -> Result<()> {
    let parts = [("contributor", &around.contributors), ("watcher", &around.watchers), ("work_notes", &around.work_notes_list)];
    for (part, names) in parts {
        tx.execute(DELETE_PEOPLE, params![case, part])?;
        let values: Vec<Value<'_>> = names.iter().flat_map(|name| [Value::from(case), part.into(), name.into()]).collect();
        insert_rows(tx, "INSERT INTO case_person (case_id, part, name)", 3, &values, "ON CONFLICT DO NOTHING")?;
    }
    tx.execute(DELETE_TAGS, params![case])?;
    let values: Vec<Value<'_>> = around.tags.iter().flat_map(|tag| [Value::from(case), tag.into()]).collect();
    insert_rows(tx, "INSERT INTO case_tag (case_id, tag)", 2, &values, "ON CONFLICT DO NOTHING")?;
    set_access(tx, case, &around.allowed_accounts, &around.allowed_groups)
}

/// Lets accounts and groups into a restricted case, and nobody else.
///
/// # Errors
/// When the database fails.
pub fn set_access(tx: &mut Tx<'_>, case: i64, accounts: &[String], groups: &[String]) -> Result<()> {
    tx.execute(DELETE_ACCESS, params![case])?;
    for name in accounts {
        tx.execute(ALLOW_ACCOUNT, params![case, name])?;
    }
    for name in groups {
        tx.execute(ALLOW_GROUP, params![case, name])?;
    }
    Ok(())
}
