//! The role matrix: every route, with nobody and with each role.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use app::account::group::{self, GroupInput};
use axum::http::{Method, StatusCode};
use model::Role;
use support::{As, Objects, Site, empty_request, fill};
use web::{Route, RouteDoor};

fn is_shut_out(route: &Route, status: StatusCode, location: &str) -> bool {
    match route.door {
        RouteDoor::Ui if location.starts_with("/sign-in") => status == StatusCode::SEE_OTHER,
        _ => status == StatusCode::UNAUTHORIZED,
    }
}

#[test]
fn every_route_takes_those_who_may_and_nobody_else() {
    testkit::block_on(async {
        let mut site = Site::new();
        // Half of what is sent starts something.
        site.test.leave_unchecked();
        let [reader, analyst, lead, admin] = [&site.test.reader, &site.test.analyst, &site.test.lead, &site.test.admin].map(Clone::clone);
        group::create(&site.test, &admin, GroupInput { name: "hunters".to_owned(), ..GroupInput::default() }).await.unwrap();
        let of_analyst = site.made_by(&analyst, false).await;
        let people = [
            (site.token(&reader).await, Some(Role::Reader), of_analyst.clone()),
            (site.token(&analyst).await, Some(Role::Analyst), of_analyst.clone()),
            (site.token(&lead).await, Some(Role::Lead), site.made_by(&lead, false).await),
            (site.token(&admin).await, Some(Role::Admin), site.made_by(&admin, false).await),
            (As::Nobody, None, of_analyst),
        ];
        let mut routes = web::routes();
        // What ends something comes last, so that the others find it.
        routes.sort_by_key(|route| (route.method == Method::DELETE || route.path.ends_with("/revoke"), route.method != Method::GET));
        let mut wrong = Vec::new();
        let mut tried = 0;
        for route in &routes {
            for (who, role, objects) in &people {
                let path = fill(route, objects);
                let response = site.begin(empty_request(route, &path, who)).await;
                let status = response.status();
                let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
                let shut_out = is_shut_out(route, status, &location);
                let right = match (route.least, role) {
                    // The door itself: it may refuse what is said at it, and lead to it.
                    (None, _) => status != StatusCode::FORBIDDEN && !status.is_server_error(),
                    (Some(_), None) => shut_out,
                    (Some(least), Some(role)) if *role < least => status == StatusCode::FORBIDDEN,
                    _ => !shut_out && status != StatusCode::FORBIDDEN && !status.is_server_error(),
                };
                if !right {
                    wrong.push(format!("{} {path} (needs {:?}) as {role:?}: {status} {location}", route.method, route.least));
                }
                tried += 1;
            }
        }
        assert!(wrong.is_empty(), "{} of {tried} are wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(tried, routes.len() * 5);
    });
}

#[test]
fn a_role_that_is_too_small_learns_nothing_of_what_there_is() {
    testkit::block_on(async {
        let mut site = Site::new();
        site.test.leave_unchecked();
        let objects = site.made_by(&site.test.analyst, false).await;
        let reader = site.token(&site.test.reader).await;
        for route in web::routes().iter().filter(|route| route.least > Some(Role::Reader)) {
            for objects in [&objects, &Objects::unknown()] {
                let answer = site.send(empty_request(route, &fill(route, objects), &reader)).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {}", route.method, route.path);
            }
        }
    });
}
