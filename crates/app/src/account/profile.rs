//! What people choose for themselves.

use std::collections::BTreeMap;

use model::{Actor, Fields};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::account::{self, Account, group, preference};
use store::change::Topic;
use store::journal::{Deed, ShownIn};
use store::{Tx, change, journal};

use super::policy::{MAX_DISPLAY_NAME, email};
use super::update::difference;
use super::{AccountView, find_own};
use crate::App;
use crate::error::Result;

/// The preference that holds the theme.
const THEME: &str = "theme";
/// The preference that holds the time zone.
const TIME_ZONE: &str = "time_zone";

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the machine is set.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Every value, in order.
    pub const ALL: &'static [Self] = &[Self::System, Self::Light, Self::Dark];

    /// What people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "As the machine is set",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The word in the API and on the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl std::fmt::Display for Theme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One's own account, with what one chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileView {
    /// The account.
    pub account: AccountView,
    /// The groups that it is in.
    pub groups: Vec<String>,
    /// Light or dark.
    pub theme: Theme,
    /// An IANA time zone, or empty for the browser's.
    pub time_zone: String,
}

/// What somebody chose, among their preferences.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) theme: Theme,
    pub(crate) time_zone: String,
}

impl Chosen {
    pub(crate) fn of(mut preferences: BTreeMap<String, Json>) -> Self {
        let mut take = |name: &str| preferences.remove(name).unwrap_or(Json::Null);
        Self {
            theme: serde_json::from_value(take(THEME)).unwrap_or_default(),
            time_zone: take(TIME_ZONE).as_str().unwrap_or_default().to_owned(),
        }
    }
}

/// Changes to one's own profile: only the fields that are given.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProfilePatch {
    /// What people read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Empty to remove it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Light or dark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<Theme>,
    /// An IANA time zone like `Europe/Vienna`, or empty for the browser's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// One's own account, with what one chose.
///
/// # Errors
/// When the actor has no account.
pub async fn profile(app: &App, actor: &Actor) -> Result<ProfileView> {
    let who = actor.clone();
    app.read(actor, move |tx| {
        let account = find_own(tx, &who)?;
        load(tx, account)
    })
    .await
}

/// Changes one's own profile.
///
/// # Errors
/// When the input is wrong, or the actor has no account.
pub async fn update_profile(app: &App, actor: &Actor, patch: ProfilePatch) -> Result<ProfileView> {
    let mut fields = Fields::new();
    let display_name = patch.display_name.as_ref().map(|text| fields.line("/display_name", text, MAX_DISPLAY_NAME));
    let email = patch.email.as_ref().map(|text| email(&mut fields, "/email", text));
    let time_zone = patch.time_zone.as_ref().map(|text| time_zone(&mut fields, text));
    fields.finish()?;
    let (who, theme) = (actor.clone(), patch.theme);
    app.change(actor, move |tx, stamp| {
        let before = find_own(tx, &who)?;
        let old = load(tx, before.clone())?;
        let mut account = Account {
            display_name: display_name.clone().unwrap_or_else(|| before.display_name.clone()),
            email: email.clone().unwrap_or_else(|| before.email.clone()),
            ..before.clone()
        };
        let mut changed = difference(&before, &account);
        if !changed.is_empty() {
            account.version += 1;
            account::update(tx, &account)?;
        }
        for (name, old, new) in [
            (THEME, json!(old.theme), theme.map(|new| json!(new))),
            (TIME_ZONE, json!(old.time_zone), time_zone.as_ref().map(|new| json!(new))),
        ] {
            if let Some(new) = new.filter(|new| *new != old) {
                preference::set(tx, account.id, name, &new)?;
                changed.insert(name, [old, new]);
            }
        }
        if !changed.is_empty() {
            let deed = Deed { verb: "account.profile", object: &account.name, details: json!({ "changes": changed }) };
            journal::append(tx, stamp, &deed, ShownIn::Journal)?;
            change::announce(tx, stamp, Topic::People, 0)?;
        }
        load(tx, account)
    })
    .await
}

fn load(tx: &mut Tx<'_>, account: Account) -> Result<ProfileView> {
    let Chosen { theme, time_zone } = Chosen::of(preference::all(tx, account.id)?);
    Ok(ProfileView { theme, time_zone, groups: group::of_account(tx, account.id)?, account: account.into() })
}

/// The shape of an IANA name: which of them there are, the browser knows.
fn time_zone(fields: &mut Fields, given: &str) -> String {
    let given = given.trim();
    if !given.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+')) {
        fields.refuse("/time_zone", "must be a time zone like Europe/Vienna, or empty");
    }
    fields.text("/time_zone", given, 64)
}
