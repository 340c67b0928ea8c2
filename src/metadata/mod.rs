//! The `.metadata` member: sizes and model version of a snapshot, read strictly and written canonically.
//!
//! The platform writes one JSON object whose values are all strings, numbers in decimal:
//! `{"duration":"0","dumpSize":"94769","modelVersion":"1.0.0.40","databaseSize":"9730584","filesSize":"1346575"}`
//! (Mendix documentation, 2021 to 2026). Units are undocumented; bytes is the natural reading of the sizes.
//!
//! [`Metadata`] is built with `with_` methods and [rendered](Metadata::render), or [parsed](Metadata::parse) from a
//! member's bytes, together with diagnostics about everything unusual.
//!
//! ```
//! use appsnap::Limits;
//! use appsnap::metadata::{Code, Metadata};
//!
//! let json = br#"{"duration":"0","dumpSize":94769,"modelVersion":"1.0.0.40","databaseSize":"9","filesSize":"0"}"#;
//! let (metadata, diagnostics) = Metadata::parse(json, &Limits::untrusted())?;
//! assert_eq!((metadata.dump_size_bytes(), metadata.model_version()), (Some(94_769), Some("1.0.0.40")));
//! assert_eq!(diagnostics.count_of(Code::MetadataTypeCoerced), 1);
//! # Ok::<(), appsnap::metadata::Error>(())
//! ```

mod code;
mod error;
mod object;
mod parse;

pub use code::Code;
pub use error::{Error, ErrorKind};

use crate::diagnostic::Diagnostics;
use crate::limits::Limits;

/// What a snapshot says about itself.
///
/// A key that is missing is `None`, and stays missing when it is written. Keys that the documentation does not name are
/// kept in order with their JSON text.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::metadata::Metadata;
///
/// let metadata = Metadata::new().with_dump_size_bytes(94_769).with_model_version("1.0.0.40");
/// let json = metadata.render();
/// assert_eq!(json, br#"{"dumpSize":"94769","modelVersion":"1.0.0.40"}"#);
///
/// let (again, diagnostics) = Metadata::parse(&json, &Limits::untrusted())?;
/// assert_eq!(again, metadata);
/// assert_eq!(diagnostics.count(), 3, "duration, databaseSize and filesSize are missing");
/// # Ok::<(), appsnap::metadata::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    duration: Option<u64>,
    dump_size_bytes: Option<u64>,
    model_version: Option<String>,
    database_size_bytes: Option<u64>,
    files_size_bytes: Option<u64>,
    other: Vec<(String, String)>,
}

/// A key that the platform documents, in the order in which it writes them.
///
/// ```
/// use appsnap::metadata::Key;
///
/// assert_eq!(Key::ALL.map(Key::name), ["duration", "dumpSize", "modelVersion", "databaseSize", "filesSize"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Key {
    /// `duration`. Its unit is not known, so it is a bare number.
    Duration,
    /// `dumpSize`: length of `db/db.backup`.
    DumpSize,
    /// `modelVersion`: opaque text, such as `1.8.82.e3c1a393`.
    ModelVersion,
    /// `databaseSize`: size of the database on its server.
    DatabaseSize,
    /// `filesSize`: sum of the documents' lengths.
    FilesSize,
}

impl Key {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 5] =
        [Self::Duration, Self::DumpSize, Self::ModelVersion, Self::DatabaseSize, Self::FilesSize];

    /// The key as it stands in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::DumpSize => "dumpSize",
            Self::ModelVersion => "modelVersion",
            Self::DatabaseSize => "databaseSize",
            Self::FilesSize => "filesSize",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}

impl Metadata {
    /// Metadata that says nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses the bytes of a `.metadata` member: one UTF-8 JSON object without duplicate keys.
    ///
    /// The diagnostics report what differs from the platform's form but has only one meaning.
    ///
    /// # Errors
    /// An [`Error`] when it is larger than [`Limits::max_metadata_bytes`], not such an object, or a documented key has
    /// a value that is not a decimal number within 64 bits (not a string, for the model version).
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Self, Diagnostics), Error> {
        parse::parse(bytes, limits)
    }

    /// Parses what is usable of a `.metadata` member. Returns the documented keys whose values are not, each with the JSON
    /// text of its value.
    pub(crate) fn salvage(bytes: &[u8], limits: &Limits) -> Result<(Self, Vec<(Key, String)>), Error> {
        parse::salvage(bytes, limits)
    }

    /// The bytes of a `.metadata` member: documented keys first, in the platform's order, all values as strings; then
    /// the other keys as they came.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let number = |value: Option<u64>| value.map(|value| format!("\"{value}\""));
        let documented = Key::ALL.into_iter().filter_map(|key| {
            let value = match key {
                Key::Duration => number(self.duration),
                Key::DumpSize => number(self.dump_size_bytes),
                Key::ModelVersion => self.model_version.as_deref().map(json_string),
                Key::DatabaseSize => number(self.database_size_bytes),
                Key::FilesSize => number(self.files_size_bytes),
            };
            value.map(|value| (json_string(key.name()), value))
        });
        let other = self.other.iter().map(|(key, value)| (json_string(key), value.clone()));
        let members = documented.chain(other).map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>();
        format!("{{{}}}", members.join(",")).into_bytes()
    }

    /// The `duration`, in a unit that nobody documents.
    #[must_use]
    pub const fn duration(&self) -> Option<u64> {
        self.duration
    }

    /// `dumpSize`: length of the dump.
    #[must_use]
    pub const fn dump_size_bytes(&self) -> Option<u64> {
        self.dump_size_bytes
    }

    /// `modelVersion`: version of the app's model, an opaque text.
    #[must_use]
    pub fn model_version(&self) -> Option<&str> {
        self.model_version.as_deref()
    }

    /// Returns `true` if the model version is empty or consists of zeros, as in `0.0.0.0`: a value for an unknown version.
    #[must_use]
    pub fn has_placeholder_model_version(&self) -> bool {
        self.model_version
            .as_deref()
            .is_some_and(|version| version.bytes().all(|byte| matches!(byte, b'0' | b'.' | b' ')))
    }

    /// `databaseSize`: size of the database on its server.
    #[must_use]
    pub const fn database_size_bytes(&self) -> Option<u64> {
        self.database_size_bytes
    }

    /// `filesSize`: sum of the documents' lengths.
    #[must_use]
    pub const fn files_size_bytes(&self) -> Option<u64> {
        self.files_size_bytes
    }

    /// The keys that the documentation does not name, in order, each with the JSON text of its value.
    pub fn other(&self) -> impl Iterator<Item = (&str, &str)> {
        self.other.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Sets [`duration`](Self::duration).
    #[must_use]
    pub const fn with_duration(mut self, value: u64) -> Self {
        self.duration = Some(value);
        self
    }

    /// Sets [`dump_size_bytes`](Self::dump_size_bytes).
    #[must_use]
    pub const fn with_dump_size_bytes(mut self, value: u64) -> Self {
        self.dump_size_bytes = Some(value);
        self
    }

    /// Sets [`model_version`](Self::model_version).
    #[must_use]
    pub fn with_model_version(mut self, value: impl Into<String>) -> Self {
        self.model_version = Some(value.into());
        self
    }

    /// Sets [`database_size_bytes`](Self::database_size_bytes).
    #[must_use]
    pub const fn with_database_size_bytes(mut self, value: u64) -> Self {
        self.database_size_bytes = Some(value);
        self
    }

    /// Sets [`files_size_bytes`](Self::files_size_bytes).
    #[must_use]
    pub const fn with_files_size_bytes(mut self, value: u64) -> Self {
        self.files_size_bytes = Some(value);
        self
    }
}

/// The JSON text of a string.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
