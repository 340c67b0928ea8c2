//! Names of zip entries in a Squidex archive, parsed into types and rendered from them: [`Member`].

use crate::io::canonical_decimal;

/// The number of folders that attachments are distributed over, and of events per folder (Squidex `ArchiveHelper`).
const FOLDERS: u32 = 1000;
const EVENTS_PER_FOLDER: u64 = 1000;

/// The meaning of the name of a zip entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// The event with this number.
    Event(u64),
    /// The attachment with this lower-cased name, in the folder in which Squidex expects it.
    Attachment(String),
    /// A name like that of an attachment, in a folder in which Squidex does not expect it.
    Misplaced,
    /// One of the folders above events and attachments.
    Folder,
    /// Not part of a backup.
    Foreign,
    /// A name that could escape from a folder or deceive a reader.
    Unsafe,
}

/// Returns the path of the event with number `index`.
///
/// ```
/// assert_eq!(appsnap::squidex::event_path(12_345), "events/12/12345.json");
/// ```
#[must_use]
pub fn event_path(index: u64) -> String {
    let folder = index / EVENTS_PER_FOLDER;
    format!("events/{folder}/{index}.json")
}

/// Returns the path of an attachment; the letter case of its name does not matter.
///
/// The folder is a hash of the lower-cased name: `h = 17`, then `h = 23 h + (c | c << 16)` for each UTF-16 unit in wrapping
/// 32-bit arithmetic, and of its magnitude the last three digits (Squidex `ArchiveHelper`, with .NET's `Char.GetHashCode`).
///
/// ```
/// assert_eq!(appsnap::squidex::attachment_path("Version.json"), "attachments/327/version.json");
/// ```
#[must_use]
pub fn attachment_path(name: &str) -> String {
    let name = lower_case(name);
    let folder = folder_of(&name);
    format!("attachments/{folder}/{name}")
}

/// Returns `name` in lower case as .NET's invariant culture defines it: only characters that become a single one change.
pub(super) fn lower_case(name: &str) -> String {
    let lower = |c: char| {
        let mut lower = c.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(single), None) => single,
            _ => c,
        }
    };
    name.chars().map(lower).collect()
}

fn folder_of(lower_case: &str) -> u32 {
    let hash = lower_case.encode_utf16().fold(17_i32, |hash, unit| {
        let unit = i32::from(unit);
        hash.wrapping_mul(23).wrapping_add(unit | unit.wrapping_shl(16))
    });
    hash.unsigned_abs() % FOLDERS
}

impl Member {
    pub(super) fn parse(name: &[u8]) -> Self {
        let Ok(name) = std::str::from_utf8(name) else { return Self::Unsafe };
        if is_unsafe(name) {
            return Self::Unsafe;
        }
        let mut parts = name.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("events" | "attachments"), Some(""), None) => Self::Folder,
            (Some("events" | "attachments"), Some(folder), Some("")) if number(folder).is_some() => Self::Folder,
            (Some("events"), Some(_), Some(file)) => match file.strip_suffix(".json").and_then(number) {
                Some(index) if event_path(index) == name => Self::Event(index),
                _ => Self::Foreign,
            },
            (Some("attachments"), Some(_), Some(file)) if !file.is_empty() && !file.ends_with('/') => {
                if attachment_path(file) == name { Self::Attachment(file.to_owned()) } else { Self::Misplaced }
            }
            _ => Self::Foreign,
        }
    }
}

/// Parses a number as Squidex writes it: without a sign or leading zeros.
fn number(text: &str) -> Option<u64> {
    canonical_decimal(text.as_bytes())
}

fn is_unsafe(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    let is_deceptive =
        |c: char| c == '\\' || c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.is_empty()
        || name.starts_with('/')
        || has_drive
        || name.contains(is_deceptive)
        || name.split('/').any(|part| part == ".." || part == ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_those_of_squidex() {
        for (name, folder) in [
            ("version.json", 327),
            ("users.json", 135),
            ("urls.json", 769),
            ("settings.json", 522),
            ("assettags.json", 634),
            ("assettagsalias.json", 478),
            ("avatar.image", 823),
            ("file.json", 193),
            ("00000000-0000-0000-0000-000000000000_0.asset", 172),
        ] {
            assert_eq!(folder_of(name), folder, "{name}");
            assert_eq!(attachment_path(&name.to_uppercase()), format!("attachments/{folder}/{name}"));
        }
    }

    #[test]
    fn parsing_undoes_rendering() {
        for index in [0, 1, 999, 1000, 12_345, u64::MAX] {
            assert_eq!(Member::parse(event_path(index).as_bytes()), Member::Event(index));
        }
        for name in ["version.json", "x", "a/b_0.asset", "ünï.asset", "😀_1.asset"] {
            assert_eq!(Member::parse(attachment_path(name).as_bytes()), Member::Attachment(name.to_owned()));
        }
    }

    #[test]
    fn only_canonical_names_have_a_meaning() {
        for (name, member) in [
            ("events/0/00.json", Member::Foreign),
            ("events/1/0.json", Member::Foreign),
            ("events/0/+1.json", Member::Foreign),
            ("events/0/0.JSON", Member::Foreign),
            ("events/18446744073709551/18446744073709551616.json", Member::Foreign),
            ("attachments/1/version.json", Member::Misplaced),
            ("attachments/327/Version.json", Member::Misplaced),
            ("readme.txt", Member::Foreign),
            ("events/", Member::Folder),
            ("events/12/", Member::Folder),
            ("attachments/327/", Member::Folder),
            ("attachments/x/", Member::Foreign),
        ] {
            assert_eq!(Member::parse(name.as_bytes()), member, "{name}");
        }
    }

    #[test]
    fn names_that_escape_are_unsafe() {
        for name in [
            &b""[..],
            b"/etc/passwd",
            b"../x",
            b"attachments/1/../../x",
            b"events\\0\\0.json",
            b"c:x",
            b"a\0b",
            b"\xff",
            "x\u{202e}y".as_bytes(),
        ] {
            assert_eq!(Member::parse(name), Member::Unsafe, "{}", name.escape_ascii());
        }
    }
}
