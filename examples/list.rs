//! Lists the documents of a snapshot: uuid, length and CRC32, one line each.

mod support;

use std::fmt::Write;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::DocumentId;
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
use clap::Parser;
use support::{InFile, Outcome};

/// Lists the documents of a snapshot: uuid, bytes, crc32.
#[derive(Parser)]
struct Args {
    /// The snapshot, `.tar.gz` or `.tar`.
    archive: PathBuf,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

struct Row {
    id: DocumentId,
    len_bytes: u64,
    crc32: u32,
}

fn main() -> ExitCode {
    support::run(list)
}

fn list(args: &Args) -> Outcome {
    let file = File::open(&args.archive).in_file(&args.archive)?;
    let mut reader = SnapshotReader::new(file, ReadOptions::new());
    let mut rows = Vec::new();
    // Only the end says that all of it was sound, so nothing is printed before.
    while let Some(entry) = reader.next_entry().in_file(&args.archive)? {
        if let EntryKind::Document(id) = *entry.kind() {
            let len_bytes = entry.len_bytes();
            rows.push(Row { id, len_bytes, crc32: entry.crc32().in_file(&args.archive)? });
        }
    }
    support::print(&if args.json { json(&rows) } else { lines(&rows) })
}

fn lines(rows: &[Row]) -> String {
    rows.iter().fold(String::new(), |mut text, Row { id, len_bytes, crc32 }| {
        let _ = writeln!(text, "{id} {len_bytes} {crc32:08x}");
        text
    })
}

/// An array with one line a document, so that it can be read line by line too.
fn json(rows: &[Row]) -> String {
    let mut text = String::from("[");
    for (number, Row { id, len_bytes, crc32 }) in rows.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n{{\"uuid\":\"{id}\",\"bytes\":{len_bytes},\"crc32\":\"{crc32:08x}\"}}");
    }
    text.push_str("\n]\n");
    text
}
