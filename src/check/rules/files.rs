//! Findings about the files that the database knows and the documents that the archive holds.

use crate::check::files::{FileCase, FileComparison, FileState, NoTable};
use crate::check::finding::Tally;
use crate::check::registry::Code;
use crate::layout::NameText;

/// Judges a comparison: one finding for every case that is not as it should be.
pub(in crate::check) fn judge(comparison: &FileComparison, tally: &mut Tally<'_>) {
    for case in comparison.cases() {
        let Some(code) = code(case.state) else { continue };
        tally.add(code, || Some(NameText::of_document(case.id).to_string()), || message(&case));
    }
    for row in comparison.unnamed_rows() {
        let place = || Some(format!("row {} of system$filedocument", row.object_id()));
        match row.number() {
            Some(number) => tally.add(Code::DocumentNumbered, place, || {
                // Two digits at least: `files/NN/<id>` with NN = id / 1000.
                format!(
                    "its document is the file {:02}/{number} in the storage of the app, and has no uuid",
                    number / 1000
                )
            }),
            None => tally.add(Code::DocumentUnnamed, place, || "it must have a document and names none".to_owned()),
        }
    }
}

/// Says why nothing was compared.
pub(in crate::check) fn judge_absence(why: NoTable, place: Option<&str>, tally: &mut Tally<'_>) {
    let (code, message) = match why {
        NoTable::Absent => (Code::FilesNotCompared, "the dump holds no rows of system$filedocument".to_owned()),
        NoTable::Inserts => (
            Code::FilesNotCompared,
            "the rows of system$filedocument are INSERT statements, which are not read".to_owned(),
        ),
        NoTable::NoUuid => (Code::FilesNotCompared, "system$filedocument has no column __uuid__".to_owned()),
        NoTable::TooMany(exceeded) => (Code::FilesTooMany, exceeded.to_string()),
    };
    tally.add(code, || place.map(str::to_owned), || message);
}

const fn code(state: FileState) -> Option<Code> {
    Some(match state {
        FileState::Missing => Code::DocumentMissing,
        FileState::Orphan => Code::DocumentOrphan,
        FileState::SizeDiffers => Code::DocumentSize,
        FileState::Empty => Code::DocumentZero,
        FileState::Unexpected => Code::DocumentUnexpected,
        FileState::DeletedAfterDownload => Code::DocumentDeleted,
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
