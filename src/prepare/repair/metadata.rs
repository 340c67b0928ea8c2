//! New metadata for a repaired archive, based on its old metadata.

use super::entry::FoundMetadata;
use crate::metadata::{Key, Metadata};
use crate::prepare::change::Change;
use crate::prepare::options::PrepareOptions;
use crate::prepare::prepared::UNKNOWN_MODEL_VERSION;

/// The metadata that was found in the archive.
pub(super) enum Found {
    Nothing,
    Usable(Box<FoundMetadata>),
    Unusable(String),
}

/// The sizes in the repaired archive.
#[derive(Clone, Copy, Default)]
pub(super) struct Sizes {
    pub(super) dump_bytes: u64,
    pub(super) document_bytes: u64,
    /// Decompressed size of the dump.
    pub(super) plain_bytes: Option<u64>,
}

/// Completes the metadata and lists the changes. Undocumented keys are kept.
pub(super) fn fill(found: Found, sizes: Sizes, options: &PrepareOptions, changes: &mut Vec<Change>) -> Metadata {
    let mut unusable = Vec::new();
    let old = match found {
        Found::Usable(found) => {
            let FoundMetadata { metadata, unusable: texts } = *found;
            unusable = texts;
            Some(metadata)
        }
        Found::Unusable(reason) => {
            changes.push(Change::MetadataReplaced { reason });
            None
        }
        Found::Nothing => {
            changes.push(Change::MetadataAdded);
            None
        }
    };
    let base = old.clone().unwrap_or_default();
    let model_version = options.model_version.as_deref().or(base.model_version()).unwrap_or_else(|| {
        changes.push(Change::ModelVersionAssumed);
        UNKNOWN_MODEL_VERSION
    });
    let database_bytes = options.database_size_bytes.or(base.database_size_bytes()).or_else(|| {
        let size_bytes = sizes.plain_bytes?;
        changes.push(Change::DatabaseSizeEstimated { size_bytes });
        Some(size_bytes)
    });
    let filled = base
        .clone()
        .with_duration(base.duration().unwrap_or(0))
        .with_dump_size_bytes(sizes.dump_bytes)
        .with_model_version(model_version)
        .with_database_size_bytes(database_bytes.unwrap_or(0))
        .with_files_size_bytes(sizes.document_bytes);
    if let Some(old) = old {
        changes.extend(Key::ALL.into_iter().filter_map(|key| {
            let text = unusable.iter().find(|(other, _)| *other == key);
            let text = text.map(|(_, text)| crate::layout::escaped(text.as_bytes()).to_string());
            let (from, to) = (value(&old, key).or(text), value(&filled, key).unwrap_or_default());
            (from.as_ref() != Some(&to)).then(|| Change::MetadataCorrected { key: key.name(), from, to })
        }));
    }
    filled
}

fn value(metadata: &Metadata, key: Key) -> Option<String> {
    match key {
        Key::Duration => metadata.duration().map(|value| value.to_string()),
        Key::DumpSize => metadata.dump_size_bytes().map(|value| value.to_string()),
        // The value comes from an archive and goes into messages.
        Key::ModelVersion => metadata.model_version().map(|value| crate::layout::escaped(value.as_bytes()).to_string()),
        Key::DatabaseSize => metadata.database_size_bytes().map(|value| value.to_string()),
        Key::FilesSize => metadata.files_size_bytes().map(|value| value.to_string()),
    }
}
