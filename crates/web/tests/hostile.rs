//! Requests that no client of ours sends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use app::AppError;
use app::account::token::{self, TokenInput};
use app::account::{self, AccountPatch};
use app::case::{self, CaseInput};
use axum::body::Body;
use axum::http::{Method, header};
use http_body_util::BodyExt;
use serde_json::json;
use support::{As, Objects, Site, fill, request};
use web::RouteDoor;

const PROBLEM: &str = "application/problem+json";

#[test]
fn what_an_address_says_wrongly_is_named_at_every_route() {
    testkit::block_on(async {
        let site = Site::new();
        let admin = site.token(&site.test.admin).await;
        for route in web::routes().iter().filter(|route| route.door == RouteDoor::Api && route.method == Method::GET) {
            let path = fill(route, &Objects::unknown());
            for (name, value) in [("limit", "-1"), ("limit", "99999999999999999999"), ("q", "a%00b"), ("category", "a%00b"), ("tag", "%00")]
            {
                let answer = site.begin(request(Method::GET, &format!("{path}?{name}={value}"), &admin, Body::empty(), "")).await;
                let (status, media) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
                assert!(!status.is_server_error(), "{path}?{name}={value}: {status}");
                if status.is_client_error() {
                    assert_eq!(media.unwrap(), PROBLEM, "{path}?{name}={value}");
                }
            }
        }
        let answer = site.get("/api/v1/cases?limit=-1", &admin).await.is(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/limit");
        let answer = site.get("/api/v1/records?sneaky=1", &admin).await.is(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/sneaky");
        site.get("/cases?limit=-1", &admin).await.is(422).says("Something in it is not right");
    });
}

#[test]
fn what_can_not_be_a_name_is_nothings_name() {
    testkit::block_on(async {
        let site = Site::new();
        let admin = site.token(&site.test.admin).await;
        for route in web::routes().iter().filter(|route| route.path.contains('{') && route.door == RouteDoor::Api) {
            for odd in ["%00", "a%00b", "%FF"] {
                let path: Vec<&str> = route.path.split('/').map(|part| if part.starts_with('{') { odd } else { part }).collect();
                let path = path.join("/");
                let answer = site.send(request(route.method.clone(), &path, &admin, Body::from("{}"), "application/json")).await;
                assert!(answer.status.is_client_error(), "{} {path}: {} {}", route.method, answer.status, answer.body);
                assert_eq!(answer.header("content-type"), PROBLEM, "{} {path}", route.method);
            }
        }
    });
}

#[test]
fn a_method_that_is_not_taken_is_a_problem_that_names_those_that_are() {
    testkit::block_on(async {
        let site = Site::new();
        let admin = site.token(&site.test.admin).await;
        let answer = site.json(Method::DELETE, "/cases", &admin, &json!({})).await.is(405);
        assert_eq!((answer.header("content-type"), answer.json()["status"].as_u64()), (PROBLEM, Some(405)));
        assert!(answer.header("allow").contains("POST"), "{:?}", answer.headers);
    });
}

#[test]
fn a_list_is_not_taken_for_an_object() {
    testkit::block_on(async {
        let site = Site::new();
        let analyst = site.token(&site.test.analyst).await;
        let case = site.made_by(&site.test.analyst, false).await.case;
        let path = format!("/cases/{case}/artifacts/exclude");
        for body in [json!([]), json!([[], {}, [], null, "false_positive", ""]), json!({ "reason": "false_positive", "all_matching": [] })]
        {
            site.json(Method::POST, &path, &analyst, &body).await.is(422);
        }
        for verb in ["include", "annotate", "exclude"] {
            let body = json!({ "all_matching": [], "text": "x", "reason": "false_positive" });
            site.json(Method::POST, &format!("/cases/{case}/artifacts/{verb}"), &analyst, &body).await.is(422);
        }
        site.json(Method::POST, &format!("/cases/{case}/sightings"), &analyst, &json!([])).await.is(422);
        site.json(Method::PATCH, &format!("/cases/{case}"), &analyst, &json!([])).await.is(422);
        let body = json!({ "reason": "false_positive", "all_matching": {} });
        assert_eq!(site.json(Method::POST, &path, &analyst, &body).await.is(200).json()["affected"], 1);
    });
}

#[test]
fn a_key_that_can_not_be_kept_is_refused() {
    testkit::block_on(async {
        let site = Site::new();
        let analyst = site.token(&site.test.analyst).await;
        for (path, media) in [("/api/v1/cases", "application/json"), ("/api/v1/imports/intel", "text/plain")] {
            for key in [&b"k\xe9"[..], &[b'k'; 300]] {
                let mut request = request(Method::POST, path, &analyst, Body::from(r#"{"name":"once"}"#), media);
                request.headers_mut().insert("idempotency-key", key.try_into().unwrap());
                let answer = site.send(request).await.is(422);
                assert_eq!(answer.json()["errors"][0]["pointer"], "/idempotency-key");
            }
        }
        site.get("/api/v1/cases?q=once", &analyst).await.says(r#""total":0"#);
    });
}

#[test]
fn the_cause_of_a_failure_reaches_the_log() {
    testkit::block_on(async {
        let site = Site::new();
        let admin = site.token(&site.test.admin).await;
        let unknown = As::Token("vz_unknown".to_owned());
        for (path, who) in [("/api/v1/cases/SECC0009999", &admin), ("/cases/SECC0009999", &admin), ("/api/v1/cases", &unknown)] {
            let answer = site.begin(request(Method::GET, path, who, Body::empty(), "")).await;
            assert!(answer.status().is_client_error());
            assert!(answer.extensions().get::<Arc<AppError>>().is_some(), "{path}");
        }
    });
}

#[test]
fn who_may_no_longer_come_in_hears_no_more_changes() {
    testkit::block_on(async {
        let site = Site::new();
        let test = &site.test;
        let made = token::create(test, &test.analyst, TokenInput { label: "revoked".to_owned(), ..TokenInput::default() }).await.unwrap();
        let revoked = As::Token(made.token.reveal().to_owned());
        let disabled = site.token(&test.reader).await;
        let stays = site.token(&test.lead).await;
        let mut streams = Vec::new();
        for who in [&revoked, &disabled, &stays] {
            streams.push(site.begin(request(Method::GET, "/api/v1/changes", who, Body::empty(), "")).await.into_body());
        }
        token::revoke(test, &test.analyst, &made.view.id).await.unwrap();
        let patch = AccountPatch { disabled: Some(true), ..AccountPatch::default() };
        account::update(test, &test.admin, &test.reader.name, None, patch).await.unwrap();
        case::create(test, &test.analyst, CaseInput { name: "behind closed doors".to_owned(), ..CaseInput::default() }).await.unwrap();
        let mut heard = Vec::new();
        for stream in &mut streams {
            heard.push(stream.frame().await.map(|frame| String::from_utf8_lossy(&frame.unwrap().into_data().unwrap()).into_owned()));
        }
        assert_eq!((&heard[0], &heard[1]), (&None, &None));
        assert!(heard[2].as_deref().unwrap().contains("\"seq\""));
    });
}
