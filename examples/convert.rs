//! Converts a dump of a new PostgreSQL for an old `pg_restore`. `cargo run --example convert [DUMP]`

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use appsnap::observe::NoObserver;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::transcode::Transcoder;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or("examples/data/postgres18.dump".into());
    let converted = std::env::temp_dir().join("converted.dump");
    // 1.14 is what pg_restore of PostgreSQL 12 to 15 reads; PostgreSQL 17 and 18 write 1.16.
    let output = BufWriter::new(File::create(&converted)?);
    let transcoder = Transcoder::to(FormatVersion::V1_14);
    let (_, report) = transcoder.convert(File::open(path)?, output, &Default::default(), &mut NoObserver)?;
    let changes = report.changes;
    println!("{} became {}: pg_restore -d DATABASE {}", changes.from, changes.to, converted.display());
    for warning in &changes.warnings {
        println!("entry {} wants a newer server: {}", warning.id, warning.feature);
    }
    Ok(())
}
