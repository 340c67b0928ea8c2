//! A small archive, damaged in every way there is: never a panic, never other contents that count as verified.

use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ReadOptions, SnapshotArchive, WriteOptions};

use crate::support::archives::{Contents, read};
use crate::support::readers::Portions;

fn archives() -> [(Contents, Vec<u8>); 2] {
    [IndexPlacement::Omitted, IndexPlacement::Embedded].map(|index| {
        let contents = Contents::tiny();
        let (archive, _) = contents.push(WriteOptions::new().with_index(index));
        (contents, archive)
    })
}

#[test]
fn truncation_at_every_byte_is_noticed() {
    for (contents, archive) in archives() {
        let plain_len = archives()[0].1.len();
        for len in 0..archive.len() {
            let outcome = read(&archive[..len], ReadOptions::new());
            // Cutting off the whole index leaves the archive without one, which is complete.
            if len == plain_len && archive.len() > plain_len {
                assert!(outcome.unwrap().0 == contents);
            } else {
                assert!(outcome.is_err(), "{len} of {} bytes passed", archive.len());
            }
        }
    }
}

#[test]
fn flip_of_every_bit_never_changes_what_is_verified() {
    for (contents, archive) in archives() {
        for at in 0..archive.len() {
            for bit in 0..8 {
                let mut damaged = archive.clone();
                damaged[at] ^= 1 << bit;
                if let Ok((read, _)) = read(damaged.as_slice(), ReadOptions::new()) {
                    assert!(read == contents, "byte {at}, bit {bit}");
                }
            }
        }
    }
}

#[test]
fn damage_is_the_same_byte_by_byte() {
    let (_, archive) = &archives()[1];
    for at in (0..archive.len()).step_by(3) {
        let mut damaged = archive.clone();
        damaged[at] ^= 0x10;
        let whole = read(damaged.as_slice(), ReadOptions::new()).map(|(contents, _)| contents);
        let slow = read(Portions::single(damaged.as_slice()), ReadOptions::new()).map(|(contents, _)| contents);
        match (whole, slow) {
            (Ok(whole), Ok(slow)) => assert!(whole == slow),
            (Err(whole), Err(slow)) => {
                assert_eq!(std::mem::discriminant(whole.kind()), std::mem::discriminant(slow.kind()), "byte {at}");
            }
            _ => panic!("byte {at} is noticed by one of two readers"),
        }
    }
}

#[test]
fn random_access_never_gives_other_content() {
    let (contents, archive) = &archives()[1];
    for at in 0..archive.len() {
        for bit in [0, 3, 7] {
            let mut damaged = archive.clone();
            damaged[at] ^= 1 << bit;
            let Ok(archive) = SnapshotArchive::open(damaged, &ReadOptions::new()) else { continue };
            for (id, bytes) in &contents.documents {
                let mut read = Vec::new();
                if let Ok(Some(mut file)) = archive.document(*id)
                    && std::io::Read::read_to_end(&mut file, &mut read).is_ok()
                {
                    assert!(read == *bytes, "byte {at}, bit {bit}");
                }
            }
            for parallelism in [Parallelism::INLINE, Parallelism::threads(2)] {
                if let Ok(report) = archive.verify(parallelism, &mut NoObserver) {
                    assert_eq!(report.documents_count(), contents.documents.len() as u64, "byte {at}, bit {bit}");
                }
            }
        }
    }
}
