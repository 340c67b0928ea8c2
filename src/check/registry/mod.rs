//! The codes of all findings, each declared once: [`Code`].

#[cfg(test)]
mod page;
mod table;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::diagnostic::Severity;
pub use table::Code;

/// Severities under the built-in profiles, in the order of [`Profile::BUILT_IN`](super::Profile::BUILT_IN).
pub(super) type Severities = [Option<Severity>; 4];

/// A text is neither the code nor the name of a finding.
///
/// ```
/// use appsnap::check::{Code, ParseCodeError};
///
/// let refused: Result<Code, ParseCodeError> = "D999".parse();
/// println!("{}", refused.unwrap_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the code of a finding, such as D002, nor the name of one, such as dump-format-too-new")]
pub struct ParseCodeError(());

/// Makes the enum and everything that is said about its variants from one table, so that they cannot drift apart.
macro_rules! codes {
    ($($code:literal $variant:ident $name:literal [$($severity:tt)*] $explanation:literal => $help:literal;)*) => {
        /// What a finding is about. Codes are stable: programs may rely on them, and none is ever used for something else.
        ///
        /// The letter names the layer: `S` the file as a whole, `G` gzip, `T` tar, `I` the index, `L` names and places in the
        /// archive, `M` `.metadata`, `D` the dump, `F` the files that the database knows against the documents in the
        /// archive. [A page](crate::_documentation::findings) lists them all.
        ///
        /// ```
        /// use appsnap::check::Code;
        ///
        /// let code: Code = "dump-format-too-new".parse()?;
        /// assert_eq!(code, Code::DumpTooNew);
        /// println!("{code}: {}; {}", code.explanation(), code.help());
        /// # Ok::<(), appsnap::check::ParseCodeError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!($code, " ", $name, ": ", $explanation)] $variant,)*
        }

        impl Code {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The letter of the layer and three digits, for example `D002`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The name in kebab case, for example `dump-format-too-new`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, for people: one sentence without an end.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }

            pub(in crate::check) const fn severities(self) -> Severities {
                match self { $(Self::$variant => [$(severity!($severity)),*],)* }
            }
        }
    };
}

/// One letter of the table: error, warning, info, or a dash for no finding at all.
macro_rules! severity {
    (E) => {
        Some(Severity::Error)
    };
    (W) => {
        Some(Severity::Warning)
    };
    (I) => {
        Some(Severity::Info)
    };
    (-) => {
        None
    };
}

use {codes, severity};

impl fmt::Display for Code {
    /// Code and name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.name())
    }
}

impl FromStr for Code {
    type Err = ParseCodeError;

    /// Takes the code or the name.
    fn from_str(text: &str) -> Result<Self, ParseCodeError> {
        let is_meant = |code: &&Self| code.code() == text || code.name() == text;
        Self::ALL.iter().find(is_meant).copied().ok_or(ParseCodeError(()))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_well_formed() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            let (letter, digits) = code.code().split_at(1);
            assert!("SGTILMDF".contains(letter), "{code}");
            assert!(digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
            assert!(code.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            assert!(seen.insert(code.code()) && seen.insert(code.name()), "{code} is there twice");
            assert_eq!(code.code().parse(), Ok(*code));
            assert_eq!(code.name().parse(), Ok(*code));
        }
        assert!("D999".parse::<Code>().is_err());
    }

    #[test]
    fn codes_of_a_letter_ascend() {
        for pair in Code::ALL.windows(2) {
            let (one, other) = (pair[0].code(), pair[1].code());
            assert!(one[..1] != other[..1] || one < other, "{one} stands before {other}");
        }
    }

    #[test]
    fn texts_are_sentences_without_an_end() {
        for code in Code::ALL {
            for text in [code.explanation(), code.help()] {
                assert!(!text.is_empty() && !text.ends_with(['.', ' ']) && !text.contains("  "), "{code}: {text:?}");
            }
        }
    }
}
