//! The zip reader: honest archives are read, dishonest ones are refused with the reason.

pub(crate) mod builder;
mod honest;
mod hostile;

use std::io::Read as _;

use appsnap::Limits;
use appsnap::zip::{Archive, Error};

/// Name and contents.
type Named = (Vec<u8>, Vec<u8>);

/// Reads everything: names and contents in the order of the directory.
pub(crate) fn read_all(bytes: &[u8], limits: &Limits) -> Result<Vec<Named>, Error> {
    let archive = Archive::open(bytes, limits)?;
    let mut buffer = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    let mut all = Vec::new();
    while let Some(entry) = entries.next_entry()? {
        let mut contents = Vec::new();
        archive.read(&entry)?.read_to_end(&mut contents).map_err(|error| error.downcast::<Error>().unwrap())?;
        all.push((entry.name().to_vec(), contents));
    }
    Ok(all)
}
