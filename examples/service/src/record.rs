//! The facts about a stored snapshot: kept beside it, for the list and for the page.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest file name that is kept, in characters.
const MAX_NAME_CHARS: usize = 120;

/// The facts about a stored snapshot that do not follow from its bytes, and those that take long to find again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Record {
    /// The file name that the client gave.
    pub name: Option<String>,
    /// The SHA-256 of the uploaded bytes. The stored archive differs if an index was added.
    pub upload_sha256: String,
    pub uploaded_at: String,
    /// The report of the check.
    pub report: Value,
}

/// Returns the last component of the file name that a client gave, without control characters; `None` if nothing is left.
pub fn clean_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next()?;
    let is_shown = |c: &char| c.escape_debug().len() == 1 || *c == '\'' || *c == '"';
    let name: String = last.chars().filter(is_shown).take(MAX_NAME_CHARS).collect();
    let name = name.trim().trim_start_matches('.');
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::clean_name;

    #[test]
    fn names_are_harmless() {
        for (given, kept) in [
            ("backup.tar.gz", Some("backup.tar.gz")),
            ("C:\\fakepath\\It's.tar.gz", Some("It's.tar.gz")),
            ("../../etc/passwd", Some("passwd")),
            ("..", None),
            ("a\u{202e}b\r\nc", Some("abc")),
            ("", None),
        ] {
            assert_eq!(clean_name(given).as_deref(), kept, "{given:?}");
        }
    }
}
