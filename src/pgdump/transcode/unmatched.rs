//! The reasons why a pattern matches no rows of a dump.

use super::table_pattern::{NamePattern, is_table_data, names};
use crate::pgdump::rows::columns;
use crate::pgdump::toc::{Entry, Toc};

/// The most columns that a message lists.
const MAX_COLUMNS: usize = 20;

/// Returns the reason why the pattern for tables, or for columns, matches no rows, and what to do.
pub(super) fn reason(text: &str, pattern: &NamePattern, toc: &Toc) -> String {
    let named = |entry: &Entry<'_>| pattern.matches(&names(entry));
    if let Some(table) = toc.entries().find(|entry| is_table_data(entry) && named(entry)) {
        return no_column(&table);
    }
    let find = |desc: &[u8]| toc.entries().find(|entry| entry.desc == desc && named(entry));
    if let Some(view) = find(b"VIEW").or_else(|| find(b"MATERIALIZED VIEW")) {
        return format!("{} is a view, which has no rows in the dump: name the tables that it reads", full_name(&view));
    }
    if let Some(table) = find(b"TABLE").or_else(|| find(b"FOREIGN TABLE")) {
        let is_partitioned = table.definition.is_some_and(|sql| sql.windows(13).any(|part| part == b"\nPARTITION BY"));
        return if is_partitioned {
            format!("{} is partitioned, and its rows are in the partitions: name those", full_name(&table))
        } else {
            format!("the dump has the table {} without its data", full_name(&table))
        };
    }
    // Names in SQL are in lower case unless they are quoted.
    let lower = NamePattern::parse(&text.to_lowercase(), pattern.parts_count());
    let other_case =
        lower.and_then(|lower| toc.entries().find(|entry| is_table_data(entry) && lower.matches(&names(entry))));
    match other_case {
        Some(table) => format!("names are compared exactly: the dump has the table {}", full_name(&table)),
        None => "compare it with the names in the dump".to_owned(),
    }
}

fn no_column(table: &Entry<'_>) -> String {
    let columns = table.copy_statement.and_then(|sql| columns(sql.strip_prefix(b"COPY ")?)).unwrap_or_default();
    let mut list: Vec<String> = columns.iter().take(MAX_COLUMNS).map(|name| name.escape_ascii().to_string()).collect();
    if columns.len() > MAX_COLUMNS {
        list.push("others".to_owned());
    }
    format!(
        "the columns of {} in the dump are {} (generated columns are not stored)",
        full_name(table),
        list.join(", ")
    )
}

fn full_name(entry: &Entry<'_>) -> String {
    let [schema, table] = names(entry).map(|name| name.escape_ascii().to_string());
    format!("{schema}.{table}")
}
