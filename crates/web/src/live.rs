//! Server-sent events: the browser hears that something changed and asks again for what it shows.

use std::convert::Infallible;
use std::time::Duration;

use app::live;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use model::Actor;
use serde::Deserialize;
use tokio::sync::watch;

use crate::error::Failure;
use crate::params::Query;
use crate::visitor::Signed;
use crate::{Web, visitor};

/// Turns true when the server stops. Streams end then: a browser that listens for ever would keep it from ending.
#[derive(Debug, Clone)]
pub struct Stopping(pub watch::Receiver<bool>);

/// Where to go on from.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
pub(crate) struct After {
    /// The last change that was seen; now, when missing.
    after: Option<i64>,
}

/// What changes from now on, or after `Last-Event-ID` or `after`.
pub(crate) async fn changes(
    State(web): State<Web>,
    Signed(actor): Signed,
    Query(query): Query<After>,
    stopping: Option<Extension<Stopping>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let after = match resumed.or(query.after) {
        Some(after) => after,
        None => live::last(&web.app, &actor).await?,
    };
    let feed = Feed { updates: web.app.changes(), web, actor, headers, after };
    let events = stream::unfold(feed, next_batch).flat_map(stream::iter).take_until(stopped(stopping));
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(20));
    Ok(([("cache-control", "no-store"), ("x-accel-buffering", "no")], Sse::new(events).keep_alive(keep_alive)).into_response())
}

/// Waits until the server stops.
async fn stopped(stopping: Option<Extension<Stopping>>) {
    match stopping {
        // Without a sender nobody is left who would tell.
        Some(Extension(Stopping(mut told))) => {
            let _ = told.wait_for(|stops| *stops).await;
        }
        None => std::future::pending().await,
    }
}

struct Feed {
    web: Web,
    actor: Actor,
    /// What the request said of who makes it.
    headers: HeaderMap,
    after: i64,
    updates: watch::Receiver<i64>,
}

/// The next events; waits until there are any. Ends when the server stops, or when reading fails: the browser comes back.
/// Ends also for who may no longer listen: signed out, disabled, or with a token that was revoked or has expired.
async fn next_batch(mut feed: Feed) -> Option<(Vec<Result<Event, Infallible>>, Feed)> {
    loop {
        feed.updates.borrow_and_update();
        let (changes, upto) = live::since(&feed.web.app, &feed.actor, feed.after).await.ok()?;
        feed.after = feed.after.max(upto);
        if !changes.is_empty() {
            feed.actor = visitor::still(&feed.web, &feed.actor, &feed.headers).await.ok()?;
            let events = changes
                .into_iter()
                .map(|change| {
                    let data = serde_json::to_string(&change).unwrap_or_default();
                    Ok(Event::default().id(change.seq.to_string()).data(data))
                })
                .collect();
            return Some((events, feed));
        }
        feed.updates.changed().await.ok()?;
    }
}
