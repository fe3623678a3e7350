//! Files: what is removed is gone from nobody who was told that it is kept.

use model::Scope;
use store::blob::Swept;
use store::{StoreError, blob};
use testkit::TestStore;

testkit::each_engine! {
    fn what_comes_again_while_it_is_removed_is_kept_or_refused(db: TestStore) {
        let blobs = db.store().blobs().clone();
        let taken = blobs.put(&b"a log"[..], 100).unwrap();
        let stamp = db.stamp("ada");
        let keep = || {
            let (blobs, taken, at) = (blobs.clone(), taken.clone(), stamp.at);
            db.store().write_blocking::<_, StoreError, _>(Scope::System, move |tx| blob::keep(tx, &blobs, &taken, at))
        };
        let remove = || blob::remove_forgotten(db.store(), std::slice::from_ref(&taken.sha256)).unwrap() == 1;
        let forget = || {
            let gone = [taken.sha256.clone()];
            db.write(Scope::System, move |tx| blob::forget(tx, &gone)) == [taken.sha256.clone()]
        };
        keep().unwrap();
        // Forgotten, and noted again before its bytes went.
        assert!(forget());
        keep().unwrap();
        assert!(!remove() && blobs.get(&taken.sha256).is_ok());
        // Its bytes went first: who brought it again is told to try once more.
        assert!(forget());
        assert!(remove() && blobs.get(&taken.sha256).is_err());
        assert!(matches!(keep(), Err(StoreError::Busy)));
        blobs.put(&b"a log"[..], 100).unwrap();
        keep().unwrap();
    }

    fn files_that_no_row_knows_are_swept_up(db: TestStore) {
        let blobs = db.store().blobs().clone();
        let (kept, lost) = (blobs.put(&b"kept"[..], 100).unwrap(), blobs.put(&b"lost"[..], 100).unwrap());
        assert_eq!(blob::sweep(db.store()).unwrap(), Swept { removed: 0, left: 2 }, "the database is another's");
        assert!(blobs.get(&lost.sha256).is_ok());
        let (into, noted, at) = (blobs.clone(), kept.clone(), db.stamp("ada").at);
        db.write(Scope::System, move |tx| blob::keep(tx, &into, &noted, at));
        assert_eq!(blob::sweep(db.store()).unwrap(), Swept { removed: 1, left: 0 });
        assert!(blobs.get(&kept.sha256).is_ok() && blobs.get(&lost.sha256).is_err());
    }
}
