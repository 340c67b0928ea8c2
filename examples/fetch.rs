//! Fetches one document out of an indexed archive, without reading the rest. `cargo run --example fetch [FILE]`

use std::error::Error;
use std::io::Read;

use appsnap::snapshot::SnapshotArchive;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or("examples/data/quickstart.tar.gz".into());
    // Reads the index at the end of the file. It also works on memory, and on an object in a bucket.
    let archive = SnapshotArchive::open_path(path, &Default::default())?;
    let Some(first) = archive.documents().next() else {
        println!("the archive holds no documents");
        return Ok(());
    };
    let id = first?.id();

    // Two reads: a page of the index, and the chunks that hold the document.
    let mut contents = Vec::new();
    if let Some(mut document) = archive.document(id)? {
        document.read_to_end(&mut contents)?;
    }
    println!("{id}: {}", String::from_utf8_lossy(&contents));
    Ok(())
}
