//! Jobs: claimed once, alive while they beat, taken up again when their worker is gone. And changes, in order.

use model::job::JobState;
use model::{Scope, Timestamp};
use serde_json::json;
use store::change::{self, Topic};
use store::idempotency;
use store::job::{self, ABANDONED_AFTER_SECONDS};
use testkit::TestStore;

use crate::common::people;

fn queue(db: &TestStore, kind: &'static str) -> i64 {
    let stamp = db.stamp("ada");
    db.write(Scope::System, move |tx| Ok(job::queue(tx, kind, &json!({ "a": 1 }), 0, 10, &stamp)?.0))
}

fn claim(db: &TestStore, now: Timestamp) -> Option<(i64, i64)> {
    db.write(Scope::System, move |tx| Ok(job::claim(tx, now)?.map(|job| (job.id, job.attempts))))
}

testkit::each_engine! {
    fn a_job_has_one_worker_and_another_when_that_one_is_gone(db: TestStore) {
        let (first, second) = (queue(&db, "import"), queue(&db, "sightings"));
        let now = db.world.time();
        assert_eq!(claim(&db, now), Some((first, 1)));
        assert_eq!(claim(&db, now), Some((second, 1)));
        assert_eq!(claim(&db, now), None);
        let alive = now.plus_seconds(ABANDONED_AFTER_SECONDS);
        let stop = db.write(Scope::System, move |tx| job::beat(tx, first, 3, 10, alive));
        assert!(!stop);
        assert_eq!(claim(&db, alive.plus_seconds(1)), Some((second, 2)), "its heart beat last when it was claimed");
        let job = db.read(Scope::System, move |tx| job::find_by_row(tx, first)).unwrap();
        assert_eq!((job.state.as_str(), job.done, job.total, job.payload.as_str()), ("running", 3, 10, r#"{"a":1}"#));
    }

    fn a_restart_takes_over_what_was_running(mut db: TestStore) {
        let job = queue(&db, "import");
        queue(&db, "import");
        let now = db.world.time();
        claim(&db, now);
        db.reopen();
        assert_eq!(db.write(Scope::System, job::take_over), 1);
        assert_eq!(claim(&db, now.plus_seconds(1)), Some((job, 2)));
    }

    fn a_job_ends_once_and_stops_when_asked(db: TestStore) {
        let id = queue(&db, "import");
        let now = db.world.time();
        claim(&db, now);
        db.write(Scope::System, move |tx| job::cancel(tx, id));
        assert!(db.write(Scope::System, move |tx| job::beat(tx, id, 1, 2, now)), "the worker hears that it is to stop");
        assert_eq!(db.read(Scope::System, job::unfinished), 1);
        db.write(Scope::System, move |tx| job::finish(tx, id, JobState::Cancelled, "", "", now));
        assert_eq!(db.read(Scope::System, job::unfinished), 0);
        assert!(db.write(Scope::System, move |tx| job::beat(tx, id, 9, 9, now)), "a late worker is told to stop");
        let job = db.read(Scope::System, move |tx| job::find_by_row(tx, id)).unwrap();
        assert_eq!((job.state.as_str(), job.done, job.finished_at), ("cancelled", 1, now));
        assert_eq!(claim(&db, now.plus_seconds(900)), None);
    }

    fn changes_are_numbered_in_the_order_of_their_commits_and_heard_of(db: TestStore) {
        let people = people(&db);
        let mut heard = db.store().changes();
        assert_eq!(*heard.borrow_and_update(), 0);
        for n in 0..3_i64 {
            let stamp = db.stamp("ada");
            db.write(people.ada, move |tx| {
                change::announce(tx, &stamp, Topic::Records, 0)?;
                change::announce(tx, &stamp, Topic::Jobs, 0)
            });
            db.write(people.ada, change::last);
            assert_eq!(db.read(people.bob, move |tx| change::since(tx, n * 2, 10)).len(), 2);
        }
        // The announcement follows the answer: wait for it as a browser does.
        testkit::block_on(async { heard.wait_for(|seq| *seq == 6).await.map(|_| ()) }).unwrap();
        let changes = db.read(people.bob, |tx| change::since(tx, 1, 3));
        let told: Vec<(i64, &str, Option<i64>)> = changes.iter().map(|c| (c.seq, c.topic.as_str(), c.case_number)).collect();
        assert_eq!(told, [(2, "jobs", None), (3, "records", None), (4, "jobs", None)]);
        let forever = db.world.time().plus_seconds(1_000);
        assert_eq!(db.write(Scope::System, move |tx| change::forget_before(tx, forever)), 5);
        let stamp = db.stamp("ada");
        db.write(Scope::System, move |tx| change::announce(tx, &stamp, Topic::Case, 0));
        assert_eq!(db.read(Scope::System, change::last), 7, "numbers never start again");
    }

    fn a_key_is_remembered_for_a_day(db: TestStore) {
        let people = people(&db);
        let request = model::actor::Idempotency { route: "POST /cases".to_owned(), key: "k".to_owned(), body_hash: "h".to_owned() };
        let stamp = db.stamp("ada");
        let at = stamp.at;
        let answered = db.write(people.ada, move |tx| {
            idempotency::remember(tx, 1, &request, "{}", &stamp)?;
            let at = |seconds: i64| stamp.at.plus_seconds(seconds);
            let mut found = Vec::new();
            for (account, when) in [(1, at(1)), (2, at(1)), (1, at(86_399)), (1, at(86_401))] {
                found.push(idempotency::find(tx, account, &request, when)?.is_some());
            }
            Ok(found)
        });
        assert_eq!(answered, [true, false, true, false]);
        assert_eq!(db.write(people.ada, move |tx| idempotency::forget(tx, at.plus_seconds(90_000))), 1);
    }
}
