//! What a source is asked and what it answers, the same for all products.

use model::Timestamp;

/// Why a source, or one question of it, has no answer. The text is for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It could not be reached, or the connection broke.
    #[error("the source could not be reached: {0}")]
    Network(String),
    /// It did not answer in time.
    #[error("the source did not answer within {0} seconds")]
    Timeout(u64),
    /// Its answer is larger than is taken.
    #[error("the source's answer is larger than {0} MB; ask for fewer observables or events at once")]
    TooLarge(usize),
    /// It refused.
    #[error("the source answered {status}: {detail}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What it said, shortened.
        detail: String,
    },
    /// It limits how often it is asked, or is overloaded, and stayed so.
    #[error("the source answered {status} (too many questions, or overloaded) {tries} times: {detail}")]
    Limited {
        /// The HTTP status.
        status: u16,
        /// How often it was asked.
        tries: u32,
        /// What it said, shortened.
        detail: String,
    },
    /// It points elsewhere. Redirects are not followed: they could carry credentials to another host.
    #[error("the source answered with a redirect to {0}, which is not followed; set its address to where it is")]
    Redirect(String),
    /// Its answer is not what it should be.
    #[error("the source's answer can't be understood: {0}")]
    Malformed(String),
    /// The value can't be asked for in this source's language.
    #[error("{0}")]
    Refused(String),
    /// Someone asked to stop.
    #[error("stopped")]
    Cancelled,
}

impl AskError {
    /// Whether it concerns the source as a whole, so that asking on is in vain.
    #[must_use]
    pub fn is_of_source(&self) -> bool {
        match self {
            Self::Network(_) | Self::Timeout(_) | Self::Redirect(_) | Self::Cancelled | Self::Limited { .. } => true,
            Self::Status { status, .. } => matches!(status, 401 | 403 | 407),
            Self::TooLarge(_) | Self::Malformed(_) | Self::Refused(_) => false,
        }
    }

    /// What is told of it where everyone reads it: its kind, with nothing of the question and nothing that the source said.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Network(_) => "the source could not be reached".to_owned(),
            Self::Timeout(_) | Self::TooLarge(_) | Self::Cancelled => self.to_string(),
            Self::Status { status, .. } => format!("the source answered {status}"),
            Self::Limited { status, tries, .. } => {
                format!("the source answered {status} (too many questions, or overloaded) {tries} times")
            }
            Self::Redirect(_) => "the source answered with a redirect, which is not followed; set its address to where it is".to_owned(),
            Self::Malformed(_) => "the source's answer can't be understood".to_owned(),
            Self::Refused(_) => "the source can't be asked as it is set up".to_owned(),
        }
    }
}

/// One observable to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The caller's number for it.
    pub id: i64,
    /// Its type, as a word.
    pub of_type: String,
    /// Its value.
    pub value: String,
    /// Other spellings of the same thing.
    pub spellings: Vec<String>,
    /// Of a URL, the part that is enough, which is among the spellings and stands in the value.
    pub part: Option<String>,
}

impl Asked {
    /// What is asked for where only one text can be: what finds the most.
    pub(crate) fn one(&self) -> &str {
        self.part.as_deref().unwrap_or(&self.value)
    }
}

/// A raw event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// When.
    pub time: Option<Timestamp>,
    /// The machine.
    pub host: Option<String>,
    /// The accounts.
    pub accounts: Vec<String>,
    /// As the source holds it.
    pub raw: String,
    /// Whether `raw` is JSON.
    pub json: bool,
    /// What the source calls it; may be empty.
    pub id: String,
}

/// What a source holds of one observable, as the source compares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Events that hold the value.
    pub count: u64,
    /// False where the source stopped counting, or where a part of it did not answer: "at least".
    pub exact: bool,
    /// Events that hold it in any spelling, where others were asked for and could be told apart.
    pub count_any: Option<u64>,
    /// The earliest time.
    pub first: Option<Timestamp>,
    /// The latest time.
    pub last: Option<Timestamp>,
    /// Events per UTC day (days since 1970-01-01), ascending.
    pub per_day: Vec<(i64, u64)>,
    /// Events without a time.
    pub without_time: u64,
    /// Machines, most events first.
    pub hosts: Vec<(String, u64)>,
    /// How many machines, where that is known to be more than are listed.
    pub hosts_total: u64,
    /// Accounts, most events first.
    pub accounts: Vec<(String, u64)>,
    /// How many accounts.
    pub accounts_total: u64,
    /// The earliest events, at most as many as are set.
    pub events: Vec<Event>,
    /// What was not as it should be: parts that failed or were cut off.
    pub remarks: Vec<String>,
    /// The question as it was sent.
    pub query: String,
    /// The source's own page.
    pub link: Option<String>,
}

/// What a source holds in a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    /// The earliest time of all it has, whatever the window, where that is known.
    pub first: Option<Timestamp>,
    /// The latest time, likewise.
    pub last: Option<Timestamp>,
    /// Events per UTC day of the window, ascending.
    pub per_day: Vec<(i64, u64)>,
    /// Events in the window.
    pub events: u64,
    /// Events without a time.
    pub without_time: u64,
}

/// A question, as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The method and the full address.
    pub request: String,
    /// The body; may be empty.
    pub body: String,
}

/// A text from outside, as it is shown in a message: one line, not long.
pub(crate) fn told(text: &str) -> String {
    let line: String = text.chars().take(2_000).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { "nothing more was said".to_owned() } else { model::text::shorten(&line, 300) }
}
