//! Reads a dump once: verifies all of it, and keeps the rows that know the files.

use std::io::Read;

use super::files::{self, FileTable, NoTable, Numbers};
use crate::limits::Limits;
use crate::observe::NoObserver;
use crate::pgdump::raw::Header;
use crate::pgdump::{self, Dump, Inspection};

/// What a dump holds, all of it read and verified.
#[derive(Debug)]
pub(crate) struct ReadDump {
    pub(crate) inspection: Inspection,
    /// The rows that know the files.
    pub(crate) table: Result<FileTable, NoTable>,
}

/// Reads the dump in `source` to its end. The header goes to `opened` as soon as it is known: a dump that proves to be
/// damaged behind it still has a version.
pub(crate) fn read<R: Read>(
    source: R,
    limits: &Limits,
    numbers: Numbers,
    opened: impl FnOnce(&Header),
) -> Result<ReadDump, pgdump::Error> {
    let mut dump = Dump::open(source, limits)?;
    opened(dump.header());
    let wanted = files::find(dump.toc());
    let mut table = Err(NoTable::Absent);
    if wanted.is_some() {
        while let Some(stream) = dump.next_stream()? {
            if Some(stream.id()) == wanted {
                table = FileTable::read(stream, limits.max_entries(), numbers)?;
            }
        }
    }
    Ok(ReadDump { inspection: dump.finish(&mut NoObserver)?, table })
}
