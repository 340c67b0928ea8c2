//! From on-premises data to a snapshot and back, on data made up on the spot, under `target/quickstart/`.

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::check::{CheckOptions, Profile};
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::pgdump;
use appsnap::snapshot::extract::{ExtractOptions, IfExists};
use appsnap::snapshot::{Content, EntryKind, ReadOptions, SnapshotReader, SnapshotWriter, WriteOptions, extract};
use appsnap::source::DocumentPlan;
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::{DocumentId, Limits};
use clap::Parser;
use support::{InFile, Outcome, Output, output, shown};

/// A dump of a small app, made by `pg_dump -O -x -Fc` of PostgreSQL 15.
const DUMP: &[u8] = include_bytes!("data/quickstart.dump");
const DOCUMENTS_COUNT: usize = 300;
/// The documents that the dump's rows know, and what they hold. All others are made up.
const KNOWN: [(u128, &str); 2] = [
    (0x8a3f_4c2e_0c3b_4b40_9b77_0f4f_1f5d_0001, "twenty bytes of text"),
    (0x8a3f_4c2e_0c3b_4b40_9b77_0f4f_1f5d_0002, "image"),
];

/// Packs, checks, lists and unpacks sample data under target/quickstart/.
#[derive(Parser)]
struct Args {}

fn main() -> ExitCode {
    support::run(quickstart)
}

fn quickstart(_: &Args) -> Outcome {
    let folder = PathBuf::from("target/quickstart");
    let (dump, files) = (folder.join("onpremises/mx.dump"), folder.join("onpremises/files"));
    let (archive, restored) = (folder.join("backup.tar.gz"), folder.join("restored"));

    make_sample(&dump, &files)?;
    say(&format!("1. On-premises data: {} and {DOCUMENTS_COUNT} files below {}", shown(&dump), shown(&files)))?;
    pack(&dump, &files, &archive)?;
    check(&archive)?;
    list(&archive)?;
    unpack(&archive, &restored)?;
    say(&format!("\nNext: pg_restore --no-owner --dbname NEW_DATABASE {}", restored.join("db.backup").display()))
}

fn say(line: &str) -> Outcome {
    support::print(&format!("{line}\n"))
}

/// The files of an app server: one folder for each of the first two pairs of digits of a document's uuid.
fn make_sample(dump: &Path, files: &Path) -> Outcome {
    if files.exists() {
        fs::remove_dir_all(files).in_file(files)?;
    }
    fs::create_dir_all(files).in_file(files)?;
    fs::write(dump, DUMP).in_file(dump)?;
    let known = KNOWN.into_iter().map(|(id, text)| (id, text.to_owned()));
    let made_up = (1..).map(|number: usize| {
        let spread = (number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        (spread, format!("This is document {number}.\n").repeat(number))
    });
    for (id, text) in known.chain(made_up).take(DOCUMENTS_COUNT) {
        let file = files.join(DocumentId::from_bytes(id.to_be_bytes()).path());
        let folder = file.parent().unwrap_or(files);
        fs::create_dir_all(folder).in_file(folder)?;
        fs::write(&file, text).in_file(&file)?;
    }
    Ok(())
}

fn pack(dump: &Path, files: &Path, archive: &Path) -> Outcome {
    // What goes in is known before the first byte is written: how much it is, and how much it will be.
    let plan = directory::scan(files, &DirectoryOptions::new(), &mut NoObserver).in_file(files)?;
    let content = Content::file(File::open(dump).in_file(dump)?).in_file(dump)?;
    let inspection =
        pgdump::inspect(File::open(dump).in_file(dump)?, &Limits::trusted(), &mut NoObserver).in_file(dump)?;
    let metadata = Metadata::new()
        .with_duration(0)
        .with_dump_size_bytes(content.len_bytes())
        .with_model_version("1.0.0.1")
        .with_database_size_bytes(inspection.uncompressed_bytes())
        .with_files_size_bytes(plan.document_bytes());
    let size = plan.size_estimate(&metadata, Some(content.len_bytes()));

    let mut output = output::create(archive, &[])?;
    write(&mut output, content, &plan, &metadata).in_file(archive)?;
    output::finish(output, archive)?;
    let len_bytes = fs::metadata(archive).in_file(archive)?.len();
    say(&format!(
        "2. Packed into {}: {len_bytes} bytes, at most {} were foreseen",
        shown(archive),
        size.max_compressed_bytes
    ))
}

fn write(
    output: &mut Output,
    dump: Content<File>,
    plan: &DocumentPlan,
    metadata: &Metadata,
) -> Result<(), appsnap::snapshot::Error> {
    let options = WriteOptions::new().with_parallelism(Parallelism::threads(2));
    let mut writer = SnapshotWriter::start(output, metadata, &options)?;
    writer.database(dump, &mut NoObserver)?;
    writer.documents(plan, &mut NoObserver)?;
    writer.finish()?;
    Ok(())
}

/// Is it sound, and do rows and documents belong together?
fn check(archive: &Path) -> Outcome {
    let file = File::open(archive).in_file(archive)?;
    let report =
        appsnap::check::check(file, &Profile::format(), &CheckOptions::new(), &mut NoObserver).in_file(archive)?;
    say(&format!("3. Checked by the profile {}: {}", report.profile(), report.verdict()))?;
    for (code, count) in report.findings().counts() {
        say(&format!("   {code}: {count} (the sample dump has rows for the others only)"))?;
    }
    Ok(())
}

fn list(archive: &Path) -> Outcome {
    let mut reader = SnapshotReader::new(File::open(archive).in_file(archive)?, &ReadOptions::new());
    say("4. It holds:")?;
    let mut documents_count = 0_u64;
    while let Some(entry) = reader.next_entry().in_file(archive)? {
        let len_bytes = entry.len_bytes();
        match *entry.kind() {
            EntryKind::Metadata(ref metadata) => {
                say(&format!("   .metadata of model {}", metadata.model_version().unwrap_or("?")))?;
            }
            EntryKind::Database => say(&format!("   the database dump, {len_bytes} bytes"))?,
            EntryKind::Document(id) if documents_count < 3 => {
                documents_count = documents_count.saturating_add(1);
                say(&format!("   document {id}, {len_bytes} bytes"))?;
            }
            _ => {}
        }
    }
    // The reader has said that there is nothing more, so everything was verified.
    say(&format!("   and so on: {} documents, verified to the last byte", reader.report().documents_count()))
}

fn unpack(archive: &Path, restored: &Path) -> Outcome {
    let mut reader = SnapshotReader::new(File::open(archive).in_file(archive)?, &ReadOptions::new());
    let options = ExtractOptions::new().with_if_exists(IfExists::Replace);
    let report = extract(&mut reader, restored, &options, &mut NoObserver).in_file(archive)?;
    say(&format!("5. Unpacked to {}: db.backup and {} files", shown(restored), report.documents_count()))
}
