//! Long work: its card, its page, and the newest of it.

use app::job::{self, JobView};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use model::Timestamp;
use model::job::JobState;
use model::list::{Page, thousands};

use super::{Older, Screen, Shell, Visit, page, see};
use crate::Web;
use crate::params::{Path, Query};

/// How many the page of jobs shows.
const SHOWN: u32 = 100;

#[derive(Template)]
#[template(path = "jobs/card_page.html")]
struct CardPage {
    shell: Shell,
    job: JobView,
}

/// The card alone, which asks for itself again as long as the job runs.
pub(crate) async fn card(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    let job = job::get(&web.app, &visit.actor, &id).await?;
    page(&CardPage { shell: visit.shell, job })
}

#[derive(Template)]
#[template(path = "jobs/job.html")]
struct JobPage {
    shell: Shell,
    job: JobView,
}

pub(crate) async fn show(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Screen {
    let job = job::get(&web.app, &visit.actor, &id).await?;
    page(&JobPage { shell: visit.shell, job })
}

#[derive(Template)]
#[template(path = "jobs/list.html")]
struct JobsPage {
    shell: Shell,
    jobs: Page<JobView>,
}

pub(crate) async fn list(State(web): State<Web>, visit: Visit, Query(older): Query<Older>) -> Screen {
    let jobs = job::recent(&web.app, &visit.actor, older.page(SHOWN)).await?;
    page(&JobsPage { shell: visit.shell, jobs })
}

pub(crate) async fn cancel(State(web): State<Web>, visit: Visit, Path(id): Path<String>, headers: HeaderMap) -> Screen {
    let job = job::cancel(&web.app, &visit.actor, &id).await?;
    // The card stands on several pages, and is fetched by itself: only the browser knows where it was pressed.
    Ok(see(&pressed_on(&headers).unwrap_or_else(|| format!("/jobs/{}", job.id))))
}

/// The path of the page that a form was sent from.
fn pressed_on(headers: &HeaderMap) -> Option<String> {
    let url = ["hx-current-url", header::REFERER.as_str()].iter().find_map(|name| headers.get(*name)?.to_str().ok())?;
    let (_, rest) = url.split_once("://")?;
    let path = rest.get(rest.find('/')?..)?;
    let ours = !path.starts_with("//") && !path.contains('\\');
    ours.then(|| super::words::without_toast(path))
}

/// What a job does: `Reading events.zip`.
pub(crate) fn title(job: &JobView) -> String {
    let subject = job.subject.as_str();
    let doing = match job.kind.as_str() {
        "logs" => "Reading",
        "logs_remove" => "Removing",
        "logs_retention" => "Removing logs that are older or more than is kept",
        "sightings" | "sightings_outside" => "Sightings search",
        "watch" => "Watching",
        "watch_added" => "Looking through the kept logs for",
        "watch_forget" => "Clearing away a search that was asked",
        "webhook" => "Telling a webhook",
        "operation" => "Changing",
        "import" => "Importing",
        "known_good" => "Marking what is known good",
        other => other,
    };
    if subject.is_empty() { doing.to_owned() } else { format!("{doing} {subject}") }
}

/// How far it is, in words.
pub(crate) fn progress(job: &JobView) -> String {
    match job.state {
        JobState::Queued => "Waits for its turn".to_owned(),
        JobState::Running => {
            let mut parts = vec![if job.total > 0 {
                format!("{} of {}", counted(job.done, ""), counted(job.total, &job.unit))
            } else {
                "Just begun".to_owned()
            }];
            if job.unit == "bytes" && job.total > 0 {
                parts = vec![format!("{} of {}", size(&job.done), size(&job.total))];
            }
            if let Some(rate) = job.rate {
                // Whole ones: nobody reads fractions of an observable.
                let rate = rate as i64;
                parts.push(if job.unit == "bytes" { format!("{} a second", size(&rate)) } else { format!("{} a second", thousands(rate)) });
            }
            if let Some(seconds) = job.eta_seconds {
                parts.push(format!("about {} left", duration(seconds)));
            }
            parts.join(" · ")
        }
        JobState::Done => job.started_at.zip(job.finished_at).map(|(from, to)| format!("in {}", took(from, to))).unwrap_or_default(),
        JobState::Failed | JobState::Cancelled => job.errors.join("; "),
    }
}

fn counted(number: i64, unit: &str) -> String {
    format!("{} {unit}", thousands(number)).trim_end().to_owned()
}

/// The colour of a state.
pub(crate) fn state_chip(state: &JobState) -> &'static str {
    match state {
        JobState::Queued | JobState::Running => "info",
        JobState::Done => "good",
        JobState::Failed => "bad",
        JobState::Cancelled => "warn",
    }
}

/// `1.2 MB`.
pub(crate) fn size(bytes: &i64) -> String {
    const UNITS: &[&str] = &["kB", "MB", "GB", "TB"];
    let mut rest = *bytes as f64;
    let mut word = "B";
    for unit in UNITS {
        if rest < 999.5 {
            break;
        }
        rest /= 1000.0;
        word = unit;
    }
    if word == "B" || rest >= 99.95 { format!("{rest:.0} {word}") } else { format!("{rest:.1} {word}") }
}

/// `5 s`, `3 min`, `2 h`.
pub(crate) fn duration(seconds: i64) -> String {
    match seconds {
        ..90 => format!("{} s", seconds.max(1)),
        90..5_400 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h", (seconds + 1_800) / 3_600),
    }
}

/// How long something took: `0.18 s`.
pub(crate) fn took(from: Timestamp, to: Timestamp) -> String {
    let millis = to.micros().saturating_sub(from.micros()).max(0) / 1_000;
    match millis {
        ..10_000 => format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10),
        _ => duration(millis / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read_at_a_glance() {
        assert_eq!(
            [0, 999, 1_000, 12_345_678, 999_999, 640_000_000_000].map(|bytes| size(&bytes)),
            ["0 B", "999 B", "1.0 kB", "12.3 MB", "1.0 MB", "640 GB"]
        );
        assert_eq!([0, 5, 89, 90, 7_200].map(duration), ["1 s", "5 s", "89 s", "2 min", "2 h"]);
        assert_eq!(took(Timestamp(0), Timestamp(184_000)), "0.18 s");
    }

    #[test]
    fn cancelling_leads_back_to_where_it_was_pressed() {
        let from = |url: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, url.parse().unwrap());
            pressed_on(&headers)
        };
        assert_eq!(from("http://127.0.0.1:8080/logs/dc%201?did=x").as_deref(), Some("/logs/dc%201"));
        assert_eq!(from("http://127.0.0.1:8080//evil.example/"), None);
        assert_eq!(from("nonsense"), None);
    }
}
