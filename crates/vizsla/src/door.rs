//! One door for data commands: a request of the API, sent to the server of `VIZSLA_URL`, else handed to the router here.

use std::io::Write;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use connect::{Content, Saved, Server};
use http_body_util::BodyExt;
use serde_json::Value as Json;
use tower::ServiceExt;
use web::{LocalActor, Web};

use crate::config::{self, DataArg};
use crate::open::{self, Opened};
use crate::output;

/// Where requests go.
pub(crate) enum Door {
    /// To a server.
    Server(Server),
    /// To the router in this process, over a data directory that it holds.
    Here(Box<Here>),
}

pub(crate) struct Here {
    router: Router,
    opened: Opened,
}

impl Door {
    /// The door that the environment names.
    ///
    /// # Errors
    /// When the server's address is not right, or the data directory is held by another process.
    pub(crate) fn open(data: &DataArg, what: &str) -> Result<Self, String> {
        if let Some(url) = env("VIZSLA_URL") {
            let token = env("VIZSLA_TOKEN").ok_or("VIZSLA_URL is set, and VIZSLA_TOKEN is not: `vizsla token add` makes one")?;
            return Ok(Self::Server(Server::new(&url, &token).map_err(|error| error.to_string())?));
        }
        let config = config::read(&data.data)?;
        let opened = open::open(&config, &data.data, what)
            .map_err(|error| format!("{error}. To go through a running server, set VIZSLA_URL and VIZSLA_TOKEN"))?;
        let router = web::router(Web { app: opened.app.clone(), secure_cookies: false });
        Ok(Self::Here(Box::new(Here { router, opened })))
    }

    /// Sends a request and reads its JSON.
    ///
    /// # Errors
    /// What the API refuses, in its own words.
    pub(crate) async fn call(&self, method: &str, path: &str, content: Content) -> Result<Json, String> {
        let (status, body) = match self {
            Self::Server(server) => {
                let answer = server.send(method, path, content).await.map_err(|error| error.to_string())?;
                (answer.status, answer.body)
            }
            Self::Here(here) => here.send(method, path, content).await?,
        };
        let json: Json = serde_json::from_slice(&body).unwrap_or_default();
        if (200..300).contains(&status) { Ok(json) } else { Err(output::refusal(status, &json)) }
    }

    /// Asks for a file and writes it as it comes.
    ///
    /// # Errors
    /// What the API refuses, in its own words; that what was written is not whole, when it breaks off.
    pub(crate) async fn save(&self, path: &str, out: &mut (impl Write + Send)) -> Result<(), String> {
        let broken = |error: &dyn std::fmt::Display| format!("what was written is not whole: {error}");
        match self {
            Self::Server(server) => match server.save(path, out).await.map_err(|error| broken(&error))? {
                Saved::Whole => Ok(()),
                Saved::Refused(answer) => Err(output::refusal(answer.status, &serde_json::from_slice(&answer.body).unwrap_or_default())),
            },
            Self::Here(here) => {
                let mut answer = here.begin("GET", path, Content::Empty).await?;
                if !answer.status().is_success() {
                    let status = answer.status().as_u16();
                    let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
                    return Err(output::refusal(status, &serde_json::from_slice(&body).unwrap_or_default()));
                }
                while let Some(frame) = answer.body_mut().frame().await {
                    let frame = frame.map_err(|error| broken(&error))?;
                    if let Some(bytes) = frame.data_ref() {
                        out.write_all(bytes).map_err(|error| broken(&error))?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// As [`Door::call`].
    pub(crate) async fn post(&self, path: &str, body: &Json) -> Result<Json, String> {
        self.call("POST", path, Content::Json(body.to_string())).await
    }

    /// Asks.
    ///
    /// # Errors
    /// As [`Door::call`].
    pub(crate) async fn get(&self, path: &str) -> Result<Json, String> {
        self.call("GET", path, Content::Empty).await
    }

    /// Waits for a job to end, showing its progress; answers the job.
    ///
    /// # Errors
    /// When it fails or is cancelled.
    pub(crate) async fn wait(&self, job: &str, what: &str) -> Result<Json, String> {
        let mut progress = output::Progress::new(what);
        loop {
            if let Self::Here(here) = self {
                // There is no server to run it: it runs here, on a thread of its own.
                let app = here.opened.app.clone();
                tokio::task::spawn_blocking(move || app::job::drain(&app))
                    .await
                    .map_err(|error| error.to_string())?
                    .map_err(|error| error.to_string())?;
            }
            let view = self.get(&format!("/api/v1/jobs/{job}")).await?;
            progress.show(&view);
            match view["state"].as_str().unwrap_or_default() {
                "done" => return Ok(view),
                "failed" | "cancelled" => {
                    let error = view["errors"][0].as_str().filter(|text| !text.is_empty()).unwrap_or("it was cancelled");
                    return Err(if error.starts_with(what) { error.to_owned() } else { format!("{what}: {error}") });
                }
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }
}

impl Here {
    async fn send(&self, method: &str, path: &str, content: Content) -> Result<(u16, Vec<u8>), String> {
        let answer = self.begin(method, path, content).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes().to_vec()))
    }

    /// The answer as it begins.
    async fn begin(&self, method: &str, path: &str, content: Content) -> Result<Response<Body>, String> {
        let mut request = Request::builder().method(method).uri(path).extension(LocalActor(open::operator()));
        let body = match content {
            Content::Empty => Body::empty(),
            Content::Json(text) => {
                request = request.header("content-type", "application/json");
                Body::from(text)
            }
            Content::Bytes(bytes) => Body::from(bytes),
            Content::File(path) => {
                let file = tokio::fs::File::open(&path).await.map_err(|error| format!("{}: {error}", path.display()))?;
                Body::from_stream(tokio_util::io::ReaderStream::new(file))
            }
        };
        let request = request.body(body).map_err(|error| error.to_string())?;
        self.router.clone().oneshot(request).await.map_err(|error| error.to_string())
    }
}

#[allow(clippy::disallowed_methods, reason = "the binary is the reader of the environment")]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Percent-encodes a value of a query string.
pub(crate) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
