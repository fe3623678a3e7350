//! What is made of a result stays where the search was made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;

use app::sighting::{self, IncidentFinding, NoteFinding};
use app::{AppError, job, operation, record};
use evidence::{add, all_data, event, import};
use serde_json::{from_value, json};
use testkit::TestApp;

testkit::each_engine! {
    async fn an_incident_of_a_restricted_case_is_born_there_and_stays_there(test: TestApp) {
        import(&test, "Proxy", &[event("2026-01-02T08:00:00Z", "WS-1", "anna", "to 192.0.2.1")]).await;
        let secret = evidence::case(&test, &test.lead, true).await.number;
        add(&test, &test.lead, &secret, &["192.0.2.1"]).await;
        let search = sighting::start(&test, &test.lead, &secret, all_data()).await.unwrap().number;
        job::drain(&test).unwrap();
        let results = sighting::results(&test, &test.lead, &search, sighting::ResultQuery::default()).await.unwrap();
        let observable = results.items[0].observable.id.clone();
        let ask: IncidentFinding = from_value(json!({ "observable": observable })).unwrap();
        let made = sighting::incident(&test, &test.lead, &search, ask.clone()).await.unwrap();
        assert!(made.created && made.incident.title.contains("192[.]0[.]2[.]1 seen in Proxy on WS-1"), "{:?}", made.incident);
        assert!(matches!(record::get(&test, &test.analyst, &made.incident.id).await, Err(AppError::NotFound(_))));
        assert!(matches!(sighting::incident(&test, &test.analyst, &search, ask).await, Err(AppError::NotFound(_))));

        // Undone, it is out of the case; closed, the case takes comments alone.
        operation::undo(&test, &test.lead, &made.operation.operation_id).await.unwrap();
        let artifacts = from_value(json!({ "kind": "incident" })).unwrap();
        assert!(app::artifact::list(&test, &test.lead, &secret, artifacts).await.unwrap().items.is_empty());
        let closed = from_value(json!({ "state": "cancelled" })).unwrap();
        app::case::update(&test, &test.lead, &secret, None, closed).await.unwrap();
        let note = |kind: &str| from_value::<NoteFinding>(json!({ "observable": observable, "kind": kind })).unwrap();
        assert!(matches!(sighting::note(&test, &test.lead, &search, note("work_note")).await, Err(AppError::State(_))));
        sighting::note(&test, &test.lead, &search, note("comment")).await.unwrap();
    }
}
