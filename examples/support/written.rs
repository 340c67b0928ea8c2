//! Reports about the archive that a command has written.

use std::path::Path;

use appsnap::snapshot::report::WriteReport;
use serde_json::{Value, json};

use super::{Outcome, bucket, print_about, print_json_about, shown, size};

/// Prints the contents and sizes of the archive at `path`: as text, or added to the members of `json`.
pub fn print_written(path: &Path, report: &WriteReport, json: Option<Value>) -> Outcome {
    let Some(mut json) = json else { return print_about(path, &text(path, report)) };
    let members = json!({
        "archive_bytes": report.archive_bytes(),
        "tar_bytes": report.tar_bytes(),
        "documents": report.documents_count(),
        "document_bytes": report.document_bytes(),
        "database_bytes": report.database_bytes(),
        "indexed": report.index().is_some(),
        "written": true,
        "requests": bucket::requests_json(),
    });
    if let (Some(json), Value::Object(members)) = (json.as_object_mut(), members) {
        json.extend(members);
    }
    print_json_about(path, &json)
}

fn text(path: &Path, report: &WriteReport) -> String {
    let database = report.database_bytes();
    let database = database.map_or("no database".to_owned(), |bytes| format!("a dump of {}", size(bytes)));
    let (name, bytes) = (shown(path), size(report.archive_bytes()));
    let (count, document_bytes) = (report.documents_count(), size(report.document_bytes()));
    format!("{name}: {bytes}, {database}, {count} documents of {document_bytes}\n")
}
