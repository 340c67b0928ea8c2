//! Writes a snapshot: the metadata, a database dump, and a document. `cargo run --example write_snapshot`

use std::error::Error;
use std::fs::File;

use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::{Content, SnapshotWriter};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join("written.tar.gz");
    let dump = Content::file(File::open("examples/data/quickstart.dump")?)?;
    let invoice = b"two coffees: 7.60";

    // The metadata comes first in the archive, and states the sizes of what follows. The writer compares them.
    let metadata = Metadata::new()
        .with_model_version("1.0.0.1")
        .with_dump_size_bytes(dump.len_bytes())
        .with_files_size_bytes(invoice.len() as u64);
    let mut writer = SnapshotWriter::start(File::create(&path)?, &metadata, &Default::default())?;
    writer.database(dump, &mut NoObserver)?;
    writer.document(
        "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?,
        Content::sized(17, &invoice[..]),
        &mut NoObserver,
    )?;
    // Without this call the file is no archive: every reader reports it as truncated.
    let (file, report) = writer.finish()?;
    file.sync_all()?;
    println!("{} document is in {}", report.documents_count(), path.display());
    Ok(())
}
