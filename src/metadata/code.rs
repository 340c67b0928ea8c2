//! Codes of findings about `.metadata`: [`Code`].

use super::error::{Error, ErrorKind};
use crate::diagnostic::codes;

codes! {
    /// The codes of findings about `.metadata`.
    pub enum Code {
        /// The archive has no `.metadata`, without which no platform accepts it.
        MetadataMissing = "M001" "metadata-missing" Error, "repair the archive, or pack again";
        /// `.metadata` is not the JSON object that it must be.
        MetadataUnusable = "M002" "metadata-unusable" Error, "repair the archive, or pack again";
        /// The archive has no `.metadata`, and no database that it could describe.
        MetadataMissingFilesOnly = "M003" "metadata-missing-files-only" Warning, "pack again, with a dump";
        /// `.metadata` begins with a byte order mark.
        MetadataBom = "M010" "metadata-bom" Warning, "save it without one, or repair the archive";
        /// `.metadata` has a number where the platform writes a string.
        MetadataTypeCoerced = "M011" "metadata-type-coerced" Warning, "repair the archive, or pack again";
        /// `.metadata` lacks a key that the platform documents.
        MetadataKeyMissing = "M012" "metadata-key-missing" Warning, "repair the archive, or pack again";
        /// A size in `.metadata` differs from that of the archive's content.
        MetadataSizeDiffers = "M013" "metadata-size-differs" Warning,
            "make sure that nothing is missing; then repair the archive, or pack again";
        /// The model version in `.metadata` is a placeholder, such as `0.0.0.0`. The platform compares the model version with
        /// that of the deployed model.
        ModelVersionPlaceholder = "M014" "model-version-placeholder" Warning,
            "pack again with the model version of the app, or set it in a repair";
    }
}

impl Error {
    /// Returns the code of the finding that a check reports for this error; `None` if a limit is exceeded.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self.kind() {
            ErrorKind::Json { .. } | ErrorKind::Value { .. } => Some(Code::MetadataUnusable),
            ErrorKind::Limit(_) => None,
        }
    }
}
