//! Reads a dump once: verifies all of it, and keeps the rows that refer to files.

use std::io::Read;

use super::files::{self, FileTable, FileTableUnavailable, Numbers};
use crate::limits::Limits;
use crate::observe::NoObserver;
use crate::pgdump::raw::Header;
use crate::pgdump::{self, Dump, Inspection};

/// The contents of a dump that was read and verified to its end.
#[derive(Debug)]
pub(crate) struct ReadDump {
    pub(crate) inspection: Inspection,
    /// The rows that refer to files.
    pub(crate) table: Result<FileTable, FileTableUnavailable>,
}

/// Reads the dump in `source` to its end. Calls `opened` with the header as soon as it is known, because a dump that is
/// damaged later still has a version.
pub(crate) fn read<R: Read>(
    source: R,
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
