//! How people and machines come in, and how they are kept out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::account::group::{GroupInput, GroupQuery, MembersInput};
use app::account::token::{TokenInput, TokenQuery};
use app::account::{AccountInput, AccountPatch, AccountQuery, PasswordChange, ProfilePatch, Secret, SessionView, SetupInput, Theme};
use app::{App, AppError, account};
use model::actor::{Door, Idempotency};
use model::{Actor, Role};
use testkit::TestApp;

const PASSWORD: &str = "a tulip in the orchard";
const OTHER: &str = "a lantern on the stairs";
const HERE: &str = "192.0.2.10";
const HOUR: i64 = 3_600;

/// The application as it is before its first account.
fn empty(test: &TestApp) -> App {
    test.store.sql("DELETE FROM account");
    test.app.clone()
}

fn first(token: Secret) -> SetupInput {
    SetupInput { token, name: "Grace".to_owned(), password: PASSWORD.into(), ..SetupInput::default() }
}

/// An account with [`PASSWORD`].
async fn account_of(test: &TestApp, name: &str, role: Role) {
    let input = AccountInput { name: name.to_owned(), role: Some(role), password: Some(PASSWORD.into()), ..AccountInput::default() };
    account::create(test, &test.admin, input).await.unwrap();
}

async fn login(test: &TestApp, name: &str, password: &str) -> app::Result<SessionView> {
    account::login(test, name, &password.into(), HERE).await
}

async fn session(test: &TestApp, session: &SessionView) -> app::Result<Actor> {
    account::session_actor(test, session.token.reveal()).await
}

/// All that the journal says, as text.
fn journal_text(test: &TestApp) -> String {
    const SQL: &str =
        "SELECT j.actor || ' ' || j.verb || ' ' || j.object || ' ' || d.details FROM journal j JOIN journal_detail d ON d.seq = j.seq";
    test.store.texts(SQL).join("\n")
}

fn is_unauthenticated<T>(result: &app::Result<T>) -> bool {
    matches!(result, Err(AppError::Unauthenticated(_)))
}

fn pointer<T: std::fmt::Debug>(result: app::Result<T>) -> String {
    match result {
        Err(AppError::Invalid(errors)) => errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>().join(" "),
        other => panic!("expected refused fields, got {other:?}"),
    }
}

testkit::each_engine! {
    async fn the_first_account_is_set_up_once_with_the_last_link(test: TestApp) {
        let app = empty(&test);
        assert!(account::needs_setup(&app).await.unwrap());
        let old = account::setup_token(&app).await.unwrap().unwrap();
        let token = account::setup_token(&app).await.unwrap().unwrap();
        assert!(is_unauthenticated(&account::setup(&app, first(old)).await));
        assert!(is_unauthenticated(&account::setup(&app, first(Secret::default())).await));
        let weak = SetupInput { password: "grace".into(), name: "system".to_owned(), ..first(token.clone()) };
        assert_eq!(pointer(account::setup(&app, weak).await), "/name /password");

        let view = account::setup(&app, first(token.clone())).await.unwrap();
        assert_eq!((view.account.name.as_str(), view.account.display_name.as_str(), view.account.role), ("grace", "grace", Role::Admin));
        let actor = account::session_actor(&app, view.token.reveal()).await.unwrap();
        assert_eq!((actor.name.as_str(), actor.role, actor.door), ("grace", Role::Admin, Door::Session));

        assert!(!account::needs_setup(&app).await.unwrap());
        assert_eq!(account::setup_token(&app).await.unwrap(), None);
        assert!(matches!(account::setup(&app, first(token)).await, Err(AppError::State(_))));
    }

    async fn two_browsers_can_not_both_be_first(test: TestApp) {
        let app = empty(&test);
        let token = account::setup_token(&app).await.unwrap().unwrap();
        let one = tokio::spawn({ let (app, token) = (app.clone(), token.clone()); async move { account::setup(&app, first(token)).await } });
        let other = tokio::spawn({ let app = app.clone(); async move {
            account::setup(&app, SetupInput { name: "eve".to_owned(), ..first(token) }).await
        } });
        let done = [one.await.unwrap(), other.await.unwrap()];
        assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1);
    }

    async fn an_unattended_installation_begins_with_admin(test: TestApp) {
        let app = empty(&test);
        assert_eq!(pointer(account::create_first(&app, &"short".into()).await), "/password");
        assert_eq!(account::create_first(&app, &PASSWORD.into()).await.unwrap().unwrap().name, "admin");
        assert_eq!(account::create_first(&app, &OTHER.into()).await.unwrap(), None);
        account::login(&app, "admin", &PASSWORD.into(), HERE).await.unwrap();
    }

    async fn a_session_lasts_while_it_is_used_and_a_week_at_most(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        let begun = login(&test, " Vera ", PASSWORD).await.unwrap();
        assert_eq!(begun.account.last_login_at.map(|at| at < test.now()), Some(true));
        assert_eq!(session(&test, &begun).await.unwrap().role, Role::Analyst);
        for _ in 0..15 {
            test.world.advance(11 * HOUR);
            session(&test, &begun).await.unwrap();
        }
        test.world.advance(4 * HOUR);
        assert!(is_unauthenticated(&session(&test, &begun).await), "a week is over");

        let begun = login(&test, "vera", PASSWORD).await.unwrap();
        test.world.advance(12 * HOUR);
        assert!(is_unauthenticated(&session(&test, &begun).await), "half a day without use");

        account::tidy(&test).await.unwrap();
        assert!(is_unauthenticated(&session(&test, &begun).await));
        assert!(is_unauthenticated(&account::session_actor(&test, "").await));
    }

    async fn signing_out_ends_that_session_and_no_other(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        let (one, other) = (login(&test, "vera", PASSWORD).await.unwrap(), login(&test, "vera", PASSWORD).await.unwrap());
        let actor = session(&test, &one).await.unwrap();
        account::logout(&test, &test.analyst, one.token.reveal()).await.unwrap();
        session(&test, &one).await.expect("nobody signs others out");
        account::logout(&test, &actor, one.token.reveal()).await.unwrap();
        assert!(is_unauthenticated(&session(&test, &one).await));
        session(&test, &other).await.unwrap();
    }

    async fn a_refused_login_does_not_tell_why(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        account_of(&test, "gone", Role::Analyst).await;
        account::create(&test, &test.admin, AccountInput { name: "robot".to_owned(), ..AccountInput::default() }).await.unwrap();
        let shut = AccountPatch { disabled: Some(true), ..AccountPatch::default() };
        account::update(&test, &test.admin, "gone", None, shut).await.unwrap();
        let long = "x".repeat(100_000);
        let tries = [("vera", OTHER), ("nobody", PASSWORD), ("gone", PASSWORD), ("robot", ""), ("../vera", PASSWORD), ("vera", long.as_str())];
        let mut said = Vec::new();
        for (n, (name, password)) in tries.into_iter().enumerate() {
            let refused = account::login(&test, name, &password.into(), &format!("192.0.2.{n}")).await;
            assert!(is_unauthenticated(&refused), "{name}");
            said.push(refused.unwrap_err().to_string());
        }
        said.dedup();
        assert_eq!(said.len(), 1, "{said:?}");
    }

    async fn guessing_an_account_gets_slower_from_wherever(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        for name in ["vera", "nobody"] {
            for n in 0..5 {
                let address = format!("2001:db8:{n}::1");
                assert!(is_unauthenticated(&account::login(&test, name, &OTHER.into(), &address).await));
            }
            let right = account::login(&test, name, &PASSWORD.into(), "2001:db8:9::1").await;
            assert!(matches!(right, Err(AppError::Throttled { seconds: 1 })), "{name}: {right:?}");
        }
        let mut wait = 1;
        for n in 0..12 {
            test.world.advance(wait);
            assert!(is_unauthenticated(&account::login(&test, "vera", &OTHER.into(), &format!("198.51.100.{n}")).await));
            let held = account::login(&test, "vera", &PASSWORD.into(), "203.0.113.1").await;
            let Err(AppError::Throttled { seconds }) = held else { panic!("{held:?}") };
            assert!(seconds == (wait * 2).min(900), "{seconds} after {wait}");
            wait = seconds;
        }
        assert_eq!(wait, 900, "never longer than a quarter of an hour");
        test.world.advance(901);
        account::login(&test, "vera", &PASSWORD.into(), "203.0.113.1").await.expect("the right password comes in after the wait");
        assert!(is_unauthenticated(&account::login(&test, "vera", &OTHER.into(), "203.0.113.1").await), "and starts anew");
        assert!(journal_text(&test).contains("account.throttle vera"));
        assert!(!journal_text(&test).contains("nobody"), "invented names do not fill the journal");
    }

    async fn guessing_many_accounts_from_one_address_gets_slower(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        for n in 0..5 {
            // One network of IPv6 is one machine.
            let address = format!("2001:db8:0:1::{n}");
            assert!(is_unauthenticated(&account::login(&test, &format!("guess{n}"), &OTHER.into(), &address).await));
        }
        let held = account::login(&test, "vera", &PASSWORD.into(), "2001:db8:0:1::77").await;
        assert!(matches!(held, Err(AppError::Throttled { .. })), "{held:?}");
        account::login(&test, "vera", &PASSWORD.into(), HERE).await.expect("other addresses are not held up");
    }

    async fn a_password_of_ones_own_buys_no_tries_at_others(test: TestApp) {
        account_of(&test, "mallory", Role::Reader).await;
        for n in 0..5 {
            assert!(is_unauthenticated(&login(&test, &format!("guess{n}"), OTHER).await));
            if n < 4 {
                login(&test, "mallory", PASSWORD).await.unwrap();
            }
        }
        assert!(matches!(login(&test, "mallory", PASSWORD).await, Err(AppError::Throttled { .. })));
    }

    async fn many_guesses_at_once_are_counted_too(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        let tries = (0..40).map(|n| {
            let app = test.app.clone();
            tokio::spawn(async move { account::login(&app, "vera", &format!("guess {n}").into(), &format!("192.0.2.{n}")).await })
        });
        let mut looked_at = 0;
        for one in tries.collect::<Vec<_>>() {
            looked_at += usize::from(is_unauthenticated(&one.await.unwrap()));
        }
        assert!((1..=5).contains(&looked_at), "{looked_at} passwords were looked at");
    }

    async fn a_new_password_or_a_disabled_account_ends_sessions(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        let token = account::token::create(
            &test,
            &session(&test, &login(&test, "vera", PASSWORD).await.unwrap()).await.unwrap(),
            TokenInput { label: "script".to_owned(), ..TokenInput::default() },
        )
        .await
        .unwrap();
        let begun = login(&test, "vera", PASSWORD).await.unwrap();
        let renamed = AccountPatch { display_name: Some("Vera V.".to_owned()), ..AccountPatch::default() };
        account::update(&test, &test.admin, "vera", None, renamed).await.unwrap();
        session(&test, &begun).await.expect("another display name ends nothing");

        let password = AccountPatch { password: Some(OTHER.into()), ..AccountPatch::default() };
        account::update(&test, &test.admin, "vera", None, password).await.unwrap();
        assert!(is_unauthenticated(&session(&test, &begun).await));
        assert!(is_unauthenticated(&login(&test, "vera", PASSWORD).await));

        let begun = login(&test, "vera", OTHER).await.unwrap();
        let shut = |disabled| AccountPatch { disabled: Some(disabled), ..AccountPatch::default() };
        account::update(&test, &test.admin, "vera", None, shut(true)).await.unwrap();
        assert!(is_unauthenticated(&session(&test, &begun).await));
        assert!(is_unauthenticated(&account::token_actor(&test, token.token.reveal()).await));
        account::update(&test, &test.admin, "vera", None, shut(false)).await.unwrap();
        assert!(is_unauthenticated(&session(&test, &begun).await), "and does not bring them back");
        login(&test, "vera", OTHER).await.unwrap();
    }

    async fn people_change_their_own_password_knowing_the_old_one(test: TestApp) {
        account_of(&test, "vera", Role::Reader).await;
        let (begun, elsewhere) = (login(&test, "vera", PASSWORD).await.unwrap(), login(&test, "vera", PASSWORD).await.unwrap());
        let actor = session(&test, &begun).await.unwrap();
        let change = |old: &str, new: &str| PasswordChange { old: old.into(), new: new.into() };
        assert_eq!(pointer(account::change_password(&test, &actor, change(OTHER, OTHER), HERE).await), "/old");
        assert_eq!(pointer(account::change_password(&test, &actor, change(PASSWORD, "short"), HERE).await), "/new");
        let anew = account::change_password(&test, &actor, change(PASSWORD, OTHER), HERE).await.unwrap().unwrap();
        for ended in [&begun, &elsewhere] {
            assert!(is_unauthenticated(&session(&test, ended).await));
        }
        session(&test, &anew).await.expect("the browser that asked stays signed in");
        assert!(is_unauthenticated(&login(&test, "vera", PASSWORD).await));
        login(&test, "vera", OTHER).await.unwrap();
    }

    async fn a_stolen_session_can_not_guess_the_password(test: TestApp) {
        account_of(&test, "vera", Role::Reader).await;
        let actor = session(&test, &login(&test, "vera", PASSWORD).await.unwrap()).await.unwrap();
        for n in 0..5 {
            let guess = PasswordChange { old: format!("guess {n}").as_str().into(), new: OTHER.into() };
            assert_eq!(pointer(account::change_password(&test, &actor, guess, HERE).await), "/old");
        }
        let right = PasswordChange { old: PASSWORD.into(), new: OTHER.into() };
        assert!(matches!(account::change_password(&test, &actor, right, HERE).await, Err(AppError::Throttled { .. })));
    }

    async fn administrators_keep_the_accounts(test: TestApp) {
        for actor in [&test.reader, &test.analyst, &test.lead] {
            let input = AccountInput { name: "eve".to_owned(), ..AccountInput::default() };
            assert!(matches!(account::create(&test, actor, input).await, Err(AppError::Forbidden(_))));
            assert!(matches!(account::list(&test, actor, AccountQuery::default()).await, Err(AppError::Forbidden(_))));
            let up = AccountPatch { role: Some(Role::Admin), ..AccountPatch::default() };
            assert!(matches!(account::update(&test, actor, &actor.name, None, up).await, Err(AppError::Forbidden(_))));
            assert!(matches!(account::get(&test, actor, "root").await, Err(AppError::Forbidden(_))));
            account::get(&test, actor, &actor.name).await.unwrap();
        }
        account_of(&test, "vera", Role::Analyst).await;
        let twice = AccountInput { name: "VERA".to_owned(), ..AccountInput::default() };
        assert_eq!(pointer(account::create(&test, &test.admin, twice).await), "/name");
        assert!(matches!(account::get(&test, &test.admin, "nobody").await, Err(AppError::NotFound("account"))));

        let page = |cursor: String| AccountQuery { cursor, limit: Some(2), ..AccountQuery::default() };
        let mut names = Vec::new();
        let mut cursor = String::new();
        loop {
            let list = account::list(&test, &test.admin, page(cursor)).await.unwrap();
            assert_eq!(list.total, 5);
            names.extend(list.items.into_iter().map(|account| account.name));
            let Some(next) = list.next_cursor else { break };
            cursor = next;
        }
        assert_eq!(names, ["ada", "lena", "rita", "root", "vera"]);
        let leads = AccountQuery { role: "lead,admin".to_owned(), q: "EXAMPLE.org".to_owned(), ..AccountQuery::default() };
        assert_eq!(account::list(&test, &test.admin, leads).await.unwrap().total, 2);
    }

    async fn a_change_of_what_someone_else_changed_is_told(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        let seen = account::get(&test, &test.admin, "vera").await.unwrap().version;
        let named = |name: &str| AccountPatch { display_name: Some(name.to_owned()), ..AccountPatch::default() };
        account::update(&test, &test.admin, "vera", Some(seen), named("Vera")).await.unwrap();
        let late = account::update(&test, &test.admin, "vera", Some(seen), named("V.")).await;
        let Err(AppError::Conflict { conflicts, .. }) = late else { panic!("{late:?}") };
        assert_eq!((conflicts[0].theirs.as_str(), conflicts[0].yours.as_str()), (Some("Vera"), Some("V.")));
        assert_eq!(account::get(&test, &test.admin, "vera").await.unwrap().display_name, "Vera");
    }

    async fn the_last_administrator_stays(test: TestApp) {
        let down = || AccountPatch { role: Some(Role::Lead), ..AccountPatch::default() };
        let shut = || AccountPatch { disabled: Some(true), ..AccountPatch::default() };
        assert!(matches!(account::update(&test, &test.admin, "root", None, down()).await, Err(AppError::State(_))));
        assert!(matches!(account::update(&test, &test.admin, "root", None, shut()).await, Err(AppError::State(_))));
        account_of(&test, "vera", Role::Admin).await;
        account::update(&test, &test.admin, "vera", None, shut()).await.unwrap();
        assert!(matches!(account::update(&test, &test.admin, "root", None, shut()).await, Err(AppError::State(_))), "a disabled one does not count");
        account::update(&test, &test.admin, "vera", None, AccountPatch { disabled: Some(false), ..AccountPatch::default() }).await.unwrap();
        account::update(&test, &test.admin, "root", None, down()).await.unwrap();
    }

    async fn a_token_acts_with_the_lesser_role_until_it_ends(test: TestApp) {
        let input = |role, expires_at| TokenInput { label: "script".to_owned(), role, expires_at, account: None };
        let too_much = account::token::create(&test, &test.analyst, input(Some(Role::Lead), None)).await;
        assert_eq!(pointer(too_much), "/role");
        assert_eq!(pointer(account::token::create(&test, &test.analyst, input(None, Some(test.now()))).await), "/expires_at");
        let made = account::token::create(&test, &test.lead, input(None, Some(test.now().plus_seconds(HOUR)))).await.unwrap();
        assert!(made.token.reveal().starts_with("vz_"));
        let small = account::token::create(&test, &test.lead, input(Some(Role::Reader), None)).await.unwrap();

        let actor = account::token_actor(&test, made.token.reveal()).await.unwrap();
        assert_eq!((actor.name.as_str(), actor.role, actor.door), ("lena", Role::Lead, Door::Token));
        let reader = account::token_actor(&test, small.token.reveal()).await.unwrap();
        assert_eq!(reader.role, Role::Reader);
        assert_eq!(pointer(account::token::create(&test, &reader, input(Some(Role::Analyst), None)).await), "/role");

        let down = AccountPatch { role: Some(Role::Analyst), ..AccountPatch::default() };
        account::update(&test, &test.admin, "lena", None, down).await.unwrap();
        assert_eq!(account::token_actor(&test, made.token.reveal()).await.unwrap().role, Role::Analyst);
        test.world.advance(HOUR);
        assert!(is_unauthenticated(&account::token_actor(&test, made.token.reveal()).await));
        for unknown in ["", "vz_", "vz_nope", &made.token.reveal()[3..]] {
            assert!(is_unauthenticated(&account::token_actor(&test, unknown).await));
        }
        let used = account::token::list(&test, &test.lead, TokenQuery::default()).await.unwrap();
        assert_eq!(used.total, 2);
        assert!(used.items.iter().all(|token| token.last_used_at.is_some()));
    }

    async fn tokens_are_revoked_by_their_owner_or_an_administrator(test: TestApp) {
        let input = || TokenInput { label: "script".to_owned(), ..TokenInput::default() };
        let mine = account::token::create(&test, &test.analyst, input()).await.unwrap();
        let other = account::token::create(&test, &test.analyst, input()).await.unwrap();
        assert!(matches!(account::token::revoke(&test, &test.lead, &mine.view.id).await, Err(AppError::NotFound("token"))));
        assert!(matches!(account::token::revoke(&test, &test.admin, "seven").await, Err(AppError::NotFound("token"))));
        account::token::revoke(&test, &test.analyst, &mine.view.id).await.unwrap();
        let again = account::token::revoke(&test, &test.admin, &mine.view.id).await.unwrap();
        assert!(again.revoked_at.is_some_and(|at| at < test.now()));
        account::token::revoke(&test, &test.admin, &other.view.id).await.unwrap();
        for token in [&mine, &other] {
            assert!(is_unauthenticated(&account::token_actor(&test, token.token.reveal()).await));
        }
        let all = TokenQuery { all: true, ..TokenQuery::default() };
        assert!(matches!(account::token::list(&test, &test.lead, all.clone()).await, Err(AppError::Forbidden(_))));
        assert_eq!(account::token::list(&test, &test.admin, all).await.unwrap().total, 2);
        assert_eq!(account::token::list(&test, &test.lead, TokenQuery::default()).await.unwrap().total, 0);
    }

    async fn a_command_line_makes_accounts_and_tokens_for_them(test: TestApp) {
        let operator = Actor::operator("frank");
        let robot = AccountInput { name: "robot".to_owned(), role: Some(Role::Analyst), ..AccountInput::default() };
        account::create(&test, &operator, robot).await.unwrap();
        let label = || TokenInput { label: "ci".to_owned(), ..TokenInput::default() };
        assert_eq!(pointer(account::token::create(&test, &operator, label()).await), "/account");
        let named = || TokenInput { account: Some("robot".to_owned()), ..label() };
        let made = account::token::create(&test, &operator, named()).await.unwrap();
        let actor = account::token_actor(&test, made.token.reveal()).await.unwrap();
        assert_eq!((actor.name.as_str(), actor.role), ("robot", Role::Analyst));
        let sneaky = account::token::create(&test, &test.admin, named()).await;
        assert!(matches!(sneaky, Err(AppError::Forbidden(_))), "an administrator is not let into others' restricted cases this way");
        assert!(matches!(account::profile(&test, &operator).await, Err(AppError::State(_))));
        assert!(journal_text(&test).contains("operator:frank token.create token:"));
    }

    async fn passwords_and_tokens_are_kept_nowhere_in_the_clear(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        let begun = login(&test, "vera", PASSWORD).await.unwrap();
        let mut actor = session(&test, &begun).await.unwrap();
        actor.idempotency = Some(Idempotency { route: "POST /tokens".to_owned(), key: "k".to_owned(), body_hash: "h".to_owned() });
        let made = account::token::create(&test, &actor, TokenInput { label: "script".to_owned(), ..TokenInput::default() }).await.unwrap();
        let secrets = [PASSWORD, begun.token.reveal(), made.token.reveal()];
        let shown = format!("{begun:?} {made:?} {:?}", PasswordChange { old: PASSWORD.into(), new: OTHER.into() });
        let journal = journal_text(&test);
        assert!(journal.contains("account.create vera") && journal.contains("account.login vera") && journal.contains("token.create"));
        let database = std::fs::read(test.store.dir().join("data/vizsla.db")).unwrap_or_default();
        let log = std::fs::read(test.store.dir().join("data/vizsla.db-wal")).unwrap_or_default();
        let holds_the_account = database.windows(4).chain(log.windows(4)).any(|window| window == b"vera");
        assert_eq!(holds_the_account, test.store.postgres().is_none(), "the right files are looked at");
        for secret in secrets {
            assert!(!shown.contains(secret) && !journal.contains(secret));
            for file in [&database, &log] {
                assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
            }
        }
    }

    async fn people_have_a_profile(test: TestApp) {
        let before = account::profile(&test, &test.reader).await.unwrap();
        assert_eq!((before.theme, before.time_zone.as_str(), before.groups.len()), (Theme::System, "", 0));
        let patch = ProfilePatch {
            theme: Some(Theme::Dark),
            time_zone: Some("Europe/Vienna".to_owned()),
            display_name: Some("Rita R.".to_owned()),
            email: None,
        };
        let after = account::update_profile(&test, &test.reader, patch).await.unwrap();
        assert_eq!(after, account::profile(&test, &test.reader).await.unwrap());
        assert_eq!((after.theme, after.time_zone.as_str(), after.account.display_name.as_str()), (Theme::Dark, "Europe/Vienna", "Rita R."));
        assert_eq!(after.account.role, Role::Reader);
        let wrong = ProfilePatch { time_zone: Some("<b>".to_owned()), email: Some("rita".to_owned()), ..ProfilePatch::default() };
        assert_eq!(pointer(account::update_profile(&test, &test.reader, wrong).await), "/email /time_zone");

        assert!(account::preference(&test, &test.reader, "columns:observable").await.unwrap().is_null());
        let chosen = serde_json::json!(["title", "finding"]);
        account::set_preference(&test, &test.reader, "columns:observable", chosen.clone()).await.unwrap();
        assert_eq!(account::preference(&test, &test.reader, "columns:observable").await.unwrap(), chosen);
        assert!(account::preference(&test, &test.lead, "columns:observable").await.unwrap().is_null(), "each has their own");
        let huge = serde_json::json!("x".repeat(20_000));
        assert!(matches!(account::set_preference(&test, &test.reader, "huge", huge).await, Err(AppError::TooLarge { .. })));
        account::set_preference(&test, &test.reader, "columns:observable", serde_json::Value::Null).await.unwrap();
        assert!(account::preference(&test, &test.reader, "columns:observable").await.unwrap().is_null());
    }

    async fn groups_hold_people(test: TestApp) {
        let input = |members: &[&str]| GroupInput { name: "Tier-2".to_owned(), members: members.iter().map(ToString::to_string).collect() };
        assert!(matches!(account::group::create(&test, &test.lead, input(&[])).await, Err(AppError::Forbidden(_))));
        assert_eq!(pointer(account::group::create(&test, &test.admin, input(&["nobody"])).await), "/members");
        let made = account::group::create(&test, &test.admin, input(&["rita", "Ada", "ada"])).await.unwrap();
        assert_eq!((made.name.as_str(), made.members.join(" ").as_str()), ("tier-2", "ada rita"));
        assert_eq!(pointer(account::group::create(&test, &test.admin, input(&[])).await), "/name");
        assert_eq!(account::profile(&test, &test.reader).await.unwrap().groups, ["tier-2"]);

        let shut = AccountPatch { disabled: Some(true), ..AccountPatch::default() };
        account::update(&test, &test.admin, "ada", None, shut).await.unwrap();
        let members = |names: &[&str]| MembersInput { members: names.iter().map(ToString::to_string).collect() };
        let changed = account::group::set_members(&test, &test.admin, "tier-2", members(&["lena", "ada"])).await.unwrap();
        assert_eq!(changed.members, ["ada", "lena"], "whoever is disabled may stay");
        let list = account::group::list(&test, &test.reader, GroupQuery::default()).await.unwrap();
        assert_eq!((list.total, list.items), (1, vec![changed]));
        assert!(matches!(account::group::set_members(&test, &test.admin, "tier-3", members(&[])).await, Err(AppError::NotFound("group"))));
    }

    async fn an_administrator_does_not_let_themselves_into_a_restricted_case(test: TestApp) {
        let group = GroupInput { name: "tier-2".to_owned(), members: vec!["lena".to_owned()] };
        account::group::create(&test, &test.admin, group).await.unwrap();
        let members = |names: &[&str]| MembersInput { members: names.iter().map(ToString::to_string).collect() };
        account::group::set_members(&test, &test.admin, "tier-2", members(&["lena", "root"])).await.expect("it opens nothing yet");
        account::group::set_members(&test, &test.admin, "tier-2", members(&["lena"])).await.unwrap();
        let secret = app::case::CaseInput {
            name: "Insider".to_owned(),
            restricted: true,
            allowed_groups: vec!["tier-2".to_owned()],
            ..app::case::CaseInput::default()
        };
        let case = app::case::create(&test, &test.analyst, secret).await.unwrap();
        let entered = account::group::set_members(&test, &test.admin, "tier-2", members(&["lena", "root"])).await;
        assert!(matches!(entered, Err(AppError::Forbidden(_))), "{entered:?}");
        assert!(app::case::get(&test, &test.admin, &case.number).await.is_err());
        account::group::set_members(&test, &test.admin, "tier-2", members(&["lena", "rita"])).await.expect("others they may let in");
        app::case::get(&test, &test.reader, &case.number).await.unwrap();
    }

    async fn everybody_finds_whom_to_assign_to(test: TestApp) {
        account_of(&test, "vera", Role::Analyst).await;
        let shut = AccountPatch { disabled: Some(true), ..AccountPatch::default() };
        account::update(&test, &test.admin, "vera", None, shut).await.unwrap();
        let names = |people: Vec<account::PersonView>| people.into_iter().map(|person| person.name).collect::<Vec<_>>();
        assert_eq!(names(account::people(&test, &test.reader, "").await.unwrap()), ["ada", "lena", "rita", "root"]);
        assert_eq!(names(account::people(&test, &test.reader, "LEN").await.unwrap()), ["lena"]);
    }
}
