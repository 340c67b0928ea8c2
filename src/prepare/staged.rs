//! Documents that are compressed into temporary files before the archive is written: [`Staged`].

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use super::database::{self, Source};
use super::error::Result;
use crate::document::DocumentId;
use crate::error::Error;
use crate::metadata::Metadata;
use crate::observe::Observer;
use crate::snapshot::index::IndexPlacement;
use crate::snapshot::join::{Join, shard};
use crate::snapshot::options::SectionSplit;
use crate::snapshot::report::WriteReport;
use crate::snapshot::{DocumentSource, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};

/// The first hex digits of documents. Those with the same one are a part.
const DIGITS: std::ops::RangeInclusive<u8> = 0..=15;

/// The parts of an archive, in files without a name.
///
/// A part is compressed again if one of its documents changes in the meantime, without the others being compressed again.
#[derive(Debug)]
pub(super) struct Staged {
    parts: Vec<SnapshotArchive<File>>,
}

/// Returns the first hex digit of a document, as a number.
pub(super) fn digit_of(id: DocumentId) -> u8 {
    let [first, ..] = *id.as_bytes();
    first >> 4
}

impl Staged {
    /// Compresses `documents` in `folder`. If a part fails, `recheck` receives its digit and removes or corrects the
    /// documents that are to blame; it returns `false` if there are none.
    pub(super) fn documents<S: DocumentSource>(
        documents: &mut S,
        folder: &Path,
        options: &WriteOptions,
        observer: &mut dyn Observer,
        mut recheck: impl FnMut(&mut S, u8) -> bool,
    ) -> Result<Self> {
        let mut parts = Vec::new();
        for digit in DIGITS {
            loop {
                let source = shard(&*documents, digit..=digit);
                if source.documents_count() == 0 {
                    break;
                }
                let mut writer = start(folder, options)?;
                match writer.documents(&source, observer) {
                    Ok(()) => {
                        parts.push(finish(writer)?);
                        break;
                    }
                    Err(error) if error.is_cancelled() => return Err(error.into()),
                    Err(error) => {
                        drop(source);
                        if !recheck(documents, digit) {
                            return Err(error.into());
                        }
                    }
                }
            }
        }
        Ok(Self { parts })
    }

    /// Writes the archive of all parts, with the dump before them.
    pub(super) fn write<R: Read, W: Write>(
        mut self,
        database: Option<(Source<R>, u64)>,
        metadata: &Metadata,
        (sink, folder): (W, &Path),
        options: &WriteOptions,
        observer: &mut dyn Observer,
    ) -> Result<(W, WriteReport)> {
        if let Some((source, len_bytes)) = database {
            let mut writer = start(folder, options)?;
            database::write(&mut writer, len_bytes, source, observer)?;
            self.parts.insert(0, finish(writer)?);
        }
        let options = options.clone().with_sections(SectionSplit::Digit);
        let joined = Join::plan(metadata, &self.parts, &options)?;
        let sink = joined.write_to(sink, observer)?;
        Ok((sink, joined.report().clone()))
    }
}

fn start(folder: &Path, options: &WriteOptions) -> Result<SnapshotWriter<File>> {
    let failed = |error| Error::io("creating a temporary file", error).within_path(folder);
    let file = tempfile::tempfile_in(folder).map_err(failed)?;
    let options = options.clone().with_sections(SectionSplit::Digit).with_index(IndexPlacement::Embedded);
    Ok(SnapshotWriter::start(file, &Metadata::new(), &options.without_size_check())?)
}

fn finish(writer: SnapshotWriter<File>) -> Result<SnapshotArchive<File>> {
    let (file, _) = writer.finish()?;
    let options = ReadOptions::new().with_limits(crate::limits::Limits::trusted());
    Ok(SnapshotArchive::open(file, &options)?)
}
