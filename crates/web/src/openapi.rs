//! The API's own description (OpenAPI 3.1), made from the table of routes.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};
use utoipa::openapi::{RefOr, schema::Schema};

use crate::Web;
use crate::router::{ApiRoute, api_routes};

/// What a route takes and gives, as JSON of OpenAPI.
#[derive(Default)]
pub(crate) struct Doc {
    pub(crate) parameters: Vec<Json>,
    pub(crate) body: Option<Json>,
    pub(crate) answer: Option<Json>,
    /// The media types of the file that it answers instead.
    pub(crate) files: Vec<&'static str>,
    pub(crate) schemas: BTreeMap<String, Json>,
}

impl Doc {
    /// A reference to a type's schema, which is kept with all that it names.
    pub(crate) fn schema<T: utoipa::ToSchema>(&mut self) -> Json {
        let mut named: Vec<(String, RefOr<Schema>)> = Vec::new();
        T::schemas(&mut named);
        for (name, schema) in named {
            self.schemas.insert(name, serde_json::to_value(schema).unwrap_or_default());
        }
        let schema = serde_json::to_value(T::schema()).unwrap_or_default();
        let name = name_of(&T::name(), &schema);
        self.schemas.insert(name.clone(), schema);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// The parameters of a query string.
    pub(crate) fn query<T: utoipa::IntoParams>(&mut self) {
        let parameters = T::into_params(|| Some(utoipa::openapi::path::ParameterIn::Query));
        self.parameters.extend(parameters.into_iter().filter_map(|p| serde_json::to_value(p).ok()));
    }
}

/// The name of a schema; that of a page says of what, or all pages would be the last one that was described.
fn name_of(name: &str, schema: &Json) -> String {
    let item = schema.pointer("/properties/items/items/$ref").and_then(Json::as_str).and_then(|target| target.rsplit('/').next());
    match item.filter(|_| name == "Page") {
        Some(item) => format!("{item}Page"),
        None => name.to_owned(),
    }
}

/// The whole document.
pub(crate) fn document() -> Json {
    let mut paths: Map<String, Json> = Map::new();
    let mut schemas: BTreeMap<String, Json> = BTreeMap::new();
    for route in api_routes() {
        schemas.extend(route.doc.schemas.clone());
        let operation = operation(&route);
        if let Some(path) = paths.entry(route.path).or_insert_with(|| json!({})).as_object_mut() {
            path.insert(route.method.as_str().to_lowercase(), operation);
        }
    }
    let mut problem = Doc::default();
    problem.schema::<crate::error::Problem>();
    schemas.extend(problem.schemas);
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Vizsla", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "An API token, vz_…" },
                "session": { "type": "apiKey", "in": "cookie", "name": crate::visitor::COOKIE }
            }
        }
    })
}

fn operation(route: &ApiRoute) -> Json {
    let mut parameters: Vec<Json> = path_parameters(&route.path);
    parameters.extend(route.doc.parameters.clone());
    let schema = route.doc.answer.clone().unwrap_or_else(|| json!({}));
    let mut content: Map<String, Json> = route.doc.files.iter().map(|media| ((*media).to_owned(), json!({}))).collect();
    if content.is_empty() {
        content.insert("application/json".to_owned(), json!({ "schema": schema }));
    }
    let mut operation = json!({
        "summary": route.summary,
        "description": format!("Needs the role {}.", route.least.map_or("nobody: it is open", |role| role.as_str())),
        "tags": [route.path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default()],
        "parameters": parameters,
        "responses": {
            "200": { "description": "Done", "content": content },
            "default": { "description": "Refused", "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } }
        }
    });
    if let (Some(map), Some(body)) = (operation.as_object_mut(), &route.doc.body) {
        map.insert("requestBody".to_owned(), json!({ "required": true, "content": { "application/json": { "schema": body } } }));
    }
    operation
}

fn path_parameters(path: &str) -> Vec<Json> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect()
}

/// Sends the document.
pub(crate) async fn get(State(_): State<Web>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document().to_string()).into_response()
}
