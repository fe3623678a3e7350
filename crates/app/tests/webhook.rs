//! Webhooks: what is told, signed, tried again, given up, and never told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, mpsc};

use app::case::{self, CaseInput, CasePatch};
use app::job;
use app::webhook::{self, DeliveryView, NewWebhookView, RotateInput, WebhookInput, WebhookPatch, WebhookSettings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::{add, event, import};
use model::case::{CaseState, Verdict};
use model::webhook::{DeliveryState, EventType, TRIES};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use testkit::{Engine, Reply, Request, Service, TestApp};

async fn set_up(test: &TestApp, name: &str, url: &str, more: impl FnOnce(&mut WebhookInput)) -> NewWebhookView {
    let settings = WebhookSettings { url: format!("{url}/hook?key=1"), timeout_seconds: 1, ..WebhookSettings::default() };
    let mut input = WebhookInput { name: name.to_owned(), settings, ..WebhookInput::default() };
    more(&mut input);
    webhook::create(test, &test.admin, input).await.unwrap()
}

async fn open_case(test: &TestApp, name: &str, restricted: bool) -> String {
    let input = CaseInput { name: name.to_owned(), restricted, ..CaseInput::default() };
    case::create(test, &test.lead, input).await.unwrap().number
}

async fn sent(test: &TestApp, id: &str) -> Vec<DeliveryView> {
    webhook::deliveries(test, &test.admin, id, app::PageQuery::default()).await.unwrap().items
}

fn told(request: &Request) -> (String, Json) {
    let body: Json = serde_json::from_str(&request.body).unwrap();
    (body["type"].as_str().unwrap().to_owned(), body["data"].clone())
}

/// HMAC-SHA256 as RFC 2104 writes it down.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let padded = |with: u8| block.map(|byte| byte ^ with).to_vec();
    let inner = Sha256::digest([padded(0x36), text.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

fn signed(request: &Request, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let text = format!("{}.{}.{}", request.header("webhook-id"), request.header("webhook-timestamp"), request.body);
    let expected = format!("v1,{}", STANDARD.encode(hmac(&key, text.as_bytes())));
    request.header("webhook-signature").split(' ').any(|one| one == expected)
}

testkit::each_engine! {
    async fn a_webhook_is_told_what_it_asked_for_signed_and_thin(test: TestApp) {
        let service = Service::new(|_| Reply::ok(""));
        let hook = set_up(&test, "chat", service.url(), |_| {}).await;
        let only_seen = set_up(&test, "pager", service.url(), |input| input.settings.events = vec![EventType::SightingSeen]).await;
        let number = open_case(&test, "Operation Heliotrope", false).await;
        open_case(&test, "Hidden", true).await;
        add(&test, &test.lead, &number, &["evil.example"]).await;
        app::watch::set(&test, &test.lead, &number, Default::default()).await.unwrap();
        import(&test, "Proxy", &[event("2026-01-03T10:00:00Z", "WS-2", "anna", "to evil.example")]).await;
        let closing = CasePatch {
            state: Some(CaseState::Closed),
            verdict: Some(Verdict::Coincidence),
            closure_summary: Some("Heliotrope was a test.".to_owned()),
            ..CasePatch::default()
        };
        case::update(&test, &test.lead, &number, None, CasePatch { state: Some(CaseState::Analysis), ..CasePatch::default() }).await.unwrap();
        case::update(&test, &test.lead, &number, None, closing).await.unwrap();
        job::drain(&test).unwrap();

        let requests = service.asked();
        let mut types: Vec<String> = requests.iter().map(|request| told(request).0).collect();
        types.sort();
        assert_eq!(types, ["case.closed", "case.created", "sighting.done", "sighting.seen", "sighting.seen"]);
        for request in &requests {
            assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/hook?key=1"));
            assert_eq!(request.header("content-type"), "application/json");
            assert!(signed(request, hook.secret.reveal()) != signed(request, only_seen.secret.reveal()), "by its own secret");
            let body = request.body.to_lowercase();
            assert!(!body.contains("heliotrope") && !body.contains("evil") && !body.contains("ws-2"), "{body}");
            assert_eq!(told(request).1["case"], number.as_str());
        }
        let done = requests.iter().map(told).find(|(of, _)| of == "sighting.done").unwrap().1;
        assert_eq!((&done["seen"], &done["observables"], &done["search"]), (&json!(1), &json!(1), &json!("SIGHT0001001")));
        let list = sent(&test, &hook.view.id).await;
        assert!(list.iter().all(|one| one.state == DeliveryState::Delivered && one.attempts == 1 && one.status == Some(200)));
        assert_eq!(list.len(), 4);

        // Both secrets for a time, then the new one.
        let made = webhook::rotate(&test, &test.admin, &hook.view.id, RotateInput::default()).await.unwrap();
        let last = async || {
            webhook::test(&test, &test.admin, &hook.view.id).await.unwrap();
            job::drain(&test).unwrap();
            service.asked().pop().unwrap()
        };
        let request = last().await;
        assert!(signed(&request, made.secret.reveal()) && signed(&request, hook.secret.reveal()));
        test.world.advance(25 * 3_600);
        let request = last().await;
        assert!(signed(&request, made.secret.reveal()) && !signed(&request, hook.secret.reveal()));
        assert_eq!(told(&request).0, "webhook.test");

        // Neither list nor journal holds what signs.
        let shown = serde_json::to_string(&webhook::list(&test, &test.admin).await.unwrap()).unwrap();
        assert!(!shown.contains("whsec_"));
        for actor in [&test.reader, &test.analyst, &test.lead] {
            assert!(webhook::list(&test, actor).await.is_err());
        }
    }

    async fn restricted_cases_are_told_where_an_administrator_allowed_it(test: TestApp) {
        let service = Service::new(|_| Reply::ok(""));
        let hook = set_up(&test, "chat", service.url(), |input| input.restricted = true).await;
        let number = open_case(&test, "Hidden", true).await;
        job::drain(&test).unwrap();
        assert_eq!(told(&service.asked()[0]).1["case"], number.as_str());
        assert!(sent(&test, &hook.view.id).await.is_empty(), "the administrator is not let into the case");

        // What is written is held back when the case is restricted before it is sent.
        let patch = WebhookPatch { restricted: Some(false), ..WebhookPatch::default() };
        webhook::update(&test, &test.admin, &hook.view.id, patch).await.unwrap();
        let number = open_case(&test, "Open at first", false).await;
        case::update(&test, &test.lead, &number, None, CasePatch { restricted: Some(true), ..CasePatch::default() }).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(service.asked().len(), 1);
    }

    async fn what_does_not_arrive_is_tried_again_and_given_up_in_the_end(test: TestApp) {
        let status = Arc::new(AtomicU16::new(500));
        let says = Arc::clone(&status);
        let service = Service::new(move |_| match says.load(Ordering::Relaxed) {
            0 => Reply::hanging(),
            302 => Reply::status(302, "").with("location", "http://127.0.0.1:1/"),
            status => Reply::status(status, "secret of the receiver"),
        });
        let hook = set_up(&test, "chat", service.url(), |_| {}).await;
        open_case(&test, "One", false).await;
        job::drain(&test).unwrap();
        job::drain(&test).unwrap();
        assert_eq!(service.asked().len(), 1, "not again before its time");
        let one = sent(&test, &hook.view.id).await.remove(0);
        assert_eq!((one.state, one.attempts, one.status, one.error.as_str()), (DeliveryState::Pending, 1, Some(500), "it answered 500"));
        assert!(one.next_at.unwrap() > one.tried_at.unwrap());
        for code in [302, 429] {
            status.store(code, Ordering::Relaxed);
            test.world.set(sent(&test, &hook.view.id).await[0].next_at.unwrap());
            test.world.advance(1);
            job::drain(&test).unwrap();
        }
        let one = sent(&test, &hook.view.id).await.remove(0);
        assert_eq!((one.attempts, one.status), (3, Some(429)));
        status.store(200, Ordering::Relaxed);
        test.world.advance(86_400);
        job::drain(&test).unwrap();
        let one = sent(&test, &hook.view.id).await.remove(0);
        assert_eq!((one.state, one.attempts), (DeliveryState::Delivered, 4));
        let ids: Vec<String> = service.asked().iter().map(|request| request.header("webhook-id").to_owned()).collect();
        assert!(ids.iter().all(|id| *id == one.id), "the id stays");
        assert!(webhook::get(&test, &test.admin, &hook.view.id).await.unwrap().failing_since.is_none());

        // Ten tries, then no more; by hand it goes once more.
        status.store(503, Ordering::Relaxed);
        open_case(&test, "Two", false).await;
        for _ in 0..TRIES + 3 {
            job::drain(&test).unwrap();
            test.world.advance(30 * 3_600);
        }
        let two = sent(&test, &hook.view.id).await.remove(0);
        assert!(two.attempts >= 5 && two.state != DeliveryState::Delivered, "{two:?}");
        let view = webhook::get(&test, &test.admin, &hook.view.id).await.unwrap();
        assert!(!view.enabled && view.paused.starts_with("no message arrived for "), "{}", view.paused);
        assert!(webhook::resend(&test, &test.admin, &hook.view.id, &two.id).await.is_err(), "it is paused");
        status.store(204, Ordering::Relaxed);
        let on = WebhookPatch { enabled: Some(true), ..WebhookPatch::default() };
        webhook::update(&test, &test.admin, &hook.view.id, on.clone()).await.unwrap();
        webhook::resend(&test, &test.admin, &hook.view.id, &two.id).await.unwrap();
        job::drain(&test).unwrap();
        assert_eq!(sent(&test, &hook.view.id).await[0].state, DeliveryState::Delivered);

        // Gone is gone.
        status.store(410, Ordering::Relaxed);
        open_case(&test, "Three", false).await;
        open_case(&test, "Four", false).await;
        let before = service.asked().len();
        job::drain(&test).unwrap();
        test.world.advance(10 * 86_400);
        job::drain(&test).unwrap();
        assert_eq!(service.asked().len(), before + 1);
        let view = webhook::get(&test, &test.admin, &hook.view.id).await.unwrap();
        assert!(!view.enabled && view.paused.contains("410"), "{}", view.paused);
        assert!(sent(&test, &hook.view.id).await[..2].iter().all(|one| one.state == DeliveryState::Failed));
    }
}

#[test]
fn a_receiver_that_hangs_or_is_down_tells_why() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let hangs = Service::new(|_| {
            std::thread::park_timeout(std::time::Duration::from_secs(3));
            Reply::ok("")
        });
        let hook = set_up(&test, "hangs", hangs.url(), |_| {}).await;
        let down = set_up(&test, "down", "http://127.0.0.1:1", |_| {}).await;
        open_case(&test, "One", false).await;
        job::drain(&test).unwrap();
        assert_eq!(sent(&test, &hook.view.id).await[0].error, "no answer within 1 seconds");
        let error = &sent(&test, &down.view.id).await[0].error;
        assert!(error.starts_with("it could not be reached: ") && !error.contains("key=1"), "{error}");
    });
}

#[test]
fn what_was_delivered_before_the_server_ended_is_not_sent_again() {
    testkit::block_on(async {
        let test = TestApp::new(Engine::Sqlite);
        let (ends, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (tell, told) = mpsc::channel();
        let (ending, over) = (Arc::clone(&ends), Arc::clone(&ended));
        let count = AtomicU16::new(0);
        let service = Service::new(move |_| {
            // The second message is in the air when the server ends.
            if count.fetch_add(1, Ordering::Relaxed) == 1 {
                ending.store(true, Ordering::Relaxed);
                tell.send(()).unwrap();
                while !over.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            }
            Reply::ok("")
        });
        let hook = set_up(&test, "chat", service.url(), |input| input.settings.timeout_seconds = 60).await;
        for name in ["One", "Two", "Three"] {
            open_case(&test, name, false).await;
        }
        let runner = job::run_jobs(&test).unwrap();
        told.recv().unwrap();
        drop(runner);
        ended.store(true, Ordering::Relaxed);
        job::drain(&test).unwrap();
        let ids: Vec<String> = service.asked().iter().map(|request| request.header("webhook-id").to_owned()).collect();
        assert_eq!(ids.len(), 4, "{ids:?}");
        assert_eq!(ids[1], ids[2], "what was in the air comes again, with the id by which a receiver knows it");
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 3);
        assert!(sent(&test, &hook.view.id).await.iter().all(|one| one.state == DeliveryState::Delivered));
        assert!(ends.load(Ordering::Relaxed));
    });
}
