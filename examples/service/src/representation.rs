//! Conditional requests and ranges, as RFC 9110 defines them (sections 13 and 14).

use axum::http::{HeaderMap, HeaderName, Method, header};

/// The part of a representation that a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The whole.
    Whole,
    /// The bytes from `first` on, for a length: status 206.
    Part { first: u64, len_bytes: u64 },
    /// The client has it already: status 304.
    NotModified,
    /// The client has another one in mind: status 412.
    Failed,
    /// The range begins after the end: status 416.
    Unsatisfiable,
}

/// Returns the part that a request gets of the representation with this entity tag and length.
///
/// Several ranges in one request get the whole, as section 14.2 allows.
pub fn select(method: &Method, headers: &HeaderMap, etag: &str, len_bytes: u64) -> Selection {
    if value(headers, header::IF_MATCH).is_some_and(|tags| !matches_strongly(tags, etag)) {
        return Selection::Failed;
    }
    if value(headers, header::IF_NONE_MATCH).is_some_and(|tags| matches_weakly(tags, etag)) {
        return Selection::NotModified;
    }
    // A date never matches: the answers have no Last-Modified.
    let is_same = value(headers, header::IF_RANGE).is_none_or(|condition| condition == etag);
    match value(headers, header::RANGE) {
        Some(range) if is_same && method == Method::GET => parse_range(range, len_bytes),
        _ => Selection::Whole,
    }
}

fn value(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn matches_strongly(tags: &str, etag: &str) -> bool {
    tags == "*" || tags.split(',').any(|tag| tag.trim() == etag)
}

fn matches_weakly(tags: &str, etag: &str) -> bool {
    tags == "*" || tags.split(',').map(str::trim).any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Parses `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-COUNT`; anything else is ignored, as section 14.2 demands.
fn parse_range(range: &str, len_bytes: u64) -> Selection {
    let Some((unit, range)) = range.split_once('=') else { return Selection::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return Selection::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Selection::Whole;
    }
    let part = match (number(first), number(last)) {
        (Number::Absent, Number::Is(count)) => (len_bytes.saturating_sub(count), len_bytes),
        (Number::Is(first), Number::Absent) => (first, len_bytes),
        (Number::Is(first), Number::Is(last)) if first <= last => (first, last.saturating_add(1).min(len_bytes)),
        _ => return Selection::Whole,
    };
    match part {
        (first, end) if first < end => Selection::Part { first, len_bytes: end - first },
        _ => Selection::Unsatisfiable,
    }
}

enum Number {
    Absent,
    Is(u64),
    Invalid,
}

/// Parses digits; more of them than fit mean the largest number.
fn number(text: &str) -> Number {
    if text.is_empty() {
        return Number::Absent;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Number::Is(text.parse().unwrap_or(u64::MAX));
    }
    Number::Invalid
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const ETAG: &str = "\"abc\"";

    fn selected(headers: &[(HeaderName, &'static str)], len_bytes: u64) -> Selection {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        select(&Method::GET, &headers, ETAG, len_bytes)
    }

    #[test]
    fn ranges_are_parts_or_ignored_or_unsatisfiable() {
        let part = |first, len_bytes| Selection::Part { first, len_bytes };
        for (range, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-5", part(2, 4)),
            ("Bytes = 2-5", part(2, 4)),
            ("bytes=9-", part(9, 1)),
            ("bytes=0-99999999999999999999999", part(0, 10)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-30", part(0, 10)),
            ("bytes=10-", Selection::Unsatisfiable),
            ("bytes=99999999999999999999999-", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=5-2", Selection::Whole),
            ("bytes=-", Selection::Whole),
            ("bytes=1-2,4-5", Selection::Whole),
            ("bytes=a-b", Selection::Whole),
            ("bytes=+1-2", Selection::Whole),
            ("lines=1-2", Selection::Whole),
            ("1-2", Selection::Whole),
        ] {
            assert_eq!(selected(&[(header::RANGE, range)], 10), expected, "{range}");
        }
        assert_eq!(selected(&[(header::RANGE, "bytes=0-")], 0), Selection::Unsatisfiable);
        let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static("bytes=0-0"))]);
        assert_eq!(select(&Method::HEAD, &headers, ETAG, 10), Selection::Whole);
    }

    #[test]
    fn conditions_come_before_ranges() {
        let range = (header::RANGE, "bytes=1-1");
        let part = Selection::Part { first: 1, len_bytes: 1 };
        for (condition, expected) in [
            ((header::IF_RANGE, ETAG), part),
            ((header::IF_RANGE, "\"other\""), Selection::Whole),
            ((header::IF_RANGE, "W/\"abc\""), Selection::Whole),
            ((header::IF_RANGE, "Sat, 28 Nov 2026 08:00:00 GMT"), Selection::Whole),
            ((header::IF_NONE_MATCH, "\"other\", W/\"abc\""), Selection::NotModified),
            ((header::IF_NONE_MATCH, "*"), Selection::NotModified),
            ((header::IF_NONE_MATCH, "\"other\""), part),
            ((header::IF_MATCH, "\"other\""), Selection::Failed),
            ((header::IF_MATCH, "\"abc\""), part),
        ] {
            assert_eq!(selected(&[range.clone(), condition.clone()], 10), expected, "{condition:?}");
        }
    }
}
