//! The summary of a restore, for people and as JSON.
#![allow(clippy::indexing_slicing, reason = "indexing JSON yields null or adds the member")]

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use appsnap::check::Report;
use appsnap::pgdump::toc::Toc;
use appsnap::pgdump::transcode::{Changes, ConversionReport};
use appsnap::restore::Survey;
use serde_json::{Value, json};

use crate::bucket_files::Delivered;
use crate::marks::comment_on;
use crate::server::identifier;
use crate::support::{audit_of, conversion_json, conversion_lines, shown, size};
use crate::tools::Tool;
use crate::verify::Counted;

/// The number of lines about one subject.
const SHOWN_COUNT: usize = 20;

/// A complete restore.
pub struct Restored {
    pub archive: PathBuf,
    pub database: String,
    pub files: Option<PathBuf>,
    pub server_version: String,
    pub tool: Tool,
    pub documents: Option<Delivered>,
    /// Objects in the bucket that the snapshot does not contain.
    pub other_objects_count: u64,
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
        "converted": converted(&restored.conversion.changes, &restored.conversion.toc),
        "tables": counted.tables,
        "tables_not_counted": counted.uncounted_tables,
        "rows": counted.rows,
        "large_objects": counted.large_objects,
        "documents": restored.documents.map(|delivered| delivered.documents_count),
        "document_bytes": restored.documents.map(|delivered| delivered.document_bytes),
        "documents_present": restored.documents.map(|delivered| delivered.present_count),
        "other_objects": restored.other_objects_count,
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
pub fn plan(survey: &Survey, converted: &Value, warnings: &[String]) -> Value {
    let mut value = rejection(survey.report());
    value["audit"] = json!(audit(survey));
    value["converted"] = converted.clone();
    value["warnings"] = json!(warnings);
    value
}

/// Returns what the dump runs or changes beyond tables and their rows.
fn audit(survey: &Survey) -> Vec<Value> {
    survey.inspection().map(audit_of).unwrap_or_default()
}

/// Returns the changes of the dump; null if it is passed on as it is.
pub fn converted(changes: &Changes, toc: &Toc) -> Value {
    if changes.from == changes.to && changes.entries.is_empty() && !changes.recompressed && changes.warnings.is_empty()
    {
        return Value::Null;
    }
    conversion_json(changes, toc)
}

/// Returns the lines of a conversion, the first ones of many.
pub fn converted_lines(conversion: &Value) -> Vec<String> {
    if conversion.is_null() {
        return Vec::new();
    }
    let mut lines = conversion_lines(conversion);
    if let Some(more @ 1..) = lines.len().checked_sub(SHOWN_COUNT) {
        lines.truncate(SHOWN_COUNT);
        lines.push(format!("and {more} more changes: convert_dump lists all of them"));
    }
    lines
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
        (Some(delivered), Some(files)) => {
            let (count, bytes) = (delivered.documents_count, delivered.document_bytes);
            let _ = writeln!(text, "  {count} documents of {} in {}", size(bytes), shown(files));
            if delivered.present_count > 0 {
                let _ =
                    writeln!(text, "  {} of them were there already, with the same content", delivered.present_count);
            }
            if restored.other_objects_count > 0 {
                let _ = writeln!(
                    text,
                    "  {} objects that the snapshot does not contain were left",
                    restored.other_objects_count
                );
            }
        }
        _ if restored.documents_left_out > 0 => {
            let _ = writeln!(text, "  {} documents were not restored", restored.documents_left_out);
        }
        _ => {}
    }
    let change = converted(&restored.conversion.changes, &restored.conversion.toc);
    if !change.is_null() {
        let data = if change["recompressed"] == true { "recompressed" } else { "copied" };
        let changes = &restored.conversion.changes;
        let _ = writeln!(text, "  converted from archive version {} to {}, data {data}", changes.from, changes.to);
        for line in converted_lines(&change) {
            let _ = writeln!(text, "  {line}");
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
