//! A restricted case, and what was born in it, are not there for others: administrators are others too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use app::artifact;
use app::case::{self, CaseInput};
use axum::body::Body;
use axum::http::Method;
use http_body_util::BodyExt;
use serde_json::{from_value, json};
use support::{As, MARK, Objects, Site, empty_request, fill, is_stream, request};
use testkit::TestApp;

/// A restricted case of the analyst's, and the three who are not let in.
async fn restricted(site: &Site) -> (Objects, Vec<(&'static str, As)>) {
    let objects = site.made_by(&site.test.analyst, true).await;
    let bob = site.test.person("bob", model::Role::Analyst);
    let others = vec![
        ("a reader", site.token(&site.test.reader).await),
        ("an analyst", site.token(&bob).await),
        ("a lead", site.token(&site.test.lead).await),
        ("an administrator", site.token(&site.test.admin).await),
    ];
    (objects, others)
}

/// What of an answer depends on the path alone.
fn without(body: &str, path: &str, objects: &Objects) -> String {
    let ids = [
        &objects.case,
        &objects.note,
        &objects.annotation,
        &objects.record,
        &objects.operation,
        &objects.search,
        &objects.job,
        &objects.import,
    ];
    let mut text = body.replace(path, "PATH");
    for id in ids {
        text = text.replace(id.as_str(), "ID");
    }
    // Each page has a nonce of its own.
    cut(&text, "nonce=\"")
}

async fn others_before(site: &Site) -> Vec<(&'static str, As)> {
    let bob = site.test.person("bob", model::Role::Analyst);
    vec![
        ("a reader", site.token(&site.test.reader).await),
        ("an analyst", site.token(&bob).await),
        ("a lead", site.token(&site.test.lead).await),
        ("an administrator", site.token(&site.test.admin).await),
    ]
}

/// A page without what differs from one rendering to the next: its nonce, and how far all changes and lists have come.
fn totals(page: &str) -> String {
    let mut page = without(page, "PATH", &Objects::unknown());
    for attribute in ["data-seq=\"", "name=\"as_of\" value=\""] {
        page = cut(&page, attribute);
    }
    page
}

/// A text without the values of an attribute.
fn cut(text: &str, attribute: &str) -> String {
    let mut pieces = text.split(attribute);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(piece.split_once('"').map_or("", |(_, rest)| rest));
    }
    out
}

testkit::each_engine! {
    async fn every_route_answers_as_if_it_were_not_there(test: TestApp) {
        let mut site = Site::over(test);
        site.test.leave_unchecked();
        let (objects, others) = restricted(&site).await;
        let unknown =
            Objects { token: objects.token.clone(), account: objects.account.clone(), group: objects.group.clone(), ..Objects::unknown() };
        let mut wrong = Vec::new();
        for route in web::routes().iter().filter(|route| !is_stream(route)) {
            for (who, token) in &others {
                let path = fill(route, &objects);
                let answer = site.send(empty_request(route, &path, token)).await;
                for leak in [MARK, objects.case.as_str(), objects.record.as_str()] {
                    // What the path says, the answer may repeat; nothing more.
                    if without(&answer.body, &path, &objects).contains(leak) || (answer.body.contains(MARK)) {
                        wrong.push(format!("{who}: {} {path} tells {leak}", route.method));
                    }
                }
                if !route.path.contains('{') {
                    continue;
                }
                let path_unknown = fill(route, &unknown);
                if path_unknown == path {
                    continue;
                }
                let none = site.send(empty_request(route, &path_unknown, token)).await;
                let (there, nowhere) = (without(&answer.body, &path, &objects), without(&none.body, &path_unknown, &unknown));
                if answer.status != none.status || (route.method == Method::GET && there != nowhere) {
                    wrong.push(format!("{who}: {} {path} is {}, but {} where there is nothing", route.method, answer.status, none.status));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    async fn no_list_search_or_count_knows_of_it(test: TestApp) {
        let site = Site::over(test);
        let others = others_before(&site).await;
        let lists = [
            "/api/v1/cases".to_owned(),
            format!("/api/v1/cases?q={MARK}"),
            "/api/v1/records".to_owned(),
            format!("/api/v1/records?q={MARK}"),
            format!("/api/v1/search?q={MARK}"),
            "/api/v1/search?q=he".to_owned(),
            format!("/api/v1/search?q={MARK}&in=records"),
            format!("/api/v1/search?q={MARK}&in=notes"),
            format!("/search?q={MARK}"),
            format!("/search?q={MARK}&in=annotations"),
            "/api/v1/records?kind=observable".to_owned(),
            "/palette?q=".to_owned(),
            format!("/palette?q={MARK}"),
            "/palette?q=SECC0001001".to_owned(),
            "/palette?q=%231001".to_owned(),
            "/cases".to_owned(),
            format!("/cases?q={MARK}"),
            "/records/observables".to_owned(),
            format!("/records/observables?q={MARK}"),
        ];
        let look = async |who: &As| {
            let mut seen = Vec::new();
            for path in &lists {
                let answer = site.get(path, who).await;
                let mut answer = answer.is(200);
                if path.starts_with("/api") {
                    let mut list = answer.json();
                    // Where the list stood: it grows with all that is written anywhere, and tells of nothing.
                    list["as_of"] = "".into();
                    answer.body = list.to_string();
                }
                seen.push(totals(&answer.body));
            }
            seen
        };
        let mut before = Vec::new();
        for (_, who) in &others {
            before.push(look(who).await);
        }
        let objects = site.made_by(&site.test.analyst, true).await;
        for ((name, who), before) in others.iter().zip(&before) {
            for ((path, before), after) in lists.iter().zip(before).zip(look(who).await) {
                assert_eq!(*before, after, "{path} changed for {name}");
            }
        }
        // Those who are in find it in all of these places.
        let ada = site.token(&site.test.analyst).await;
        site.get(&format!("/api/v1/cases?q={MARK}"), &ada).await.is(200).says(&objects.case);
        site.get(&format!("/palette?q={MARK}"), &ada).await.is(200).says(&objects.case).says(&objects.record);
        site.get(&format!("/records/observables?q={MARK}"), &ada).await.is(200).says(&objects.record);
        let everywhere = site.get(&format!("/api/v1/search?q={MARK}"), &ada).await.is(200);
        everywhere.says(&objects.case).says(&objects.record).says(&objects.note).says(&objects.annotation);
    }

    async fn no_change_of_it_is_told(test: TestApp) {
        let site = Site::over(test);
        let (objects, others) = restricted(&site).await;
        let open = case::create(&site.test, &site.test.lead, CaseInput { name: "Open".to_owned(), ..CaseInput::default() }).await.unwrap();
        for (who, token) in &others {
            for path in ["/changes?after=0", "/api/v1/changes?after=0"] {
                let response = site.begin(request(Method::GET, path, token, Body::empty(), "")).await;
                assert_eq!(response.status(), 200);
                let mut body = response.into_body();
                let mut heard = String::new();
                // The open case is the last change: whatever was to be told before it has been told by then.
                while !heard.contains(&open.number) {
                    let frame = body.frame().await.unwrap().unwrap();
                    heard.push_str(&String::from_utf8_lossy(frame.data_ref().unwrap()));
                }
                assert!(!heard.contains(&objects.case), "{who} heard of it: {heard}");
            }
        }
    }

    async fn its_records_are_not_known_by_what_they_are(test: TestApp) {
        let site = Site::over(test);
        let (objects, others) = restricted(&site).await;
        let (_, bob) = &others[1];
        let value = format!("{MARK}-ada.example");
        let ada = site.token(&site.test.analyst).await;
        site.json(Method::PATCH, &format!("/records/{}", objects.record), &ada, &json!({ "finding": "malicious" })).await.is(200);
        // Found again elsewhere, the same observable is new there, and then no secret any more.
        let found = site.json(Method::POST, "/extract", bob, &json!({ "text": format!("It called {value} twice.") })).await.is(200);
        found.says_nothing_of(&objects.record).says_nothing_of(&objects.case);
        let open = case::create(&site.test, &site.test.lead, CaseInput { name: "Open".to_owned(), ..CaseInput::default() }).await.unwrap();
        artifact::add(&site.test, &site.test.lead, &open.number, from_value(json!({ "observables": [value] })).unwrap()).await.unwrap();
        let record = site.get(&format!("/api/v1/records/{}", objects.record), bob).await.is(200);
        assert_eq!(record.json()["case_count"], 1, "it counts the cases that bob may read");
        assert_eq!(record.json()["annotation_count"], 0);
        assert_eq!((&record.json()["record"]["finding"], &record.json()["record"]["version"]), (&json!("unknown"), &json!(1)));
        site.get(&format!("/cases/{}/activity", objects.case), &ada).await.is(200).says("into the open").says("malicious");
        for rest in ["annotations", "cases", "sightings"] {
            site.get(&format!("/api/v1/records/{}/{rest}", objects.record), bob)
                .await
                .is(200)
                .says_nothing_of(&objects.case)
                .says_nothing_of("is odd");
        }
    }

    async fn an_administrator_enters_by_breaking_the_glass_and_is_seen(test: TestApp) {
        let site = Site::over(test);
        let (objects, others) = restricted(&site).await;
        let ada = site.token(&site.test.analyst).await;
        let (_, root) = &others[3];
        let path = format!("/cases/{}/break-glass", objects.case);
        site.json(Method::POST, &path, &others[2].1, &json!({ "reason": "I am curious" })).await.is(403);
        site.json(Method::POST, &path, root, &json!({ "reason": " " })).await.is(422).says("/reason");
        site.get(&format!("/api/v1/cases/{}", objects.case), root).await.is(404);
        let none = site.json(Method::POST, "/cases/SECC0009999/break-glass", root, &json!({ "reason": "Ada is away" })).await.is(404);
        assert_eq!(none.json()["title"], "not found");

        let entered = site.json(Method::POST, &path, root, &json!({ "reason": "Ada is away" })).await.is(200).json();
        assert_eq!(entered["allowed_accounts"], json!(["ada", "root"]));
        site.get(&format!("/api/v1/cases/{}", objects.case), root).await.is(200);
        site.get(&format!("/cases/{}/activity", objects.case), &ada).await.is(200).says("breaking the glass").says("Ada is away");
        site.json(Method::POST, &path, root, &json!({ "reason": "Again" })).await.is(409);
        // Nobody else came in with them.
        site.get(&format!("/api/v1/cases/{}", objects.case), &others[2].1).await.is(404);
    }
}
