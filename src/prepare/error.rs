//! The errors of this module, each with its remedy.

use std::io;

use crate::error::{Category, Error};
use crate::{pgdump, snapshot};

pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

/// An I/O error, or the error of an engine that travelled through `Read`.
#[cold]
pub(super) fn io_error(action: &'static str, error: io::Error) -> Error {
    match error.downcast::<snapshot::Error>() {
        Ok(error) => error.into(),
        Err(error) => match error.downcast::<pgdump::Error>() {
            Ok(error) => error.into(),
            Err(error) => Error::io(action, error),
        },
    }
}

#[cold]
pub(super) fn spool_needed() -> Error {
    Error::of(Category::Misuse, "the dump must be spooled before it can be packed: set a spool directory")
}

/// A file of the archive that does not belong in a snapshot.
#[cold]
pub(super) fn misplaced(name: &[u8], reason: &'static str) -> Error {
    let message = format!("{reason}: remove the file from the archive or move it to its location");
    Error::of(Category::BadInput, message).within_name(name)
}

/// Two files of the archive that belong to one name.
#[cold]
pub(super) fn repeated(name: &[u8]) -> Error {
    Error::of(Category::BadInput, "two files have this name, and either could be right: remove one of them")
        .within_name(name)
}

#[cold]
pub(super) fn nothing_to_repair() -> Error {
    Error::of(Category::BadInput, "the archive contains neither a dump nor a document")
}

#[cold]
pub(super) fn changed() -> Error {
    Error::of(Category::Changed, "the archive changed during its repair: repeat it while no program writes to the file")
}

#[cold]
pub(super) fn orphans_unknown(reason: &'static str) -> Error {
    Error::of(Category::BadInput, format!("orphans cannot be identified: {reason}"))
}
