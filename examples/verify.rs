//! Tells whether a backup is whole, and whether a platform will accept it. `cargo run --example verify [FILE]`

use std::error::Error;
use std::fs::File;

use appsnap::check::{Profile, check};
use appsnap::observe::NoObserver;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or("examples/data/quickstart.tar.gz".into());
    // Reads everything once: archive, dump, and the rows in the dump that name documents.
    let report = check(File::open(path)?, &Profile::mendix_cloud(), &Default::default(), &mut NoObserver)?;
    for finding in report.findings() {
        println!("{}: {finding}", finding.severity());
    }
    if report.is_accepted() {
        println!("the backup is whole and will be accepted");
    } else {
        println!("do not rely on this backup");
    }
    Ok(())
}
