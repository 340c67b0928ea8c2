//! Reads a dump once: verifies all of it, and keeps the rows that refer to files.

use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use super::files::{self, FileTable, FileTableUnavailable, Numbers};
use crate::io::{Cursor, ReadAt};
use crate::limits::Limits;
use crate::observe::{NoObserver, Observer};
use crate::pgdump::raw::Header;
use crate::pgdump::{self, Dump, Inspection, Stream, Visit, visit_sound};

/// The contents of a dump that was read and verified to its end.
#[derive(Debug)]
pub(crate) struct ReadDump {
    pub(crate) inspection: Inspection,
    /// The rows that refer to files.
    pub(crate) table: Result<FileTable, FileTableUnavailable>,
}

/// Reads the dump in `source` to its end. Calls `opened` with the header as soon as it is known, because a dump that is
/// damaged later still has a version.
pub(crate) fn read(
    // All sources share one reader: a dump is read in parts that are large beside a call.
    source: &mut dyn Read,
    limits: &Limits,
    numbers: Numbers,
    opened: impl FnOnce(&Header),
) -> Result<ReadDump, pgdump::Error> {
    let mut dump = Dump::open(source, limits)?;
    opened(dump.header());
    let wanted = files::find(dump.toc());
    let mut table = Err(FileTableUnavailable::Absent);
    if wanted.is_some() {
        while let Some(stream) = dump.next_stream()? {
            if Some(stream.id()) == wanted {
                table = FileTable::read(stream, limits.max_entries(), numbers)?;
            }
        }
    }
    Ok(ReadDump { inspection: dump.finish(&mut NoObserver)?, table })
}

/// Reads the dump in `source` as [`read`] does, on several threads. Returns `None` if it is to be read in order, because it
/// is damaged or cannot be divided.
pub(super) fn read_sound<S: ReadAt + Sync>(
    (source, threads_count): (&S, NonZeroUsize),
    limits: &Limits,
    opened: impl FnOnce(&Header),
    observer: &mut dyn Observer,
) -> Result<Option<ReadDump>, pgdump::Error> {
    let Ok(dump) = Dump::open(Cursor::new(source), limits) else { return Ok(None) };
    let header = dump.header().clone();
    let files = Files {
        wanted: files::find(dump.toc()),
        max_rows_count: limits.max_entries(),
        table: Mutex::new(Err(FileTableUnavailable::Absent)),
    };
    let read = visit_sound(dump, (source, threads_count), &files, observer)?;
    let Some((inspection, _)) = read else { return Ok(None) };
    opened(&header);
    Ok(Some(ReadDump { inspection, table: files.table.into_inner().unwrap_or_else(PoisonError::into_inner) }))
}

/// Keeps the rows that refer to files.
struct Files {
    wanted: Option<u32>,
    max_rows_count: u64,
    table: Mutex<Result<FileTable, FileTableUnavailable>>,
}

impl Visit<()> for Files {
    fn visit<R: Read>(&self, stream: Stream<'_, R>) -> Result<(), pgdump::Error> {
        if Some(stream.id()) == self.wanted {
            let table = FileTable::read(stream, self.max_rows_count, Numbers::Forget)?;
            *self.table.lock().unwrap_or_else(PoisonError::into_inner) = table;
        }
        Ok(())
    }
}
