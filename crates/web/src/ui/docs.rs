//! `/api/docs`: the API's description for people, made from the same document that programs read.

use std::collections::BTreeMap;

use askama::Template;
use axum::Extension;
use serde_json::Value as Json;

use super::{Screen, page};
use crate::security::Nonce;
use crate::{assets, openapi};

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    nonce: String,
    tags: BTreeMap<String, Vec<Operation>>,
    schemas: Vec<SchemaDoc>,
}

/// A route.
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    needs: String,
    parameters: Vec<FieldDoc>,
    body: Option<TypeDoc>,
    answer: Option<TypeDoc>,
}

/// A parameter, or a field of a schema.
struct FieldDoc {
    name: String,
    place: String,
    required: bool,
    of_type: TypeDoc,
    description: String,
}

/// A type in words, with the schema that it names.
#[derive(Debug, PartialEq, Eq)]
struct TypeDoc {
    before: String,
    schema: String,
    after: String,
}

/// A named schema.
struct SchemaDoc {
    name: String,
    description: String,
    words: Vec<String>,
    fields: Vec<FieldDoc>,
}

impl DocsPage {
    fn asset(&self, name: &str) -> String {
        assets::url(name)
    }
}

/// Open like the document itself: it tells what Vizsla can do, nothing of what is in it.
pub(crate) async fn show(Extension(Nonce(nonce)): Extension<Nonce>) -> Screen {
    let document = openapi::document();
    page(&DocsPage { nonce, tags: tags(&document), schemas: schemas(&document) })
}

fn tags(document: &Json) -> BTreeMap<String, Vec<Operation>> {
    let mut tags: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, methods) in members(document.get("paths")) {
        for (method, operation) in members(Some(methods)) {
            let tag = operation.pointer("/tags/0").and_then(Json::as_str).unwrap_or_default().to_owned();
            tags.entry(tag).or_default().push(Operation {
                id: format!("{method}{}", path.replace(['/', '{', '}'], "-")),
                method: method.to_uppercase(),
                path: path.clone(),
                summary: text(operation, "summary"),
                needs: text(operation, "description"),
                parameters: operation.get("parameters").and_then(Json::as_array).into_iter().flatten().map(parameter).collect(),
                body: operation.pointer("/requestBody/content/application~1json/schema").map(type_doc),
                answer: operation
                    .pointer("/responses/200/content/application~1json/schema")
                    .filter(|s| **s != Json::Object(serde_json::Map::new()))
                    .map(type_doc),
            });
        }
    }
    tags
}

fn parameter(parameter: &Json) -> FieldDoc {
    FieldDoc {
        name: text(parameter, "name"),
        place: text(parameter, "in"),
        required: parameter.get("required").and_then(Json::as_bool).unwrap_or_default(),
        of_type: parameter.get("schema").map_or_else(any, type_doc),
        description: text(parameter, "description"),
    }
}

fn schemas(document: &Json) -> Vec<SchemaDoc> {
    members(document.pointer("/components/schemas"))
        .map(|(name, schema)| {
            let mut fields = Vec::new();
            collect_fields(schema, &mut fields);
            let words = schema.get("enum").and_then(Json::as_array).into_iter().flatten();
            SchemaDoc {
                name: name.clone(),
                description: text(schema, "description"),
                words: words.filter_map(Json::as_str).map(str::to_owned).collect(),
                fields,
            }
        })
        .collect()
}

/// The fields of an object, those of its parts among them.
fn collect_fields(schema: &Json, fields: &mut Vec<FieldDoc>) {
    for part in ["allOf", "oneOf", "anyOf"] {
        for schema in schema.get(part).and_then(Json::as_array).into_iter().flatten() {
            if schema.get("$ref").is_some() {
                fields.push(FieldDoc {
                    name: "…".to_owned(),
                    place: String::new(),
                    required: false,
                    of_type: type_doc(schema),
                    description: String::new(),
                });
            }
            collect_fields(schema, fields);
        }
    }
    let required: Vec<&str> = schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    for (name, property) in members(schema.get("properties")) {
        fields.push(FieldDoc {
            name: name.clone(),
            place: String::new(),
            required: required.contains(&name.as_str()),
            of_type: type_doc(property),
            description: text(property, "description"),
        });
    }
}

fn any() -> TypeDoc {
    TypeDoc { before: "anything".to_owned(), schema: String::new(), after: String::new() }
}

fn type_doc(schema: &Json) -> TypeDoc {
    let plain = |before: String| TypeDoc { before, schema: String::new(), after: String::new() };
    if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
        let name = target.rsplit('/').next().unwrap_or_default();
        return TypeDoc { before: String::new(), schema: name.to_owned(), after: String::new() };
    }
    for part in ["oneOf", "anyOf", "allOf"] {
        let Some(choices) = schema.get(part).and_then(Json::as_array) else { continue };
        let may_be_null = choices.iter().any(|choice| choice.get("type").and_then(Json::as_str) == Some("null"));
        let mut found = choices.iter().find(|choice| choice.get("type").and_then(Json::as_str) != Some("null")).map_or_else(any, type_doc);
        if may_be_null {
            found.after.push_str(" or null");
        }
        return found;
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Json::String(one)) => vec![one.as_str()],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => return any(),
    };
    let null = if types.contains(&"null") { " or null" } else { "" };
    match types.iter().find(|of_type| **of_type != "null").copied() {
        Some("array") => {
            let items = schema.get("items").map_or_else(any, type_doc);
            TypeDoc { before: format!("list of {}", items.before), schema: items.schema, after: format!("{}{null}", items.after) }
        }
        Some("object") if schema.get("additionalProperties").is_some_and(Json::is_object) => {
            let items = schema.get("additionalProperties").map_or_else(any, type_doc);
            TypeDoc { before: format!("object of {}", items.before), schema: items.schema, after: format!("{}{null}", items.after) }
        }
        Some(word) => {
            let format = schema.get("format").and_then(Json::as_str).map(|format| format!(" ({format})")).unwrap_or_default();
            plain(format!("{word}{format}{null}"))
        }
        None => plain("null".to_owned()),
    }
}

fn members(value: Option<&Json>) -> impl Iterator<Item = (&String, &Json)> {
    value.and_then(Json::as_object).into_iter().flatten()
}

fn text(value: &Json, name: &str) -> String {
    value.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(schema: &Json) -> String {
        let TypeDoc { before, schema, after } = type_doc(schema);
        format!("{before}[{schema}]{after}")
    }

    #[test]
    fn types_are_said_in_words() {
        assert_eq!(said(&json!({ "$ref": "#/components/schemas/CaseView" })), "[CaseView]");
        assert_eq!(said(&json!({ "type": "array", "items": { "$ref": "#/components/schemas/Kind" } })), "list of [Kind]");
        assert_eq!(said(&json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Role" }] })), "[Role] or null");
        assert_eq!(said(&json!({ "type": ["string", "null"], "format": "date-time" })), "string (date-time) or null[]");
        assert_eq!(said(&json!({})), "anything[]");
    }

    #[test]
    fn every_schema_that_is_named_is_shown() {
        let document = openapi::document();
        let names: Vec<String> = schemas(&document).into_iter().map(|schema| schema.name).collect();
        for operations in tags(&document).values() {
            for operation in operations {
                let types = operation.parameters.iter().map(|p| &p.of_type).chain(&operation.body).chain(&operation.answer);
                for of_type in types.filter(|of_type| !of_type.schema.is_empty()) {
                    assert!(names.contains(&of_type.schema), "{} names {}", operation.path, of_type.schema);
                }
            }
        }
    }
}
