//! The codes of all modules in one list: [`codes`], [`find_code`].

// The page lists the codes of all features.
#[cfg(all(test, feature = "catalog", feature = "squidex"))]
mod page;

use crate::diagnostic::Code;

/// The codes of every module. Those of the modules that read archives and dumps occur in checks.
const LISTS: &[&[Code]] = &[
    super::code::Code::ALL,
    crate::snapshot::Code::ALL,
    crate::gzip::Code::ALL,
    crate::tarball::Code::ALL,
    crate::layout::Code::ALL,
    crate::metadata::Code::ALL,
    crate::pgdump::Code::ALL,
    crate::source::Code::ALL,
    #[cfg(feature = "catalog")]
    crate::catalog::Code::ALL,
    #[cfg(feature = "catalog")]
    crate::catalog::advice::Code::ALL,
    #[cfg(feature = "squidex")]
    crate::squidex::Code::ALL,
];

/// The letters of the codes, from the outside of a file inwards, which is the order of findings in reports. Those from
/// `P` on do not occur in checks.
const LETTERS: &str = "SGTILMDFPXBA";

/// Returns the codes of all diagnostics, ordered from the outside of a file inwards.
///
/// ```
/// for code in appsnap::check::codes() {
///     println!("{code}: {}", code.explanation());
/// }
/// ```
pub fn codes() -> impl Iterator<Item = Code> {
    let mut codes = LISTS.concat();
    codes.sort_by_key(|code| rank(*code));
    codes.into_iter()
}

/// Returns the code with this id or name, such as `D002` or `dump-format-too-new`.
///
/// ```
/// use appsnap::check::find_code;
/// use appsnap::pgdump;
///
/// let code = find_code("dump-format-too-new").expect("a known code");
/// assert_eq!(code, pgdump::Code::DumpFormatTooNew);
/// println!("{code}: {}; {}", code.explanation(), code.help());
/// ```
#[must_use]
pub fn find_code(id_or_name: &str) -> Option<Code> {
    LISTS.iter().copied().flatten().find(|code| code.id() == id_or_name || code.name() == id_or_name).copied()
}

/// Returns the sort key of a code in the order of [`codes`].
pub(super) fn rank(code: Code) -> impl Ord {
    (code.id().get(..1).and_then(|letter| LETTERS.find(letter)), code)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_well_formed() {
        let mut seen = HashSet::new();
        for code in codes() {
            let (letter, digits) = code.id().split_at(1);
            assert!(LETTERS.contains(letter), "{code}");
            assert!(digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
            assert!(code.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            assert!(seen.insert(code.id()) && seen.insert(code.name()), "{code} is declared twice");
            assert_eq!(find_code(code.id()), Some(code));
            assert_eq!(find_code(code.name()), Some(code));
        }
        assert_eq!(find_code("D999"), None);
    }

    #[test]
    fn modules_declare_their_codes_in_ascending_order() {
        for list in LISTS {
            assert!(list.is_sorted_by_key(|code| rank(*code)), "{list:?}");
        }
    }

    #[test]
    fn explanations_are_sentences_and_help_is_a_clause() {
        for code in codes() {
            let (explanation, help) = (code.explanation(), code.help());
            assert!(explanation.ends_with('.') && !explanation.contains("  "), "{code}: {explanation:?}");
            assert!(!help.is_empty() && !help.ends_with(['.', ' ']) && !help.contains("  "), "{code}: {help:?}");
        }
    }
}
