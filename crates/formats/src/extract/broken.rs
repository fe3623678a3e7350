//! Values that a page layout broke across lines.

use model::observable::has_known_suffix;

use super::page::{Page, is_word};

/// Lengths of hashes that are worth joining.
const HASH_LENGTHS: [usize; 4] = [32, 40, 64, 128];

/// The rest of a URL on the next line, and where it ends. Only where the break itself shows that something is missing:
/// lists of URLs have one a line, and sentences go on after a URL.
pub(super) fn url_goes_on(page: &Page, host_start: usize, end: usize) -> Option<(String, usize)> {
    // Punctuation that was taken for the sentence's may have been the URL's.
    let punctuation = page.run(end, 2, |c| matches!(c, '.' | '?'));
    let next = page.next_line(punctuation)?;
    let so_far = page.slice(host_start, punctuation);
    let last = so_far.chars().next_back()?;
    let in_host = !so_far.contains(['/', '?']);
    let after_end = page.run(next, 512, |c| !c.is_whitespace());
    let following = page.slice(next, after_end);
    let first = following.chars().next()?;
    let starts_anew = following.contains("://") || following.starts_with("www.") || following.contains('@');
    if starts_anew {
        return None;
    }
    let word = page.word(next);
    let goes_on = if in_host {
        // `http://evil.` + `example/path`
        (last == '.' && has_known_suffix(&format!("{so_far}{word}")) && first.is_ascii_lowercase())
            || (last == '-' && first.is_ascii_lowercase() && word.contains('.'))
            || (first == '/' && following.len() > 1 && has_known_suffix(so_far))
    } else {
        let path_like = following.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'|'));
        let value_follows = matches!(last, '-' | '_' | '=' | '&' | '%' | '?') && first.is_ascii_alphanumeric();
        let tail_follows = matches!(first, '/' | '?' | '&' | '=' | '%') && following.len() > 1;
        let file_follows = last == '/'
            && first.is_ascii_alphanumeric()
            && is_page_name(word)
            && word.len() == following.trim_end_matches([',', ';', ')']).len();
        let ending_follows = last == '.' && is_page_ending(word);
        path_like && (value_follows || tail_follows || file_follows || ending_follows)
    };
    if !goes_on {
        return None;
    }
    let tail_end = super::url::end_of(page, next);
    Some((format!("{}{}", page.slice(end, punctuation), page.slice(next, tail_end)), tail_end))
}

/// `gate.php`, alone on what is left of the line.
fn is_page_name(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(stem, ending)| !stem.is_empty() && is_page_ending(ending))
}

fn is_page_ending(ending: &str) -> bool {
    matches!(
        ending,
        "php" | "asp" | "aspx" | "jsp" | "html" | "htm" | "js" | "exe" | "dll" | "bin" | "dat" | "txt" | "cgi" | "png" | "jpg" | "doc"
    )
}

/// A hash whose digits go on on the following lines: the digits, and where they end. `end` is the end of the first run.
pub(super) fn hash_goes_on(page: &Page, start: usize, end: usize) -> Option<(String, usize)> {
    let is_hash = |length: usize| HASH_LENGTHS.contains(&length);
    let mut digits = page.slice(start, end).to_owned();
    if digits.len() < 8 {
        return None;
    }
    let mut end = end;
    for _ in 0..8 {
        let next = page.next_line(end)?;
        let piece_end = page.run(next, 129, |c| c.is_ascii_hexdigit());
        let piece = page.slice(next, piece_end);
        let whole = page.char_at(piece_end).is_none_or(|c| !is_word(c) || c == '.');
        // Two whole hashes on two lines are two hashes.
        if piece.is_empty() || !whole || (is_hash(piece.len()) && is_hash(digits.len())) {
            return None;
        }
        // A short word of the letters a to f may be a word.
        if piece.len() < 8 && !piece.bytes().any(|b| b.is_ascii_digit()) && !is_hash(digits.len() + piece.len()) {
            return None;
        }
        digits.push_str(piece);
        end = piece_end;
        if is_hash(digits.len()) {
            return Some((digits, end));
        }
        if digits.len() > 128 {
            return None;
        }
    }
    None
}
