//! Reports what is wrong or unusual in something that could still be read: [`Diagnostic`].
//!
//! An error is why an operation stopped. A diagnostic is a finding about the input, and the operation went on. Every
//! module that reads untrusted or unusual data declares the codes of its findings as one enum, next to the code that
//! raises them (for example [`tarball::Code`](crate::tarball)), and adds diagnostics to a bounded [`Diagnostics`] list,
//! which its report returns. [`check`](crate::check::check()) collects all of them and ranks them for a platform.
//!
//! [A page](crate::_documentation::findings) lists all codes.
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::unwrap_used))]
mod code;
mod list;
mod severity;

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

pub use code::Code;
pub(crate) use code::{Details, codes, is_kebab_case_of};
pub use list::Diagnostics;
pub use severity::Severity;

/// A finding: its code, where it was found, and what was found there.
///
/// All texts are safe to print, whatever the input contains. Serializing gives an object with the members `code`,
/// `name`, `severity`, `location`, `position`, `message` and `help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: Code,
    severity: Severity,
    location: Option<String>,
    position: Option<u64>,
    message: Cow<'static, str>,
}

impl Diagnostic {
    fn new(code: Code, severity: Severity) -> Self {
        Self { code, severity, location: None, position: None, message: Cow::Borrowed("") }
    }

    /// Sets the location. The caller escapes text from the input.
    pub(crate) fn with_location(mut self, location: impl Into<Option<String>>) -> Self {
        self.location = location.into();
        self
    }

    /// Sets the position in bytes.
    pub(crate) fn with_position(mut self, position: impl Into<Option<u64>>) -> Self {
        self.position = position.into();
        self
    }

    /// Sets the message. The caller escapes text from the input.
    pub(crate) fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// Returns `true` if the finding has this code, which can be the code of any module.
    #[must_use]
    pub fn is(&self, code: impl Into<Code>) -> bool {
        self.code == code.into()
    }

    /// The code of the finding, with its name, explanation and help.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The severity: that of the profile in the report of a check, otherwise the code's default.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The location: a member of an archive, an entry of a dump, a row of a database. `None` for the input as a whole.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The position in the uncompressed input, in bytes, where it is known.
    #[must_use]
    pub const fn position(&self) -> Option<u64> {
        self.position
    }

    /// A description of what was found, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.severity, self.code)?;
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Diagnostic", 7)?;
        object.serialize_field("code", self.code.id())?;
        object.serialize_field("name", self.code.name())?;
        object.serialize_field("severity", &self.severity)?;
        object.serialize_field("location", &self.location)?;
        object.serialize_field("position", &self.position)?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("help", self.code.help())?;
        object.end()
    }
}
