//! The tar engine: framing and reader, against the `tar` crate and against damage.

mod framing;
mod reader;
mod witnesses;

use std::fmt;
use std::io::BufReader;

use appsnap::Limits;
use appsnap::tarball::{Error, MemberKind, Reader, end_marker_bytes, file_header, padding_bytes};

/// One member, as far as tests compare it.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    name: Vec<u8>,
    is_directory: bool,
    payload: Vec<u8>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_directory { "directory" } else { "file" };
        write!(f, "{kind} {:?} of {} bytes", self.name.escape_ascii().to_string(), self.payload.len())
    }
}

/// A tar stream made with the crate's own framing.
fn write(members: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, payload) in members {
        let len_bytes = payload.len() as u64;
        tar.extend(file_header(name, len_bytes).unwrap());
        tar.extend(payload);
        tar.resize(tar.len() + usize::try_from(padding_bytes(len_bytes)).unwrap(), 0);
    }
    tar.resize(tar.len() + usize::try_from(end_marker_bytes(tar.len() as u64)).unwrap(), 0);
    tar
}

/// Reads everything through a buffer of `buffer_bytes`.
fn read(tar: &[u8], buffer_bytes: usize) -> Result<Vec<Seen>, Error> {
    let mut reader = Reader::new(BufReader::with_capacity(buffer_bytes, tar), &Limits::untrusted());
    let mut all = Vec::new();
    while let Some(member) = reader.next_member()? {
        if member.kind() == MemberKind::Label {
            continue;
        }
        let is_directory = member.kind() == MemberKind::Directory;
        let mut seen = Seen { name: member.name().to_vec(), is_directory, payload: Vec::new() };
        loop {
            let mut piece = [0; 300];
            let count = reader.read(&mut piece)?;
            if count == 0 {
                break;
            }
            seen.payload.extend(&piece[..count]);
        }
        all.push(seen);
    }
    Ok(all)
}
