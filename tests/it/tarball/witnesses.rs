//! The `tar` crate as an oracle: what both read, they read alike.

use std::io::Read as _;

use proptest::prelude::*;

use super::{Seen, read, write};
use crate::support::hostile::header::{BLOCK, Field};

/// The members that the `tar` crate reads; `None` if it stops with an error.
fn oracle(tar: &[u8]) -> Option<Vec<Seen>> {
    let mut archive = tar::Archive::new(tar);
    let mut all = Vec::new();
    for entry in archive.entries().ok()? {
        let mut entry = entry.ok()?;
        // Global headers and volume labels are members to the crate; to us they are none, or skipped.
        if entry.header().entry_type().is_pax_global_extensions() || entry.header().entry_type().as_byte() == b'V' {
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let is_directory = entry.header().entry_type().is_dir() || name.ends_with(b"/");
        let mut payload = Vec::new();
        entry.read_to_end(&mut payload).ok()?;
        all.push(Seen { name, is_directory, payload });
    }
    Some(all)
}

/// An archive of the `tar` crate's own builder; long names become GNU or pax extensions.
fn built(header: &tar::Header, members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, payload) in members {
        let mut header = header.clone();
        header.set_mode(0o644);
        header.set_size(payload.len() as u64);
        builder.append_data(&mut header, name, payload.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Puts the right checksum into the header at `at`.
fn seal(tar: &mut [u8], at: usize) {
    let block = &mut tar[at..at + BLOCK];
    let (from, len) = Field::Checksum.place();
    block[from..from + len].fill(b' ');
    let sum = block.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    block[from..from + len].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn members() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    // Names of up to 240 bytes: with and without an extension.
    let name = "[a-z]{1,8}(/[a-z]{1,50}){0,4}";
    prop::collection::vec((name, prop::collection::vec(any::<u8>(), 0..1200)), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn archives_of_the_tar_crate_are_read_alike(members in members(), is_gnu: bool) {
        let header = if is_gnu { tar::Header::new_gnu() } else { tar::Header::new_ustar() };
        let short = |name: &String| is_gnu || name.len() <= 100;
        let members = members.into_iter().filter(|(name, _)| short(name)).collect::<Vec<_>>();
        let tar = built(&header, &members);
        prop_assert_eq!(Some(read(&tar, 4096).unwrap()), oracle(&tar));
    }

    #[test]
    fn what_the_framing_writes_the_tar_crate_reads(members in members()) {
        let members = members.into_iter().filter(|(name, _)| name.len() <= 100);
        let members = members.map(|(name, payload)| (name.into_bytes(), payload)).collect::<Vec<_>>();
        let tar = write(&members);
        let wanted = members.into_iter().map(|(name, payload)| Seen { name, is_directory: false, payload });
        prop_assert_eq!(oracle(&tar), Some(wanted.collect::<Vec<_>>()));
    }

    /// Bends headers and seals them again, so that they get past the checksum. Refusing is always right here;
    /// accepting is right only if the `tar` crate sees the same.
    #[test]
    fn a_bent_header_is_refused_or_read_alike(
        changes in prop::collection::vec((0..3_usize, 0..BLOCK, prop_oneof![any::<u8>(), prop::sample::select(b"\x000157 LxgV".as_slice())]), 1..4),
    ) {
        let members = [("first", 700), ("folder/second", 0), ("third", 512)];
        let members = members.map(|(name, len)| (name.as_bytes().to_vec(), vec![b'x'; len]));
        let mut tar = write(&members);
        let headers = [0, BLOCK + 1024, 2 * BLOCK + 1024];
        for (member, at, byte) in changes {
            tar[headers[member] + at] = byte;
        }
        for at in headers {
            seal(&mut tar, at);
        }
        if let Ok(seen) = read(&tar, 512) {
            prop_assert_eq!(Some(seen), oracle(&tar));
        }
    }
}
