//! Turns the bytes of a listing into text: decodes UTF-16, and removes the colours of a terminal.

use std::borrow::Cow;

use super::error::{Error, ErrorKind};

const BYTE_ORDER_MARK: char = '\u{feff}';
const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';

/// Returns the text without byte order marks and without escape sequences.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let text: Cow<'_, str> = match utf16(bytes) {
        Some(text) => text?.into(),
        None => std::str::from_utf8(bytes).map_err(|error| not_text(error.valid_up_to()))?.into(),
    };
    // Pages that are joined after they were saved each begin with a mark.
    let text = if text.contains(BYTE_ORDER_MARK) { text.replace(BYTE_ORDER_MARK, "").into() } else { text };
    Ok(if text.contains(ESCAPE) { without_escapes(&text).into() } else { text })
}

fn not_text(position: usize) -> Error {
    Error::new(ErrorKind::Encoding).at(position as u64)
}

/// Decodes UTF-16, as PowerShell writes it. `None` if the bytes do not begin like it: with a byte order mark, or with an
/// ASCII character, which every listing begins with.
fn utf16(bytes: &[u8]) -> Option<Result<String, Error>> {
    type Unit = fn([u8; 2]) -> u16;
    let (unit, rest): (Unit, &[u8]) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        [first, 0, ..] if *first > 0 => (u16::from_le_bytes, bytes),
        [0, second, ..] if *second > 0 => (u16::from_be_bytes, bytes),
        _ => return None,
    };
    let (pairs, []) = rest.as_chunks::<2>() else { return Some(Err(not_text(bytes.len().saturating_sub(1)))) };
    let decoded: Result<String, _> = char::decode_utf16(pairs.iter().copied().map(unit)).collect();
    Some(decoded.map_err(|_| not_text(0)))
}

/// Removes the sequences with which programs set colours and links (ECMA-48).
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != ESCAPE {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('[') => _ = chars.find(|c| ('@'..='~').contains(c)),
            Some(']') => {
                let mut is_escaped = false;
                _ = chars.find(|c| {
                    let ends = *c == BELL || (is_escaped && *c == '\\');
                    is_escaped = *c == ESCAPE;
                    ends
                });
            }
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_read_with_and_without_a_mark() {
        let text = "[{\"id\": \"\u{e4}\u{1f600}\"}]";
        let units: Vec<u16> = text.encode_utf16().collect();
        let marked = || std::iter::once(0xfeff).chain(units.iter().copied());
        for bytes in [
            marked().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
            marked().flat_map(u16::to_be_bytes).collect(),
            units.iter().copied().flat_map(u16::to_le_bytes).collect(),
            units.iter().copied().flat_map(u16::to_be_bytes).collect(),
            text.as_bytes().to_vec(),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
            assert!(decode(&[&bytes[..], b"\xd8"].concat()).is_err());
        }
        let lone = [0xff, 0xfe, 0x5b, 0, 0, 0xd8, 0x5d, 0];
        assert!(decode(&lone).is_err(), "half a surrogate pair is not text");
    }

    #[test]
    fn colours_and_links_are_removed() {
        let text = "\u{1b}[1;39m[\u{1b}[0m\u{1b}]8;;http://x\u{7}1\u{1b}]8;;\u{1b}\\\u{1b}(B]";
        assert_eq!(decode(text.as_bytes()).unwrap(), "[1B]");
    }
}
