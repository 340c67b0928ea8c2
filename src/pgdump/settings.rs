//! The settings that a dump contains as entries: its encoding, and the form of its string literals.

use super::corruption::Corruption;
use super::error::Error;
use super::toc::Toc;

/// The normalised names of all encodings of PostgreSQL (`pg_encname_tbl` in encnames.c, versions 7.1 to 18).
const ENCODINGS: &[&str] = &[
    "abc",
    "alt",
    "big5",
    "euccn",
    "eucjis2004",
    "eucjp",
    "euckr",
    "euctw",
    "gb18030",
    "gbk",
    "iso88591",
    "iso885910",
    "iso885913",
    "iso885914",
    "iso885915",
    "iso885916",
    "iso88592",
    "iso88593",
    "iso88594",
    "iso88595",
    "iso88596",
    "iso88597",
    "iso88598",
    "iso88599",
    "johab",
    "koi8",
    "koi8r",
    "koi8u",
    "latin1",
    "latin10",
    "latin2",
    "latin3",
    "latin4",
    "latin5",
    "latin6",
    "latin7",
    "latin8",
    "latin9",
    "mskanji",
    "muleinternal",
    "shiftjis",
    "shiftjis2004",
    "sjis",
    "sqlascii",
    "tcvn",
    "tcvn5712",
    "uhc",
    "unicode",
    "utf8",
    "vscii",
    "win",
    "win1250",
    "win1251",
    "win1252",
    "win1253",
    "win1254",
    "win1255",
    "win1256",
    "win1257",
    "win1258",
    "win866",
    "win874",
    "win932",
    "win936",
    "win949",
    "win950",
    "windows1250",
    "windows1251",
    "windows1252",
    "windows1253",
    "windows1254",
    "windows1255",
    "windows1256",
    "windows1257",
    "windows1258",
    "windows866",
    "windows874",
    "windows932",
    "windows936",
    "windows949",
    "windows950",
];

/// The settings of a dump's own texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// The encoding as the dump names it.
    pub(super) encoding: Option<Vec<u8>>,
    /// `true` if backslashes in string literals are ordinary characters.
    pub(super) standard_strings: Option<bool>,
    /// `true` if an entry sets the search path (since 1.13).
    pub(super) has_search_path: bool,
}

impl Settings {
    /// Reads the settings from their entries. As in pg_restore, an unknown encoding and values other than on and off are
    /// errors.
    pub(super) fn of(toc: &Toc) -> Result<Self, Error> {
        let mut settings = Self::default();
        for entry in toc.entries() {
            let value = || quoted(entry.definition?);
            let refused = |what: Corruption| Error::from(what).within(entry.to_string());
            match entry.desc {
                b"ENCODING" => {
                    let known = value().filter(|name| ENCODINGS.contains(&normalised(name).as_str()));
                    let name = known.ok_or_else(|| refused(Corruption::ClientEncoding))?;
                    settings.encoding = Some(name.to_vec());
                }
                b"STDSTRINGS" => {
                    settings.standard_strings = match value() {
                        Some(b"on") => Some(true),
                        Some(b"off") => Some(false),
                        _ => return Err(refused(Corruption::StandardStrings)),
                    }
                }
                b"SEARCHPATH" => settings.has_search_path = true,
                _ => {}
            }
        }
        Ok(settings)
    }
}

/// Returns `true` if the name is one of UTF-8.
pub(super) fn is_utf8(encoding: &[u8]) -> bool {
    matches!(normalised(encoding).as_str(), "utf8" | "unicode")
}

/// Returns `true` if the dump states that its encoding is not known.
pub(super) fn is_sql_ascii(toc: &Toc) -> bool {
    let mut entries = toc.entries();
    let encoding = entries.find(|entry| entry.desc == b"ENCODING").and_then(|entry| quoted(entry.definition?));
    encoding.is_some_and(|name| normalised(name) == "sqlascii")
}

/// Returns the text between the first two quotes.
fn quoted(sql: &[u8]) -> Option<&[u8]> {
    let mut parts = sql.split(|byte| *byte == b'\'');
    let value = parts.nth(1)?;
    // Without a second quote it is no value.
    parts.next().map(|_| value)
}

/// Reduces a name to its lower-case letters and digits, which are all that PostgreSQL compares.
fn normalised(name: &[u8]) -> String {
    let kept = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    kept.map(|byte| char::from(byte.to_ascii_lowercase())).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_letters_and_digits() {
        for name in
            ["UTF8", "utf-8", "SQL_ASCII", "EUC_JIS_2004", "ISO_8859_5", "WIN1252", "KOI8R", "LATIN10", "UNICODE"]
        {
            assert!(ENCODINGS.contains(&normalised(name.as_bytes()).as_str()), "{name}");
        }
        assert!(!ENCODINGS.contains(&normalised(b"UTF9").as_str()));
    }

    #[test]
    fn a_value_stands_between_two_quotes() {
        assert_eq!(quoted(b"SET client_encoding = 'UTF8';\n"), Some(&b"UTF8"[..]));
        assert_eq!(quoted(b"SET client_encoding = 'UTF8"), None);
        assert_eq!(quoted(b"SET client_encoding = UTF8;"), None);
    }
}
