//! Words and small pictures that templates ask for.

use app::operation::OperationView;
use app::text::counted;
use model::Timestamp;
use model::artifact::{Finding, Severity};
use model::case::{CaseState, Rating, Tlp};
use model::observable::ObservableType;
use model::operation::OperationVerb;

/// `1,284`.
pub(crate) fn thousands(number: impl std::borrow::Borrow<i64>) -> String {
    model::list::thousands(*number.borrow())
}

/// What moving a case from one state to another is called.
pub(crate) fn step(from: &CaseState, to: &CaseState) -> &'static str {
    from.step_label(*to)
}

/// Whether a step leads on towards the verdict: one of a state's steps does.
pub(crate) fn leads_on(from: &CaseState, to: &CaseState) -> bool {
    let on = if *from == CaseState::Review { Some(&CaseState::Closed) } else { from.next().first() };
    on == Some(to)
}

/// Markdown as HTML, through an allow-list: no scripts, no styles, no images, no links that are live.
pub(crate) fn markdown(text: &str) -> String {
    use pulldown_cmark::{Options, Parser, html};
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut rendered = String::with_capacity(text.len() * 2);
    html::push_html(&mut rendered, Parser::new_ext(text, options));
    ammonia::Builder::default()
        // A link in a note may be the attacker's: its text stays, its target goes.
        .rm_tags(["a", "img"])
        .clean(&rendered)
        .to_string()
}

/// `AK` for Ada Kovács.
pub(crate) fn initials(name: &str) -> String {
    let mut parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let first = parts.next().and_then(|part| part.chars().next());
    let last = parts.next_back().and_then(|part| part.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// One of six colours for a person, always the same.
pub(crate) fn face(name: &str) -> u32 {
    name.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) % 6
}

/// `2026-11-24 09:30 UTC`: what is shown until the browser puts it into the reader's zone.
pub(crate) fn utc(time: &Timestamp) -> String {
    let text = time.to_string();
    let (date, clock) = (text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default());
    format!("{date} {clock} UTC")
}

/// `2026-11-24 09:31:05 UTC`, for what happened in the logs.
pub(crate) fn utc_to_second(time: &Timestamp) -> String {
    let text = time.to_string();
    let (date, clock) = (text.get(..10).unwrap_or_default(), text.get(11..19).unwrap_or_default());
    format!("{date} {clock} UTC")
}

/// The colour of a rating.
pub(crate) fn rating_chip(rating: &Rating) -> &'static str {
    match rating {
        Rating::Critical => "bad",
        Rating::High => "warn",
        Rating::Moderate | Rating::Low => "",
    }
}

/// The colour of a state.
pub(crate) fn state_chip(state: &CaseState) -> &'static str {
    match state {
        CaseState::Analysis | CaseState::Review => "info",
        CaseState::Closed => "good",
        CaseState::Draft | CaseState::Cancelled => "",
    }
}

/// The colour of a finding.
pub(crate) fn finding_chip(finding: &Finding) -> &'static str {
    match finding {
        Finding::Malicious => "bad",
        Finding::Suspicious => "warn",
        Finding::Clean => "good",
        Finding::Unknown => "",
    }
}

/// The colour of a severity.
pub(crate) fn severity_chip(severity: &Severity) -> &'static str {
    match severity {
        Severity::Critical => "bad",
        Severity::High => "warn",
        Severity::Moderate => "info",
        Severity::Low | Severity::None => "",
    }
}

/// The class of a TLP marking.
pub(crate) fn tlp_class(tlp: &Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "clear",
        Tlp::Green => "green",
        Tlp::Amber => "amber",
        Tlp::AmberStrict => "amber-strict",
        Tlp::Red => "red",
    }
}

/// A path without `did=` and `saved=`: what the page before had to say is said.
pub(crate) fn without_toast(url: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let stays = |pair: &&str| !pair.is_empty() && !pair.starts_with("did=") && !pair.starts_with("saved=");
    let kept: Vec<&str> = query.split('&').filter(stays).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

/// What people read for a record's category: of an observable, the name of its type.
pub(crate) fn category(kind: &model::Kind, category: &str) -> String {
    let of_type = || category.parse::<ObservableType>().ok().map(|one| one.label().to_owned());
    if *kind == model::Kind::Observable { of_type().unwrap_or_else(|| category.to_owned()) } else { category.to_owned() }
}

/// `1 observable`, `1,000+ observables`.
pub(crate) fn of_kind(total: &str, kind: &model::Kind) -> String {
    let spec = kind.spec();
    if total == "1" { format!("1 {}", spec.singular) } else { format!("{total} {}", spec.plural.to_lowercase()) }
}

/// `Security incident`, where a sentence begins.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// What people read for the word of a choice.
pub(crate) fn chosen<T: std::str::FromStr>(word: &str, label: impl Fn(T) -> &'static str) -> String {
    word.parse::<T>().map_or_else(|_| word.to_owned(), |one| label(one).to_owned())
}

/// The letter after `g` that leads to a kind's list.
pub(crate) fn go_key(kind: &model::Kind) -> &'static str {
    match kind {
        model::Kind::Observable => "o",
        model::Kind::Incident => "i",
        model::Kind::ConfigurationItem => "k",
        model::Kind::User => "u",
        model::Kind::VulnerableItem => "v",
        model::Kind::Indicator => "t",
        model::Kind::AttackPattern => "a",
        _ => "",
    }
}

/// `Excluded 48 artifacts as known good; 2 are left alone`.
pub(crate) fn outcome(done: &OperationView) -> String {
    let adds = done.verb == OperationVerb::Add;
    // What was there already was not added: the sentence was written before that was known.
    let origin = done.detail.split_once(" artifact").map(|(_, rest)| rest.strip_prefix('s').unwrap_or(rest)).filter(|_| adds);
    let mut text = origin.map_or_else(|| done.detail.clone(), |origin| format!("Added {}{origin}", counted(done.affected, "artifact")));
    let (was, stays) = if adds { ("there", "excluded, and stay so") } else { ("so", "left alone") };
    if done.unchanged > 0 {
        text.push_str(&format!("; {} {} {was} already", thousands(done.unchanged), are(done.unchanged)));
    }
    if done.skipped_count > 0 {
        let stays = if adds && done.skipped_count == 1 { "excluded, and stays so" } else { stays };
        text.push_str(&format!("; {} {} {stays}", thousands(done.skipped_count), are(done.skipped_count)));
    }
    if done.undone {
        text.push_str("; undone");
    }
    text
}

fn are(count: i64) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// A height class for a bar: its share of the largest, in twentieths; what is there is never invisible.
pub(crate) fn height(count: i64, largest: i64) -> i64 {
    if count <= 0 || largest <= 0 {
        return 0;
    }
    (count.saturating_mul(20) / largest).clamp(1, 20)
}

/// A piece of shown text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it is.
    Plain(String),
    /// What was searched for.
    Hit(String),
    /// A character that can't be seen or turns the text around: its code and name.
    Odd(String, &'static str),
}

/// Text in pieces: what was searched for is marked wherever it stands, and no character hides or turns around what follows it.
pub(crate) fn pieces(text: &str, query: &str) -> Vec<Piece> {
    let query = model::observable::refang(query);
    // What is shown of an observable is defanged.
    let words = model::text::search_words(&query).into_iter().flat_map(|word| {
        let defanged = word.replace("http", "hxxp").replace("://", "[:]//").replace('.', "[.]").replace('@', "[@]");
        if defanged == word { vec![word] } else { vec![word, defanged] }
    });
    let words: Vec<String> = words.collect();
    let lower = text.to_lowercase();
    let mut out = Vec::new();
    let mut at = 0;
    // Only where lower-casing keeps every character's place can its matches be shown.
    while lower.len() == text.len() {
        let rest = lower.get(at..).unwrap_or_default();
        let next = words
            .iter()
            .filter_map(|word| Some((rest.find(word.as_str())?, word.len())))
            .min_by_key(|(from, len)| (*from, usize::MAX - len));
        let Some((from, to)) = next.map(|(from, len)| (at + from, at + from + len)) else { break };
        let (Some(before), Some(hit)) = (text.get(at..from), text.get(from..to)) else { break };
        odd_apart(before, &mut out);
        out.push(Piece::Hit(hit.to_owned()));
        at = to;
    }
    odd_apart(text.get(at..).unwrap_or_default(), &mut out);
    out
}

/// Text in pieces: marked at these byte ranges, which are ascending, and nowhere beside.
pub(crate) fn marked_at(text: &str, marks: &[(usize, usize)]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut done = 0;
    for (from, to) in marks {
        let (Some(before), Some(marked)) = (text.get(done..*from), text.get(*from..*to)) else { continue };
        odd_apart(before, &mut out);
        let hit = out.len();
        odd_apart(marked, &mut out);
        for piece in out.iter_mut().skip(hit) {
            if let Piece::Plain(text) = piece {
                *piece = Piece::Hit(std::mem::take(text));
            }
        }
        done = *to;
    }
    odd_apart(text.get(done..).unwrap_or_default(), &mut out);
    out
}

fn odd_apart(text: &str, out: &mut Vec<Piece>) {
    let mut plain = String::new();
    for c in text.chars() {
        match odd(c) {
            Some(name) => {
                if !plain.is_empty() {
                    out.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                out.push(Piece::Odd(format!("U+{:04X}", u32::from(c)), name));
            }
            None => plain.push(c),
        }
    }
    if !plain.is_empty() {
        out.push(Piece::Plain(plain));
    }
}

/// The name of a character that deceives readers (Unicode TR 36, bidirectional and invisible characters).
fn odd(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{200B}' => "zero-width space",
        '\u{200C}' | '\u{200D}' => "zero-width joiner",
        '\u{200E}' | '\u{200F}' | '\u{061C}' => "direction mark",
        '\u{202A}' | '\u{202B}' | '\u{2066}'..='\u{2068}' => "direction embedding",
        '\u{202C}' | '\u{2069}' => "end of direction",
        '\u{202D}' | '\u{202E}' => "direction override",
        '\u{00AD}' => "soft hyphen",
        '\u{2060}'..='\u{2064}' | '\u{FEFF}' => "invisible character",
        '\u{E0000}'..='\u{E007F}' => "tag character",
        c if c.is_control() && !matches!(c, '\n' | '\t') => "control character",
        _ => return None,
    })
}

/// What an upload of known-good lists brought.
pub(crate) fn lists_brought(created: &i64, updated: &i64, refused: &i64) -> String {
    let mut said = format!("{} new, {} replaced.", counted(*created, "list"), thousands(*updated));
    if *refused > 0 {
        said.push_str(&format!(" {} held no list, and nothing of them was taken.", counted(*refused, "file")));
    }
    said.push_str(" Observables are being held against the lists.");
    said
}

/// What objects of a document become: `Observables: domain name`, `Indicators`, `Relationships`.
pub(crate) fn sort_of_objects(kind: &Option<model::Kind>, category: &str) -> String {
    match kind {
        None => "Relationships".to_owned(),
        Some(kind) if category.is_empty() => kind.spec().plural.to_owned(),
        Some(kind) => format!("{}: {}", kind.spec().plural, self::category(kind, category)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_attackers_write_in_notes_is_only_text() {
        let html =
            markdown("**bold** <script>alert(1)</script> [x](javascript:alert(1)) ![i](http://evil.example/i.png) <b style='x'>b</b>");
        assert!(html.contains("<strong>bold</strong>"));
        for bad in ["<script", "javascript:", "<img", "href", "style"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
    }

    #[test]
    fn people_have_initials_and_searches_are_marked() {
        assert_eq!(initials("Ada Kovács"), "AK");
        assert_eq!(initials("ada"), "A");
        assert_eq!(category(&model::Kind::Observable, "domain-name"), "Domain name");
        assert_eq!(category(&model::Kind::Incident, "domain-name"), "domain-name");
        assert_eq!(of_kind("1", &model::Kind::ConfigurationItem), "1 configuration item");
        assert_eq!(of_kind("1,000+", &model::Kind::User), "1,000+ users");
        assert_eq!(pieces("My Portal", "portal"), [Piece::Plain("My ".to_owned()), Piece::Hit("Portal".to_owned())]);
        let [plain, hit] = [Piece::Plain, Piece::Hit].map(|piece| move |text: &str| piece(text.to_owned()));
        assert_eq!(
            pieces("a port, my portal", "my port"),
            [plain("a "), hit("port"), plain(", "), hit("my"), plain(" "), hit("port"), plain("al")]
        );
        assert_eq!(pieces("hxxps[:]//evil[.]example/a", "evil.example"), [plain("hxxps[:]//"), hit("evil[.]example"), plain("/a")]);
        assert_eq!(pieces("İx", "x"), [Piece::Plain("İx".to_owned())]);
        let turned = pieces("invoice\u{202e}fdp.exe", "");
        assert_eq!(turned[1], Piece::Odd("U+202E".to_owned(), "direction override"));
    }
}
