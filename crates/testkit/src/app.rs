//! An application of one test's own, with people in it.

use std::ops::Deref;
use std::sync::Arc;

use app::App;
use app::account::PasswordCost;
use model::actor::Door;
use model::{Actor, Role, Scope};
use store::{Engine, StoreError, change, job, journal};

use crate::{TestStore, TestWorld, apart};

/// An application over a store of its own, and one account of each role.
///
/// At the end it checks what tests forget: that no job is left unfinished, that the journal's chain is whole, and that
/// nothing was announced that is not in the journal.
pub struct TestApp {
    /// The application.
    pub app: App,
    /// Its store.
    pub store: TestStore,
    /// Its clock and randomness.
    pub world: TestWorld,
    /// `rita`, a reader.
    pub reader: Actor,
    /// `ada`, an analyst.
    pub analyst: Actor,
    /// `lena`, a lead.
    pub lead: Actor,
    /// `root`, an administrator.
    pub admin: Actor,
    check: bool,
}

impl Deref for TestApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl TestApp {
    /// A fresh application.
    ///
    /// # Panics
    /// When it can't be had.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let store = TestStore::new(engine);
        let world = store.world.clone();
        // What a password costs to try is tested where passwords are.
        let logs = Arc::new(app::logs::open_index(&store.dir().join("logs")).expect("an empty log index opens"));
        let app = App::new(store.store().clone(), logs, Arc::new(world.clone())).with_password_cost(PasswordCost::LEAST);
        let [reader, analyst, lead, admin] = [("rita", Role::Reader), ("ada", Role::Analyst), ("lena", Role::Lead), ("root", Role::Admin)]
            .map(|(name, role)| add(&store, name, role));
        Self { app, store, world, reader, analyst, lead, admin, check: true }
    }

    /// One more account.
    ///
    /// # Panics
    /// When there is one of that name.
    #[must_use]
    pub fn person(&self, name: &str, role: Role) -> Actor {
        add(&self.store, name, role)
    }

    /// Lets the test end with work unfinished or a tampered journal.
    pub fn leave_unchecked(&mut self) {
        self.check = false;
    }

    /// Ends the test with the checks that dropping it makes too.
    pub fn finish(self) {}
}

fn add(store: &TestStore, name: &str, role: Role) -> Actor {
    let account = store.account(name, role);
    Actor { account, name: name.to_owned(), role, door: Door::Session, idempotency: None }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !self.check || std::thread::panicking() {
            return;
        }
        let store = self.store.store();
        let look = || {
            store.read_blocking(Scope::System, |tx| {
                let chain = journal::verify(tx, None)?;
                Ok::<_, StoreError>((job::unfinished(tx)?, chain, change::last(tx)?))
            })
        };
        let (unfinished, chain, changes) = apart(look).expect("the store can be read at the end of the test");
        assert_eq!(unfinished, 0, "the test ended with jobs that wait or run");
        assert_eq!(chain.broken, None, "the test left the journal's chain broken");
        assert!(changes == 0 || chain.entries > 0, "something was announced that is not in the journal");
    }
}
