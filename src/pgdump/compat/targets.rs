//! Rules about statements whose table is partitioned or foreign.

use super::feature::Feature;
use super::relations::{Relations, full_name};
use crate::pgdump::sql::{Token, Tokens, unquoted};
use crate::pgdump::toc::Entry;

/// Examines an entry that adds something to a table of the dump.
pub(super) fn features(
    entry: &Entry<'_>,
    sql: &[u8],
    standard_strings: bool,
    relations: &Relations,
    note: &mut dyn FnMut(Feature),
) {
    let tokens = || Tokens::new(sql, standard_strings);
    let has = |words: &[&str]| has_words(tokens(), words);
    match entry.desc {
        b"COMMENT" if entry.tag.starts_with(b"CONSTRAINT ") => {
            // COMMENT ON CONSTRAINT name ON schema.table
            let constraint = tokens().skip_while(|token| !token.is("constraint")).nth(1);
            let table = name_after(tokens().skip_while(|token| !token.is("constraint")), &["on"]);
            if let (Some(constraint), Some(table)) = (constraint, table)
                && relations.has_not_null_constraint(&table, &unquoted(&constraint))
            {
                note(Feature::NotNullConstraint);
            }
        }
        b"TABLE" if relations.inherits_generated(entry) && has(&["inherits"]) => note(Feature::InheritedGeneration),
        b"INDEX ATTACH" => note(Feature::PartitionedIndex),
        b"INDEX" if has(&["on", "only"]) => note(Feature::PartitionedIndex),
        b"CONSTRAINT" | b"FK CONSTRAINT" => {
            let is_partitioned = name_after(tokens(), &["table"]).is_some_and(|table| relations.is_partitioned(&table));
            if is_partitioned && has(&["exclude"]) {
                note(Feature::PartitionedExclusion);
            } else if is_partitioned && !has(&["not", "null"]) {
                note(Feature::PartitionedConstraint);
            }
            if entry.desc == b"FK CONSTRAINT" {
                if is_partitioned && has(&["not", "valid"]) {
                    note(Feature::PartitionedNotValid);
                }
                if name_after(tokens(), &["references"]).is_some_and(|table| relations.is_partitioned(&table)) {
                    note(Feature::ForeignKeyToPartitioned);
                }
            }
        }
        b"TRIGGER" => {
            let Some(table) = name_after(tokens(), &["on"]) else { return };
            if relations.is_foreign(&table) && has(&["truncate"]) {
                note(Feature::ForeignTruncateTrigger);
            }
            if relations.is_partitioned(&table) && has(&["each", "row"]) {
                note(Feature::PartitionedTrigger);
                if has(&["before"]) {
                    note(Feature::PartitionedBeforeTrigger);
                }
            }
        }
        b"PUBLICATION TABLE"
            if name_after(tokens(), &["table"]).is_some_and(|table| relations.is_partitioned(&table)) =>
        {
            note(Feature::PublishedPartitioned);
        }
        _ => {}
    }
}

/// Returns `true` if these keywords follow each other outside of parentheses.
fn has_words(tokens: Tokens<'_>, words: &[&str]) -> bool {
    let mut matched = 0_usize;
    let mut depth = 0_u32;
    for token in tokens {
        if token.is_sign(b'(') {
            depth = depth.saturating_add(1);
        } else if token.is_sign(b')') {
            depth = depth.saturating_sub(1);
        }
        let is_next = depth == 0 && words.get(matched).is_some_and(|word| token.is(word));
        matched = if is_next {
            matched.saturating_add(1)
        } else {
            usize::from(depth == 0 && words.first().is_some_and(|word| token.is(word)))
        };
        if matched == words.len() {
            return true;
        }
    }
    false
}

/// Returns the schema and name of the table after the keyword and an optional ONLY.
fn name_after<'a>(mut tokens: impl Iterator<Item = Token<'a>>, words: &[&str]) -> Option<Vec<u8>> {
    tokens.by_ref().find(|token| words.iter().any(|word| token.is(word)))?;
    let mut schema = tokens.next()?;
    if schema.is("only") {
        schema = tokens.next()?;
    }
    tokens.next().filter(|token| token.is_sign(b'.'))?;
    let name = tokens.next().filter(Token::is_name)?;
    Some(full_name(&unquoted(&schema), &unquoted(&name)))
}
