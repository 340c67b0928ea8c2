//! The settings that a dump carries as entries: its encoding, and how its string literals are written.

use super::corruption::Corruption;
use super::toc::Toc;

/// Every name of an encoding that PostgreSQL knows (`pg_encname_tbl` in encnames.c, versions 7.1 to 18), in the form that
/// [`normalised`] gives it.
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

/// What a dump says about its own texts.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::inspect;
///
/// let settings = inspect(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?.settings;
/// assert!(settings.is_utf8() && settings.has_search_path);
/// assert_eq!(settings.standard_strings, Some(true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// `client_encoding` of all texts and data, as the dump names it, for example `UTF8`.
    pub encoding: Option<Vec<u8>>,
    /// Whether backslashes in string literals are ordinary characters; every server since 9.1 says yes.
    pub standard_strings: Option<bool>,
    /// Whether there is an entry that sets the search path (since 1.13).
    pub has_search_path: bool,
}

impl Settings {
    /// Whether texts and data are UTF-8.
    #[must_use]
    pub fn is_utf8(&self) -> bool {
        self.encoding.as_ref().is_some_and(|name| matches!(normalised(name).as_str(), "utf8" | "unicode"))
    }

    /// Looks for the entries; an unknown encoding and any other value than on and off are refused, as pg_restore does.
    pub(super) fn of(toc: &Toc) -> Result<Self, (u32, Corruption)> {
        let mut settings = Self::default();
        for entry in toc {
            let quoted = || quoted(entry.definition.unwrap_or_default());
            match entry.desc {
                b"ENCODING" => {
                    let known = quoted().filter(|name| ENCODINGS.contains(&normalised(name).as_str()));
                    let name = known.ok_or((entry.id, Corruption::ClientEncoding))?;
                    settings.encoding = Some(name.to_vec());
                }
                b"STDSTRINGS" => {
                    settings.standard_strings = match quoted() {
                        Some(b"on") => Some(true),
                        Some(b"off") => Some(false),
                        _ => return Err((entry.id, Corruption::StandardStrings)),
                    }
                }
                b"SEARCHPATH" => settings.has_search_path = true,
                _ => {}
            }
        }
        Ok(settings)
    }
}

/// What stands between the first two quotes.
fn quoted(sql: &[u8]) -> Option<&[u8]> {
    let mut parts = sql.split(|byte| *byte == b'\'');
    let value = parts.nth(1)?;
    // Without a second quote it is no value.
    parts.next().map(|_| value)
}

/// PostgreSQL compares letters and digits only, without case.
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
