//! Findings about the files that the database knows and the documents that the archive holds.

use crate::check::code::Code;
use crate::check::files::{FileCase, FileComparison, FileState, NoTable};
use crate::check::ranking::Ranking;
use crate::layout::NameText;

/// Judges a comparison: one finding for every case that is not as it should be.
pub(in crate::check) fn judge(comparison: &FileComparison, ranking: &mut Ranking<'_>) {
    for case in comparison.cases() {
        let Some(code) = code(case.state) else { continue };
        ranking.add(code, |found| {
            found.with_location(NameText::of_document(case.id).to_string()).with_message(message(&case))
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
pub(in crate::check) fn judge_absence(why: NoTable, location: Option<&str>, ranking: &mut Ranking<'_>) {
    let (code, message) = match why {
        NoTable::Absent => (Code::FilesNotCompared, "the dump holds no rows of system$filedocument".to_owned()),
        NoTable::Inserts => (
            Code::FilesNotCompared,
            "the rows of system$filedocument are INSERT statements, which are not read".to_owned(),
        ),
        NoTable::NoUuid => (Code::FilesNotCompared, "system$filedocument has no column __uuid__".to_owned()),
        NoTable::TooMany(exceeded) => (Code::FilesTooManyToCompare, exceeded.to_string()),
    };
    ranking.add(code, |found| found.with_location(location.map(str::to_owned)).with_message(message));
}

const fn code(state: FileState) -> Option<Code> {
    Some(match state {
        FileState::Missing => Code::DocumentMissing,
        FileState::Orphan => Code::DocumentOrphan,
        FileState::SizeDiffers => Code::DocumentSizeDiffers,
        FileState::Empty => Code::DocumentEmpty,
        FileState::Unexpected => Code::DocumentUnexpected,
        FileState::DeletedAfterDownload => Code::DocumentDeletedAfterDownload,
        FileState::Present | FileState::WithoutContents => return None,
    })
}

fn message(case: &FileCase) -> String {
    let row = case.row.map_or_else(String::new, |row| {
        let kind = if row.is_thumbnail() { " (a thumbnail)" } else { "" };
        format!("row {} of system$filedocument{kind}", row.object_id())
    });
    let size_bytes = case.row.and_then(|row| row.size_bytes());
    match (case.state, size_bytes, case.document_bytes) {
        (FileState::Missing, Some(size), _) => {
            format!("{row} must have this document of {size} bytes; it is not there")
        }
        (FileState::Missing, None, _) => format!("{row} must have this document; it is not there"),
        (FileState::Orphan, _, bytes) => {
            format!("no row of system$filedocument knows this document of {} bytes", bytes.unwrap_or_default())
        }
        (FileState::Unexpected, _, _) => format!("{row} says that it has no content"),
        (FileState::DeletedAfterDownload, _, _) => format!("{row} has it deleted after the download"),
        (_, size, bytes) => {
            format!("{row} says {} bytes, the document has {}", size.unwrap_or_default(), bytes.unwrap_or_default())
        }
    }
}
