//! Patterns for the names of tables and columns: [`NamePattern`].

use crate::pgdump::toc::Entry;

/// A pattern such as `public.account` or `*.*.email`: names separated by dots, in which `*` matches any text.
///
/// A name with a dot or an asterisk of its own is enclosed in double quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamePattern {
    parts: Vec<Vec<Piece>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    /// `*`
    Any,
}

impl NamePattern {
    /// Parses a pattern with `parts_count` names. Returns `None` if it has another number of names, or an empty one.
    pub(super) fn parse(text: &str, parts_count: usize) -> Option<Self> {
        let mut parts = vec![Vec::new()];
        let mut quoted = false;
        let mut bytes = text.bytes().peekable();
        while let Some(byte) = bytes.next() {
            let part = parts.last_mut()?;
            match byte {
                b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => part.push(Piece::Byte(b'"')),
                b'"' => quoted = !quoted,
                b'.' if !quoted => parts.push(Vec::new()),
                b'*' if !quoted => part.push(Piece::Any),
                other => part.push(Piece::Byte(other)),
            }
        }
        let is_sound = !quoted && parts.len() == parts_count && parts.iter().all(|part| !part.is_empty());
        is_sound.then_some(Self { parts })
    }

    /// Returns the number of names without an asterisk, and of characters: the pattern with more is more specific.
    pub(super) fn specificity(&self) -> (usize, usize) {
        let is_exact = |part: &&Vec<Piece>| !part.contains(&Piece::Any);
        let exact_count = self.parts.iter().filter(is_exact).count();
        (exact_count, self.parts.iter().flatten().filter(|piece| **piece != Piece::Any).count())
    }

    /// Returns the number of names in the pattern.
    pub(super) const fn parts_count(&self) -> usize {
        self.parts.len()
    }

    /// Returns `true` if the names match, of which there may be fewer than the pattern has.
    pub(super) fn matches(&self, names: &[&[u8]]) -> bool {
        names.len() <= self.parts.len() && self.parts.iter().zip(names).all(|(part, name)| part_matches(part, name))
    }
}

/// Returns `true` if the entry is the data of a table.
pub(super) fn is_table_data(entry: &Entry<'_>) -> bool {
    entry.desc == b"TABLE DATA" && entry.has_data()
}

/// Returns the schema and the name of a table. Before archive version 1.6 there are no schemas.
pub(super) fn names<'a>(entry: &Entry<'a>) -> [&'a [u8]; 2] {
    [entry.namespace.unwrap_or(b"public"), entry.tag]
}

/// Matches in time proportional to the product of both lengths.
fn part_matches(pattern: &[Piece], name: &[u8]) -> bool {
    let (mut at, mut from) = (0_usize, 0_usize);
    // The last asterisk, and the part of the name that it has taken.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(at), name.get(from)) {
            (Some(Piece::Any), _) => {
                retry = Some((at, from));
                at = at.saturating_add(1);
            }
            (Some(Piece::Byte(wanted)), Some(found)) if wanted == found => {
                at = at.saturating_add(1);
                from = from.saturating_add(1);
            }
            (None, None) => return true,
            _ => match retry {
                Some((asterisk, taken)) if taken < name.len() => {
                    at = asterisk.saturating_add(1);
                    from = taken.saturating_add(1);
                    retry = Some((asterisk, from));
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, names: &[&str]) -> bool {
        let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        NamePattern::parse(pattern, names.len()).is_some_and(|pattern| pattern.matches(&names))
    }

    #[test]
    fn asterisks_match_any_text() {
        for (pattern, names) in [
            ("public.account", ["public", "account"]),
            ("*.account", ["public", "account"]),
            ("public.*", ["public", "account"]),
            ("pub*.*count*", ["public", "account"]),
            ("*.*a*b*c", ["x", "aabbabcxc"]),
            ("public.system$*", ["public", "system$user"]),
            ("public.\"a.b*\"\"\"", ["public", "a.b*\""]),
        ] {
            assert!(matches(pattern, &names), "{pattern}");
        }
        for (pattern, names) in [
            ("public.account", ["public", "accounts"]),
            ("public.Account", ["public", "account"]),
            ("public.*s", ["public", "account"]),
            ("public.\"*\"", ["public", "account"]),
        ] {
            assert!(!matches(pattern, &names), "{pattern}");
        }
    }

    #[test]
    fn only_the_right_number_of_names_is_a_pattern() {
        for text in ["", "a", "a.b.c", "a..b", ".b", "a.", "a.\"b"] {
            assert_eq!(NamePattern::parse(text, 2), None, "{text}");
        }
        let specificity = |text: &str| NamePattern::parse(text, 3).unwrap().specificity();
        assert!(specificity("public.account.email") > specificity("*.account.email"));
        assert!(specificity("*.account.email") > specificity("*.*.email"));
        assert!(specificity("*.*.email") > specificity("*.*.*"));
    }
}
