//! Detects dumps that a program has treated as text: [`identify`].

use std::io::Read;

use crate::limits::Limits;
use crate::pgdump::{self, Dump, ErrorKind, Identity};

/// Returns what happened to the bytes of a dump, if undoing it makes them a sound start of one, or if they are lost.
///
/// A dump whose own bytes are sound as far as they go is not examined: names in UTF-8 occur in every sound dump.
pub(super) fn identify(head: &[u8]) -> Option<Identity> {
    let unmarked = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = match std::str::from_utf8(unmarked) {
        Ok(text) => text,
        // The head ends within a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(unmarked.split_at_checked(error.valid_up_to())?.0).ok()?
        }
        Err(_) => return None,
    };
    // Replaced bytes make lengths that the file seems too short for.
    let is_replaced = text.contains('\u{fffd}') && open(&mut &*head).is_err();
    if is_replaced {
        return Some(Identity::TextDamage);
    }
    if text.is_ascii() || is_sound(head) {
        return None;
    }
    let undone = |byte: fn(char) -> Option<u8>| {
        let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
        bytes.is_some_and(|bytes| is_sound(&bytes))
    };
    if undone(|c| u8::try_from(c).ok()) {
        return Some(Identity::Latin1Damage);
    }
    undone(windows_1252).then_some(Identity::Windows1252Damage)
}

/// Opens a dump in memory with the code that reads dumps from anywhere.
fn open(bytes: &mut dyn Read) -> Result<Dump<&mut dyn Read>, pgdump::Error> {
    Dump::open(bytes, &Limits::untrusted())
}

/// Returns `true` if the bytes are the start of a dump, or all of one, without a contradiction.
fn is_sound(bytes: &[u8]) -> bool {
    let mut bytes = bytes;
    let mut dump = match open(&mut bytes) {
        Ok(dump) => dump,
        Err(error) => return matches!(error.kind(), ErrorKind::Truncated { .. }),
    };
    loop {
        match dump.next_stream() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(error) => {
                return matches!(
                    error.kind(),
                    ErrorKind::Truncated { .. } | ErrorKind::CompressionUnavailable { .. } | ErrorKind::Limit(_)
                );
            }
        }
    }
}

/// Returns the byte of a character in Windows-1252; undefined bytes stay what they are, as web browsers do it.
fn windows_1252(c: char) -> Option<u8> {
    const FROM_128: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match FROM_128.iter().position(|known| *known == c) {
        Some(index) => u8::try_from(index).ok()?.checked_add(128),
        None => u8::try_from(c).ok(),
    }
}
