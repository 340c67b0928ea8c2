//! Judges a backup: the same library calls as in the command `check`, so the same report.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use appsnap::check::{CheckOptions, Code, Profile, Report, check};
use appsnap::observe::{Event, Observer};
use appsnap::source::dump::DumpOptions;
use serde_json::{Value, json};

use crate::request::Check;
use crate::sizes::Sizes;
use crate::support::{Failure, InFile, Outcome, Progress, Source, command_limits, documents_of};

/// Returns the report about the file of the request, and writes the lists of documents.
pub(crate) fn examine(request: &Check) -> Outcome<Value> {
    let mut progress = Progress;
    let limits = command_limits();
    let profile =
        Profile::by_name(&request.profile).ok_or_else(|| Failure::environment("the profile", "no such profile"))?;
    let mut options = CheckOptions::new().with_limits(limits.clone());
    if let Some(target_bytes) = request.target_database_bytes {
        options = options.with_target_database_bytes(target_bytes);
    }
    let dump_options = DumpOptions::new().with_limits(limits).with_spool_dir(&request.spool_dir);
    let source = Source::judged(&request.path, &dump_options)?;
    let form = source.form();
    let mut sizes = Sizes::default();
    let mut observer = |event: &Event| {
        sizes.observe(event)?;
        progress.observe(event)
    };
    let report = check(source, &profile, &options, &mut observer).in_input(&request.path)?;
    Ok(json!({
        "kind": "check",
        "form": form,
        "report": report,
        "sizes": sizes.json(),
        "missing": write_list(&report, Code::DocumentMissing, &request.missing)?,
        "orphans": write_list(&report, Code::DocumentOrphan, &request.orphans)?,
    }))
}

/// Writes the uuids of all documents of one kind, one a line, and returns their number; `None` if rows and documents were
/// not compared.
fn write_list(report: &Report, code: Code, path: &Path) -> Outcome<Option<u64>> {
    let Some(files) = report.files() else { return Ok(None) };
    let mut output = BufWriter::with_capacity(64 << 10, File::create(path).in_file(path)?);
    let mut count = 0_u64;
    for id in documents_of(files, code) {
        writeln!(output, "{id}").in_file(path)?;
        count = count.saturating_add(1);
    }
    output.flush().in_file(path)?;
    Ok(Some(count))
}
