//! Files: what is removed is gone from nobody who was told that it is kept.

use model::Scope;
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
        let remove = || {
            let (blobs, sha256) = (blobs.clone(), taken.sha256.clone());
            db.write(Scope::System, move |tx| blob::remove_forgotten(tx, &blobs, &sha256))
        };
        keep().unwrap();
        // Forgotten, and noted again before its bytes went.
        let sha256 = taken.sha256.clone();
        assert!(db.write(Scope::System, move |tx| blob::forget(tx, &sha256)));
        keep().unwrap();
        assert!(!remove() && blobs.get(&taken.sha256).is_ok());
        // Its bytes went first: who brought it again is told to try once more.
        let sha256 = taken.sha256.clone();
        assert!(db.write(Scope::System, move |tx| blob::forget(tx, &sha256)));
        assert!(remove() && blobs.get(&taken.sha256).is_err());
        assert!(matches!(keep(), Err(StoreError::Busy)));
        blobs.put(&b"a log"[..], 100).unwrap();
        keep().unwrap();
    }
}
