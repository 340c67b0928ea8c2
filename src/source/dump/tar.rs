//! The members of a tar file with a dump in it: [`DumpTar`].

use std::collections::BTreeMap;
use std::io::{self, BufReader, Seek, SeekFrom};

use super::section::Section;
use crate::error::Error;
use crate::limits::{Budget, Limits};
use crate::pgdump::forms::DumpFiles;
use crate::pgdump::{self, ErrorKind};
use crate::tarball::{MemberKind, Reader, padding_bytes};

/// Enough for a header and its extensions; payloads are skipped.
const BUFFER_BYTES: usize = 4 << 10;

/// The regular files of a tar file.
#[derive(Debug)]
pub(super) struct TarMembers {
    source: Section,
    /// The offset and length of every file, by its name.
    members: BTreeMap<Vec<u8>, (u64, u64)>,
}

/// The files of a dump in tar format, or in directory format in a tar file.
#[derive(Debug)]
pub(super) struct DumpTar {
    members: TarMembers,
    /// The folder of the dump in the tar file, with its slash.
    folder: Vec<u8>,
}

impl TarMembers {
    /// Reads all headers.
    pub(super) fn read(source: Section, limits: &Limits) -> Result<Self, Error> {
        let mut members = BTreeMap::new();
        let mut budget = Budget::new("max_entries", limits.max_entries());
        let mut position = 0_u64;
        loop {
            let mut rest = source.clone();
            rest.seek(SeekFrom::Start(position)).map_err(|error| Error::io("reading the tar file", error))?;
            let mut reader = Reader::tolerant(BufReader::with_capacity(BUFFER_BYTES, rest), limits);
            let Some(member) = reader.next_member()? else { break };
            budget.spend(1)?;
            let (len_bytes, payload) = (member.len_bytes(), position.saturating_add(member.payload_offset_bytes()));
            if source.part(payload, len_bytes).is_none() {
                return Err(pgdump::Error::new(ErrorKind::Truncated { what: "the tar file" }).at(payload).into());
            }
            // Links, devices and sparse files are not files of a dump.
            if member.kind() == MemberKind::File && member.special().is_none() {
                let name = member.name().strip_prefix(b"./").unwrap_or(member.name()).to_vec();
                let shown = name.clone();
                if members.insert(name, (payload, len_bytes)).is_some() {
                    let twice = "the tar file contains this member twice: create it again".into();
                    return Err(pgdump::Error::new(ErrorKind::Corrupt(twice)).within_name(&shown).into());
                }
            }
            position = payload.saturating_add(len_bytes).saturating_add(padding_bytes(len_bytes));
        }
        Ok(Self { source, members })
    }

    /// Returns the only file, if there is one file.
    pub(super) fn only_file(&self) -> Option<Section> {
        let mut members = self.members.values();
        match (members.next(), members.next()) {
            (Some((start, len_bytes)), None) => self.source.part(*start, *len_bytes),
            _ => None,
        }
    }

    /// Returns the dump whose table of contents is the only one in the tar file, or the members if there is none.
    pub(super) fn into_dump(self) -> Result<DumpTar, Self> {
        let is_toc = |name: &[u8]| matches!(name, b"toc.dat" | b"toc.dat.gz" | b"toc.dat.lz4" | b"toc.dat.zst");
        let folder_bytes =
            |name: &[u8]| name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash.saturating_add(1));
        let mut folders = self.members.keys().filter_map(|name| {
            let (folder, file) = name.split_at_checked(folder_bytes(name))?;
            is_toc(file).then(|| folder.to_vec())
        });
        let (first, others) = (folders.next(), folders.any(|_| true));
        drop(folders);
        match first {
            Some(folder) if !others => Ok(DumpTar { members: self, folder }),
            _ => Err(self),
        }
    }
}

impl DumpFiles for DumpTar {
    type File = Section;

    fn open(&self, name: &str) -> io::Result<Option<Section>> {
        let name = [&self.folder, name.as_bytes()].concat();
        let Some((start, len_bytes)) = self.members.members.get(&name) else { return Ok(None) };
        let file = self.members.source.part(*start, *len_bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Some(file))
    }
}
