//! Constants that older servers refuse, in SQL and in rows.

use super::feature::Feature;
use super::names;

/// Returns the feature in a value in which a `numeric` can occur: itself, in an array, a range or a composite value.
pub(in crate::pgdump) fn in_numeric(value: &[u8]) -> Option<Feature> {
    has_word(value, b"Infinity").then_some(Feature::NumericInfinity)
}

/// Returns the feature in a value in which an `interval` can occur.
pub(in crate::pgdump) fn in_interval(value: &[u8]) -> Option<Feature> {
    has_word(value, b"infinity").then_some(Feature::IntervalInfinity)
}

/// Returns the feature in a path of `jsonpath`. Its output form has no space before the parenthesis, and texts in it are in
/// double quotes.
pub(in crate::pgdump) fn in_jsonpath(path: &[u8]) -> Option<Feature> {
    let mut quoted = false;
    let mut rest = path;
    let mut found = None;
    while let Some((first, tail)) = rest.split_first() {
        match first {
            b'\\' if quoted => {
                rest = tail.split_first().map_or(tail, |(_, tail)| tail);
                continue;
            }
            b'"' => quoted = !quoted,
            b'.' if !quoted => {
                let len = tail.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                let (name, after) = tail.split_at(len);
                if after.first() == Some(&b'(') {
                    match name {
                        b"bigint" | b"boolean" | b"date" | b"decimal" | b"integer" | b"number" | b"string"
                        | b"time" | b"time_tz" | b"timestamp" | b"timestamp_tz" => {
                            return Some(Feature::JsonPathMethod);
                        }
                        b"datetime" => found = Some(Feature::JsonPathDatetime),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        rest = tail;
    }
    found
}

/// Returns the feature in a value of `regconfig` or `regdictionary`.
pub(in crate::pgdump) fn in_text_search(name: &[u8]) -> Option<Feature> {
    let (name, since_major) = names::find(names::TEXT_SEARCH, bare_name(name))?;
    Some(Feature::BuiltIn { kind: "text search configuration or dictionary", name, since_major })
}

/// Returns the name in a constant such as `pg_catalog.catalan` or `"catalan"`.
pub(super) fn bare_name(text: &[u8]) -> &[u8] {
    let text = [&b"pg_catalog."[..], b"\"pg_catalog\"."]
        .into_iter()
        .find_map(|schema| text.strip_prefix(schema))
        .unwrap_or(text);
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text)
}

/// Returns `true` if `text` contains the word, with no letter or digit next to it.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).enumerate().any(|(at, window)| {
        let is_free = |byte: Option<&u8>| !byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let end = at.saturating_add(word.len());
        window == word && is_free(at.checked_sub(1).and_then(|before| text.get(before))) && is_free(text.get(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinity_is_a_word_of_its_own() {
        for (value, is_infinite) in [
            ("Infinity", true),
            ("-Infinity", true),
            ("{1,Infinity}", true),
            ("[1,Infinity)", true),
            ("Infinity2", false),
        ] {
            assert_eq!(in_numeric(value.as_bytes()).is_some(), is_infinite, "{value}");
        }
        assert_eq!(in_interval(b"infinity"), Some(Feature::IntervalInfinity));
        assert_eq!(in_interval(b"1 day"), None);
    }

    #[test]
    fn methods_of_paths_are_found_outside_of_quotes() {
        for (path, feature) in [
            ("$.\"a\".bigint()", Some(Feature::JsonPathMethod)),
            ("$.\"a\".datetime(\"HH\")", Some(Feature::JsonPathDatetime)),
            ("$.\".bigint()\"", None),
            ("$.\"\\\".bigint()\"", None),
            ("$.\"a\".size()", None),
        ] {
            assert_eq!(in_jsonpath(path.as_bytes()), feature, "{path}");
        }
    }
}
