//! Reads files of a dump whose length is known: [`read_exact`].

use crate::io::ReadAt;
use crate::pgdump::error::{Error, ErrorKind};

/// Fills `out` from `position`. The length of the file is known, so its end is unexpected.
pub(super) fn read_exact(file: &impl ReadAt, out: &mut [u8], position: u64) -> Result<(), Error> {
    file.read_exact_at(out, position).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::new(ErrorKind::Changed),
        _ => Error::io("reading a file of the dump", error),
    })
}
