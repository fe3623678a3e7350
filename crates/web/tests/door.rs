//! The door: set-up, signing in, other sites, headers, cookies, and where one is led.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use app::account::{self, AccountInput};
use axum::body::Body;
use axum::http::{Method, Request, header};
use model::Role;
use support::{As, FORM, Objects, Site, empty_request, encode, fill, is_stream, request};
use testkit::{Engine, TestApp};
use web::Web;

const PASSWORD: &str = "a tulip in the orchard";

/// A server with an analyst who has [`PASSWORD`].
async fn with_vera() -> Site {
    let site = Site::new();
    let input =
        AccountInput { name: "vera".to_owned(), role: Some(Role::Analyst), password: Some(PASSWORD.into()), ..AccountInput::default() };
    account::create(&site.test, &site.test.admin, input).await.unwrap();
    site
}

async fn sign_in(site: &Site, password: &str, next: &str) -> support::Answer {
    site.post("/sign-in", &As::Nobody, &[("name", "vera"), ("password", password), ("next", next)]).await
}

#[test]
fn the_first_account_is_set_up_once() {
    testkit::block_on(async {
        let site = Site::new();
        site.test.store.sql("DELETE FROM account");
        assert_eq!(site.get("/cases", &As::Nobody).await.is(303).location(), "/setup");
        let token = account::setup_token(&site.test).await.unwrap().unwrap();
        let form = |token: &str, name: &str| [("token", token.to_owned()), ("name", name.to_owned()), ("password", PASSWORD.to_owned())];
        let post = async |form: [(&str, String); 3]| {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            site.post("/setup", &As::Nobody, &form).await
        };
        site.get(&format!("/setup?token={}", token.reveal()), &As::Nobody).await.is(200).says("Welcome");
        post(form("guessed", "grace")).await.is(422).says("set-up link").says("grace");
        let weak = [("token", token.reveal()), ("name", "grace"), ("display_name", "Grace Hopper"), ("password", "short")];
        site.post("/setup", &As::Nobody, &weak).await.is(422).says("Grace Hopper").says_nothing_of("value=\"short\"");

        let done = post(form(token.reveal(), "grace")).await.is(303);
        let grace = done.session().unwrap();
        site.get("/settings", &grace).await.is(200).says("Administrator");
        assert_eq!(site.get("/setup", &As::Nobody).await.is(303).location(), "/sign-in");
        let again = post(form(token.reveal(), "eve")).await;
        assert!(again.status.is_client_error() && again.session().is_none());
        site.get("/api/v1/accounts?q=eve", &grace).await.is(200).says("\"total\":0");
    });
}

#[test]
fn whoever_tries_passwords_has_to_wait() {
    testkit::block_on(async {
        let site = with_vera().await;
        for _ in 0..5 {
            let refused = sign_in(&site, "a guess of somebody", "").await.is(401);
            assert!(refused.session().is_none());
            refused.says("value=\"vera\"").says_nothing_of("a guess of somebody");
        }
        let waits = sign_in(&site, PASSWORD, "").await.is(429);
        assert!(waits.session().is_none(), "the right password has to wait too");
        site.test.world.advance(10);
        assert!(sign_in(&site, PASSWORD, "").await.is(303).session().is_some());
    });
}

#[test]
fn a_session_ends_when_its_owner_signs_out() {
    testkit::block_on(async {
        let site = with_vera().await;
        let vera = sign_in(&site, PASSWORD, "").await.is(303).session().unwrap();
        site.get("/cases", &vera).await.is(200);
        let out = site.post("/sign-out", &vera, &[]).await.is(303);
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        assert_eq!(site.get("/cases", &vera).await.is(303).location(), "/sign-in?next=%2Fcases");
        site.get("/api/v1/cases", &vera).await.is(401);
    });
}

#[test]
fn other_sites_can_not_use_a_browsers_session() {
    testkit::block_on(async {
        let site = with_vera().await;
        let As::Cookie(cookie) = sign_in(&site, PASSWORD, "").await.session().unwrap() else { panic!("a session has a cookie") };
        let post = async |headers: &[(&str, &str)]| {
            let mut request = Request::builder().method(Method::POST).uri("/cases/new").header(header::HOST, "vizsla.example");
            request = request.header(header::COOKIE, &cookie).header(header::CONTENT_TYPE, FORM);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let form = encode(&[("name", "Made elsewhere"), ("case_type", "threat_hunting")]);
            site.send(request.body(Body::from(form)).unwrap()).await
        };
        for elsewhere in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "http://vizsla.example.evil.example")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://vizsla.example")],
            &[],
        ] {
            post(elsewhere).await.is(403).says("another site");
        }
        let vera = As::Cookie(cookie.clone());
        site.get("/api/v1/cases", &vera).await.is(200).says("\"total\":0");
        post(&[("origin", "http://vizsla.example")]).await.is(303);
        post(&[("sec-fetch-site", "same-origin"), ("origin", "http://vizsla.example")]).await.is(303);
        site.get("/api/v1/cases", &vera).await.is(200).says("\"total\":2");
    });
}

#[test]
fn no_route_that_changes_something_listens_to_other_sites() {
    testkit::block_on(async {
        let mut site = with_vera().await;
        site.test.leave_unchecked();
        let As::Cookie(cookie) = sign_in(&site, PASSWORD, "").await.session().unwrap() else { panic!("a session has a cookie") };
        for route in web::routes().iter().filter(|route| route.method != Method::GET) {
            let mut request = empty_request(route, &fill(route, &Objects::unknown()), &As::Nobody);
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
            request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
            let answer = site.send(request).await;
            assert_eq!(answer.status.as_u16(), 403, "{} {}", route.method, route.path);
            assert!(answer.session().is_none());
        }
        site.get("/cases", &As::Cookie(cookie)).await.is(200);
    });
}

#[test]
fn every_answer_carries_its_headers_and_no_page_a_foreign_script() {
    testkit::block_on(async {
        let mut site = Site::new();
        site.test.leave_unchecked();
        let objects = site.made_by(&site.test.analyst, false).await;
        let root = site.token(&site.test.admin).await;
        let routes = web::routes();
        let mut paths: Vec<String> =
            routes.iter().filter(|r| r.method == Method::GET && !is_stream(r)).map(|route| fill(route, &objects)).collect();
        paths.extend(["/nothing/here", "/api/v1/nothing", "/assets/nothing.js"].map(str::to_owned));
        let mut wrong = Vec::new();
        for path in &paths {
            for who in [&root, &As::Nobody] {
                let answer = site.get(path, who).await;
                for (name, value) in [
                    ("x-content-type-options", "nosniff"),
                    ("referrer-policy", "same-origin"),
                    ("cross-origin-opener-policy", "same-origin"),
                    ("cross-origin-resource-policy", "same-origin"),
                    ("x-frame-options", "DENY"),
                    ("cache-control", "no-store"),
                ] {
                    assert_eq!(answer.header(name), value, "{name} of {path}");
                }
                let policy = answer.header("content-security-policy").to_owned();
                assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{path}: {policy}");
                assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{path}: {policy}");
                let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
                assert!(nonce.len() >= 22, "{path}: the nonce is short");
                if answer.header("content-type").starts_with("text/html") {
                    wrong.extend(check_page(path, &answer.body, nonce));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let [one, other] = [site.get("/cases", &root).await, site.get("/cases", &root).await];
        assert_ne!(one.header("content-security-policy"), other.header("content-security-policy"), "each page has a nonce of its own");
    });
}

/// Nothing inline, nothing from elsewhere, and nothing of htmx without this page's nonce.
fn check_page(path: &str, html: &str, nonce: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for tag in html.split('<').skip(1) {
        let inside = tag.split('>').next().unwrap_or_default();
        let name = inside.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
        let attributes = inside.replace("&quot;", "");
        let mut check = |right: bool, what: &str| {
            if !right {
                wrong.push(format!("{path}: {what} in <{inside}>"));
            }
        };
        check(name != "style" && !attributes.contains(" style="), "an inline style");
        for event in [" onclick=", " onload=", " onsubmit=", " onchange=", " onerror=", " hx-on"] {
            check(!attributes.contains(event), event);
        }
        check(name != "script" || attributes.contains(" src=\"/assets/"), "an inline script");
        let needs_nonce = name == "script" || attributes.contains(" hx-");
        check(!needs_nonce || attributes.contains(&format!("nonce=\"{nonce}\"")), "no nonce");
        for from in ["src=\"http", "src=\"//", "href=\"http", "href=\"//", "action=\"http", "action=\"//"] {
            check(!attributes.contains(from), "something from elsewhere");
        }
    }
    wrong
}

#[test]
fn cookies_are_for_this_server_alone() {
    testkit::block_on(async {
        let site = with_vera().await;
        let cookie = sign_in(&site, PASSWORD, "").await.is(303).header("set-cookie").to_owned();
        for flag in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604"] {
            assert!(cookie.contains(flag), "{flag} in {cookie}");
        }
        assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");

        let test = TestApp::new(Engine::Sqlite);
        let input = AccountInput { name: "vera".to_owned(), password: Some(PASSWORD.into()), ..AccountInput::default() };
        account::create(&test, &test.admin, input).await.unwrap();
        let router = web::router(Web { app: test.app.clone(), secure_cookies: true });
        let behind_tls = Site { test, router };
        assert!(sign_in(&behind_tls, PASSWORD, "").await.is(303).header("set-cookie").ends_with("; Secure"));
    });
}

#[test]
fn nobody_is_led_to_another_site() {
    testkit::block_on(async {
        let site = with_vera().await;
        assert_eq!(sign_in(&site, PASSWORD, "/cases?q=a").await.is(303).location(), "/cases?q=a");
        let vera = sign_in(&site, PASSWORD, "").await.session().unwrap();
        for next in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "evil",
        ] {
            assert_eq!(sign_in(&site, PASSWORD, next).await.is(303).location(), "/", "{next}");
            let already = site.get(&format!("/sign-in?{}", encode(&[("next", next)])), &vera).await.is(303);
            assert_eq!(already.location(), "/", "{next}");
            let undo = site.post("/operations/unknown/undo", &vera, &[("back", next)]).await;
            assert!(!undo.location().contains("evil"), "{next}: {}", undo.location());
        }
        // Nor by a path that looks like one.
        let asked = site.send(request(Method::GET, "//evil.example/cases", &As::Nobody, Body::empty(), "")).await;
        assert!(!asked.location().starts_with("//"), "{}", asked.location());
    });
}

#[test]
fn what_is_not_a_token_is_refused_and_a_cookie_does_not_help() {
    testkit::block_on(async {
        let site = with_vera().await;
        for token in ["vz_guessed", "guessed", ""] {
            site.get("/api/v1/cases", &As::Token(token.to_owned())).await.is(401).says("this token is unknown");
        }
        site.get("/api/v1/cases", &As::Nobody).await.is(401).says("/problems/unauthenticated");
        site.get("/metrics", &As::Nobody).await.is(401);
        let reader = site.token(&site.test.reader).await;
        site.get("/metrics", &reader)
            .await
            .is(200)
            .says("vizsla_http_requests_total{status=\"401\"}")
            .says("vizsla_jobs{state=\"queued\"} 0");
    });
}

#[test]
fn a_header_that_is_no_token_does_not_let_another_site_use_the_session() {
    testkit::block_on(async {
        let site = with_vera().await;
        let As::Cookie(cookie) = sign_in(&site, PASSWORD, "").await.session().unwrap() else { panic!("no cookie") };
        for authorization in ["Basic eDp5", "Bearer", "bearer"] {
            let mut request = request(Method::POST, "/api/v1/cases", &As::Nobody, Body::from(r#"{"name":"forged"}"#), "application/json");
            for (name, value) in
                [(header::COOKIE, &*cookie), (header::ORIGIN, "http://evil.example"), (header::AUTHORIZATION, authorization)]
            {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
            site.send(request).await.is(403);
        }
    });
}

#[test]
fn nobody_is_told_to_sign_in_because_the_database_can_not_be_asked_who_they_are() {
    testkit::block_on(async {
        let site = with_vera().await;
        let vera = sign_in(&site, PASSWORD, "").await.session().unwrap();
        site.test.store.sql("ALTER TABLE session RENAME TO unreachable");
        site.get("/cases", &vera).await.is(500).says("Something failed");
        site.get("/api/v1/cases", &vera).await.is(500);
        site.test.store.sql("ALTER TABLE unreachable RENAME TO session");
        site.get("/cases", &vera).await.is(200);
    });
}
