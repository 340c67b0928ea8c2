//! Searches the SQL of one entry for features that older servers lack: [`Scan`].

use std::collections::HashSet;

use super::built_in::BuiltIns;
use super::catalogs;
use super::feature::Feature;
use super::kinds::ROUTINES;
use super::paren::Paren;
use super::relations::{Class, Relations};
use crate::io::decimal;
use crate::pgdump::sql::{Kind, Token, Tokens, unquoted};
use crate::pgdump::toc::Entry;

/// The facts about the whole dump that a scan uses.
#[derive(Clone, Copy)]
pub(super) struct Context<'s> {
    /// `true` if backslashes in plain strings are ordinary characters.
    pub(super) standard_strings: bool,
    pub(super) built_ins: &'s BuiltIns,
    pub(super) relations: &'s Relations,
    /// The names of the multirange types that the dump creates.
    pub(super) multiranges: &'s HashSet<Vec<u8>>,
}

/// One pass over the tokens of one definition. It remembers the latest few tokens and the open parentheses.
pub(super) struct Scan<'s, 'a> {
    pub(super) context: Context<'s>,
    pub(super) entry: &'s Entry<'s>,
    pub(super) desc: &'s [u8],
    pub(super) sql: &'a [u8],
    /// The latest tokens, newest first.
    recent: [Option<Token<'a>>; RECENT],
    /// The open parentheses; those that are nested too deep are only counted.
    pub(super) parens: Vec<Paren<'a>>,
    pub(super) too_deep_count: u32,
    /// The parenthesis that the latest token closed.
    pub(super) closed: Option<Paren<'a>>,
    /// The result of EXTRACT has been closed, and the next token decides whether it is used as it is.
    pub(super) pending_extract: bool,
    /// `true` if the current token is between ON and FROM of CREATE STATISTICS.
    pub(super) in_statistics_list: bool,
    /// `true` within a window frame of the mode RANGE.
    pub(super) in_range_frame: bool,
    /// Relations of the system catalogs that have gained columns.
    pub(super) catalogs: Vec<&'a [u8]>,
}

/// The number of tokens that the longest rule looks back.
const RECENT: usize = 8;

impl<'s, 'a> Scan<'s, 'a> {
    pub(super) fn new(context: Context<'s>, entry: &'s Entry<'s>, sql: &'a [u8]) -> Self {
        Self {
            context,
            entry,
            desc: entry.desc,
            sql,
            recent: [None; RECENT],
            parens: Vec::new(),
            too_deep_count: 0,
            closed: None,
            pending_extract: false,
            in_statistics_list: false,
            in_range_frame: false,
            catalogs: Vec::new(),
        }
    }

    pub(super) fn run(mut self, note: &mut dyn FnMut(Feature)) {
        let mut tokens = Tokens::new(self.sql, self.context.standard_strings);
        let mut current = tokens.next();
        while let Some(token) = current {
            let next = tokens.next();
            self.step(token, next, note);
            current = next;
        }
        if self.closed.is_some_and(|closed| closed.is_generated()) {
            note(Feature::VirtualColumn);
        }
        catalogs::columns(self.sql, self.context.standard_strings, self.context.built_ins, &self.catalogs, note);
    }

    fn step(&mut self, token: Token<'a>, next: Option<Token<'a>>, note: &mut dyn FnMut(Feature)) {
        if let Some(closed) = &self.closed {
            if closed.is_generated() {
                note(if token.is("stored") { Feature::StoredColumn } else { Feature::VirtualColumn });
            }
            if closed.is_using() && token.is("as") {
                note(Feature::JoinUsingAlias);
            }
        }
        self.settle_extract(token, note);
        if let Some(paren) = self.parens.last_mut() {
            paren.record(token);
        }
        match token.kind {
            Kind::Word => self.word(token, next, note),
            Kind::Quoted => self.name(token, next, note),
            Kind::Sign => self.sign(token, next, note),
            Kind::Number => self.number(token, note),
            Kind::Literal => self.literal(token, note),
        }
        // A cast of the parenthesis may follow: `(expression)::type`.
        if !token.is_sign(b')') && !token.is_sign(b':') {
            self.closed = None;
        }
        self.recent.rotate_right(1);
        if let Some(newest) = self.recent.first_mut() {
            *newest = Some(token);
        }
    }

    /// Returns the token at this distance before the current one, counted from 0.
    pub(super) fn back(&self, index: usize) -> Option<&Token<'a>> {
        self.recent.get(index)?.as_ref()
    }

    /// Returns `true` if these keywords precede the current token.
    pub(super) fn after(&self, keywords: &[&str]) -> bool {
        keywords.iter().rev().enumerate().all(|(index, keyword)| self.back(index).is_some_and(|back| back.is(keyword)))
    }

    pub(super) fn sign_back(&self, index: usize, signs: &[u8]) -> bool {
        self.back(index).is_some_and(|back| signs.iter().any(|sign| back.is_sign(*sign)))
    }

    /// Returns `true` if the current token is the name of a type after `::`.
    pub(super) fn is_after_cast(&self) -> bool {
        self.sign_back(0, b":") && self.sign_back(1, b":")
    }

    pub(super) fn is_about(&self, kinds: &[&[u8]]) -> bool {
        kinds.contains(&self.desc)
    }

    /// Returns the number of open parentheses.
    pub(super) fn depth(&self) -> usize {
        self.parens.len()
    }

    /// Returns `true` if the parenthesis around the current token belongs to this word.
    pub(super) fn is_within(&self, word: &str) -> bool {
        self.parens.last().and_then(|paren| paren.callee).is_some_and(|callee| callee.is(word))
    }

    /// Returns the class of the column with this name in the tables that the entry is about.
    pub(super) fn class_of(&self, name: &Token<'_>) -> Class {
        let name = unquoted(name);
        let tables = self.entry.dependencies().chain([self.entry.id]);
        tables
            .flat_map(|id| self.context.relations.columns(id))
            .find(|column| *column.name == *name)
            .map_or_else(Class::default, |column| column.class)
    }

    /// Returns `true` if the current token has no schema, or is in the system catalogs.
    pub(super) fn is_system(&self) -> bool {
        !self.sign_back(0, b".")
            || self.back(1).is_some_and(|schema| schema.is_named("pg_catalog") || schema.is_named("information_schema"))
    }

    fn sign(&mut self, token: Token<'a>, next: Option<Token<'a>>, note: &mut dyn FnMut(Feature)) {
        match token.text {
            b"(" => self.open(token, note),
            b")" => self.close(note),
            b"," => {
                if let Some(paren) = self.parens.last_mut() {
                    paren.commas = paren.commas.saturating_add(1);
                }
            }
            b"=" => self.parameter(next, note),
            b"." if self.closed.is_some_and(|closed| closed.is_row()) => note(Feature::RowMember),
            b"@" if self.sign_back(0, b"^") => note(Feature::StartsWith),
            b"%" => self.remainder(next, note),
            b">" => self.arrow(next),
            b"[" if self.back(0).is_some_and(|back| self.class_of(back).has(Class::JSONB)) => note(Feature::Subscript),
            // numeric(2,-3)
            b"-" if self.is_scale() => note(Feature::NumericScale),
            _ => {}
        }
    }

    /// Examines the latest token, which is the name of a parameter or option. The value follows.
    fn parameter(&self, value: Option<Token<'a>>, note: &mut dyn FnMut(Feature)) {
        let Some(name) = self.back(0).and_then(Token::name) else { return };
        let is_value = |word: &str| value.is_some_and(|value| value.is(word) || value.is_named(word));
        let built_ins = self.context.built_ins;
        let in_list = self.sign_back(1, b"(,") || (self.sign_back(1, b".") && self.sign_back(3, b"(,"));
        if !in_list {
            // SET name = value
            if self.is_about(ROUTINES)
                && self.back(1).is_some_and(|back| back.is("set"))
                && let Some(found) = built_ins.setting(name)
            {
                note(found);
            }
            return;
        }
        let found = match (self.desc, name) {
            (b"TYPE", b"multirange_type_name") => Some(Feature::MultirangeTypeName),
            (b"TYPE", b"SUBSCRIPT" | b"subscript") => Some(Feature::TypeSubscript),
            (b"COLLATION", b"rules") => Some(Feature::CollationRules),
            (b"COLLATION", b"deterministic") if is_value("false") => Some(Feature::NondeterministicCollation),
            (b"PUBLICATION", b"publish_generated_columns") => Some(Feature::PublishGenerated),
            (b"PUBLICATION", b"publish_via_partition_root") => Some(Feature::PublishViaRoot),
            (b"PUBLICATION", b"publish")
                if value.is_some_and(|value| value.text.windows(8).any(|word| word == b"truncate")) =>
            {
                Some(Feature::PublishTruncate)
            }
            (b"AGGREGATE", b"FINALFUNC_MODIFY" | b"MFINALFUNC_MODIFY") => Some(Feature::AggregateModify),
            (b"SUBSCRIPTION", name) => built_ins.subscription_option(name),
            (b"INDEX", _) if self.depth() > 1 => Some(Feature::OperatorClassParameter),
            (b"TABLE" | b"VIEW" | b"MATERIALIZED VIEW" | b"INDEX" | b"CONSTRAINT", b"vacuum_index_cleanup")
                if value.is_some_and(|value| value.text.trim_ascii() == b"'auto'" || value.is("auto")) =>
            {
                Some(Feature::BuiltIn {
                    kind: "value of the storage parameter vacuum_index_cleanup,",
                    name: "auto",
                    since_major: 14,
                })
            }
            (b"TABLE" | b"VIEW" | b"MATERIALIZED VIEW" | b"INDEX" | b"CONSTRAINT", name) => {
                built_ins.storage_parameter(name)
            }
            _ => None,
        };
        found.into_iter().for_each(&mut *note);
        // SFUNC = array_append, FUNCTION = starts_with, RESTRICT = matchingsel
        if self.is_about(&[b"AGGREGATE", b"OPERATOR", b"TYPE"])
            && let Some(value) = value.and_then(|value| value.name())
        {
            built_ins.function(value).into_iter().for_each(&mut *note);
            let is_array_function = matches!(
                value,
                b"array_append"
                    | b"array_cat"
                    | b"array_prepend"
                    | b"array_position"
                    | b"array_positions"
                    | b"array_remove"
                    | b"array_replace"
                    | b"width_bucket"
            );
            if is_array_function && self.sql.windows(13).any(|word| word == b"anycompatible") {
                note(Feature::CompatibleArray);
            }
        }
    }

    fn number(&self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        // numeric(2,5)
        if self.is_scale() {
            let precision = self.back(1).and_then(|back| decimal::<u32>(back.text));
            if let (Some(precision), Some(scale)) = (precision, decimal::<u32>(token.text))
                && scale > precision
            {
                note(Feature::NumericScale);
            }
        }
    }

    /// Returns `true` if `numeric(precision,` precedes the current token.
    fn is_scale(&self) -> bool {
        self.sign_back(0, b",") && self.sign_back(2, b"(") && self.back(3).is_some_and(|back| back.is_named("numeric"))
    }

    fn literal(&self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        // A text as subscript: arrays have numbers.
        if self.sign_back(0, b"[")
            && self.back(1).is_some_and(|back| (back.is_name() && !back.is("array")) || back.is_sign(b')'))
        {
            note(Feature::Subscript);
        }
        if self.desc == b"FOREIGN TABLE" || self.desc == b"SERVER" || self.desc == b"USER MAPPING" {
            // OPTIONS (name 'value', name 'value')
            if (self.sign_back(1, b"(,") || token.text.is_empty())
                && let Some(name) = self.back(0).and_then(Token::name)
            {
                self.context.built_ins.foreign_option(name).into_iter().for_each(note);
            }
        }
    }
}
