//! `/metrics`: what a monitoring system asks for, in Prometheus' text format.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use app::metrics::{MetricsView, metrics};
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::Web;
use crate::error::Failure;
use crate::visitor::Signed;

/// The statuses that are counted by themselves; every other with its class.
const STATUSES: [u16; 16] = [200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 409, 412, 422, 429, 500, 503];

/// Requests that were answered, since the server started.
#[derive(Default)]
pub(crate) struct Counters {
    by_status: [AtomicU64; STATUSES.len()],
    other: AtomicU64,
    micros: AtomicU64,
}

impl Counters {
    /// Counts one answer, and how long it took to begin.
    pub(crate) fn answered(&self, status: StatusCode, micros: u64) {
        let place = STATUSES.iter().position(|known| *known == status.as_u16());
        place.and_then(|place| self.by_status.get(place)).unwrap_or(&self.other).fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// Needs a reader: give the monitoring system a token of that role.
pub(crate) async fn get(
    State(web): State<Web>,
    Signed(actor): Signed,
    Extension(counters): Extension<Arc<Counters>>,
) -> Result<Response, Failure> {
    let text = text(&metrics(&web.app, &actor).await?, &counters);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

fn text(view: &MetricsView, counters: &Counters) -> String {
    let mut out = String::with_capacity(2_048);
    let mut family = |name: &str, kind: &str, help: &str, lines: &[(String, f64)]| {
        // Writing to a string can't fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in lines {
            let _ = writeln!(out, "{name}{labels} {value}");
        }
    };
    let mut answered: Vec<(String, f64)> = STATUSES
        .iter()
        .zip(&counters.by_status)
        .map(|(status, count)| (format!("{{status=\"{status}\"}}"), count.load(Ordering::Relaxed) as f64))
        .filter(|(_, count)| *count > 0.0)
        .collect();
    answered.push(("{status=\"other\"}".to_owned(), counters.other.load(Ordering::Relaxed) as f64));
    family("vizsla_http_requests_total", "counter", "Requests that were answered, by status.", &answered);
    let seconds = counters.micros.load(Ordering::Relaxed) as f64 / 1e6;
    family("vizsla_http_request_seconds_total", "counter", "Seconds until those answers began.", &[(String::new(), seconds)]);
    let jobs = [("{state=\"queued\"}".to_owned(), view.jobs_queued as f64), ("{state=\"running\"}".to_owned(), view.jobs_running as f64)];
    family("vizsla_jobs", "gauge", "Jobs that are not done, of those that the asking account may know of.", &jobs);
    let waiting =
        [("{queue=\"read\"}".to_owned(), view.reads_waiting as f64), ("{queue=\"write\"}".to_owned(), view.writes_waiting as f64)];
    family("vizsla_store_waiting", "gauge", "What waits for a thread of the store.", &waiting);
    family("vizsla_journal_entries", "counter", "Entries of the journal.", &[(String::new(), view.journal_entries as f64)]);
    family("vizsla_last_change", "counter", "The number of the last change.", &[(String::new(), view.last_change as f64)]);
    let info = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    family("vizsla_info", "gauge", "This server.", &[(info, 1.0)]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_status() {
        let counters = Counters::default();
        counters.answered(StatusCode::OK, 1_500_000);
        counters.answered(StatusCode::OK, 0);
        counters.answered(StatusCode::IM_A_TEAPOT, 0);
        let text = text(&MetricsView { jobs_queued: 3, ..MetricsView::default() }, &counters);
        for line in [
            "vizsla_http_requests_total{status=\"200\"} 2",
            "vizsla_http_requests_total{status=\"other\"} 1",
            "vizsla_http_request_seconds_total 1.5",
            "vizsla_jobs{state=\"queued\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(!text.contains("503"));
    }
}
