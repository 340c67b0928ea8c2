//! What was restored, for people and as JSON.
#![allow(clippy::indexing_slicing, reason = "indexing JSON yields null or adds the member")]

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use appsnap::check::Report;
use appsnap::pgdump::transcode::{ConversionReport, EntryChange};
use appsnap::restore::Survey;
use serde_json::{Value, json};

use crate::marks::comment_on;
use crate::server::identifier;
use crate::support::{audit_of, harmless, shown, size};
use crate::tools::Tool;
use crate::verify::Counted;

/// The number of entries of each kind that are listed for people.
const SHOWN_COUNT: usize = 20;

/// A complete restore.
pub struct Restored {
    pub archive: PathBuf,
    pub database: String,
    pub files: Option<PathBuf>,
    pub server_version: String,
    pub tool: Tool,
    /// Number and bytes.
    pub documents: Option<(u64, u64)>,
    pub documents_left_out: u64,
    pub conversion: ConversionReport,
    pub counted: Counted,
    pub replaced: bool,
    pub kept: Option<Kept>,
}

/// The old state, kept on request.
pub struct Kept {
    /// The way to the server, as keywords.
    pub server: String,
    pub database: String,
    /// The comment that it had.
    pub comment: Option<String>,
    /// The folder in use, and the old one.
    pub folder: Option<(PathBuf, PathBuf)>,
}

impl Kept {
    /// Returns the commands that bring the old state back.
    fn commands(&self, database: &str) -> Vec<String> {
        let rename =
            |from: &str, to: &str| quoted(&format!("ALTER DATABASE {} RENAME TO {}", identifier(from), identifier(to)));
        let aside = self.database.replacen("_appsnap_old_", "_appsnap_aside_", 1);
        let mut commands = vec![format!(
            "psql -X -1 -v ON_ERROR_STOP=1 -d {} -c {} -c {} -c {}",
            quoted(&self.server),
            rename(database, &aside),
            rename(&self.database, database),
            quoted(comment_on(database, self.comment.as_deref()).trim_end())
        )];
        if let Some((current, old)) = &self.folder {
            let (current_text, old_text) = (current.display().to_string(), old.display().to_string());
            let aside = format!("{}.aside", current.display());
            commands.push(format!(
                "mv {} {} && mv {} {}",
                quoted(&current_text),
                quoted(&aside),
                quoted(&old_text),
                quoted(&current_text)
            ));
        }
        commands
    }
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Returns the JSON of a restore.
pub fn json(restored: &Restored, survey: &Survey, warnings: &[String], took: Duration) -> Value {
    let (counted, report) = (&restored.counted, survey.report());
    json!({
        "restored": true,
        "archive": restored.archive,
        "database": restored.database,
        "files": restored.files,
        "verdict": report.verdict(),
        "profile": report.profile(),
        "allowed": report.allowed(),
        "check": report,
        "audit": audit(survey),
        "warnings": warnings,
        "server_version": restored.server_version,
        "pg_restore": { "path": restored.tool.path, "version": restored.tool.version },
        "converted": converted(&restored.conversion),
        "tables": counted.tables,
        "tables_not_counted": counted.uncounted_tables,
        "rows": counted.rows,
        "large_objects": counted.large_objects,
        "documents": restored.documents.map(|(count, _)| count),
        "document_bytes": restored.documents.map(|(_, bytes)| bytes),
        "masked": counted.masked,
        "sequences_behind": counted.behind,
        "replaced": restored.replaced,
        "kept": restored.kept.as_ref().map(|kept| json!({
            "database": kept.database,
            "files": kept.folder.as_ref().map(|(_, old)| old),
            "commands": kept.commands(&restored.database),
        })),
        "seconds": took.as_secs_f64(),
    })
}

/// Returns the JSON of a snapshot that was rejected.
pub fn rejection(report: &Report) -> Value {
    json!({ "restored": false, "verdict": report.verdict(), "profile": report.profile(), "allowed": report.allowed(), "check": report })
}

/// Returns the JSON of a dry run.
pub fn plan(survey: &Survey, warnings: &[String]) -> Value {
    let mut value = rejection(survey.report());
    value["audit"] = json!(audit(survey));
    value["warnings"] = json!(warnings);
    value
}

/// Returns what the dump runs or changes beyond tables and their rows.
fn audit(survey: &Survey) -> Vec<Value> {
    survey.inspection().map(audit_of).unwrap_or_default()
}

/// Returns what was changed in the dump; null if it was passed on as it is.
fn converted(conversion: &ConversionReport) -> Value {
    let changes = &conversion.changes;
    if changes.from == changes.to && changes.entries.is_empty() && !changes.recompressed && changes.warnings.is_empty()
    {
        return Value::Null;
    }
    let entries = |is_wanted: fn(&EntryChange) -> bool| -> Vec<Value> {
        let wanted = changes.entries.iter().filter(|change| is_wanted(change));
        wanted
            .map(|change| json!({ "entry": name_of(conversion, change.id), "reason": change.kind.to_string() }))
            .collect()
    };
    json!({
        "from": changes.from.to_string(),
        "to": changes.to.to_string(),
        "recompressed": changes.recompressed,
        "entries_in": changes.entries_in_count,
        "entries_out": changes.entries_out_count,
        "dropped": entries(|change| change.kind.is_dropped()),
        "edited": entries(|change| change.kind.is_edited()),
        "warnings": changes.warnings.iter().map(|warning| json!({
            "entry": name_of(conversion, warning.id),
            "message": warning.to_string(),
        })).collect::<Vec<_>>(),
    })
}

/// Names in a dump are bytes in its own encoding.
fn name_of(conversion: &ConversionReport, id: u32) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    conversion
        .toc
        .get(id)
        .map_or_else(|| format!("entry {id}"), |entry| format!("{} {}", text(entry.desc), text(entry.tag)))
}

/// Returns the summary for people.
pub fn text(restored: &Restored, took: Duration) -> String {
    let counted = &restored.counted;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nrestored {} into the database {:?} of PostgreSQL {} in {:.1} s",
        shown(&restored.archive),
        restored.database,
        restored.server_version,
        took.as_secs_f64()
    );
    let _ = writeln!(
        text,
        "  {} tables with {} rows, {} large objects: as many as {}",
        counted.tables,
        counted.rows,
        counted.large_objects,
        if counted.masked.is_empty() { "the dump contains" } else { "the dump contains and the mask leaves" }
    );
    if !counted.masked.is_empty() {
        let _ = writeln!(text, "  masked: {}", counted.masked.join(", "));
    }
    if counted.uncounted_tables > 0 {
        let _ =
            writeln!(text, "  {} tables whose data is INSERT statements were not counted", counted.uncounted_tables);
    }
    match (&restored.documents, &restored.files) {
        (Some((count, bytes)), Some(files)) => {
            let _ = writeln!(text, "  {count} documents of {} in {}", size(*bytes), shown(files));
        }
        _ if restored.documents_left_out > 0 => {
            let _ = writeln!(text, "  {} documents were not restored", restored.documents_left_out);
        }
        _ => {}
    }
    let change = converted(&restored.conversion);
    if !change.is_null() {
        let word = |name: &str| change[name].as_str().unwrap_or_default().to_owned();
        let data = if change["recompressed"] == true { "recompressed" } else { "copied" };
        let _ = writeln!(text, "  converted from archive version {} to {}, data {data}", word("from"), word("to"));
        for (list, verb, reason) in
            [("dropped", "dropped", "reason"), ("edited", "changed", "reason"), ("warnings", "warning", "message")]
        {
            let entries = change[list].as_array().map(Vec::as_slice).unwrap_or_default();
            for entry in entries.iter().take(SHOWN_COUNT) {
                let shown = |name: &str| harmless(entry[name].as_str().unwrap_or_default());
                let _ = writeln!(text, "  {verb}: {}: {}", shown("entry"), shown(reason));
            }
            if let Some(more @ 1..) = entries.len().checked_sub(SHOWN_COUNT) {
                let _ = writeln!(text, "  {verb}: and {more} more");
            }
        }
    }
    for behind in counted.behind.iter().take(SHOWN_COUNT) {
        let _ = writeln!(
            text,
            "  warning: the sequence {} is at {}, and {} has {} already: the next rows may collide",
            behind.sequence, behind.last_value, behind.column, behind.max
        );
    }
    match &restored.kept {
        Some(kept) => {
            let _ = writeln!(
                text,
                "  the old database is kept as {:?}; these commands bring the old state back:",
                kept.database
            );
            for command in kept.commands(&restored.database) {
                let _ = writeln!(text, "    {command}");
            }
        }
        None if restored.replaced => text += "  the old database was dropped\n",
        None => {}
    }
    text
}
