//! The writer: groups, refusals, lost connections, a full queue, mistakes.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use model::Scope;
use store::{StoreError, Tx, account, case};
use testkit::{Engine, TestStore};

use crate::common::{insert_case, new_case, people};
use crate::visibility::all_cases;

/// Keeps the writer busy until told otherwise, so that what is written meanwhile becomes one group.
struct Gate {
    open: Sender<()>,
    done: std::thread::JoinHandle<Result<(), StoreError>>,
}

fn close_gate(db: &TestStore) -> Gate {
    let (open, wait): (Sender<()>, Receiver<()>) = channel();
    let (entered, inside) = channel();
    let (wait, store) = (Mutex::new(wait), db.store().clone());
    let done = std::thread::spawn(move || {
        let block = move |_: &mut Tx<'_>| {
            let _ = entered.send(());
            let _ = wait.lock().map(|wait| wait.recv());
            Ok::<_, StoreError>(())
        };
        store.write_blocking(Scope::System, block)
    });
    inside.recv().unwrap();
    Gate { open, done }
}

impl Gate {
    fn open(self) {
        self.open.send(()).unwrap();
        self.done.join().unwrap().unwrap();
    }
}

fn names(db: &TestStore) -> Vec<String> {
    let mut names: Vec<String> =
        db.read(Scope::System, |tx| case::list(tx, &all_cases())).items.into_iter().map(|item| item.case.name).collect();
    names.sort();
    names
}

testkit::each_engine! {
    fn in_one_group_the_refused_leave_no_trace_and_the_others_stand(db: TestStore) {
        let base = new_case("", &db.stamp("ada"));
        let gate = close_gate(&db);
        let runs = Arc::new(AtomicUsize::new(0));
        let mut writes = Vec::new();
        for name in ["a", "refused", "b", "violates", "c", "panics", "d"] {
            let (base, runs) = (base.clone(), Arc::clone(&runs));
            let work = move |tx: &mut Tx<'_>| {
                runs.fetch_add(1, Ordering::SeqCst);
                let made = insert_case(tx, &store::case::Case { name: name.to_owned(), ..base.clone() }, &[])?;
                match name {
                    "refused" => Err(StoreError::Missing),
                    // The number is taken: the database refuses, which on PostgreSQL spoils the whole transaction.
                    "violates" => case::insert(tx, &made),
                    "panics" => panic!("a mistake in a verb"),
                    _ => Ok(made.number),
                }
            };
            writes.push(Box::pin(db.store().write(Scope::System, work)));
        }
        // Each write is queued when it is first asked for.
        let mut waiting = Context::from_waker(Waker::noop());
        assert!(writes.iter_mut().all(|write| write.as_mut().poll(&mut waiting).is_pending()));
        gate.open();
        let outcomes: Vec<_> = writes.into_iter().map(testkit::block_on).collect();
        let numbers: Vec<Option<i64>> = outcomes.iter().map(|outcome| outcome.as_ref().ok().copied()).collect();
        assert_eq!(numbers, [Some(1_001), None, Some(1_002), None, Some(1_003), None, Some(1_004)]);
        assert!(matches!(outcomes[1], Err(StoreError::Missing)));
        assert!(matches!(outcomes[3], Err(StoreError::Database(_))));
        assert!(outcomes[5].as_ref().is_err_and(|error| error.to_string().contains("a mistake in Vizsla")));
        assert_eq!(names(&db), ["a", "b", "c", "d"]);
        assert_eq!(runs.load(Ordering::SeqCst), 7);
    }

    fn a_write_whose_caller_went_away_is_whole(db: TestStore) {
        let base = new_case("kept", &db.stamp("ada"));
        let gate = close_gate(&db);
        {
            let mut write = pin!(db.store().write(Scope::System, move |tx: &mut Tx<'_>| insert_case(tx, &base, &["ada"])));
            assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        gate.open();
        db.write(Scope::System, |_| Ok(()));
        assert_eq!(names(&db), ["kept"]);
    }

    fn a_full_queue_turns_away_and_takes_again(db: TestStore) {
        let gate = close_gate(&db);
        let mut writes: Vec<_> = (0..4_200).map(|_| Box::pin(db.store().write(Scope::System, |_: &mut Tx<'_>| Ok::<_, StoreError>(())))).collect();
        let mut waiting = Context::from_waker(Waker::noop());
        let turned_away = writes
            .iter_mut()
            .map(|write| write.as_mut().poll(&mut waiting))
            .filter(|poll| matches!(poll, Poll::Ready(Err(StoreError::Busy))))
            .count();
        assert_eq!(turned_away, 4_200 - 4_096);
        gate.open();
        writes.truncate(4_096);
        assert!(writes.into_iter().map(testkit::block_on).all(|outcome| outcome.is_ok()));
    }

    fn a_panic_in_a_read_is_that_reads_failure(db: TestStore) {
        let people = people(&db);
        for _ in 0..5 {
            let outcome = db.store().read_blocking::<(), StoreError, _>(people.ada, |_| panic!("a mistake in a view"));
            assert!(matches!(outcome, Err(StoreError::Database(_))));
        }
        assert!(names(&db).is_empty());
    }

    fn a_read_sees_one_moment(db: TestStore) {
        let base = new_case("later", &db.stamp("ada"));
        let (reading, go_on) = (channel(), channel());
        let (store, entered, wait): (_, Sender<()>, Receiver<()>) = (db.store().clone(), reading.0, go_on.1);
        let reader = std::thread::spawn(move || {
            store.read_blocking(Scope::System, move |tx: &mut Tx<'_>| {
                let before = case::count_open(tx)?;
                let _ = entered.send(());
                let _ = wait.recv();
                Ok::<_, StoreError>((before, case::count_open(tx)?))
            })
        });
        reading.1.recv().unwrap();
        db.write(Scope::System, move |tx| insert_case(tx, &base, &[]));
        go_on.0.send(()).unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), (0, 0));
        assert_eq!(db.read(Scope::System, case::count_open), 1);
    }

    fn closing_lets_queued_writes_finish(mut db: TestStore) {
        let base = new_case("queued", &db.stamp("ada"));
        let gate = close_gate(&db);
        let mut write = Box::pin({
            let store = db.store().clone();
            async move { store.write(Scope::System, move |tx: &mut Tx<'_>| insert_case(tx, &base, &[])).await }
        });
        assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(write);
        gate.open();
        db.reopen();
        assert_eq!(names(&db), ["queued"]);
    }
}

#[test]
fn a_lost_connection_is_made_anew_and_no_request_notices() {
    let db = TestStore::new(Engine::Postgres);
    let people = people(&db);
    let postgres = db.postgres().unwrap();
    for round in 0..3 {
        postgres.disconnect_all();
        let base = new_case(&round.to_string(), &db.stamp("ada"));
        // Both readers, and the writer.
        for _ in 0..4 {
            assert_eq!(db.read(people.ada, |tx| account::known_names(tx, &["ada"])).len(), 1);
        }
        db.write(people.ada, move |tx| insert_case(tx, &base, &[]));
    }
    assert_eq!(names(&db), ["0", "1", "2"]);
}

#[test]
fn a_connection_that_breaks_inside_a_write_undoes_that_write_only() {
    let db = TestStore::new(Engine::Postgres);
    let base = new_case("half", &db.stamp("ada"));
    let gate = close_gate(&db);
    db.postgres().unwrap().disconnect_all();
    let store = db.store().clone();
    gate.open.send(()).unwrap();
    // The commit had nowhere to go: that is no fault of the request, which may be made again.
    let failed = gate.done.join().unwrap().unwrap_err();
    assert!(matches!(failed, StoreError::Unreachable(_)), "{failed:?}");
    let made = store.write_blocking(Scope::System, move |tx: &mut Tx<'_>| insert_case(tx, &base, &[])).unwrap();
    assert_eq!(made.number, 1_001);
}
