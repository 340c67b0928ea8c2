//! Findings of the service itself, in the form of those of the library.

use appsnap::check::Report;
use appsnap::diagnostic::Diagnostic;
use appsnap::{pgdump, snapshot};
use axum::http::StatusCode;
use serde::Serialize;

use crate::size::size;

/// A reason for which the service refuses an upload.
#[derive(Debug, Serialize)]
pub struct Finding {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    location: Option<&'static str>,
    message: String,
    help: &'static str,
    allowed: bool,
}

impl Finding {
    const fn new(code: &'static str, name: &'static str, message: String, help: &'static str) -> Self {
        Self { code, name, severity: "error", location: None, message, help, allowed: false }
    }

    /// The upload is a dump without an archive around it.
    pub fn bare_dump() -> Self {
        let message = "the upload is a bare database dump, not a snapshot: a snapshot also holds metadata, and the \
                       documents of the app";
        let help =
            "create a snapshot with pack --database FILE --files FOLDER --output snapshot.tar.gz, and upload that";
        Self::new("U001", "bare-dump", message.to_owned(), help)
    }

    /// The upload is an HTML form around the file.
    pub fn form_upload() -> Self {
        let message = "the upload is a form (multipart/form-data): the service expects the file itself as the body of \
                       the request";
        let help = "use curl -T FILE instead of curl -F, or the page at /";
        Self::new("U002", "form-upload", message.to_owned(), help)
    }

    /// The upload has more bytes than the setting allows.
    pub fn too_large(allowed_bytes: u64) -> Self {
        let message = format!("the limit max_upload_bytes allows {}, the upload has more", size(allowed_bytes));
        let help = "upload a smaller snapshot, or start the service with a larger --max-upload-bytes";
        Self::new("U003", "upload-too-large", message, help)
    }

    /// The connection ended before the upload did.
    pub fn cut_short(received_bytes: u64) -> Self {
        let message = format!("the upload ended early: {received_bytes} bytes arrived");
        Self::new("U004", "upload-cut-short", message, "upload the file again")
    }

    /// Nothing arrived for too long.
    pub fn stalled(received_bytes: u64, seconds: u64) -> Self {
        let message =
            format!("the upload stalled: after {received_bytes} bytes, nothing arrived for {seconds} seconds");
        Self::new("U005", "upload-stalled", message, "upload the file again, over a better connection")
    }
}

/// Returns the limit that a message of the library names.
pub fn exceeded_limit(message: &str) -> Option<&str> {
    message.split_once("the limit ")?.1.split(' ').next()
}

/// Returns the status for a snapshot that its report rejects.
pub fn status_of(report: &Report) -> StatusCode {
    let is_limit = |finding: &Diagnostic| {
        finding.code() == snapshot::Code::LimitExceeded || finding.code() == pgdump::Code::DumpLimitExceeded
    };
    match report.findings().iter().any(is_limit) {
        true => StatusCode::PAYLOAD_TOO_LARGE,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, exceeded_limit};

    #[test]
    fn codes_of_the_service_are_not_those_of_the_library() {
        assert!(appsnap::check::codes().all(|code| !code.id().starts_with('U')));
    }

    #[test]
    fn limit_is_named_by_the_message() {
        assert_eq!(exceeded_limit(&Finding::too_large(1).message), Some("max_upload_bytes"));
        assert_eq!(exceeded_limit("the dump is damaged"), None);
    }
}
