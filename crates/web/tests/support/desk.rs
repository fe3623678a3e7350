//! Three people with tokens at one server, and what they send it.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value as Json, json};

use super::{Answer, As, Site, request};

/// What attackers write where a name should be.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'\u{202e}";
pub const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;";

pub struct Desk {
    pub site: Site,
    pub rita: As,
    pub ada: As,
    pub lena: As,
}

impl Desk {
    pub async fn new() -> Self {
        let site = Site::new();
        let [rita, ada, lena] = [&site.test.reader, &site.test.analyst, &site.test.lead].map(Clone::clone);
        let (rita, ada, lena) = (site.token(&rita).await, site.token(&ada).await, site.token(&lena).await);
        Self { site, rita, ada, lena }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.site.get(path, &self.ada).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.site.post(path, &self.ada, form).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Json) -> Answer {
        self.site.json(method, path, &self.ada, &body).await
    }

    pub async fn raw(&self, path: &str, body: impl Into<Body>, content_type: &str) -> Answer {
        self.site.send(request(Method::POST, path, &self.ada, body.into(), content_type)).await
    }

    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Answer {
        let (content_type, body) = multipart(fields, file);
        self.raw(path, body, &content_type).await
    }

    pub async fn case(&self, name: &str, restricted: bool) -> String {
        let made = self.call(Method::POST, "/cases", json!({ "name": name, "restricted": restricted })).await.is(201).json();
        made["number"].as_str().unwrap().to_owned()
    }

    /// A record's id.
    pub async fn record(&self, fields: Json) -> String {
        self.call(Method::POST, "/records", fields).await.json()["record"]["id"].as_str().unwrap().to_owned()
    }

    /// The titles of a case's artifacts of a kind, whatever their status.
    pub async fn titles(&self, case: &str, kind: &str) -> Vec<String> {
        let path = format!("/api/v1/cases/{case}/artifacts?kind={kind}&status=all&sort=title&limit=100");
        let items = self.get(&path).await.is(200).json();
        items["items"].as_array().unwrap().iter().map(|one| one["record"]["title"].as_str().unwrap().to_owned()).collect()
    }
}

pub fn multipart(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    if let Some((name, bytes)) = file {
        let head = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    ("multipart/form-data; boundary=XX".to_owned(), body)
}

/// The value of the first `name="…" value="…"` of a page.
pub fn hidden(page: &str, name: &str) -> String {
    let rest = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    rest.split_once('"').unwrap().0.to_owned()
}
