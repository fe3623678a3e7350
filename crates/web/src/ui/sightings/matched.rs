//! From an answer into the case: the machines and people that were seen, known ones and new ones; and asking again.

use app::AppError;
use app::sighting::{self, AddMatched, RunAgain, SightingView};
use axum::extract::State;
use model::Kind;
use model::kind::RecordInput;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::Web;
use crate::error::Failure;
use crate::params::Path;
use crate::ui::{Form, Screen, Visit, see, with_operation};

/// What is ticked or pressed, and where.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MatchedForm {
    /// Known records.
    #[serde(default)]
    record: Vec<String>,
    /// A machine that is not known.
    #[serde(default)]
    host: Vec<String>,
    /// An account that is not known.
    #[serde(default)]
    account: Vec<String>,
    /// The page it was pressed on.
    #[serde(default)]
    back: String,
}

/// Adds known records to the case.
pub(crate) async fn add(
    State(web): State<Web>,
    visit: Visit,
    Path((number, search)): Path<(String, String)>,
    Form(mut form): Form<MatchedForm>,
) -> Screen {
    form.record.sort();
    form.record.dedup();
    let input = AddMatched { record_ids: std::mem::take(&mut form.record), records: Vec::new() };
    apply(&web, &visit, &number, &search, input, &form.back).await
}

/// Creates records for machines and accounts that are not known, in the case.
pub(crate) async fn create(
    State(web): State<Web>,
    visit: Visit,
    Path((number, search)): Path<(String, String)>,
    Form(form): Form<MatchedForm>,
) -> Screen {
    let hosts = form.host.iter().map(|name| machine(name));
    let records = hosts.chain(form.account.iter().map(|name| person(name))).collect();
    apply(&web, &visit, &number, &search, AddMatched { record_ids: Vec::new(), records }, &form.back).await
}

async fn apply(web: &Web, visit: &Visit, number: &str, search: &str, input: AddMatched, back: &str) -> Screen {
    let search = find(web, visit, number, search).await?;
    let done = sighting::add_matched(&web.app, &visit.actor, &search.number, input).await?;
    let own = format!("/cases/{}/sightings/{}", search.case, search.number);
    let back = if back.starts_with(&own) { back } else { &own };
    Ok(see(&with_operation(back, &done.operation_id)))
}

/// A search of a case: under another case's number there is none.
pub(crate) async fn find(web: &Web, visit: &Visit, number: &str, search: &str) -> Result<SightingView, Failure> {
    let found = sighting::get(&web.app, &visit.actor, search).await?;
    if found.case.eq_ignore_ascii_case(number) { Ok(found) } else { Err(AppError::NotFound("sightings search").into()) }
}

/// How a search is asked again.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct AgainForm {
    #[serde(default)]
    all_data: Option<String>,
}

pub(crate) async fn again(
    State(web): State<Web>,
    visit: Visit,
    Path((number, search)): Path<(String, String)>,
    Form(form): Form<AgainForm>,
) -> Screen {
    let search = find(&web, &visit, &number, &search).await?;
    let again = sighting::again(&web.app, &visit.actor, &search.number, RunAgain { all_data: form.all_data.is_some() }).await?;
    Ok(see(&format!("/cases/{}/sightings/{}", again.case, again.number)))
}

/// A machine as the logs name it: by its name, or by its address.
fn machine(name: &str) -> RecordInput {
    let name = name.trim();
    let mut fields = named(name);
    if name.parse::<std::net::IpAddr>().is_ok() {
        fields.insert("ip_addresses".to_owned(), json!([name]));
    }
    RecordInput { kind: Kind::ConfigurationItem, fields }
}

/// A person as the logs name their account: by name, e-mail address or security identifier.
fn person(account: &str) -> RecordInput {
    let account = account.trim();
    let mut fields = named(account);
    let field = if account.contains('@') {
        ("email", json!(account))
    } else if is_sid(account) {
        ("sids", json!([account]))
    } else {
        ("accounts", json!([account]))
    };
    fields.insert(field.0.to_owned(), field.1);
    RecordInput { kind: Kind::User, fields }
}

fn is_sid(text: &str) -> bool {
    let rest = text.strip_prefix("S-1-").or_else(|| text.strip_prefix("s-1-"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || c == '-'))
}

fn named(name: &str) -> Map<String, Json> {
    Map::from_iter([("name".to_owned(), json!(name))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_logs_name_is_written_where_it_will_be_found_again() {
        assert_eq!(machine("10.4.2.19").fields.get("ip_addresses"), Some(&json!(["10.4.2.19"])));
        assert_eq!(machine("WS-1.corp.example").fields.len(), 1);
        assert_eq!(person("CORP\\anna").fields.get("accounts"), Some(&json!(["CORP\\anna"])));
        assert_eq!(person("anna@corp.example").fields.get("email"), Some(&json!("anna@corp.example")));
        assert_eq!(person("S-1-5-21-1-2-3-1001").fields.get("sids"), Some(&json!(["S-1-5-21-1-2-3-1001"])));
    }
}
