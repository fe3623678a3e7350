//! Every statement on both engines, and what the drivers do with parameters.

use model::Scope;
use testkit::TestStore;

testkit::each_engine! {
    fn every_statement_is_understood(db: TestStore) {
        let refused = db.read(Scope::System, |tx| {
            let mut refused = Vec::new();
            for (module, name, sql) in store::statements() {
                if let Err(error) = tx.prepare_only(sql) {
                    refused.push(format!("{module}::{name}: {error}"));
                    break;
                }
            }
            Ok(refused)
        });
        assert_eq!(refused, Vec::<String>::new());
    }
}
