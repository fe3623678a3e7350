//! ATT&CK techniques: by hand, and rolled up from what the case holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::artifact::{self, AddArtifacts, ExcludeArtifacts};
use app::case::{self, CaseInput};
use app::import::{self, ApplyImport, StageIntel};
use app::technique::{self, ChangeTechniques, SetTechniques, TechniqueView};
use app::{App, AppError};
use model::Actor;
use serde_json::{Value, json};
use testkit::TestApp;

const GROUP: &str = "intrusion-set--899ce53f-13a0-479b-a0e4-67d46e241542";
const DUMPING: &str = "attack-pattern--65f2d882-3f41-4d48-8a06-29af77ec9f90";

fn object(kind: &str, id: &str, more: &Value) -> Value {
    let mut object = json!({ "type": kind, "spec_version": "2.1", "id": id, "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z" });
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

async fn attack(app: &App, actor: &Actor) {
    let technique = |id: &str, name: &str, tactic: &str| {
        json!({ "name": name, "external_references": [{ "source_name": "mitre-attack", "external_id": id }],
            "kill_chain_phases": [{ "kill_chain_name": "mitre-attack", "phase_name": tactic }] })
    };
    let bundle = json!({ "type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d", "objects": [
        object("attack-pattern", DUMPING, &technique("T1003.001", "LSASS Memory", "credential-access")),
        object("attack-pattern", "attack-pattern--970a3432-3237-47ad-bcca-7d8cbb217736", &technique("T1059.001", "PowerShell", "execution")),
        object("intrusion-set", GROUP, &json!({ "name": "Bronze Hound" })),
        object("relationship", "relationship--57b56a43-b8b0-4cba-9deb-34e3e1faed9e",
            &json!({ "relationship_type": "uses", "source_ref": GROUP, "target_ref": DUMPING })),
    ] });
    let staged = import::stage_intel(app, actor, StageIntel::default(), bundle.to_string().into_bytes()).await.unwrap();
    import::apply(app, actor, &staged.import_id, ApplyImport::default()).await.unwrap();
}

async fn set(app: &App, actor: &Actor, number: &str, ids: &[&str]) -> Result<Vec<TechniqueView>, AppError> {
    technique::set(app, actor, number, SetTechniques { ids: ids.iter().map(|id| (*id).to_owned()).collect() }).await
}

fn ids(techniques: &[TechniqueView]) -> Vec<&str> {
    techniques.iter().map(|one| one.id.as_str()).collect()
}

testkit::each_engine! {
    async fn techniques_come_by_hand_and_from_artifacts(app: TestApp) {
        attack(&app, &app.analyst).await;
        let number = case::create(&app, &app.analyst, CaseInput { name: "Dumps".to_owned(), ..CaseInput::default() }).await.unwrap().number;
        let by_hand = set(&app, &app.analyst, &number, &["t1059.001", "T9999"]).await.unwrap();
        assert_eq!(ids(&by_hand), ["T1059.001", "T9999"], "what ATT&CK does not know stands last");
        assert_eq!((by_hand[0].name.as_str(), by_hand[0].added_by.as_deref()), ("PowerShell", Some("ada")));

        let group = AddArtifacts { record_ids: vec![GROUP.to_owned()], ..AddArtifacts::default() };
        artifact::add(&app, &app.analyst, &number, group).await.unwrap();
        let all = technique::list(&app, &app.reader, &number).await.unwrap();
        assert_eq!(ids(&all), ["T1059.001", "T1003.001", "T9999"]);
        assert_eq!(case::get(&app, &app.reader, &number).await.unwrap().technique_count, 3, "one that is told twice counts once");
        assert_eq!((all[1].added_by.clone(), all[1].origins[0].title.as_str(), all[1].origin_count), (None, "Bronze Hound", 1));

        let exclude = ExcludeArtifacts { record_ids: vec![GROUP.to_owned()], ..serde_json::from_value(json!({ "reason": "out_of_scope" })).unwrap() };
        artifact::exclude(&app, &app.analyst, &number, exclude).await.unwrap();
        assert_eq!(ids(&set(&app, &app.analyst, &number, &["T9999"]).await.unwrap()), ["T9999"], "what is excluded tells nothing");
    }

    async fn two_at_once_take_nothing_from_each_other(app: TestApp) {
        let number = case::create(&app, &app.analyst, CaseInput { name: "Dumps".to_owned(), ..CaseInput::default() }).await.unwrap().number;
        let change = |add: &str, remove: &str| {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
            ChangeTechniques { add: words(add), remove: words(remove) }
        };
        let (one, other) = tokio::join!(
            technique::change(&app, &app.analyst, &number, change("T1003", "")),
            technique::change(&app, &app.lead, &number, change("T1059", "T9999")),
        );
        assert!(one.is_ok() && other.is_ok());
        assert_eq!(ids(&technique::list(&app, &app.reader, &number).await.unwrap()), ["T1003", "T1059"]);
        assert_eq!(ids(&technique::change(&app, &app.lead, &number, change("", "T1003")).await.unwrap()), ["T1059"]);
    }

    async fn only_ids_are_taken_and_only_from_those_who_may(app: TestApp) {
        let number = case::create(&app, &app.analyst, CaseInput { name: "Dumps".to_owned(), ..CaseInput::default() }).await.unwrap().number;
        let Err(AppError::Invalid(errors)) = set(&app, &app.analyst, &number, &["T1003", "lsass"]).await else { panic!("taken") };
        assert_eq!(errors[0].pointer, "/ids/1");
        assert!(matches!(set(&app, &app.reader, &number, &[]).await, Err(AppError::Forbidden(_))));
    }
}
