//! The zip reader and writer: honest archives are read, dishonest ones refused with the reason.

pub(crate) mod builder;
mod honest;
mod hostile;

use std::io::Read as _;

use appsnap::Limits;
use appsnap::zip::{Archive, Buffer, Error, Result};

/// Reads everything: names and contents in the directory's order.
pub(crate) fn read_all(bytes: &[u8], limits: &Limits) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let archive = Archive::open(bytes, limits)?;
    let mut buffer = Buffer::new();
    let mut entries = archive.entries(&mut buffer);
    let mut all = Vec::new();
    while let Some(entry) = entries.next_entry()? {
        let place = archive.locate(&entry)?;
        let mut contents = Vec::new();
        archive.read(&place).read_to_end(&mut contents).map_err(|error| Error::from_io(error).unwrap())?;
        all.push((entry.name().to_vec(), contents));
    }
    Ok(all)
}
