//! Looks for parts of a database that do not come back from a dump.

use std::collections::HashSet;

use super::code::Code;
use super::inspection::Inspection;
use super::sql::Tokens;
use super::toc::{Entry, Section};
use crate::diagnostic::Diagnostics;

/// Adds findings about a dump that restores nothing, or not all of its tables.
pub(super) fn add_findings(dump: &Inspection, found: &mut Diagnostics) {
    if let Some((code, message)) = nothing_comes_back(dump) {
        found.add(code, |finding| finding.with_message(message));
        return;
    }
    tables_without_rows(dump, found);
    missing_schemas(dump, found);
}

/// Returns the finding about a dump that consists of indexes, constraints and triggers, or of planner statistics.
fn nothing_comes_back(dump: &Inspection) -> Option<(Code, &'static str)> {
    if !dump.blocks.is_empty() {
        return None;
    }
    let (mut post_data_count, mut statistics_count) = (0_u64, 0_u64);
    for entry in dump.toc.entries().filter(Entry::is_listed) {
        match entry.desc {
            b"STATISTICS DATA" | b"EXTENDED STATISTICS DATA" => statistics_count = statistics_count.saturating_add(1),
            // Comments and access rights restore nothing either.
            b"COMMENT" | b"ACL" | b"ACL LANGUAGE" | b"DEFAULT ACL" | b"SECURITY LABEL" => {}
            _ if entry.section == Section::PostData => post_data_count = post_data_count.saturating_add(1),
            _ => return None,
        }
    }
    if post_data_count > 0 {
        return Some((
            Code::DumpPostDataOnly,
            "the dump has only indexes, constraints, triggers and the like: it was made with --section=post-data",
        ));
    }
    (statistics_count > 0).then_some((
        Code::DumpStatisticsOnly,
        "the dump has only planner statistics: it was made with --statistics-only",
    ))
}

/// Finds tables whose rows were left out. pg_dump writes a data entry even for an empty table.
fn tables_without_rows(dump: &Inspection, found: &mut Diagnostics) {
    let has_rows = |entry: &Entry<'_>| entry.desc == b"TABLE DATA";
    let with_rows: HashSet<_> = dump.toc.entries().filter(has_rows).map(|entry| (entry.namespace, entry.tag)).collect();
    if with_rows.is_empty() {
        return;
    }
    let standard_strings = dump.standard_strings.unwrap_or(true);
    let mut tables = dump.toc.entries().filter(|entry| {
        entry.desc == b"TABLE"
            && !with_rows.contains(&(entry.namespace, entry.tag))
            && !is_partitioned(entry, standard_strings)
    });
    if let Some(first) = tables.next() {
        let count = tables.count().saturating_add(1);
        found.add(Code::DumpTablesWithoutRows, |finding| {
            let tables = if count == 1 { "table has" } else { "tables have" };
            finding.with_message(format!(
                "{count} {tables} no rows in the dump, the first is {first}: it was made with --exclude-table-data or \
                 --filter"
            ))
        });
    }
}

/// Returns `true` if the table has no rows of its own.
fn is_partitioned(entry: &Entry<'_>, standard_strings: bool) -> bool {
    let Some(sql) = entry.definition.filter(|_| entry.relation_kind != Some(b'p')) else { return true };
    let (mut depth, mut after_partition) = (0_u32, false);
    for token in Tokens::new(sql, standard_strings) {
        if depth == 0 && after_partition && token.is("by") {
            return true;
        }
        after_partition = token.is("partition");
        if token.is_sign(b'(') {
            depth = depth.saturating_add(1);
        } else if token.is_sign(b')') {
            depth = depth.saturating_sub(1);
        }
    }
    false
}

/// Finds schemas that entries need and no entry creates.
fn missing_schemas(dump: &Inspection, found: &mut Diagnostics) {
    // The scripts of other extensions may create schemas.
    let is_foreign = |entry: Entry<'_>| entry.desc == b"EXTENSION" && !CONTRIB.contains(&entry.tag);
    if dump.toc.entries().any(is_foreign) {
        return;
    }
    let created: HashSet<_> =
        dump.toc.entries().filter(|entry| entry.desc == b"SCHEMA").map(|entry| entry.tag).collect();
    let is_missing = |schema: &[u8]| {
        !schema.is_empty()
            && !matches!(schema, b"public" | b"information_schema")
            && !schema.starts_with(b"pg_")
            && !created.contains(schema)
    };
    let mut entries = dump.toc.entries().filter(|entry| {
        entry.section == Section::PreData
            && entry.definition.is_some_and(|sql| !sql.is_empty())
            && entry.namespace.is_some_and(is_missing)
    });
    if let Some(first) = entries.next() {
        let count = entries.count().saturating_add(1);
        let schema = first.namespace.unwrap_or(b"").escape_ascii();
        found.add(Code::DumpSchemaMissing, |finding| {
            let entries = if count == 1 { "entry belongs" } else { "entries belong" };
            finding.with_message(format!(
                "{count} {entries} to a schema that no entry creates, the first is {first} in the schema {schema}"
            ))
        });
    }
}

/// The extensions of PostgreSQL's own distribution, which create no schema.
const CONTRIB: &[&[u8]] = &[
    b"adminpack",
    b"amcheck",
    b"autoinc",
    b"bloom",
    b"btree_gin",
    b"btree_gist",
    b"citext",
    b"cube",
    b"dblink",
    b"dict_int",
    b"dict_xsyn",
    b"earthdistance",
    b"file_fdw",
    b"fuzzystrmatch",
    b"hstore",
    b"insert_username",
    b"intagg",
    b"intarray",
    b"isn",
    b"lo",
    b"ltree",
    b"moddatetime",
    b"old_snapshot",
    b"pageinspect",
    b"pg_buffercache",
    b"pg_freespacemap",
    b"pg_prewarm",
    b"pg_stat_statements",
    b"pg_surgery",
    b"pg_trgm",
    b"pg_visibility",
    b"pg_walinspect",
    b"pgcrypto",
    b"pgrowlocks",
    b"pgstattuple",
    b"plperl",
    b"plperlu",
    b"plpgsql",
    b"plpython2u",
    b"plpython3u",
    b"plpythonu",
    b"pltcl",
    b"pltclu",
    b"postgres_fdw",
    b"refint",
    b"seg",
    b"sslinfo",
    b"tablefunc",
    b"tcn",
    b"tsm_system_rows",
    b"tsm_system_time",
    b"unaccent",
    b"uuid-ossp",
    b"xml2",
];
