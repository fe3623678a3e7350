//! The settings: profile, password, tokens, accounts, groups, the journal, and what Ctrl-K finds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use app::account::{self, AccountInput, Secret};
use app::case::{self, CaseInput};
use axum::http::Method;
use model::Role;
use serde_json::json;
use support::{As, Site};

const PASSWORD: &str = "a tulip in the orchard";
const OTHER: &str = "a lantern on the stairs";

/// Somebody who signed in with [`PASSWORD`], twice.
async fn signed_in(site: &Site, name: &str, role: Role) -> [As; 2] {
    let input = AccountInput { name: name.to_owned(), role: Some(role), password: Some(PASSWORD.into()), ..AccountInput::default() };
    account::create(&site.test, &site.test.admin, input).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let session = account::login(&site.test, name, &Secret::from(PASSWORD), "192.0.2.1").await.unwrap();
        sessions.push(As::Cookie(format!("vizsla_session={}", session.token.reveal())));
    }
    sessions.try_into().unwrap()
}

#[test]
fn a_profile_shows_on_every_page() {
    testkit::block_on(async {
        let site = Site::new();
        let [vera, _] = signed_in(&site, "vera", Role::Reader).await;
        site.get("/cases", &vera).await.is(200).says("<html lang=\"en\">");
        let form = [("display_name", "Vera <Rubin>"), ("email", "vera@example.org"), ("theme", "dark"), ("time_zone", "America/Santiago")];
        let saved = site.post("/settings", &vera, &form).await.is(303);
        site.get(saved.location(), &vera).await.is(200).says("Your profile is saved.").says("Vera &#60;Rubin&#62;");
        site.get("/cases", &vera).await.is(200).says("data-theme=\"dark\" data-zone=\"America/Santiago\"");
        site.get("/api/v1/me", &vera).await.is(200).says("\"time_zone\":\"America/Santiago\"");

        let wrong = [("display_name", ""), ("email", "nobody at all"), ("theme", "light"), ("time_zone", "\"><script>")];
        let refused =
            site.post("/settings", &vera, &wrong).await.is(422).says("nobody at all").says("Nothing was saved").says_nothing_of("<script>");
        refused.says("must be a time zone");
        site.get("/api/v1/me", &vera).await.is(200).says("\"theme\":\"dark\"");
    });
}

#[test]
fn a_new_password_ends_every_other_session() {
    testkit::block_on(async {
        let site = Site::new();
        let [here, there] = signed_in(&site, "vera", Role::Reader).await;
        site.post("/settings/password", &here, &[("old", OTHER), ("new", OTHER)])
            .await
            .is(422)
            .says("is not your password")
            .says_nothing_of(OTHER);
        site.post("/settings/password", &here, &[("old", PASSWORD), ("new", "short")]).await.is(422).says("at least 12");
        let done = site.post("/settings/password", &here, &[("old", PASSWORD), ("new", OTHER)]).await.is(303);
        let again = done.session().unwrap();
        site.get(done.location(), &again).await.is(200).says("Your password is changed");
        for ended in [&here, &there] {
            site.get("/api/v1/me", ended).await.is(401);
        }
        // The same through the API; a token goes on working, because it is not the password.
        let token = site.post("/settings/tokens", &again, &[("label", "notebook"), ("role", "reader"), ("days", "30")]).await;
        let token = secret_of(&token.body);
        site.json(Method::POST, "/me/password", &token, &json!({ "old": OTHER, "new": PASSWORD })).await.is(204);
        site.get("/api/v1/me", &token).await.is(200);
        site.get("/api/v1/me", &again).await.is(401);
    });
}

fn secret_of(page: &str) -> As {
    let secret = page.split("id=\"secret\">").nth(1).and_then(|rest| rest.split('<').next());
    As::Token(secret.expect("the page shows a secret").to_owned())
}

#[test]
fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    testkit::block_on(async {
        let site = Site::new();
        let [vera, _] = signed_in(&site, "vera", Role::Analyst).await;
        site.get("/settings/tokens", &vera).await.is(200).says("No tokens");
        let too_much = [("label", "siem <b>forwarder</b>"), ("role", "admin"), ("days", "90")];
        site.post("/settings/tokens", &vera, &too_much).await.is(422).says("siem &#60;b&#62;forwarder").says("must not be more than");
        let made = site.post("/settings/tokens", &vera, &[("label", "forwarder"), ("role", "reader"), ("days", "1")]).await.is(200);
        let token = secret_of(&made.body);
        let As::Token(secret) = &token else { panic!("it is a token") };
        site.get("/settings/tokens", &vera).await.is(200).says("forwarder").says("Usable").says_nothing_of(secret);
        site.get("/api/v1/cases", &token).await.is(200);
        site.json(Method::POST, "/cases", &token, &json!({ "name": "x" })).await.is(403);

        let id = site.get("/api/v1/tokens", &token).await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        site.get(&format!("/settings/tokens/{id}/revoke"), &vera).await.is(200).says("Revoke this token?");
        site.get("/api/v1/cases", &token).await.is(200);
        let reader = site.token(&site.test.reader).await;
        site.post(&format!("/settings/tokens/{id}/revoke"), &reader, &[]).await.is(404);
        site.post(&format!("/settings/tokens/{id}/revoke"), &vera, &[]).await.is(303);
        site.get("/api/v1/cases", &token).await.is(401);
        site.get("/settings/tokens?done=revoked", &vera).await.is(200).says("Revoked").says("The token is revoked");

        let day = site.post("/settings/tokens", &vera, &[("label", "for a day"), ("role", "reader"), ("days", "1")]).await;
        site.test.world.advance(86_401);
        site.get("/api/v1/cases", &secret_of(&day.body)).await.is(401);
        let root = site.token(&site.test.admin).await;
        site.get("/settings/tokens?all=1", &root).await.is(200).says("for a day").says("Expired").says("vera");
    });
}

#[test]
fn administrators_look_after_accounts() {
    testkit::block_on(async {
        let site = Site::new();
        let root = site.token(&site.test.admin).await;
        let form = [("name", "Grace Hopper"), ("display_name", "Grace"), ("role", "lead"), ("password", "short")];
        site.post("/settings/accounts/new", &root, &form)
            .await
            .is(422)
            .says("value=\"Grace Hopper\"")
            .says("at least 12")
            .says_nothing_of("\"short\"");
        let form = [("name", "grace"), ("display_name", "Grace"), ("role", "lead"), ("password", PASSWORD)];
        site.post("/settings/accounts/new", &root, &form).await.is(303);
        site.get("/settings/accounts?q=grac&role=lead", &root).await.is(200).says("grace").says_nothing_of("rita");
        site.get("/settings/accounts?q=nobody", &root).await.is(200).says("No account matches");

        let edit = [("version", "1"), ("display_name", "Grace H."), ("email", ""), ("role", "analyst")];
        site.post("/settings/accounts/grace/edit", &root, &edit).await.is(303);
        let late = [("version", "1"), ("display_name", "Amazing Grace"), ("email", ""), ("role", "lead")];
        site.post("/settings/accounts/grace/edit", &root, &late)
            .await
            .is(412)
            .says("Amazing Grace")
            .says("Somebody changed this account")
            .says("value=\"2\"");

        let session = account::login(&site.test, "grace", &PASSWORD.into(), "").await.unwrap();
        let grace = As::Cookie(format!("vizsla_session={}", session.token.reveal()));
        site.get("/settings/accounts", &grace).await.is(403);
        site.post("/settings/accounts/grace/password", &root, &[("password", OTHER)]).await.is(303);
        site.get("/api/v1/me", &grace).await.is(401);
        account::login(&site.test, "grace", &OTHER.into(), "").await.unwrap();
        let disable = [("version", "3"), ("display_name", "Grace H."), ("email", ""), ("role", "analyst"), ("disabled", "1")];
        site.post("/settings/accounts/grace/edit", &root, &disable).await.is(303);
        assert!(account::login(&site.test, "grace", &OTHER.into(), "").await.is_err());
        site.get("/settings/accounts?only=disabled", &root).await.is(200).says("grace").says_nothing_of(">ada<");

        let last = [("version", "1"), ("display_name", "root"), ("email", ""), ("role", "reader")];
        site.post("/settings/accounts/root/edit", &root, &last).await.is(409).says("last administrator").says("Nothing was saved");
    });
}

#[test]
fn a_group_is_made_and_filled() {
    testkit::block_on(async {
        let site = Site::new();
        let root = site.token(&site.test.admin).await;
        site.get("/settings/groups", &root).await.is(200).says("No groups yet");
        site.post("/settings/groups", &root, &[("name", "hunters"), ("members", "ada\nnobody")])
            .await
            .is(422)
            .says("ada\nnobody")
            .says("no account `nobody`");
        site.post("/settings/groups", &root, &[("name", "hunters"), ("members", "ada, lena")]).await.is(303);
        site.get("/settings/groups", &root).await.is(200).says("ada, lena");
        site.post("/settings/groups/hunters", &root, &[("members", "rita\r\nada\r\n")]).await.is(303);
        site.get("/api/v1/groups/hunters", &root).await.is(200).says("[\"ada\",\"rita\"]");
        site.json(Method::PUT, "/groups/hunters", &root, &json!({ "members": [] })).await.is(200);
        site.get("/settings/groups/hunters", &root).await.is(200);
        site.get("/settings/groups/unknown", &root).await.is(404);
    });
}

#[test]
fn a_broken_chain_is_seen_and_so_is_one_that_was_written_anew() {
    testkit::block_on(async {
        let mut site = Site::new();
        let lead = site.token(&site.test.lead).await;
        case::create(&site.test, &site.test.analyst, CaseInput { name: "One".to_owned(), ..CaseInput::default() }).await.unwrap();
        let head = site.get("/api/v1/journal/head", &lead).await.is(200).json()["head"].as_str().unwrap().to_owned();
        site.get("/settings/journal", &lead)
            .await
            .is(200)
            .says(&head)
            .says("only careless changes are found")
            .says_nothing_of("chain is whole");
        site.get("/settings/journal?verify=1", &lead).await.is(200).says("The chain is whole").says("held against no anchor");
        site.get(&format!("/settings/journal?verify=1&anchor={head}"), &lead).await.is(200).says("and so does the anchor");
        site.get("/settings/journal?verify=1&anchor=yesterday", &lead).await.is(422).says("expected SEQ:HASH").says("value=\"yesterday\"");
        let (seq, _) = head.split_once(':').unwrap();
        let forged = format!("{seq}:{}", "0".repeat(64));
        site.get(&format!("/api/v1/journal/verify?anchor={forged}"), &lead).await.is(200).says("\"whole\":false").says("written anew");

        site.test.leave_unchecked();
        site.test.store.sql("UPDATE journal SET actor = 'mallory' WHERE seq = 2");
        site.get("/settings/journal?verify=1", &lead).await.is(200).says("The chain is broken at entry 2").says("1 entries before it fit");
        let analyst = site.token(&site.test.analyst).await;
        site.get("/settings/journal", &analyst).await.is(403);
    });
}

#[test]
fn the_glass_is_broken_on_a_screen_of_its_own() {
    testkit::block_on(async {
        let site = Site::new();
        let hidden = CaseInput { name: "Hidden".to_owned(), restricted: true, ..CaseInput::default() };
        let hidden = case::create(&site.test, &site.test.analyst, hidden).await.unwrap().number;
        let root = site.token(&site.test.admin).await;
        site.get("/settings/break-glass", &root).await.is(200).says_nothing_of(&hidden);
        site.post("/settings/break-glass", &root, &[("number", &hidden), ("reason", "")])
            .await
            .is(422)
            .says(&hidden)
            .says("reason: must not be empty");
        site.post("/settings/break-glass", &root, &[("number", "SECC0000001"), ("reason", "Ada is away")])
            .await
            .is(404)
            .says("Ada is away");
        site.get(&format!("/cases/{hidden}"), &root).await.is(404);
        let entered = site.post("/settings/break-glass", &root, &[("number", &hidden), ("reason", "Ada is away")]).await.is(303);
        site.get(entered.location(), &root).await.is(200).says("breaking the glass").says("Ada is away");
    });
}

#[test]
fn the_palette_finds_cases_records_and_places() {
    testkit::block_on(async {
        let site = Site::new();
        let ada = site.token(&site.test.analyst).await;
        let case = case::create(&site.test, &site.test.analyst, CaseInput { name: "Stolen <session>".to_owned(), ..CaseInput::default() })
            .await
            .unwrap();
        site.json(Method::POST, &format!("/cases/{}/artifacts", case.number), &ada, &json!({ "observables": ["stolen.example"] }))
            .await
            .is(200);
        let titles = async |q: &str, who: &As| -> Vec<String> {
            let hits = site.get(&format!("/palette?q={q}"), who).await.is(200).json();
            let hits = hits.as_array().unwrap().clone();
            assert!(hits.len() <= 20);
            hits.iter().map(|hit| format!("{}: {}", hit["group"].as_str().unwrap(), hit["title"].as_str().unwrap())).collect()
        };
        let number = &case.number;
        let everywhere = |q: &str| format!("Search: Search everywhere for “{q}”");
        let found = [format!("Cases: {number} Stolen <session>"), "Records: stolen[.]example".to_owned(), everywhere("stolen")];
        assert_eq!(titles("stolen", &ada).await, found);
        assert_eq!(titles(&number[6..], &ada).await.first(), Some(&format!("Cases: {number} Stolen <session>")));
        assert_eq!(titles("%231001", &ada).await.first(), Some(&format!("Cases: {number} Stolen <session>")));
        let empty = titles("", &ada).await;
        assert_eq!(empty.first(), Some(&format!("My open cases: {number} Stolen <session>")));
        assert!(empty.contains(&"Go to: New case".to_owned()));
        assert_eq!(titles("tokens", &ada).await, ["Go to: API tokens".to_owned(), everywhere("tokens")]);
        assert_eq!(titles("nothing%20is%20called%20so", &ada).await, [everywhere("nothing is called so")]);
    });
}

#[test]
fn the_api_is_readable_without_signing_in() {
    testkit::block_on(async {
        let site = Site::new();
        let docs =
            site.get("/api/docs", &As::Nobody).await.is(200).says("/api/v1/cases/{number}/break-glass").says("id=\"schema-CaseView\"");
        assert!(docs.header("content-type").starts_with("text/html"));
        site.get("/api/openapi.json", &As::Nobody).await.is(200).says("\"openapi\":\"3.1.0\"");
    });
}
