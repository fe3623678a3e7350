//! A case as both doors show it.

use std::collections::BTreeMap;

use model::artifact::Status;
use model::case::{CaseState, CaseType, Pap, Rating, Tlp, Verdict, case_number};
use model::{Kind, Timestamp};
use serde::{Deserialize, Serialize};
use store::case::{Around, Case, CaseListed};
use store::{Tx, artifact, case, sighting, technique};

use crate::error::Result;

/// How many artifacts of a kind a case has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KindCount {
    /// Those that count.
    pub included: i64,
    /// Those that were thrown out.
    pub excluded: i64,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseView {
    /// `SECC0001001`.
    pub number: String,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub case_type: CaseType,
    /// How much it matters.
    pub rating: Rating,
    /// Where it stands.
    pub state: CaseState,
    /// The states that can follow.
    pub next_states: Vec<CaseState>,
    /// One line.
    pub short_description: String,
    /// Markdown.
    pub description: String,
    /// A login name, or empty.
    pub assigned_to: String,
    /// Login names.
    pub contributors: Vec<String>,
    /// Login names.
    pub watchers: Vec<String>,
    /// Login names that may read work notes of that audience.
    pub work_notes_list: Vec<String>,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// Who may be told.
    pub tlp: Tlp,
    /// What may be done with it.
    pub pap: Pap,
    /// Words.
    pub tags: Vec<String>,
    /// Whether only those let in may know of it.
    pub restricted: bool,
    /// Login names let in.
    pub allowed_accounts: Vec<String>,
    /// Groups let in.
    pub allowed_groups: Vec<String>,
    /// Markdown.
    pub findings: String,
    /// Markdown.
    pub recommendations: String,
    /// Markdown.
    pub closure_summary: String,
    /// What the hunt found.
    pub verdict: Verdict,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// A login name.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Counts changes of the case's own fields: its ETag.
    pub version: i64,
    /// Artifacts by kind.
    pub artifact_counts: BTreeMap<Kind, KindCount>,
    /// How many ATT&CK techniques it has, by hand or told of by its artifacts.
    pub technique_count: i64,
    /// How many sightings searches were run in it.
    pub sighting_count: i64,
}

impl CaseView {
    /// Reads what hangs on a case and makes its view.
    pub(crate) fn load(tx: &mut Tx<'_>, case: Case) -> Result<Self> {
        let around = case::around(tx, case.id)?;
        let mut counts: BTreeMap<Kind, KindCount> = BTreeMap::new();
        for count in artifact::counts(tx, case.id)? {
            let of_kind = counts.entry(count.kind).or_default();
            match count.status {
                Status::Included => of_kind.included = count.count,
                Status::Excluded => of_kind.excluded = count.count,
            }
        }
        let (technique_count, sighting_count) = (technique::count(tx, case.id)?, sighting::count(tx, case.id)?);
        Ok(Self { technique_count, sighting_count, ..Self::new(case, around, counts) })
    }

    fn new(case: Case, around: Around, artifact_counts: BTreeMap<Kind, KindCount>) -> Self {
        Self {
            number: case_number(case.number),
            name: case.name,
            case_type: case.case_type,
            rating: case.rating,
            state: case.state,
            next_states: case.state.next().to_vec(),
            short_description: case.short_description,
            description: case.description,
            assigned_to: case.assigned_to,
            contributors: around.contributors,
            watchers: around.watchers,
            work_notes_list: around.work_notes_list,
            due_at: case.due_at.set(),
            tlp: case.tlp,
            pap: case.pap,
            tags: around.tags,
            restricted: case.restricted,
            allowed_accounts: around.allowed_accounts,
            allowed_groups: around.allowed_groups,
            findings: case.findings,
            recommendations: case.recommendations,
            closure_summary: case.closure_summary,
            verdict: case.verdict,
            created_by: case.created_by,
            created_at: case.created_at,
            updated_by: case.updated_by,
            updated_at: case.updated_at,
            closed_at: case.closed_at.set(),
            version: case.version,
            artifact_counts,
            technique_count: 0,
            sighting_count: 0,
        }
    }

    /// How many artifacts count, of all kinds.
    #[must_use]
    pub fn included_total(&self) -> i64 {
        self.artifact_counts.values().map(|count| count.included).sum()
    }

    /// The counts of a kind.
    #[must_use]
    pub fn counts(&self, kind: &Kind) -> KindCount {
        self.artifact_counts.get(kind).copied().unwrap_or_default()
    }
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseSummary {
    /// `SECC0001001`.
    pub number: String,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub case_type: CaseType,
    /// How much it matters.
    pub rating: Rating,
    /// Where it stands.
    pub state: CaseState,
    /// One line.
    pub short_description: String,
    /// A login name, or empty.
    pub assigned_to: String,
    /// Who may be told.
    pub tlp: Tlp,
    /// Whether only those let in may know of it.
    pub restricted: bool,
    /// What the hunt found.
    pub verdict: Verdict,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// A login name.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// A login name.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
    /// How many artifacts count.
    pub artifacts: i64,
}

impl From<CaseListed> for CaseSummary {
    fn from(listed: CaseListed) -> Self {
        let case = listed.case;
        Self {
            number: case_number(case.number),
            name: case.name,
            case_type: case.case_type,
            rating: case.rating,
            state: case.state,
            short_description: case.short_description,
            assigned_to: case.assigned_to,
            tlp: case.tlp,
            restricted: case.restricted,
            verdict: case.verdict,
            due_at: case.due_at.set(),
            created_by: case.created_by,
            created_at: case.created_at,
            updated_by: case.updated_by,
            updated_at: case.updated_at,
            artifacts: listed.artifacts,
        }
    }
}
