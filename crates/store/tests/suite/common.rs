//! What most tests begin with: people, cases, records.

use std::collections::BTreeMap;

use model::artifact::Finding;
use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict};
use model::kind::NewRecord;
use model::observable::Observable;
use model::operation::{OperationState, OperationVerb};
use model::{Role, Scope, Stamp, Timestamp};
use store::artifact::Added;
use store::case::{Around, Case};
use store::record::Upserted;
use store::{StoreError, Tx, artifact, case, operation, record};
use testkit::TestStore;

/// Ada and Bob, analysts who share no restricted case.
pub(crate) struct People {
    pub(crate) ada: Scope,
    pub(crate) bob: Scope,
}

pub(crate) fn people(db: &TestStore) -> People {
    People { ada: Scope::Viewer(db.account("ada", Role::Analyst)), bob: Scope::Viewer(db.account("bob", Role::Analyst)) }
}

/// A case that is not stored yet.
pub(crate) fn new_case(name: &str, stamp: &Stamp) -> Case {
    Case {
        id: 0,
        number: 0,
        name: name.to_owned(),
        case_type: CaseType::ThreatHunting,
        rating: Rating::Moderate,
        state: CaseState::Analysis,
        short_description: String::new(),
        description: String::new(),
        assigned_to: "ada".to_owned(),
        due_at: Timestamp::NEVER,
        tlp: Tlp::Amber,
        pap: Pap::Amber,
        restricted: false,
        findings: String::new(),
        recommendations: String::new(),
        closure_summary: String::new(),
        verdict: Verdict::Undetermined,
        created_by: stamp.actor.clone(),
        created_at: stamp.at,
        updated_by: stamp.actor.clone(),
        updated_at: stamp.at,
        closed_at: Timestamp::NEVER,
        version: 1,
        field_versions: BTreeMap::new(),
    }
}

/// Stores a case with the next number.
pub(crate) fn insert_case(tx: &mut Tx<'_>, case: &Case, allowed: &[&str]) -> Result<Case, StoreError> {
    let number = case::next_number(tx, "security_case", 1_001)?;
    let mut case = Case { number, restricted: !allowed.is_empty(), ..case.clone() };
    case.id = case::insert(tx, &case)?;
    let allowed_accounts = allowed.iter().map(|name| (*name).to_owned()).collect();
    case::set_around(tx, case.id, &Around { allowed_accounts, ..Around::default() })?;
    Ok(case)
}

/// A case that everybody may see, or only those named.
pub(crate) fn open_case(db: &TestStore, name: &str, allowed: &'static [&'static str]) -> Case {
    let case = new_case(name, &db.stamp("ada"));
    db.write(Scope::System, move |tx| insert_case(tx, &case, allowed))
}

pub(crate) fn observable(value: &str) -> NewRecord {
    let observable = Observable::guess(value).unwrap_or_else(|error| panic!("{value}: {error}"));
    NewRecord::from_observable(&observable, Finding::Unknown)
}

/// Stores observables as someone, openly or in a restricted case only.
pub(crate) fn upsert(db: &TestStore, scope: Scope, values: &[&str], library: bool) -> Vec<Upserted> {
    let records: Vec<NewRecord> = values.iter().map(|value| observable(value)).collect();
    upsert_all(db, scope, records, library)
}

pub(crate) fn upsert_all(db: &TestStore, scope: Scope, records: Vec<NewRecord>, library: bool) -> Vec<Upserted> {
    let stamp = db.stamp("ada");
    db.write(scope, move |tx| Ok(record::upsert(tx, &records, library, "manual", &stamp)?.records))
}

/// Begins, fills and ends an operation; tells its row.
pub(crate) fn operate<T: Send + 'static>(
    db: &TestStore,
    case: i64,
    verb: OperationVerb,
    work: impl Fn(&mut Tx<'_>, i64, &Stamp) -> Result<T, StoreError> + Send + 'static,
) -> (i64, T) {
    let stamp = db.stamp("ada");
    db.write(Scope::System, move |tx| {
        let (operation, _) = operation::begin(tx, case, verb, 0, "", &stamp)?;
        let outcome = work(tx, operation, &stamp)?;
        operation::progress(tx, operation, [0; 3], OperationState::Done)?;
        Ok((operation, outcome))
    })
}

/// Adds records to a case.
pub(crate) fn add(db: &TestStore, case: i64, records: &[Upserted]) -> (i64, Added) {
    let records: Vec<_> = records.iter().map(|record| (record.id, record.kind)).collect();
    operate(db, case, OperationVerb::Add, move |tx, operation, stamp| artifact::add(tx, case, &records, operation, stamp))
}
