//! Packs on-premises data, a dump and its files, into a snapshot.
//!
//! ```text
//! pg_dump -O -x -Fc mydb | pack --database - --files /srv/app/data/files --output backup.tar.gz
//! kubectl exec app -- tar -cf - -C /srv/app/data/files . | pack --database mx.dump --files - --output backup.tar.gz
//! ```

mod support;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::check::Code;
use appsnap::diagnostic::{self, Severity};
use appsnap::gzip::Level;
use appsnap::io::Parallelism;
use appsnap::pgdump::{self, FormatVersion};
use appsnap::prepare::{Pack, PrepareOptions, Prepared};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::join::Shard;
use appsnap::snapshot::{self, WriteOptions};
use appsnap::source::DocumentPlan;
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::source::dump::DumpReader;
use appsnap::{DocumentId, Limits, detect};
use clap::{Parser, ValueEnum};
use serde_json::{Map, Value, json};
use support::bucket::{self, BucketArgs, KeyNames, Object};
use support::{
    Common, DumpEdits, Failure, InFile, Judgement, LimitArgs, LiveDump, Outcome, Output, Progress, Threads, output,
    shown,
};

/// Packs a dump and its files into a snapshot.
///
/// The snapshot is judged before a byte of it is written. Exit code 0: written, perhaps with warnings; 1: an input is bad,
/// or the profile rejects the snapshot; 2: wrong usage, or the system failed.
#[derive(Parser)]
#[command(group = clap::ArgGroup::new("input").required(true).multiple(true))]
#[command(after_help = "Example:\n  \
    pg_dump -O -x -Fc mydb | pack --database - --files /srv/app/data/files --output backup.tar.gz")]
struct Args {
    /// A dump made by `pg_dump -O -x -Fc`, or in another form than SQL; `-` is standard input.
    #[arg(long, value_name = "DUMP", group = "input")]
    database: Option<PathBuf>,
    /// Dump this live database with the pg_dump that suits its server, and take the files after that. With several threads,
    /// pg_dump uses as many connections.
    #[arg(long, value_name = "POSTGRES_URL", group = "input", conflicts_with = "database")]
    from_database: Option<String>,
    /// The files folder of the app server, `data/files`, or a zip, tar or tar.gz of it; `-` is a tar stream on standard
    /// input. A URL such as `s3://bucket/folder` is a folder of a bucket.
    #[arg(long, value_name = "SOURCE", group = "input")]
    files: Option<PathBuf>,
    /// The snapshot to write, a file or a URL; `-` is standard output. With --shard, also a folder, in which the shard gets a
    /// name.
    #[arg(long, value_name = "FILE.tar.gz")]
    output: PathBuf,
    /// Pack one of N parts of the snapshot, number K, for `join`. Every worker has the same inputs and options. A shard
    /// always has an index.
    #[arg(long, value_name = "K/N", conflicts_with = "from_database")]
    shard: Option<Shard>,
    #[command(flatten)]
    judgement: Judgement,
    /// The folder inside SOURCE that is the files folder.
    #[arg(long, value_name = "FOLDER", requires = "files")]
    root: Option<String>,
    /// The text before the UUID in every file name or key.
    #[arg(long, value_name = "P", requires = "files")]
    key_prefix: Option<String>,
    /// The text after the UUID in every file name.
    #[arg(long, value_name = "S", requires = "files")]
    key_suffix: Option<String>,
    /// The treatment of documents that are deleted or modified while they are packed. `skip` leaves out what is deleted,
    /// takes what is modified as it is then, and judges again; it needs as much temporary space as the archive.
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    on_vanished: OnVanished,
    /// List every file that is left out, with the reason.
    #[arg(long, value_name = "FILE", requires = "files")]
    skipped: Option<PathBuf>,
    /// The model version of the app, which the platform compares with the deployed one.
    #[arg(long, value_name = "V")]
    model_version: Option<String>,
    /// Size of the database on its server, for example 10GiB [default: that of the data in the dump].
    #[arg(long, value_name = "BYTES", value_parser = support::parse_size)]
    database_size: Option<u64>,
    /// Compression level.
    #[arg(long, value_name = "1-9", value_parser = clap::value_parser!(u8).range(1..=9))]
    level: Option<u8>,
    #[command(flatten)]
    threads: Threads,
    /// Add an index for random access. Leave it out of archives meant for upload.
    #[arg(long)]
    index: bool,
    /// The folder for temporary files: a dump from standard input or one that is recompressed, files from a stream or a
    /// compressed archive [default: that of the output].
    #[arg(long, value_name = "DIR")]
    spool_dir: Option<PathBuf>,
    /// Convert a newer dump to this archive version, 1.14 unless given.
    #[arg(long, value_name = "VERSION", num_args = 0..=1, default_missing_value = "1.14")]
    convert_dump: Option<FormatVersion>,
    /// The treatment of documents that no row of the database refers to.
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    on_orphan: OnOrphan,
    #[command(flatten)]
    edits: DumpEdits,
    #[command(flatten)]
    bucket: BucketArgs,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnVanished {
    Fail,
    Skip,
}

#[derive(Clone, Copy, ValueEnum)]
enum OnOrphan {
    Keep,
    Drop,
}

fn main() -> ExitCode {
    support::run(pack)
}

fn pack(args: &Args) -> Outcome {
    let is_dash = |path: &Option<PathBuf>| path.as_deref().is_some_and(support::is_dash);
    if is_dash(&args.database) && is_dash(&args.files) {
        let message = "standard input is either the dump or the files: write one of them to a file first";
        return Err(Failure::environment("--files -", message));
    }
    args.files.as_deref().map_or(Ok(()), refuse_dump)?;
    if args.shard.is_some() && args.on_vanished == OnVanished::Skip {
        let message = "has no meaning with --shard: all workers must find the same documents";
        return Err(Failure::environment("--on-vanished skip", message));
    }
    let options = options(args)?;
    // An output that cannot be written is better known before hours of reading than after.
    let inputs: Vec<&Path> = [&args.database, &args.files].into_iter().flatten().map(PathBuf::as_path).collect();
    let folder = shard_folder(args)?;
    let output = if folder.is_none() { Some(output::create(&args.output, &inputs)?) } else { None };
    let skipped = args.skipped.as_deref().map(|path| Skipped::create(path, &inputs)).transpose()?;
    let mut progress = Progress::new(args.common.quiet);
    let live = match &args.from_database {
        Some(url) => Some(LiveFiles::dump(url, args, &mut progress)?),
        None => None,
    };
    let database = live.as_ref().map(|live| live.dump.path()).or(args.database.as_deref());
    let mut prepared = build(args, database, &options)?.prepare(&mut progress).map_err(|error| failed(args, error))?;
    // Compressing takes long, so what is rejected anyhow is rejected before.
    let remedies = |code| remedy(args, code);
    let subject = shown(&args.output);
    let is_good = args.judgement.verify(prepared.report(), &subject, &remedies).is_ok();
    if args.on_vanished == OnVanished::Skip && is_good {
        prepared.settle(&write_options(args), &mut progress).map_err(|error| failed(args, error))?;
    }
    progress.clear();

    // Everything there is to say is said before a byte is written.
    let conversion = prepared.conversion().map(|(changes, toc)| support::conversion_json(changes, toc));
    let left_out = prepared.source().map(left_out_counts);
    let mut warnings = live.iter().flat_map(|live| live.warnings(prepared.source())).collect::<Vec<_>>();
    if let Some(files) = args.files.as_deref().filter(|files| is_snapshot(files)) {
        warnings
            .push(format!("{}: a snapshot: its documents are packed, its database and metadata are not", shown(files)));
    }
    warnings.extend(prepared.source().iter().flat_map(|plan| leftovers(plan, args.common.verbose)));
    warnings.iter().for_each(|warning| support::tell(format_args!("warning: {warning}")));
    let report = prepared.report();
    let is_verbose = args.common.verbose;
    warnings.extend(support::tell_changes(prepared.changes(), report, conversion.as_ref(), is_verbose));
    if let Some(text) = support::comparison_text(report) {
        support::tell(format_args!("note: {text}"));
    }
    if let (Some(skipped), Some(plan)) = (skipped, prepared.source()) {
        skipped.write(plan)?;
    }

    let write_options = write_options(args);
    let path = match (folder, args.shard) {
        (Some(folder), Some(shard)) => {
            let name = prepared.shard_file_name(shard, &write_options);
            folder.join(name.map_err(|error| failed(args, error))?)
        }
        _ => args.output.clone(),
    };
    let mut json = json!({
        "output": path,
        "shard": args.shard.map(|shard| json!({ "number": shard.number(), "count": shard.count() })),
        "metadata": support::metadata_json(prepared.metadata()),
        "left_out": left_out,
        "conversion": conversion,
        "warnings": warnings,
        "written": false,
    });
    support::add_report(&mut json, report);
    let verdict = args.judgement.verify(report, &subject, &remedies);
    if verdict.is_err() {
        let printed = if args.common.json { support::print_json_about(&args.output, &json) } else { Ok(()) };
        return support::judged(printed, verdict);
    }

    let mut output = output.map_or_else(|| output::create(&path, &inputs), Ok)?;
    output.expect_bytes(estimate_bytes(&prepared))?;
    let written = match args.shard {
        Some(shard) => prepared.write_shard(shard, &mut output, &write_options, &mut progress),
        None => prepared.write(&mut output, &write_options, &mut progress),
    };
    let (_, written) = written.map_err(|error| failed(args, error))?;
    output::finish(output, &path)?;
    drop(progress);
    support::print_written(&path, &written, args.common.json.then_some(json))
}

/// Returns about the length of the archive, if nothing in it can be compressed.
fn estimate_bytes(prepared: &Prepared<DumpReader, DocumentPlan>) -> u64 {
    // A header of 512 bytes and padding.
    const AROUND_BYTES: u64 = 1 << 10;
    let documents_count = prepared.source().map_or(0, DocumentPlan::documents_count) as u64;
    // Of a shard, the source has only its own documents.
    let sizes = [prepared.metadata().dump_size_bytes(), prepared.source().map(DocumentPlan::document_bytes)];
    sizes.into_iter().flatten().fold(documents_count.saturating_mul(AROUND_BYTES), u64::saturating_add)
}

/// Returns the folder in which a shard gets a name of its own; `None` if the output is a file.
fn shard_folder(args: &Args) -> Outcome<Option<&Path>> {
    let is_named_as_folder = args.output.as_os_str().as_encoded_bytes().ends_with(b"/");
    if args.shard.is_none() || !(is_named_as_folder || args.output.is_dir()) {
        return Ok(None);
    }
    if !support::is_url(&args.output) {
        std::fs::create_dir_all(&args.output).in_file(&args.output)?;
    }
    Ok(Some(&args.output))
}

/// Returns the option that helps against a finding, apart from accepting it.
fn remedy(args: &Args, code: diagnostic::Code) -> Option<&'static str> {
    let is = |other: diagnostic::Code| code == other;
    if is(pgdump::Code::DumpFormatTooNew.into()) && args.convert_dump.is_none() {
        return Some("convert the dump with --convert-dump");
    }
    if is(snapshot::Code::FilesOnly.into()) {
        return Some("add the dump with --database");
    }
    is(Code::DatabaseOnly.into()).then_some("add the files with --files")
}

fn options(args: &Args) -> Outcome<PrepareOptions> {
    let spool_dir = output::spool_dir(args.spool_dir.as_deref(), &args.output)?;
    let mut limits = args.limits.apply(Limits::trusted());
    if args.skipped.is_some() {
        limits = limits.with_max_findings_per_code(u64::MAX);
    }
    let mut options = PrepareOptions::new()
        .with_limits(limits)
        .with_profile(args.judgement.profile()?)
        .with_max_dump_version(args.convert_dump)
        .with_spool_dir(spool_dir)
        .with_parallelism(args.threads.parallelism());
    if matches!(args.on_orphan, OnOrphan::Drop) {
        options = options.without_orphans();
    }
    if let Some(version) = &args.model_version {
        options = options.with_model_version(version);
    }
    if let Some(bytes) = args.database_size {
        options = options.with_database_size_bytes(bytes);
    }
    args.edits.of_archive(options)
}

fn build<'a>(args: &Args, database: Option<&Path>, options: &PrepareOptions) -> Outcome<Pack<'a>> {
    // A disk makes its readers wait, so there may be more of them than cores.
    let parallelism = Parallelism::threads(args.threads.threads.saturating_mul(4));
    let mut pack = Pack::new(options).with_parallelism(parallelism);
    pack = match database {
        Some(path) if support::is_dash(path) => pack.with_database_reader(io::stdin()),
        Some(path) if support::is_url(path) => pack.with_database_reader(Object::open(path)?.reader()),
        Some(path) => pack.with_database(path),
        None => pack,
    };
    pack = match &args.files {
        Some(path) if support::is_dash(path) => pack.with_files_reader(io::stdin()),
        Some(path) if support::is_url(path) && is_tar(path) => pack.with_files_reader(Object::open(path)?.reader()),
        Some(path) if support::is_url(path) => {
            if args.root.is_some() {
                let message = "has no meaning with a bucket: name the folder in the URL";
                return Err(Failure::environment("--root", message));
            }
            let names = KeyNames { prefix: args.key_prefix.as_deref(), suffix: args.key_suffix.as_deref() };
            let limits = args.limits.apply(Limits::trusted());
            let findings_count = if args.skipped.is_some() { u64::MAX } else { limits.max_findings_per_code() };
            bucket::add_files(pack, path, names, args.bucket, findings_count)?
        }
        Some(path) => pack.with_files(path),
        None => pack,
    };
    if let Some(root) = &args.root {
        pack = pack.with_root(root);
    }
    if let Some(shard) = args.shard {
        pack = pack.with_shard(shard);
    }
    pack = pack.with_key_prefix(args.key_prefix.as_deref().unwrap_or_default());
    Ok(pack.with_key_suffix(args.key_suffix.as_deref().unwrap_or_default()))
}

/// Returns `true` if a URL names an archive of files, and not a folder.
fn is_tar(url: &Path) -> bool {
    let name = url.to_string_lossy().to_lowercase();
    [".tar", ".tar.gz", ".tgz"].iter().any(|end| name.ends_with(end))
}

fn write_options(args: &Args) -> WriteOptions {
    let index = if args.index { IndexPlacement::Embedded } else { IndexPlacement::Omitted };
    WriteOptions::new()
        .with_level(args.level.and_then(Level::new).unwrap_or_default())
        .with_parallelism(args.threads.parallelism())
        .with_index(index)
}

/// Refuses a dump that is given as the files, before anything else is read.
fn refuse_dump(files: &Path) -> Outcome {
    if !files.is_file() {
        return Ok(());
    }
    let detection = support::identify(files)?;
    if detection.is_custom_dump() {
        let message = format!("{detection}, not a files folder or an archive of one: name a dump with --database");
        return Err(Failure::input(shown(files), message));
    }
    Ok(())
}

/// Most errors name their input themselves.
fn failed(args: &Args, error: appsnap::Error) -> Failure {
    let subject = match (error.context(), args.on_orphan) {
        (Some(context), _) => context.to_owned(),
        (None, OnOrphan::Drop) if error.is_bad_input() => "--on-orphan drop".to_owned(),
        (None, _) => shown(&args.output),
    };
    let text = error.to_string();
    if text.contains("`with_") {
        let text = text.replace("`with_root`", "--root").replace("`with_spool_dir`", "--spool-dir");
        return Failure::environment(subject, text);
    }
    Failure::of(subject, error)
}

fn is_snapshot(files: &Path) -> bool {
    files.is_file() && detect::identify_path(files).is_ok_and(|detection| detection.kind() == detect::Kind::Snapshot)
}

/// A dump of a live database, and the documents that there were before it was made.
struct LiveFiles {
    dump: LiveDump,
    /// `None` if the files are no folder: an archive does not change.
    before: Option<BTreeSet<DocumentId>>,
}

impl LiveFiles {
    fn dump(url: &str, args: &Args, progress: &mut Progress) -> Outcome<Self> {
        let before = match args.files.as_deref().filter(|files| files.is_dir()) {
            Some(files) => {
                let mut options = DirectoryOptions::new()
                    .with_parallelism(Parallelism::threads(args.threads.threads.saturating_mul(4)))
                    .with_key_prefix(args.key_prefix.as_deref().unwrap_or_default());
                options = options.with_key_suffix(args.key_suffix.as_deref().unwrap_or_default());
                let folder = args.root.as_deref().map_or_else(|| files.to_owned(), |root| files.join(root));
                let plan = directory::scan(&folder, &options, progress).in_file(&folder)?;
                Some(plan.iter().map(|(id, _)| id).collect())
            }
            None => None,
        };
        progress.begin("dumping the database", None);
        let spool_dir = output::spool_dir(args.spool_dir.as_deref(), &args.output)?;
        Ok(Self { dump: LiveDump::make(url, &spool_dir, args.threads.threads)?, before })
    }

    /// Returns what pg_dump said, and what changed in the folder since.
    fn warnings(&self, plan: Option<&DocumentPlan>) -> Vec<String> {
        let mut warnings = self.dump.warnings().to_vec();
        if let (Some(before), Some(plan)) = (&self.before, plan) {
            let after: BTreeSet<DocumentId> = plan.iter().map(|(id, _)| id).collect();
            let added = after.difference(before).count();
            let removed = before.difference(&after).count();
            if added > 0 {
                let what = "documents were added while the database was dumped: no row of the dump refers to them";
                warnings.push(format!("{added} {what}"));
            }
            if removed > 0 {
                let what = "documents were removed while the database was dumped: rows of the dump may refer to them";
                warnings.push(format!("{removed} {what}"));
            }
        }
        warnings
    }
}

/// The full list of the files that were left out.
struct Skipped<'a> {
    output: Output,
    path: &'a Path,
}

impl<'a> Skipped<'a> {
    fn create(path: &'a Path, inputs: &[&Path]) -> Outcome<Self> {
        Ok(Self { output: output::create(path, inputs)?, path })
    }

    /// Writes one line a file: path, code and reason, separated by tabs.
    fn write(mut self, plan: &DocumentPlan) -> Outcome {
        for skipped in plan.diagnostics() {
            let (path, code) = (skipped.location().unwrap_or_default(), skipped.code().name());
            writeln!(self.output, "{path}\t{code}\t{}", skipped.message()).in_file(self.path)?;
        }
        output::finish(self.output, self.path)
    }
}

/// One line for each kind of file that was left out, with the first of them by name.
fn leftovers(plan: &DocumentPlan, is_verbose: bool) -> impl Iterator<Item = String> {
    plan.diagnostics().counts().filter_map(move |(code, count)| {
        let first = plan.diagnostics().iter().find(|skipped| skipped.code() == code)?;
        if first.severity() == Severity::Info && !is_verbose {
            return None;
        }
        let (path, message, help) = (first.location()?, first.message(), code.help());
        Some(format!("left out: {count} {}, first {path}: {message}: {help}", code.name()))
    })
}

fn left_out_counts(plan: &DocumentPlan) -> Map<String, Value> {
    plan.diagnostics().counts().map(|(code, count)| (code.name().to_owned(), count.into())).collect()
}
