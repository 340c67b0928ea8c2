//! Stable codes of findings: [`Code`], and the macro by which a module declares its own.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};

use super::severity::Severity;

/// The code of a finding, from any module.
///
/// Codes are stable: programs may rely on them, and none is ever used for something else. The modules declare their
/// codes as enums, which convert into this type and compare equal to it; two codes are equal if their ids are.
#[derive(Clone, Copy)]
pub struct Code(&'static Details);

/// Everything that a module declares about one code.
#[derive(Debug)]
pub(crate) struct Details {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
    pub(crate) explanation: &'static str,
    pub(crate) help: &'static str,
}

impl Code {
    pub(crate) const fn new(details: &'static Details) -> Self {
        Self(details)
    }

    /// Returns the id: the letter of the layer and three digits, for example `D002`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.0.id
    }

    /// Returns the name in kebab case, for example `dump-format-too-new`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the severity that applies where no profile changes it.
    #[must_use]
    pub const fn default_severity(self) -> Severity {
        self.0.severity
    }

    /// Returns an explanation of the finding, in full sentences.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        self.0.explanation
    }

    /// Returns advice on what to do about the finding: a clause without a full stop.
    #[must_use]
    pub const fn help(self) -> &'static str {
        self.0.help
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Code {}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Code {
    /// Orders codes by their ids.
    fn cmp(&self, other: &Self) -> Ordering {
        self.id().cmp(other.id())
    }
}

impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({self})")
    }
}

impl fmt::Display for Code {
    /// Writes the id and the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id(), self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// Declares the codes of a module's findings as one enum.
///
/// The doc comment of a variant is the explanation of its code. That the variant is the name in camel case is checked
/// during compilation.
macro_rules! codes {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $Enum:ident {
            $(
                $(#[doc = $explanation:literal])+
                $Variant:ident = $id:literal $name:literal $severity:ident, $help:literal;
            )+
        }
    ) => {
        $(#[$attribute])*
        ///
        /// Converts into a [`diagnostic::Code`](crate::diagnostic::Code), which has the name, the severity and the help.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $visibility enum $Enum {
            $(
                $(#[doc = $explanation])+
                #[doc = concat!("\n\n", $id, " `", $name, "`, default severity: ", stringify!($severity), ".")]
                #[doc = concat!("Help: ", $help, ".")]
                $Variant,
            )+
        }

        impl $Enum {
            /// All codes of this module.
            #[allow(dead_code, reason = "not every list is in the registry yet")]
            pub(crate) const ALL: &'static [$crate::diagnostic::Code] = &[$(Self::$Variant.code()),+];

            pub(crate) const fn code(self) -> $crate::diagnostic::Code {
                match self {
                    $(Self::$Variant => {
                        const DETAILS: &$crate::diagnostic::Details = &$crate::diagnostic::Details {
                            id: $id,
                            name: $name,
                            severity: $crate::diagnostic::Severity::$severity,
                            explanation: concat!($($explanation),+).trim_ascii(),
                            help: $help,
                        };
                        const {
                            assert!(
                                $crate::diagnostic::is_kebab_case_of($name, stringify!($Variant)),
                                "the name is not the variant in kebab case"
                            );
                        }
                        $crate::diagnostic::Code::new(DETAILS)
                    })+
                }
            }
        }

        impl From<$Enum> for $crate::diagnostic::Code {
            fn from(code: $Enum) -> Self {
                code.code()
            }
        }

        impl TryFrom<$crate::diagnostic::Code> for $Enum {
            type Error = $crate::diagnostic::Code;

            /// Returns the code as an error if it belongs to another module.
            fn try_from(code: $crate::diagnostic::Code) -> Result<Self, Self::Error> {
                [$(Self::$Variant),+].into_iter().find(|own| code == *own).ok_or(code)
            }
        }

        impl PartialEq<$Enum> for $crate::diagnostic::Code {
            fn eq(&self, other: &$Enum) -> bool {
                *self == other.code()
            }
        }

        impl std::fmt::Display for $Enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.code().fmt(f)
            }
        }
    };
}

pub(crate) use codes;

/// Returns `true` if `kebab` is the name of the variant `camel` in kebab case.
pub(crate) const fn is_kebab_case_of(kebab: &str, camel: &str) -> bool {
    let (mut kebab, mut camel, mut is_start) = (kebab.as_bytes(), camel.as_bytes(), true);
    while let [letter, camel_rest @ ..] = camel {
        if letter.is_ascii_uppercase() && !is_start {
            let [b'-', kebab_rest @ ..] = kebab else { return false };
            kebab = kebab_rest;
        }
        let [expected, kebab_rest @ ..] = kebab else { return false };
        if letter.to_ascii_lowercase() != *expected {
            return false;
        }
        (kebab, camel, is_start) = (kebab_rest, camel_rest, false);
    }
    kebab.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    codes! {
        /// Codes for these tests.
        enum Sample {
            /// The first line of an explanation
            /// goes on in a second.
            FirstOne = "X001" "first-one" Warning, "do something about it";
            /// Another.
            Second = "X002" "second" Info, "do nothing";
        }
    }

    #[test]
    fn declared_codes_have_all_their_details() {
        let code = Code::from(Sample::FirstOne);
        assert_eq!((code.id(), code.name(), code.default_severity()), ("X001", "first-one", Severity::Warning));
        assert_eq!(code.explanation(), "The first line of an explanation goes on in a second.");
        assert_eq!((code.help(), code.to_string().as_str()), ("do something about it", "X001 first-one"));
        assert_eq!(code, Sample::FirstOne);
        assert_ne!(code, Sample::Second);
        assert_eq!(Sample::ALL, [code, Sample::Second.into()]);
        assert_eq!(Sample::try_from(code), Ok(Sample::FirstOne));
    }

    #[test]
    fn only_the_kebab_case_of_a_variant_is_its_name() {
        assert!(is_kebab_case_of("dump-format-too-new", "DumpFormatTooNew"));
        assert!(is_kebab_case_of("a-b", "AB"));
        for name in ["dump-format", "dumpformat", "dump-format-too-newer", "-dump-format-too-new", ""] {
            assert!(!is_kebab_case_of(name, "DumpFormatTooNew"), "{name}");
        }
    }
}
