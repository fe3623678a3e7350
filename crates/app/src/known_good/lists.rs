//! Known-good lists of others: brought in, asked or not, and removed.

use std::io::Cursor;

use formats::known_good::{ListLimits, Matcher, Warninglist, read_lists};
use model::{Actor, Role, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::blob::{self, BlobRef};
use store::change::{self, Topic};
use store::journal::{Deed, ShownIn};
use store::known_good::{self, List};
use store::{Tx, journal};

use crate::App;
use crate::authorise::require;
use crate::error::{AppError, Result};
use crate::extract::on_a_thread;

/// The largest upload, in bytes.
const MAX_UPLOAD: usize = 200 * 1024 * 1024;
/// Lists, in all.
const MOST_LISTS: usize = 1_000;
/// Characters of a list's name and description.
const NAME: usize = 200;
const DESCRIPTION: usize = 2_000;
/// Names that the journal holds of one upload.
const TOLD: usize = 50;

/// A known-good list of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KnownGoodListView {
    /// Its id.
    pub list_id: String,
    /// What it calls itself.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// As its file tells.
    pub version: i64,
    /// How it matches: `string`, `substring`, `hostname`, `cidr` or `regex`.
    pub r#type: String,
    /// MISP's attribute types that it is for.
    pub matching_attributes: Vec<String>,
    /// How many entries it has.
    pub entries: i64,
    /// How many of its entries can't be used: no network, no regular expression, or one that costs too much.
    pub unusable: i64,
    /// Whether it is asked.
    pub enabled: bool,
    /// Whether it is asked for its attribute types only.
    pub own_types_only: bool,
    /// Who brought this version in.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

impl From<List> for KnownGoodListView {
    fn from(list: List) -> Self {
        Self {
            list_id: list.public_id,
            name: list.name,
            description: list.description,
            version: list.version,
            r#type: list.sort,
            matching_attributes: serde_json::from_str(&list.attributes).unwrap_or_default(),
            entries: list.entries,
            unusable: list.skipped,
            enabled: list.enabled,
            own_types_only: list.own_types,
            created_by: list.created_by,
            created_at: list.created_at,
        }
    }
}

/// A file that is no list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RefusedListView {
    /// Its name.
    pub file: String,
    /// Why.
    pub detail: String,
}

/// What an upload brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ImportedLists {
    /// How many lists are new.
    pub created: i64,
    /// How many were there, and are of this version now.
    pub updated: i64,
    /// The lists that came.
    pub lists: Vec<KnownGoodListView>,
    /// Files that are no lists.
    pub refused: Vec<RefusedListView>,
    /// The job that holds every observable against the lists.
    pub job: String,
}

/// What is changed of a list; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetKnownGoodList {
    /// Whether it is asked.
    pub enabled: Option<bool>,
    /// Whether it is asked for its attribute types only.
    pub own_types_only: Option<bool>,
}

/// All lists of others, by name.
///
/// # Errors
/// When the store fails.
pub async fn lists(app: &App, actor: &Actor) -> Result<Vec<KnownGoodListView>> {
    app.read(actor, |tx| Ok(known_good::lists(tx, false)?.into_iter().map(Into::into).collect())).await
}

/// A list on its way in: what it holds, where it lies, how many of its entries can't be used.
struct Incoming {
    list: Warninglist,
    kept: BlobRef,
    unusable: usize,
}

/// Brings lists in from files, each a list (packed or not) or a zip of lists. A list of a name that is there replaces it, and
/// stays enabled or not as it was.
///
/// # Errors
/// When none of the files is a list, they are too large, or the actor is not a lead.
pub async fn import_lists(app: &App, actor: &Actor, files: Vec<(String, Vec<u8>)>) -> Result<ImportedLists> {
    require(actor, Role::Lead)?;
    if files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > MAX_UPLOAD {
        return Err(AppError::TooLarge { what: "the upload".to_owned(), limit: "200 MB".to_owned() });
    }
    let blobs = app.store.blobs().clone();
    let into = blobs.clone();
    let (incoming, refused) = on_a_thread(move || read(&into, &files)).await??;
    if incoming.is_empty() {
        let why = refused.first().map_or_else(|| "choose a file".to_owned(), |one| format!("{} {}", one.file, one.detail));
        return Err(AppError::invalid("/file", why));
    }
    app.change(actor, move |tx, stamp| {
        let before: Vec<String> = known_good::lists(tx, false)?.into_iter().map(|list| list.name).collect();
        let (mut created, mut names) = (0, Vec::new());
        for (n, one) in incoming.iter().enumerate() {
            blob::keep(tx, &blobs, &one.kept, stamp.at)?;
            let list = row(stamp, n, one);
            created += i64::from(!before.contains(&list.name) && !names.contains(&list.name));
            known_good::put_list(tx, &list, stamp)?;
            names.push(list.name);
        }
        let all = known_good::lists(tx, false)?;
        if all.len() > MOST_LISTS {
            return Err(AppError::State(format!("there would be {} lists; at most {MOST_LISTS} are kept", all.len())));
        }
        let details = json!({ "lists": names.len(), "created": created, "names": names.iter().take(TOLD).collect::<Vec<_>>() });
        let job = changed(tx, stamp, "known_good.lists.import", names.first().map_or("", String::as_str), details)?;
        let lists: Vec<KnownGoodListView> = all.into_iter().filter(|list| names.contains(&list.name)).map(Into::into).collect();
        Ok(ImportedLists { created, updated: lists.len() as i64 - created, lists, refused: refused.clone(), job })
    })
    .await
}

fn read(blobs: &blob::Blobs, files: &[(String, Vec<u8>)]) -> Result<(Vec<Incoming>, Vec<RefusedListView>)> {
    let (mut incoming, mut refused) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let name = if name.is_empty() { "the file" } else { name };
        let found = read_lists(name, bytes, &ListLimits::default());
        refused.extend(found.refused.into_iter().map(|(file, detail)| RefusedListView { file, detail }));
        for (list, text) in found.lists {
            if incoming.len() >= MOST_LISTS {
                return Err(AppError::invalid("/file", format!("has more than {MOST_LISTS} lists")));
            }
            if list.name.contains('\0') || list.description.contains('\0') {
                refused.push(RefusedListView { file: name.to_owned(), detail: "has a name with U+0000 in it".to_owned() });
                continue;
            }
            let unusable = Matcher::compile([(&list, false)]).unusable().iter().sum::<usize>() + list.skipped;
            let kept = blobs.put(Cursor::new(&text), MAX_UPLOAD as u64)?;
            incoming.push(Incoming { list, kept, unusable });
        }
    }
    Ok((incoming, refused))
}

fn row(stamp: &Stamp, n: usize, one: &Incoming) -> List {
    let list = &one.list;
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    List {
        public_id: format!("known-good-list--{}", stamp.uuid("known-good-list", n)),
        name: model::text::shorten(&list.name, NAME),
        description: model::text::shorten(&list.description, DESCRIPTION),
        version: i64::try_from(list.version).unwrap_or(i64::MAX),
        sort: list.sort.as_str().to_owned(),
        attributes: json!(list.matching_attributes.iter().take(TOLD).collect::<Vec<_>>()).to_string().replace("\\u0000", ""),
        entries: whole(list.entries.len()),
        skipped: whole(one.unusable),
        enabled: true,
        own_types: false,
        sha256: one.kept.sha256.clone(),
        created_by: stamp.actor.clone(),
        created_at: stamp.at,
    }
}

/// Says whether a list is asked, and for what.
///
/// # Errors
/// When there is no such list, or the actor is not a lead.
pub async fn set_list(app: &App, actor: &Actor, id: &str, input: SetKnownGoodList) -> Result<KnownGoodListView> {
    require(actor, Role::Lead)?;
    let id = id.to_owned();
    app.change(actor, move |tx, stamp| {
        let list = known_good::find_list(tx, &id)?.ok_or(AppError::NotFound("list"))?;
        let (enabled, own_types) = (input.enabled.unwrap_or(list.enabled), input.own_types_only.unwrap_or(list.own_types));
        if (enabled, own_types) != (list.enabled, list.own_types) {
            known_good::set_list(tx, &id, enabled, own_types)?;
            changed(tx, stamp, "known_good.lists.set", &list.name, json!({ "enabled": enabled, "own_types_only": own_types }))?;
        }
        Ok(List { enabled, own_types, ..list }.into())
    })
    .await
}

/// Removes a list, with the marks that it left.
///
/// # Errors
/// When there is no such list, or the actor is not a lead.
pub async fn remove_list(app: &App, actor: &Actor, id: &str) -> Result<()> {
    require(actor, Role::Lead)?;
    let id = id.to_owned();
    app.change(actor, move |tx, stamp| {
        let list = known_good::find_list(tx, &id)?.ok_or(AppError::NotFound("list"))?;
        known_good::remove_list(tx, &id)?;
        changed(tx, stamp, "known_good.lists.remove", &list.name, json!({ "version": list.version, "entries": list.entries })).map(|_| ())
    })
    .await
}

/// Journals and announces, and has every observable held against the lists again. Tells the job that does it.
fn changed(tx: &mut Tx<'_>, stamp: &Stamp, verb: &'static str, object: &str, details: serde_json::Value) -> Result<String> {
    journal::append(tx, stamp, &Deed { verb, object, details }, ShownIn::Journal)?;
    let job = known_good::lists_changed(tx, stamp)?;
    change::announce(tx, stamp, Topic::Jobs, 0)?;
    change::announce(tx, stamp, Topic::Records, 0)?;
    Ok(job)
}
