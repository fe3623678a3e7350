//! One test, both engines.

/// Declares tests that run on SQLite and on PostgreSQL; a failure is named `the_test::on_sqlite` or
/// `the_test::on_postgres`.
///
/// ```ignore
/// testkit::each_engine! {
///     fn a_store_keeps_things(store: TestStore) { … }
///     async fn a_verb_does_things(app: TestApp) { … }
/// }
/// ```
#[macro_export]
macro_rules! each_engine {
    () => {};
    ($(#[$meta:meta])* fn $name:ident(mut $world:ident: $kind:ty) $body:block $($rest:tt)*) => {
        $(#[$meta])*
        mod $name {
            use super::*;
            fn test_of(mut $world: $kind) $body
            #[test]
            fn on_sqlite() {
                test_of(<$kind>::new($crate::Engine::Sqlite));
            }
            #[test]
            fn on_postgres() {
                test_of(<$kind>::new($crate::Engine::Postgres));
            }
        }
        $crate::each_engine! { $($rest)* }
    };
    ($(#[$meta:meta])* fn $name:ident($world:ident: $kind:ty) $body:block $($rest:tt)*) => {
        $(#[$meta])*
        mod $name {
            use super::*;
            fn test_of($world: $kind) $body
            #[test]
            fn on_sqlite() {
                test_of(<$kind>::new($crate::Engine::Sqlite));
            }
            #[test]
            fn on_postgres() {
                test_of(<$kind>::new($crate::Engine::Postgres));
            }
        }
        $crate::each_engine! { $($rest)* }
    };
    ($(#[$meta:meta])* async fn $name:ident($world:ident: $kind:ty) $body:block $($rest:tt)*) => {
        $(#[$meta])*
        mod $name {
            use super::*;
            async fn test_of($world: $kind) $body
            #[test]
            fn on_sqlite() {
                $crate::block_on(test_of(<$kind>::new($crate::Engine::Sqlite)));
            }
            #[test]
            fn on_postgres() {
                $crate::block_on(test_of(<$kind>::new($crate::Engine::Postgres)));
            }
        }
        $crate::each_engine! { $($rest)* }
    };
}

/// Runs an async test to its end.
///
/// # Panics
/// When there is no runtime to be had.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts").block_on(test)
}
