//! STIX 2.1 (OASIS): one bundle of observables, records, relationships, annotations and sightings, and of a grouping that
//! is the case.
//!
//! What came in a document leaves as it came, with what was edited since. Observables are cyber observable objects under ids
//! that are the same everywhere. What STIX has no type or property for stands in two extensions of ours (see [`own`]).

mod cyber;
mod domain;
mod ids;
pub(crate) mod own;
mod upgrade;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use model::Kind;
use model::artifact::Finding;
use model::case::Tlp;
use model::relationship::RelationshipType;
use serde_json::{Value, json};

use self::ids::Ids;
use self::own::Object;
use super::write::Pieces;
use super::{Annotation, End, Head, Item, Link, Seen, Sink};

/// The largest count that STIX holds.
const MOST: i64 = 999_999_999;

pub use domain::is_of_file;

/// The id of the file that these hashes and names are; `None` when there is no hash among them.
#[must_use]
pub fn file_id(parts: &[&End]) -> Option<String> {
    cyber::file(parts).and_then(|object| object.get("id")?.as_str().map(str::to_owned))
}

/// The id that a document gives to the object that a record came as, when it is another one than ours: its references
/// name that.
#[must_use]
pub fn other_id(original: &str, end: &End) -> Option<String> {
    let object = upgrade::parse(original)?;
    let id = object.get("id")?.as_str()?;
    (id != default_id(end)).then(|| id.to_owned())
}

#[cfg(test)]
pub(super) use cyber::uri as uri_of;

/// The id of a record's object, as far as the record alone tells.
fn default_id(end: &End) -> String {
    if let Some(file) = &end.within {
        return file.clone();
    }
    match end.observable() {
        Some(observable) => cyber::id(&observable, &end.id),
        None => format!("{}--{}", domain::type_of(end), own::uuid_of(&end.id)),
    }
}

pub(super) struct Stix<W> {
    out: Pieces<W>,
    head: Head,
    /// What is in the bundle.
    ids: Ids,
    /// Records whose objects have other ids than [`default_id`] tells, by public id.
    renamed: HashMap<String, String>,
    /// What documents call objects, and what they are called here.
    others: HashMap<String, String>,
    /// Folders that paths name, each with one that does. They come last: a folder may be a record of its own.
    folders: BTreeMap<String, String>,
}

impl<W: Write> Stix<W> {
    pub(super) fn begin(head: Head, out: W) -> io::Result<Self> {
        let mut out = Pieces::new(out);
        out.raw(&format!("{{\"type\":\"bundle\",\"id\":\"bundle--{}\",\"objects\":[", own::as_v4(own::uuid_of(&head.uuid))))?;
        for definition in own::definitions() {
            out.piece(&definition)?;
        }
        Ok(Self { out, head, ids: Ids::default(), renamed: HashMap::new(), others: HashMap::new(), folders: BTreeMap::new() })
    }

    /// What tells this case from all others, wherever.
    fn seed(&self) -> String {
        self.head.case.as_ref().map(|case| format!("{} {}", case.number, case.created_at)).unwrap_or_default()
    }

    fn id_of(&self, end: &End) -> String {
        self.renamed.get(&end.id).cloned().unwrap_or_else(|| default_id(end))
    }

    /// Writes an object, unless it is there already.
    fn emit(&mut self, object: &Object) -> io::Result<()> {
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
        if self.ids.add(id) { self.out.piece(object) } else { Ok(()) }
    }

    /// Marks an object of ours by the case's TLP, or by its own when that is stricter.
    fn mark(&mut self, object: &mut Object, own_tlp: &str) -> io::Result<()> {
        let Some(tlp) = self.head.tlp().max(own_tlp.parse::<Tlp>().ok()) else { return Ok(()) };
        if self.ids.add_definition(own::tlp_id(tlp)) {
            self.out.piece(&own::tlp_definition(tlp))?;
        }
        object.insert("object_marking_refs".to_owned(), json!([own::tlp_id(tlp)]));
        Ok(())
    }

    /// Writes an object of ours, marked.
    fn emit_marked(&mut self, mut object: Object, own_tlp: &str) -> io::Result<()> {
        self.mark(&mut object, own_tlp)?;
        self.emit(&object)
    }

    fn observable(&mut self, item: &Item) -> io::Result<()> {
        let Some(observable) = item.end.observable() else { return Ok(()) };
        let (mut object, folder) = cyber::object(&observable, &item.end.id);
        if let (Some(folder), Some(id)) = (folder, object.get("id").and_then(Value::as_str)) {
            self.folders.insert(folder.to_owned(), id.to_owned());
        }
        tell_finding(&mut object, item.finding);
        self.emit_marked(object, "")
    }

    /// A record that is none of an observable; tells the id that its object got.
    fn record(&mut self, item: &Item) -> io::Result<String> {
        let refs: Vec<String> = item.refers.iter().map(|(_, end)| self.id_of(end)).collect();
        if let Some((mut object, changed)) = domain::original(item, &refs) {
            let id = object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let referred = upgrade::refer(&mut object, &self.others);
            match item.original.as_deref().filter(|_| !changed && !referred) {
                Some(text) if self.ids.add(&id) => self.out.piece_of_text(text)?,
                Some(_) => {}
                None => self.emit(&object)?,
            }
            return Ok(id);
        }
        let id = default_id(&item.end);
        let object = match item.end.kind {
            Kind::StixSighting => self.sighting_of(item, &id),
            _ => domain::build(item, &id, &refs),
        };
        let object = object.unwrap_or_else(|| domain::custom(item, &domain::custom_id(&item.end)));
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.emit_marked(object, item.text("tlp"))?;
        Ok(id)
    }

    /// A sighting that a document told in another format. STIX knows sightings of domain objects only (section 5.2).
    fn sighting_of(&self, item: &Item, id: &str) -> Option<Object> {
        let all = |relationship: &RelationshipType| -> Vec<String> {
            item.refers.iter().filter(|(how, _)| how == relationship).map(|(_, end)| self.id_of(end)).collect()
        };
        let (_, of) = item.refers.iter().find(|(how, end)| *how == RelationshipType::SIGHTING_OF && end.kind != Kind::Observable)?;
        let mut object = domain::versioned(item, "sighting", id);
        object.insert("sighting_of_ref".to_owned(), self.id_of(of).into());
        let seen_by: Vec<String> = all(&RelationshipType::SEEN_BY).into_iter().filter(|id| id.starts_with("identity--")).collect();
        if !seen_by.is_empty() {
            object.insert("where_sighted_refs".to_owned(), json!(seen_by));
        }
        for (name, at) in [("first_seen", item.text("first_seen")), ("last_seen", item.text("last_seen"))] {
            if let Ok(at) = at.parse() {
                object.insert(name.to_owned(), own::moment(at).into());
            }
        }
        if let Ok(count) = item.text("count").parse::<i64>() {
            object.insert("count".to_owned(), count.clamp(0, MOST).into());
        }
        if !item.text("description").is_empty() {
            object.insert("description".to_owned(), item.text("description").into());
        }
        Some(object)
    }

    /// What is said of a record, about its object.
    fn said(&mut self, item: &Item, id: &str) -> io::Result<()> {
        for annotation in &item.annotations {
            self.annotation(annotation, id)?;
        }
        if let Some(standing) = item.standing.as_ref().filter(|_| item.is_excluded()) {
            let reason = standing.reason.map_or("without a reason", |reason| reason.label());
            let mut content = format!("Excluded from the case: {}", reason.to_lowercase());
            if !standing.comment.is_empty() {
                content.push_str(&format!(". {}", standing.comment));
            }
            let mut note = self.made("note", &["excluded", &item.end.id], standing.status_at);
            note.insert("content".to_owned(), content.into());
            note.insert("object_refs".to_owned(), json!([id]));
            self.emit_marked(note, "")?;
        }
        item.sightings.iter().try_for_each(|seen| self.seen(item, seen, id))
    }

    fn annotation(&mut self, annotation: &Annotation, of: &str) -> io::Result<()> {
        let mut note = cyber::bare("note", &format!("note--{}", own::uuid_of(&format!("note--{}", annotation.id))));
        note.insert("created".to_owned(), own::millis(annotation.created_at).into());
        note.insert("modified".to_owned(), own::millis(annotation.updated_at.max(annotation.created_at)).into());
        note.insert("created_by_ref".to_owned(), own::IDENTITY.into());
        note.insert("content".to_owned(), annotation.text.as_str().into());
        note.insert("authors".to_owned(), json!([annotation.author]));
        note.insert("object_refs".to_owned(), json!([of]));
        self.emit_marked(note, "")
    }

    /// An object of ours that is made of what it stands for in this case.
    fn made(&self, kind: &str, of: &[&str], at: model::Timestamp) -> Object {
        let seed = self.seed();
        let whole: Vec<&str> = std::iter::once(seed.as_str()).chain(of.iter().copied()).collect();
        let mut object = cyber::bare(kind, &own::made_id(kind, &whole));
        object.insert("created".to_owned(), own::millis(at).into());
        object.insert("modified".to_owned(), own::millis(at).into());
        object.insert("created_by_ref".to_owned(), own::IDENTITY.into());
        object
    }

    /// What a search told of an observable: data that was observed, and a sighting of each indicator that points at it; of
    /// the data itself, when none does, since STIX knows no sighting of an observable.
    fn seen(&mut self, item: &Item, seen: &Seen, id: &str) -> io::Result<()> {
        let mut source = self.made("identity", &["source", &seen.source], seen.searched_at);
        source.insert("name".to_owned(), seen.source.as_str().into());
        source.insert("identity_class".to_owned(), "system".into());
        source.insert("description".to_owned(), "A source of logs.".into());
        let source_id = source.get("id").cloned().unwrap_or_default();
        let mut of: Vec<String> = item.indicators.iter().map(|id| self.renamed.get(id).unwrap_or(id).clone()).collect();
        let mut data_id = None;
        let (first, last) = (seen.first_seen.unwrap_or(seen.searched_at), seen.last_seen.or(seen.first_seen).unwrap_or(seen.searched_at));
        if seen.count > 0 {
            let mut data = self.made("observed-data", &[&seen.search, &seen.source, &item.end.id], seen.searched_at);
            data.insert("first_observed".to_owned(), own::moment(first).into());
            data.insert("last_observed".to_owned(), own::moment(last.max(first)).into());
            data.insert("number_observed".to_owned(), seen.count.clamp(1, MOST).into());
            data.insert("object_refs".to_owned(), json!([id]));
            let id = data.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            self.emit_marked(data, "")?;
            if of.is_empty() {
                of.push(id.clone());
            }
            data_id = Some(id);
        }
        if of.is_empty() {
            return Ok(());
        }
        self.emit_marked(source, "")?;
        for target in of {
            let mut sighting = self.made("sighting", &[&seen.search, &seen.source, &item.end.id, &target], seen.searched_at);
            sighting.insert("sighting_of_ref".to_owned(), target.as_str().into());
            sighting.insert("where_sighted_refs".to_owned(), json!([source_id]));
            sighting.insert("count".to_owned(), seen.count.clamp(0, MOST).into());
            if let Some(data) = &data_id {
                sighting.insert("observed_data_refs".to_owned(), json!([data]));
                sighting.insert("first_seen".to_owned(), own::moment(first).into());
                sighting.insert("last_seen".to_owned(), own::moment(last.max(first)).into());
            }
            let exact = if seen.count_is_exact { "" } else { " There are more than were counted." };
            sighting.insert("description".to_owned(), format!("{} in {}.{exact}", seen.search, seen.source).into());
            self.emit_marked(sighting, "")?;
        }
        Ok(())
    }

    /// The case, around all that is in the bundle.
    fn grouping(&mut self) -> io::Result<()> {
        let Some(case) = self.head.case.clone() else { return Ok(()) };
        let mut grouping = self.made("grouping", &[], case.created_at);
        grouping.insert("modified".to_owned(), own::millis(case.updated_at.max(case.created_at)).into());
        grouping.insert("name".to_owned(), format!("{} {}", case.number, case.name).into());
        grouping.insert("context".to_owned(), "suspicious-activity".into());
        let told = [&case.short_description, &case.description, &case.findings, &case.recommendations, &case.closure_summary];
        let told: Vec<&str> = told.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        if !told.is_empty() {
            grouping.insert("description".to_owned(), told.join("\n\n").into());
        }
        let mut labels = case.tags.clone();
        labels.push(case.pap.label().to_owned());
        grouping.insert("labels".to_owned(), json!(labels));
        let techniques: Vec<Value> =
            case.techniques.iter().map(|technique| json!({ "source_name": "mitre-attack", "external_id": technique.id })).collect();
        if !techniques.is_empty() {
            grouping.insert("external_references".to_owned(), techniques.into());
        }
        self.mark(&mut grouping, "")?;
        let text = serde_json::to_string(&grouping)?;
        let open = text.strip_suffix('}').unwrap_or(&text);
        self.out.piece_of_text(&format!("{open},\"object_refs\":["))?;
        let mut first = true;
        for id in self.ids.iter() {
            self.out.more(if first { "\"" } else { ",\"" })?;
            self.out.more(&id)?;
            self.out.more("\"")?;
            first = false;
        }
        // An empty case holds nothing but who made it.
        if first {
            self.out.more(&format!("\"{}\"", own::IDENTITY))?;
        }
        self.out.more("]}")
    }
}

impl<W: Write> Sink for Stix<W> {
    fn other_id(&mut self, id: String, end: &End) {
        self.others.insert(id, default_id(end));
    }

    fn item(&mut self, item: &Item) -> io::Result<()> {
        let id = if item.end.kind == Kind::Observable {
            self.observable(item)?;
            default_id(&item.end)
        } else {
            self.record(item)?
        };
        if id != default_id(&item.end) {
            self.renamed.insert(item.end.id.clone(), id.clone());
        }
        self.said(item, &id)
    }

    fn file(&mut self, parts: &[Item]) -> io::Result<()> {
        let ends: Vec<&End> = parts.iter().map(|part| &part.end).collect();
        let Some(mut object) = cyber::file(&ends) else { return parts.iter().try_for_each(|part| self.item(part)) };
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        tell_finding(&mut object, parts.iter().map(|part| part.finding).max().unwrap_or(Finding::Unknown));
        self.emit_marked(object, "")?;
        parts.iter().try_for_each(|part| self.said(part, &id))
    }

    fn link(&mut self, link: &Link) -> io::Result<()> {
        let (from, to) = (self.id_of(&link.from), self.id_of(&link.to));
        if from == to || is_property(link) || !may_be_end(&from) || !may_be_end(&to) {
            return Ok(());
        }
        if let Some(object) = upgrade::relationship(&link.original, &from, &to) {
            return self.emit(&object);
        }
        let how = link.relationship.as_str();
        let id = if link.id.starts_with("relationship--") { link.id.clone() } else { own::made_id("relationship", &[&from, how, &to]) };
        let mut object = cyber::bare("relationship", &id);
        object.insert("created".to_owned(), own::millis(link.created_at).into());
        object.insert("modified".to_owned(), own::millis(link.created_at).into());
        object.insert("relationship_type".to_owned(), how.into());
        object.insert("source_ref".to_owned(), from.into());
        object.insert("target_ref".to_owned(), to.into());
        if let Some(confidence) = link.confidence {
            object.insert("confidence".to_owned(), confidence.into());
        }
        if let Some(at) = link.first_seen.set() {
            object.insert("start_time".to_owned(), own::moment(at).into());
        }
        if let Some(at) = link.last_seen.set().filter(|at| *at > link.first_seen) {
            object.insert("stop_time".to_owned(), own::moment(at).into());
        }
        self.emit_marked(object, "")
    }

    fn end(&mut self) -> io::Result<()> {
        for (folder, file) in std::mem::take(&mut self.folders) {
            self.emit_marked(cyber::folder(&folder, &file), "")?;
        }
        self.grouping()?;
        self.out.raw("\n]}\n")?;
        self.out.flush()
    }
}

fn tell_finding(object: &mut Object, finding: Finding) {
    if finding != Finding::Unknown {
        own::tell(object, "finding", finding.as_str());
    }
}

/// Whether a link is told by a property of its object already.
fn is_property(link: &Link) -> bool {
    match link.from.kind {
        Kind::Report | Kind::Grouping | Kind::StixNote | Kind::Opinion => link.relationship == RelationshipType::REFERS_TO,
        Kind::ObservedData => link.relationship == RelationshipType::OBSERVED,
        Kind::StixSighting => true,
        _ => false,
    }
}

/// Relationships join objects, neither each other nor definitions (STIX 2.1, section 5.1).
fn may_be_end(id: &str) -> bool {
    !matches!(own::type_of(id), "relationship" | "sighting" | "marking-definition" | "extension-definition" | "language-content" | "bundle")
}
