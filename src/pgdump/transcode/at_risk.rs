//! Constraints and unique indexes that edited rows may violate: [`Edits`].
//!
//! pg_restore creates them after the rows, and stops there if a row is in the way.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::table_pattern::{is_table_data, names};
use crate::pgdump::sql::{Token, Tokens, unquoted};
use crate::pgdump::toc::{Entry, Toc};

/// The way in which the values of a column change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// All become NULL, which no unique index and no foreign key is about.
    Null,
    /// Different values can become the same.
    Merged,
    /// Different values stay different, and equal ones with the same key stay equal.
    Hashed(Vec<u8>),
}

type Name = [Vec<u8>; 2];

/// The edits of all tables, by schema and name.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// The tables without rows.
    empty: BTreeSet<Name>,
    columns: BTreeMap<Name, BTreeMap<Vec<u8>, Effect>>,
}

impl Edits {
    pub(super) fn leave_out(&mut self, table: &Entry<'_>) {
        self.empty.insert(names(table).map(<[u8]>::to_vec));
    }

    pub(super) fn change(&mut self, table: &Entry<'_>, column: &[u8], effect: Effect) {
        let columns = self.columns.entry(names(table).map(<[u8]>::to_vec)).or_default();
        columns.insert(column.to_vec(), effect);
    }

    /// Returns the dump ids of the constraints and indexes that may not hold any more.
    pub(super) fn at_risk(&self, toc: &Toc, standard_strings: bool) -> BTreeSet<u32> {
        let is_at_risk = |entry: &Entry<'_>| {
            let tokens: Vec<_> = Tokens::new(entry.definition.unwrap_or(b""), standard_strings).collect();
            match entry.desc {
                b"CONSTRAINT" | b"INDEX" => unique_key(&tokens).is_some_and(|key| self.merges(&key)),
                b"FK CONSTRAINT" => self.separates(&tokens, toc),
                _ => false,
            }
        };
        toc.entries().filter(is_at_risk).map(|entry| entry.id).collect()
    }

    /// Returns `true` if different values of the columns can become the same.
    fn merges(&self, key: &Key<'_>) -> bool {
        let effects: Vec<_> = key.columns.iter().map(|column| self.effect(&key.table, column)).collect();
        effects.contains(&Some(&Effect::Merged)) && !effects.contains(&Some(&Effect::Null))
    }

    /// Returns `true` if rows can refer to none.
    fn separates(&self, tokens: &[Token<'_>], toc: &Toc) -> bool {
        let after = |word: &str| tokens.iter().position(|token| token.is(word)).map(|at| tokens.split_at(at).1);
        let from = after("foreign").and_then(|rest| columns(rest.get(2..)?));
        let table = table_name(tokens);
        let Some(((from, table), referred)) = from.zip(table).zip(after("references").and_then(key_after)) else {
            return false;
        };
        if self.empty.contains(&table) {
            return false;
        }
        if self.empty.contains(&referred.table) {
            // Without rows of its own a table refers to none.
            return toc.entries().any(|entry| is_table_data(&entry) && names(&entry) == [&table[0][..], &table[1]]);
        }
        from.iter().zip(&referred.columns).any(|(from, to)| {
            let effects = (self.effect(&table, from), self.effect(&referred.table, to));
            !matches!(effects, (Some(Effect::Null), _))
                && (effects.0 != effects.1 || effects.0 == Some(&Effect::Merged))
        })
    }

    fn effect(&self, table: &Name, column: &[u8]) -> Option<&Effect> {
        self.columns.get(table)?.get(column)
    }
}

/// A table and some of its columns.
struct Key<'a> {
    table: Name,
    columns: Vec<Cow<'a, [u8]>>,
}

/// Returns the columns of a primary key, a unique constraint or a unique index.
fn unique_key<'a>(tokens: &[Token<'a>]) -> Option<Key<'a>> {
    let at = tokens.iter().position(|token| token.is("unique") || token.is("primary"))?;
    let (before, rest) = tokens.split_at(at);
    if before.iter().any(|token| token.is("table")) {
        return Some(Key { table: table_name(tokens)?, columns: columns(rest)? });
    }
    let on = rest.iter().position(|token| token.is("on"))?;
    let (_, rest) = rest.split_at(on);
    key_after(rest)
}

/// Returns the table after a keyword, and the columns in the parentheses that follow.
fn key_after<'a>(tokens: &[Token<'a>]) -> Option<Key<'a>> {
    let (_, rest) = tokens.split_first()?;
    Some(Key { table: name_at(rest)?, columns: columns(rest)? })
}

/// Returns the table of `ALTER TABLE`.
fn table_name(tokens: &[Token<'_>]) -> Option<Name> {
    let at = tokens.iter().position(|token| token.is("table"))?;
    name_at(tokens.split_at(at).1.split_first()?.1)
}

/// Returns the name of a table, perhaps after ONLY.
fn name_at(tokens: &[Token<'_>]) -> Option<Name> {
    match tokens {
        [only, schema, dot, table, ..] if only.is("only") && dot.is_sign(b'.') => Some([schema, table].map(owned)),
        [schema, dot, table, ..] if dot.is_sign(b'.') => Some([schema, table].map(owned)),
        _ => None,
    }
}

fn owned(token: &Token<'_>) -> Vec<u8> {
    unquoted(token).into_owned()
}

/// Returns the names in the next parentheses. Expressions are left out.
fn columns<'a>(tokens: &[Token<'a>]) -> Option<Vec<Cow<'a, [u8]>>> {
    let start = tokens.iter().position(|token| token.is_sign(b'('))?;
    let mut columns = Vec::new();
    let (mut depth, mut is_first) = (0_u32, true);
    for token in tokens.split_at(start).1.split_first()?.1 {
        match token {
            token if token.is_sign(b'(') => depth = depth.saturating_add(1),
            token if token.is_sign(b')') && depth == 0 => return Some(columns),
            token if token.is_sign(b')') => depth = depth.saturating_sub(1),
            token if token.is_sign(b',') && depth == 0 => is_first = true,
            token => {
                if is_first && depth == 0 && token.is_name() {
                    columns.push(unquoted(token));
                }
                is_first = false;
            }
        }
    }
    None
}
