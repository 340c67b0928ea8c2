//! Prints the rows of one table in a dump or snapshot, without a server.
//!
//! ```text
//! rows backup.tar.gz --table 'public.system$user' --columns name,active --where active=t
//! pg_dump -Fc mydb | rows - --table public.account --jsonl
//! ```

mod support;

use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::pgdump::rows::{Field, Row, Rows};
use appsnap::pgdump::toc::{Entry, Toc};
use appsnap::pgdump::{self, Dump};
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
use appsnap::source::dump::DumpOptions;
use clap::Parser;
use serde_json::{Map, Value};
use support::{Failure, InFile, LimitArgs, Outcome, Progress, Source, Threads, output, shown_input};

/// Prints the rows of one table in a dump or snapshot.
///
/// Reading ends with the table, and in a file it begins there if the dump states its position. Exit code 0: the rows were
/// printed; 1: the input is damaged or has no such table; 2: wrong usage, or a file cannot be read or written.
#[derive(Parser)]
#[command(after_help = "Example:\n  rows backup.tar.gz --table 'public.system$user' --where active=t --jsonl")]
struct Args {
    /// The snapshot, or the dump in any form; `-` is standard input.
    file: PathBuf,
    /// The table. Names that contain a dot are enclosed in double quotes.
    #[arg(long, value_name = "SCHEMA.TABLE")]
    table: String,
    /// The columns, in this order; all if not given.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Vec<String>,
    /// Only rows with this text in this column. If given several times, all must match.
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = parse_condition)]
    conditions: Vec<(String, String)>,
    /// Print CSV with a header line, as `COPY ... TO STDOUT (FORMAT csv, HEADER)` does. This is the default.
    #[arg(long, conflicts_with = "jsonl")]
    csv: bool,
    /// Print a JSON object per line. Values are text as PostgreSQL prints it, or null.
    #[arg(long)]
    jsonl: bool,
    /// The file to write, which appears whole or not at all.
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    threads: Threads,
    /// Show no progress.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

fn parse_condition(text: &str) -> Result<(String, String), String> {
    let (column, value) = text.split_once('=').ok_or("write COLUMN=VALUE")?;
    Ok((column.to_owned(), value.to_owned()))
}

fn main() -> ExitCode {
    support::run(rows)
}

fn rows(args: &Args) -> Outcome {
    let limits = args.limits.limits();
    let options = DumpOptions::new()
        .with_limits(limits.clone())
        .with_parallelism(args.threads.parallelism())
        .with_spool_dir(std::env::temp_dir());
    let mut progress = Progress::new(args.quiet);
    let mut source = Source::of_any_form(&args.file, &options)?;
    let detection = source.detect(&args.file)?;
    let is_seekable = source.is_seekable_dump();
    let mut source = source.followed(&mut progress);
    if detection.is_custom_dump() {
        // A position that the dump states saves reading the tables before.
        return if is_seekable {
            print(args, source, Dump::seek_table)
        } else {
            print(args, &mut source as &mut dyn Read, Dump::table)
        };
    }
    if !detection.may_be_snapshot() {
        return support::refuse_other_than_dump(&args.file, &detection);
    }
    let mut reader = SnapshotReader::new(source, &ReadOptions::new().with_limits(limits));
    while let Some(mut entry) = reader.next_entry().in_input(&args.file)? {
        if matches!(entry.kind(), EntryKind::Database) {
            return print(args, &mut entry as &mut dyn Read, Dump::table);
        }
    }
    Err(Failure::input(shown_input(&args.file), "the snapshot has no database"))
}

/// Finds the rows of a table by its schema and name.
type FindRows<R> = for<'d> fn(&'d mut Dump<R>, &str, &str) -> Result<Option<Rows<'d, R>>, pgdump::Error>;

fn print<R: Read>(args: &Args, source: R, rows_of: FindRows<R>) -> Outcome {
    let mut dump = Dump::open(source, &args.limits.limits()).in_input(&args.file)?;
    let (schema, table) = find(args, dump.toc())?;
    let mut rows =
        rows_of(&mut dump, &schema, &table).in_input(&args.file)?.ok_or_else(|| no_table(args, "it has no data"))?;
    let columns = columns(args, &rows)?;
    let conditions = conditions(args, &rows)?;
    let names: Vec<String> = columns
        .iter()
        .filter_map(|index| rows.columns().get(*index))
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();

    let mut file = output::create(&args.output, &[&args.file])?;
    let mut out = BufWriter::with_capacity(64 << 10, &mut file);
    if !args.jsonl {
        csv(&mut out, names.iter().map(|name| Some(name.as_bytes().into()))).in_file(&args.output)?;
    }
    while let Some(row) = rows.next_row().in_input(&args.file)? {
        if !conditions.iter().all(|(index, value)| text(&row, *index).as_deref() == Some(value.as_bytes())) {
            continue;
        }
        if args.jsonl {
            let line = json(args, &row, &columns, &names)?;
            writeln!(out, "{line}").in_file(&args.output)?;
        } else {
            csv(&mut out, columns.iter().map(|index| text(&row, *index))).in_file(&args.output)?;
        }
    }
    out.flush().in_file(&args.output)?;
    drop(out);
    output::finish(file, &args.output)
}

fn text<'r>(row: &Row<'r>, index: usize) -> Option<std::borrow::Cow<'r, [u8]>> {
    row.field(index).as_ref().and_then(Field::bytes)
}

/// Writes a line of CSV as PostgreSQL does (`CopyAttributeOutCSV` in copyto.c): NULL is nothing, an empty text is `""`.
fn csv<'a>(
    out: &mut impl Write,
    fields: impl ExactSizeIterator<Item = Option<std::borrow::Cow<'a, [u8]>>>,
) -> io::Result<()> {
    let is_only = fields.len() == 1;
    for (index, field) in fields.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let Some(field) = field else { continue };
        let needs_quotes = field.is_empty()
            || (is_only && &*field == b"\\.")
            || field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
        if !needs_quotes {
            out.write_all(&field)?;
            continue;
        }
        out.write_all(b"\"")?;
        for (index, part) in field.split(|byte| *byte == b'"').enumerate() {
            if index > 0 {
                out.write_all(b"\"\"")?;
            }
            out.write_all(part)?;
        }
        out.write_all(b"\"")?;
    }
    out.write_all(b"\n")
}

fn json(args: &Args, row: &Row<'_>, columns: &[usize], names: &[String]) -> Outcome<String> {
    let mut members = Map::new();
    for (index, name) in columns.iter().zip(names) {
        let value = match text(row, *index) {
            None => Value::Null,
            Some(bytes) => Value::String(String::from_utf8(bytes.into_owned()).map_err(|_| {
                let message = format!("row {}: the text of column {name} is not UTF-8: use --csv", row.number());
                Failure::input(shown_input(&args.file), message)
            })?),
        };
        members.insert(name.clone(), value);
    }
    serde_json::to_string(&members).map_err(|error| Failure::environment("JSON", error))
}

/// Finds the table's schema and name.
fn find(args: &Args, toc: &Toc) -> Outcome<(String, String)> {
    let wanted = names(&args.table);
    let is_wanted = |entry: &Entry<'_>| {
        let [schema, table] = [entry.namespace.unwrap_or(b"public"), entry.tag].map(String::from_utf8_lossy);
        match wanted.as_slice() {
            [name] => table == name.as_str(),
            [namespace, name] => schema == namespace.as_str() && table == name.as_str(),
            _ => false,
        }
    };
    let found: Vec<_> = toc.entries().filter(|entry| entry.desc == b"TABLE DATA" && is_wanted(entry)).collect();
    match found.as_slice() {
        [entry] => {
            let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            Ok((text(entry.namespace.unwrap_or(b"public")), text(entry.tag)))
        }
        [] if toc.entries().any(|entry| entry.desc == b"TABLE" && is_wanted(&entry)) => {
            Err(no_table(args, "the dump has the table without its data"))
        }
        [] => Err(no_table(args, "the dump has no such table: inspect --json lists all")),
        _ => Err(Failure::environment("--table", "several schemas have this table: write SCHEMA.TABLE")),
    }
}

fn no_table(args: &Args, why: &str) -> Failure {
    Failure::input(shown_input(&args.file), format!("{}: {why}", args.table.escape_debug()))
}

/// Splits a name at its dots, outside of double quotes.
fn names(text: &str) -> Vec<String> {
    let (mut names, mut quoted) = (vec![String::new()], false);
    for c in text.chars() {
        match (c, names.last_mut()) {
            ('"', _) => quoted = !quoted,
            ('.', _) if !quoted => names.push(String::new()),
            (c, Some(name)) => name.push(c),
            (_, None) => {}
        }
    }
    names
}

fn columns<R: Read>(args: &Args, rows: &Rows<'_, R>) -> Outcome<Vec<usize>> {
    if args.columns.is_empty() {
        return Ok((0..rows.columns().len()).collect());
    }
    args.columns.iter().map(|name| index_of(rows, name, "--columns")).collect()
}

fn conditions<R: Read>(args: &Args, rows: &Rows<'_, R>) -> Outcome<Vec<(usize, String)>> {
    let indexed = args.conditions.iter().map(|(column, value)| Ok((index_of(rows, column, "--where")?, value.clone())));
    indexed.collect()
}

fn index_of<R: Read>(rows: &Rows<'_, R>, name: &str, option: &str) -> Outcome<usize> {
    rows.columns().iter().position(|column| column == name.as_bytes()).ok_or_else(|| {
        let columns: Vec<_> = rows.columns().iter().map(|column| String::from_utf8_lossy(column)).collect();
        let message =
            format!("the table has no column {}: it has {}", name.escape_debug(), columns.join(", ").escape_debug());
        Failure::environment(option, message)
    })
}
