//! Reads a snapshot from front to back, and verifies it on the way. `cargo run --example read_snapshot [FILE]`

use std::error::Error;
use std::fs::File;
use std::io;

use appsnap::snapshot::{EntryKind, SnapshotReader};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or("examples/data/quickstart.tar.gz".into());
    let mut reader = SnapshotReader::new(File::open(path)?, &Default::default());
    while let Some(mut entry) = reader.next_entry()? {
        match entry.kind() {
            EntryKind::Metadata(metadata) => println!("model version {:?}", metadata.model_version()),
            EntryKind::Database => println!("a dump of {} bytes", entry.len_bytes()),
            EntryKind::Document(id) => println!("document {id}: {} bytes", entry.len_bytes()),
            _ => {}
        }
        // An entry is a `Read`. What is not read is skipped, and its checksums are verified all the same.
        io::copy(&mut entry, &mut io::sink())?;
    }
    // `None` came after the last checksum: only now is it certain that nothing is missing or damaged.
    println!("{} documents, verified", reader.report().documents_count());
    Ok(())
}
