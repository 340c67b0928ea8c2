//! The findings about files that the database refers to and documents that the archive has.

use crate::check::code::Code;
use crate::check::files::{FileCase, FileComparison, FileTableUnavailable};
use crate::check::ranking::Ranking;
use crate::layout::NameText;

/// Adds the findings of a comparison.
pub(in crate::check) fn add(comparison: &FileComparison, ranking: &mut Ranking<'_>) {
    for case in comparison.cases() {
        let Some(code) = case.code else { continue };
        ranking.add(code, |found| {
            found.with_location(NameText::of_document(case.id).to_string()).with_message(message(code, &case))
        });
    }
    for row in comparison.unnamed_rows() {
        let (code, message) = match row.number() {
            // Two digits at least: `files/NN/<id>` with NN = id / 1000.
            Some(number) => (
                Code::DocumentNumbered,
                format!(
                    "its document is the file {:02}/{number} in the storage of the app, and has no uuid",
                    number / 1000
                ),
            ),
            None => (Code::DocumentUnnamed, "it must have a document and refers to none".to_owned()),
        };
        ranking.add(code, |found| {
            found.with_location(format!("row {} of system$filedocument", row.object_id())).with_message(message)
        });
    }
}

/// Adds the reason why nothing was compared.
pub(in crate::check) fn add_unavailable(why: FileTableUnavailable, location: Option<&str>, ranking: &mut Ranking<'_>) {
    let code = match why {
        FileTableUnavailable::TooMany(_) => Code::FilesTooManyToCompare,
        FileTableUnavailable::Absent | FileTableUnavailable::Inserts | FileTableUnavailable::NoUuid => {
            Code::FilesNotCompared
        }
    };
    ranking.add(code, |found| found.with_location(location.map(str::to_owned)).with_message(why.to_string()));
}

fn message(code: Code, case: &FileCase) -> String {
    let row = case.row.map_or_else(String::new, |row| {
        let kind = if row.is_thumbnail() { " (a thumbnail)" } else { "" };
        format!("row {} of system$filedocument{kind}", row.object_id())
    });
    let size = case.stated_bytes().map(|bytes| format!("{bytes} bytes"));
    let document = case.document_bytes.map(|bytes| format!("{bytes} bytes"));
    match (code, size, document) {
        (Code::DocumentMissing, Some(size), _) => format!("{row} must have this document of {size}, which is missing"),
        (Code::DocumentMissing, None, _) => format!("{row} must have this document, which is missing"),
        (Code::DocumentOrphan, _, Some(document)) => {
            format!("no row of system$filedocument refers to this document of {document}")
        }
        (Code::DocumentUnexpected, ..) => format!("{row} has no content"),
        (Code::DocumentDeletedAfterDownload, ..) => format!("{row} deletes its document after the download"),
        (_, Some(size), Some(document)) => format!("{row} states {size}, the document has {document}"),
        (_, _, _) => row,
    }
}
