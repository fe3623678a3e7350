//! Bytes into text, however the spreadsheet wrote them.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text of a file. What had to be guessed is noted.
pub(super) fn decode(bytes: &[u8], notes: &mut Vec<String>) -> String {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return utf8_or_latin(rest, notes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return utf16(rest, UTF_16LE, notes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return utf16(rest, UTF_16BE, notes);
    }
    match without_mark(bytes) {
        Some(encoding) => utf16(bytes, encoding, notes),
        None => utf8_or_latin(bytes, notes),
    }
}

fn utf16(bytes: &[u8], encoding: &'static encoding_rs::Encoding, notes: &mut Vec<String>) -> String {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    notes.push(
        if broken { "read as UTF-16; some characters could not be read and are shown as \u{fffd}" } else { "read as UTF-16" }.to_owned(),
    );
    text.into_owned()
}

/// UTF-16 that does not say so: of Latin letters, every second byte is zero.
fn without_mark(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = bytes.get(..bytes.len().min(4_096))?;
    let zeros = |odd: usize| head.iter().enumerate().filter(|(n, byte)| n % 2 == odd && **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let many = head.len() / 5;
    if head.len() >= 8 && odd > many && even < many / 8 + 1 {
        Some(UTF_16LE)
    } else if head.len() >= 8 && even > many && odd < many / 8 + 1 {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn utf8_or_latin(bytes: &[u8], notes: &mut Vec<String>) -> String {
    let Err(error) = std::str::from_utf8(bytes) else { return String::from_utf8_lossy(bytes).into_owned() };
    // A file that is UTF-8 but for a few broken places has right sequences of several bytes besides them.
    let (mut right, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if right > broken {
        notes.push(format!("{broken} places are not UTF-8 and are shown as \u{fffd}; the first is at byte {}", error.valid_up_to()));
        return String::from_utf8_lossy(bytes).into_owned();
    }
    notes.push("read as Windows-1252 (Latin-1), since it is not UTF-8: look whether accents are right".to_owned());
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}
