//! Paths of Windows and Unix, registry keys and pipes.

use model::observable::{Observable, ObservableType as T, has_file_ending};

use super::Hit;
use super::page::{Page, is_word};

/// The longest path that is read.
const LONGEST_PATH: usize = 1_024;

/// Top folders of Unix systems; a path in a URL that starts otherwise is no path of a file.
const ROOTS: &[&str] = &[
    "Applications",
    "Library",
    "System",
    "Users",
    "Volumes",
    "bin",
    "boot",
    "data",
    "dev",
    "etc",
    "home",
    "lib",
    "lib64",
    "media",
    "mnt",
    "opt",
    "private",
    "proc",
    "root",
    "run",
    "sbin",
    "sdcard",
    "srv",
    "storage",
    "sys",
    "system",
    "tmp",
    "usr",
    "var",
];

/// A path, key or pipe that starts at `at`.
pub(super) fn find(page: &Page, at: usize) -> Option<Hit> {
    let before = page.char_before(at);
    if before.is_some_and(|c| is_word(c) && !matches!(c, '.' | '-')) {
        return None;
    }
    let rest = page.rest(at);
    let bytes = rest.as_bytes();
    match bytes {
        [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic() => windows(page, at, at + 3),
        [letter, b':', b'/', next, ..] if letter.is_ascii_alphabetic() && next.is_ascii_alphanumeric() => windows(page, at, at + 3),
        [b'\\', b'\\', ..] => unc(page, at),
        [b'\\', ..] | [b'H' | b'h', b'K' | b'k', ..] => registry(page, at),
        [b'%', ..] => below_variable(page, at),
        [b'/', ..] => unix(page, at),
        [b'~', b'/', next, ..] if next.is_ascii_alphanumeric() || *next == b'.' => unix_end(page, at, at + 2),
        _ => None,
    }
}

/// `..\name`, `./name`.
pub(super) fn below_dots(page: &Page, at: usize) -> Option<Hit> {
    let dots = page.run(at, 64, |c| matches!(c, '.' | '\\' | '/'));
    let prefix = page.slice(at, dots);
    let steps_right =
        prefix.split(['\\', '/']).all(|s| matches!(s, "" | "." | "..")) && prefix.ends_with(['\\', '/']) && !prefix.contains("//");
    let starts =
        page.char_before(at).is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | '=' | ':' | '[' | '>' | '<'));
    if !prefix.starts_with('.') || !steps_right || !starts || !page.char_at(dots).is_some_and(char::is_alphanumeric) {
        return None;
    }
    if prefix.contains('\\') { windows(page, at, dots) } else { unix_end(page, at, dots) }
}

/// Reads a Windows path whose steps start at `from`.
fn windows(page: &Page, at: usize, from: usize) -> Option<Hit> {
    let end = at + without_offset(page.slice(at, steps_end(page, from, page.char_before(at)))).len();
    let text = page.slice(at, end);
    // In JSON and source code every separator is doubled.
    let value = text
        .get(2..)
        .map_or_else(|| text.to_owned(), |tail| format!("{}{}", text.get(..2).unwrap_or_default(), tail.replace("\\\\", "\\")));
    let bare = value.trim_end_matches('\\');
    let is_root = bare.len() <= 2;
    let last = bare.rsplit(['\\', '/']).next().unwrap_or_default();
    if is_root || last.chars().all(|c| !c.is_alphanumeric() && c != '*') {
        return None;
    }
    let is_file = last
        .rsplit_once('.')
        .is_some_and(|(_, ending)| (1..=8).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric()));
    let relative = value.starts_with('.');
    let kind = if (is_file && !value.ends_with('\\')) || (relative && !value.ends_with('\\')) { T::FilePath } else { T::Directory };
    Observable::new(kind, &value).ok().map(|o| Hit::new(o, at, end))
}

/// A path without the place in its file that a call trace tells: `C:\Windows\System32\ntdll.dll+9d4c4`.
fn without_offset(path: &str) -> &str {
    let Some((file, offset)) = path.rsplit_once('+') else { return path };
    let digits = offset.strip_prefix("0x").unwrap_or(offset);
    let is_offset = (1..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let is_file = file.rsplit_once('.').is_some_and(|(_, ending)| has_file_ending(ending));
    if is_offset && is_file { file } else { path }
}

/// Where steps between backslashes end. A blank belongs to a step only if another backslash follows on the line,
/// or if the path stands in quotes.
fn steps_end(page: &Page, from: usize, quote: Option<char>) -> usize {
    let closing = quote.and_then(|q| match q {
        '"' | '\'' | '`' => Some(q),
        '“' => Some('”'),
        _ => None,
    });
    let allowed = |c: char| !c.is_control() && !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '`' | '“' | '”' | '\u{fffd}');
    if let Some(closing) = closing {
        let end = page.run(from, LONGEST_PATH, |c| allowed(c) && c != closing);
        if page.char_at(end) == Some(closing) && !page.slice(from, end).contains(['%', ',']) && is_one_path(page.slice(from, end)) {
            return end;
        }
    }
    let mut end = from;
    let limit = from + LONGEST_PATH;
    loop {
        let step_end = page.run(end, 256, |c| allowed(c) && !c.is_whitespace() && !matches!(c, '\\' | ',' | ';' | '\'' | '‘' | '’'));
        end = step_end;
        match page.char_at(end) {
            Some('\\') if end < limit => end += 1,
            Some(' ') if end < limit => match blank_belongs(page, from, end) {
                Some(next) => end = next,
                None => break,
            },
            _ => break,
        }
    }
    let step = page.slice(from, end);
    let mut trimmed = step.trim_end_matches(['.', ',', ';', '\'', '*', '!', '_']);
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
        if trimmed.ends_with(close) && !trimmed.contains(open) {
            trimmed = trimmed.trim_end_matches(close);
        }
    }
    from + trimmed.trim_end_matches(['.', ',', ';']).len()
}

/// Quoted text is one path if it is not a path with arguments.
fn is_one_path(text: &str) -> bool {
    text.split(' ').rev().skip(1).all(|part| !part.rsplit_once('.').is_some_and(|(_, ending)| has_file_ending(ending)))
        && !text.contains(" -")
        && !text.contains(" /")
}

/// For a blank at `at` inside a step: the backslash that ends the step, if the blank is part of it.
fn blank_belongs(page: &Page, from: usize, at: usize) -> Option<usize> {
    let so_far = page.slice(from, at);
    let last = so_far.rsplit('\\').next().unwrap_or_default();
    if last.rsplit_once('.').is_some_and(|(_, ending)| has_file_ending(ending)) || last.is_empty() || last.ends_with([',', ';', ')']) {
        return None;
    }
    let step_end = page.run(at, 64, |c| {
        (c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '(' | ')' | '&' | '+' | '~' | '!' | '#' | '$' | '@' | '^'))
            && !c.is_control()
    });
    let step = page.slice(at, step_end);
    let words = step.split(' ').filter(|w| !w.is_empty());
    let file_inside = words.clone().any(|w| w.rsplit_once('.').is_some_and(|(_, ending)| has_file_ending(ending)));
    let right = page.char_at(step_end) == Some('\\') && !step.ends_with(' ') && !step.contains("  ") && words.count() <= 4 && !file_inside;
    right.then_some(step_end)
}

/// `\\host\share\…` and `\\.\pipe\…`.
fn unc(page: &Page, at: usize) -> Option<Hit> {
    let host_end = page.run(at + 2, 64, |c| is_word(c) || c == '$');
    let host = page.slice(at + 2, host_end);
    if host.is_empty()
        || page.char_at(host_end) != Some('\\')
        || page.char_at(host_end + 1).is_none_or(|c| !c.is_alphanumeric() && c != '$')
    {
        return None;
    }
    if page.rest(host_end).get(..6).is_some_and(|s| s.eq_ignore_ascii_case("\\pipe\\")) {
        let end = page.run(host_end + 6, 256, |c| is_word(c) || matches!(c, '\\' | '$' | '{' | '}' | '#'));
        let name = page.slice(at, end).trim_end_matches(['.', '\\']);
        return Observable::new(T::NamedPipe, name).ok().map(|o| Hit::new(o, at, at + name.len()));
    }
    if host == "." || !host.bytes().any(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let end = steps_end(page, host_end + 1, page.char_before(at));
    Observable::new(T::FilePath, page.slice(at, end)).ok().map(|o| Hit::new(o, at, end))
}

/// `%APPDATA%\…`.
fn below_variable(page: &Page, at: usize) -> Option<Hit> {
    let name_end = page.run(at + 1, 32, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '(' | ')'));
    let rest = page.rest(name_end);
    if name_end == at + 1 || !(rest.starts_with("%\\") || rest.starts_with("%/")) {
        return None;
    }
    windows(page, at, name_end + 2)
}

/// A registry key that starts with a hive.
fn registry(page: &Page, at: usize) -> Option<Hit> {
    let start = page.run(at, 2, |c| c == '\\');
    let hive_end = page.run(start, 24, |c| c.is_ascii_alphabetic() || c == '_');
    let after = page.run(hive_end, 1, |c| c == ':');
    if page.char_at(after) != Some('\\') {
        return None;
    }
    Observable::new(T::WindowsRegistryKey, page.slice(start, hive_end)).ok()?;
    let end = steps_end(page, after + 1, page.char_before(start));
    Observable::new(T::WindowsRegistryKey, page.slice(start, end)).ok().map(|o| Hit::new(o, start, end))
}

/// `/etc/passwd`.
fn unix(page: &Page, at: usize) -> Option<Hit> {
    let starts =
        page.char_before(at).is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | '=' | ':' | '[' | '|' | ',' | '“'));
    let root_end = page.run(at + 1, 16, |c| c.is_ascii_alphanumeric());
    if !starts || !ROOTS.contains(&page.slice(at + 1, root_end)) || page.char_at(root_end) != Some('/') {
        return None;
    }
    // In quotes a step may hold blanks, if another step follows: else it is a command with arguments.
    if let Some(quote) = page.char_before(at).filter(|c| matches!(c, '"' | '`' | '\'')) {
        let end = page.run(at, 512, |c| c != quote && !c.is_control() && !matches!(c, ':' | '|' | '<' | '>' | '*' | '?' | ';' | '&'));
        let text = page.slice(at, end);
        let (folders, _) = text.rsplit_once('/').unwrap_or((text, ""));
        let blanks_in_folders = folders.contains(' ') && text.matches(' ').count() == folders.matches(' ').count();
        if page.char_at(end) == Some(quote) && blanks_in_folders && is_one_path(text) && !page.is_defanged(at, end) {
            return Observable::new(T::FilePath, text).ok().map(|o| Hit::new(o, at, end));
        }
    }
    unix_end(page, at, root_end + 1)
}

fn unix_end(page: &Page, at: usize, from: usize) -> Option<Hit> {
    let end = page.run(from, LONGEST_PATH, |c| {
        c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '+' | '@' | '~' | '%' | '$' | '{' | '}' | '#' | '*')
    });
    let text = page.slice(at, end).trim_end_matches(['.', '*', '_', '}', '#']);
    if text.len() <= from - at {
        return None;
    }
    let kind = if text.ends_with('/') { T::Directory } else { T::FilePath };
    Observable::new(kind, text).ok().map(|o| Hit::new(o, at, at + text.len()))
}

/// A file's name with blanks, in quotes.
pub(super) fn quoted(page: &Page, at: usize, open: char) -> Option<Hit> {
    let close = if open == '“' { '”' } else { open };
    let start = at + open.len_utf8();
    let end =
        page.run(start, 128, |c| c != close && !c.is_control() && !matches!(c, '\\' | '/' | ':' | '<' | '>' | '|' | '*' | '?' | '=' | '"'));
    let cell = page.slice(start, end);
    let text = cell.trim();
    let start = start + cell.len() - cell.trim_start().len();
    let closed = match page.char_at(end) {
        // The cell of a table ends at the next one, or with its line.
        Some('|' | '\n' | '\r') | None => open == '|',
        Some(c) => c == close && text.len() == cell.len(),
    };
    let end = start + text.len();
    if !closed || text.chars().all(is_word) || page.is_defanged(start, end) {
        return None;
    }
    let (stem, ending) = text.rsplit_once('.')?;
    let one_file = stem.split(' ').all(|word| !word.rsplit_once('.').is_some_and(|(_, e)| has_file_ending(e)));
    let ends_as_file = has_file_ending(ending) || matches!(ending, "zip" | "py" | "sh");
    if !ends_as_file || !one_file || text.split(' ').count() > 12 {
        return None;
    }
    Observable::new(T::FileName, text).ok().map(|o| Hit::new(o, start, end))
}
