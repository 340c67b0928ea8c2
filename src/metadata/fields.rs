//! The contents of `.metadata`: [`Metadata`].

use super::key::Key;

/// The metadata of a snapshot.
///
/// A missing key is `None`, and stays missing when the metadata is written. Keys that the documentation does not name are
/// kept in order, with their JSON text.
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
    pub(super) duration: Option<u64>,
    pub(super) dump_size_bytes: Option<u64>,
    pub(super) model_version: Option<String>,
    pub(super) database_size_bytes: Option<u64>,
    pub(super) files_size_bytes: Option<u64>,
    pub(super) other: Vec<(String, String)>,
}

impl Metadata {
    /// Creates metadata without any keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the bytes of a `.metadata` member: the documented keys in the platform's order, with all values as strings,
    /// then the other keys as they were read.
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

    /// Returns the `duration`. Its unit is not documented.
    #[must_use]
    pub const fn duration(&self) -> Option<u64> {
        self.duration
    }

    /// Returns the `dumpSize`: the length of the dump.
    #[must_use]
    pub const fn dump_size_bytes(&self) -> Option<u64> {
        self.dump_size_bytes
    }

    /// Returns the `modelVersion`: the version of the app's model, an opaque text.
    #[must_use]
    pub fn model_version(&self) -> Option<&str> {
        self.model_version.as_deref()
    }

    /// Returns `true` if the model version is empty or consists of zeros, as in `0.0.0.0`: a value for an unknown version.
    #[must_use]
    pub fn has_placeholder_model_version(&self) -> bool {
        let is_blank = |byte| matches!(byte, b'0' | b'.' | b' ');
        self.model_version.as_deref().is_some_and(|version| version.bytes().all(is_blank))
    }

    /// Returns the `databaseSize`: the size of the database on its server.
    #[must_use]
    pub const fn database_size_bytes(&self) -> Option<u64> {
        self.database_size_bytes
    }

    /// Returns the `filesSize`: the sum of the lengths of the documents.
    #[must_use]
    pub const fn files_size_bytes(&self) -> Option<u64> {
        self.files_size_bytes
    }

    /// Returns the keys that the documentation does not name, in order, each with the JSON text of its value.
    pub fn other(&self) -> impl Iterator<Item = (&str, &str)> {
        self.other.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Adds a key that the documentation does not name, with the JSON text of its value.
    pub(crate) fn with_other(mut self, key: &str, json: String) -> Self {
        self.other.push((key.to_owned(), json));
        self
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
