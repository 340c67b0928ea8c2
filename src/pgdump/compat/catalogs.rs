//! Finds columns of the system catalogs that older servers lack.

use super::built_in::BuiltIns;
use super::feature::Feature;
use crate::pgdump::sql::{Token, Tokens};

/// Examines all names in SQL that reads relations of the system catalogs which have gained columns.
pub(super) fn columns(
    sql: &[u8],
    standard_strings: bool,
    built_ins: &BuiltIns,
    relations: &[&[u8]],
    note: &mut dyn FnMut(Feature),
) {
    for relation in relations {
        let tokens = || Tokens::new(sql, standard_strings);
        // The relation itself and its aliases.
        let mut qualifiers: Vec<&[u8]> = vec![relation];
        let mut names = tokens();
        while names.by_ref().any(|token| token.name() == Some(relation)) {
            let mut next = names.clone();
            let alias = next.next().filter(|token| !token.is("as")).or_else(|| next.next());
            if let Some(alias) = alias.filter(|alias| !alias.text.iter().all(u8::is_ascii_uppercase)) {
                qualifiers.extend(alias.name());
            }
        }
        for (column, since_major) in built_ins.columns(relation) {
            let mut before: [Option<Token<'_>>; 2] = [None, None];
            let is_used = tokens().any(|token| {
                let [dot, qualifier] = before;
                before = [Some(token), dot];
                token.is_named(column)
                    && match dot {
                        Some(dot) if dot.is_sign(b'.') => qualifier
                            .and_then(|qualifier| qualifier.name())
                            .is_some_and(|qualifier| qualifiers.contains(&qualifier)),
                        Some(dot) => !dot.is("as"),
                        None => false,
                    }
            });
            if is_used {
                note(Feature::BuiltIn { kind: "column of the system catalogs,", name: column, since_major });
            }
        }
    }
}
