//! Random work on a case, beside a plain model of it: after every step, list, counts and a recount agree with the model.

use std::collections::{BTreeMap, BTreeSet};

use model::artifact::Status;
use model::operation::OperationVerb;
use model::{Kind, Scope};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use store::artifact::StatusChange;
use store::record::Upserted;
use store::{annotation, artifact, operation};
use testkit::TestStore;

use crate::artifacts::tab;
use crate::common::{add, open_case, operate, upsert};

const RECORDS: usize = 6;

#[derive(Debug, Clone)]
enum Step {
    Add(BTreeSet<usize>),
    Exclude(BTreeSet<usize>),
    Include(BTreeSet<usize>),
    Annotate(usize),
    /// Undoes one of the operations so far, counted from the last.
    Undo(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let some = || proptest::collection::btree_set(0..RECORDS, 1..4);
    prop_oneof![
        3 => some().prop_map(Step::Add),
        3 => some().prop_map(Step::Exclude),
        2 => some().prop_map(Step::Include),
        1 => (0..RECORDS).prop_map(Step::Annotate),
        5 => (0..5_usize).prop_map(Step::Undo),
    ]
}

/// An artifact as the model has it: whether it counts, in whose words, and which operation left it so.
#[derive(Debug, Clone, PartialEq)]
struct Standing {
    status: Status,
    comment: String,
    operation: i64,
}

#[derive(Debug, Default)]
struct Model {
    standings: BTreeMap<usize, Standing>,
    /// By operation: what each row was before it, none when it was not there.
    before: BTreeMap<i64, BTreeMap<usize, Option<Standing>>>,
    annotated: BTreeSet<usize>,
}

impl Model {
    fn set(&mut self, operation: i64, record: usize, to: Option<Standing>) {
        let was = match to {
            Some(standing) => self.standings.insert(record, standing),
            None => self.standings.remove(&record),
        };
        self.before.entry(operation).or_default().insert(record, was);
    }

    fn undo(&mut self, undone: i64, undo: i64) {
        for (record, before) in self.before.get(&undone).cloned().unwrap_or_default() {
            let mine = self.standings.get(&record).map(|now| now.operation == undone);
            match (before, mine) {
                (Some(was), None | Some(true)) => self.set(undo, record, Some(Standing { operation: undo, ..was })),
                (None, Some(true)) if !self.annotated.contains(&record) => self.set(undo, record, None),
                _ => {}
            }
        }
    }
}

fn carry_out(db: &TestStore, case: i64, records: &[Upserted], model: &mut Model, n: usize, step: &Step) {
    let rows = |set: &BTreeSet<usize>| set.iter().map(|n| records[*n]).collect::<Vec<Upserted>>();
    let ids = |set: &BTreeSet<usize>| set.iter().map(|n| records[*n].id).collect::<Vec<i64>>();
    let set_status = |set: &BTreeSet<usize>, status: Status, model: &mut Model| {
        let change = StatusChange { status, reason: String::new(), comment: format!("step {n}") };
        let (ids, told) = (ids(set), change.clone());
        let verb = if status == Status::Excluded { OperationVerb::Exclude } else { OperationVerb::Include };
        let (operation, changed) =
            operate(db, case, verb, move |tx, operation, stamp| artifact::set_status(tx, case, &ids, &change, operation, stamp));
        let mut expected = 0;
        for record in set {
            if model.standings.get(record).is_some_and(|now| now.status != status) {
                expected += 1;
                model.set(operation, *record, Some(Standing { status, comment: told.comment.clone(), operation }));
            }
        }
        assert_eq!(changed, expected);
    };
    match step {
        Step::Add(set) => {
            let (operation, added) = add(db, case, &rows(set));
            let fresh: BTreeSet<usize> = set.iter().copied().filter(|record| !model.standings.contains_key(record)).collect();
            assert_eq!(added.added, ids(&fresh));
            for record in fresh {
                model.set(operation, record, Some(Standing { status: Status::Included, comment: String::new(), operation }));
            }
        }
        Step::Exclude(set) => set_status(set, Status::Excluded, model),
        Step::Include(set) => set_status(set, Status::Included, model),
        Step::Annotate(record) => {
            let id = records[*record].id;
            operate(db, case, OperationVerb::Annotate, move |tx, operation, stamp| {
                annotation::insert(tx, case, &[id], "look", operation, stamp)
            });
            model.annotated.insert(*record);
        }
        Step::Undo(back) => {
            let Some(undone) = model.before.keys().rev().nth(*back).copied() else { return };
            let (undo, rows) = operate(db, case, OperationVerb::Undo, move |tx, undo, stamp| {
                let rows = operation::rows(tx, undone, 0, 100)?;
                artifact::restore(tx, case, undone, undo, &rows)?;
                artifact::undo_add(tx, case, undone, undo, &rows)?;
                artifact::readd(tx, case, undone, undo, &rows, stamp)?;
                operation::rows(tx, undo, 0, 100)
            });
            model.undo(undone, undo);
            let touched: Vec<i64> = model.before.get(&undo).into_iter().flat_map(|rows| rows.keys().map(|n| records[*n].id)).collect();
            assert_eq!(rows, touched, "the undo keeps what it changed, and nothing else");
        }
    }
}

fn agree(db: &TestStore, case: i64, records: &[Upserted], model: &Model) -> Result<(), TestCaseError> {
    let (page, counts) = db.read(Scope::System, move |tx| Ok((artifact::list(tx, &tab(case))?, artifact::counts(tx, case)?)));
    let listed: BTreeMap<i64, (Status, String)> =
        page.items.iter().map(|item| (item.record.id, (item.status, item.comment.clone()))).collect();
    let modelled: BTreeMap<i64, (Status, String)> =
        model.standings.iter().map(|(n, now)| (records[*n].id, (now.status, now.comment.clone()))).collect();
    prop_assert_eq!(&listed, &modelled);
    for status in [Status::Included, Status::Excluded] {
        let recounted = listed.values().filter(|(now, _)| *now == status).count() as i64;
        let counted = counts.iter().find(|c| c.kind == Kind::Observable && c.status == status).map_or(0, |c| c.count);
        prop_assert_eq!(counted, recounted, "{}", status);
    }
    Ok(())
}

testkit::each_engine! {
    fn any_sequence_of_operations_and_undos_does_what_it_says(db: TestStore) {
        let records = upsert(&db, Scope::System, &["a.example.com", "b.example.com", "c.example.com", "d.example.com", "198.51.100.1", "198.51.100.2"], true);
        let config = Config { cases: 12, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let mut runner = TestRunner::new(config);
        let outcome = runner.run(&proptest::collection::vec(step(), 25..35), |steps| {
            let case = open_case(&db, "random", &[]).id;
            let mut model = Model::default();
            for (n, step) in steps.iter().enumerate() {
                carry_out(&db, case, &records, &mut model, n, step);
                agree(&db, case, &records, &model)?;
            }
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
    }
}
