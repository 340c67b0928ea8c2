//! Rules about parentheses: calls of functions, and what surrounds an expression.

use super::feature::Feature;
use super::kinds::VIEWS;
use super::paren::{Paren, ParenKind};
use super::relations::Class;
use super::scan::Scan;
use crate::pgdump::sql::{Kind, Token, Tokens};
use crate::pgdump::window::window;

/// Parentheses that are nested deeper are only counted.
const MAX_DEPTH: usize = 1000;
/// A list of columns after a name is not longer, as far as it is read ahead.
const MAX_COLUMN_TOKENS: usize = 256;

impl<'a> Scan<'_, 'a> {
    pub(super) fn open(&mut self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        let mut kind = ParenKind::Other;
        if self.after(&["generated", "always", "as"]) {
            kind = ParenKind::Generated;
        } else if self.after(&["using"]) && self.is_about(VIEWS) {
            kind = ParenKind::Using;
        } else if self.after(&["delete", "set", "null"]) || self.after(&["delete", "set", "default"]) {
            note(Feature::SetNullColumns);
        } else if self.in_statistics_list {
            note(Feature::ExpressionStatistics);
        } else if self.is_about(&[b"PUBLICATION TABLE"]) && self.depth() == 0 && !self.after(&["where"]) {
            note(Feature::PublicationColumns);
        } else if self.after(&["returning", "with"]) {
            note(Feature::ReturningAlias);
        }
        // The current parenthesis has been recorded in the one around it already.
        let mut callee = self.back(0).copied().filter(|back| back.is_name() && !self.is_word_before_group(back));
        let is_qualified = self.sign_back(1, b".");
        if is_qualified && !self.back(2).is_some_and(|schema| schema.is_named("pg_catalog")) {
            callee = None;
        }
        if let Some(name) = callee {
            let sql_json = if name.kind == Kind::Word { json_keyword(name.text) } else { None };
            let function = name.name().and_then(|name| self.context.built_ins.function(name));
            if let Some(found) = sql_json.or(function)
                && (is_qualified || self.is_called(token))
            {
                note(found);
            }
        }
        if self.parens.len() < MAX_DEPTH {
            self.parens.push(Paren::new(callee, kind));
        } else {
            self.too_deep_count = self.too_deep_count.saturating_add(1);
        }
    }

    /// Returns `true` if the word before a parenthesis is a keyword and no function, and what follows is a group.
    fn is_word_before_group(&self, word: &Token<'a>) -> bool {
        let keywords =
            ["and", "or", "not", "in", "select", "where", "on", "when", "then", "else", "as", "by", "having", "case"];
        keywords.iter().any(|keyword| word.is(keyword))
    }

    /// Returns `true` if the latest token, a name before the parenthesis `token`, is a function and no alias or subquery
    /// with a list of columns.
    fn is_called(&self, token: Token<'a>) -> bool {
        let Some(before) = self.back(1) else { return true };
        match before.kind {
            Kind::Quoted | Kind::Literal | Kind::Number => false,
            // pg_dump writes keywords in capitals, and names that are in capitals in quotes.
            Kind::Word => {
                let is_keyword = before.text.iter().all(u8::is_ascii_uppercase);
                is_keyword && !["as", "with", "recursive", "index", "constraint"].iter().any(|word| before.is(word))
            }
            Kind::Sign if before.is_sign(b')') || before.is_sign(b']') => false,
            Kind::Sign if before.is_sign(b',') => !self.is_named_query(token),
            Kind::Sign => true,
        }
    }

    /// Returns `true` if the parenthesis is a list of columns that `AS (` or `AS MATERIALIZED` follows.
    fn is_named_query(&self, token: Token<'a>) -> bool {
        let rest = window(self.sql, token.start, self.sql.len());
        let mut tokens = Tokens::new(rest, self.context.standard_strings).take(MAX_COLUMN_TOKENS);
        let mut depth = 0_u32;
        let closed = tokens.by_ref().any(|token| {
            if token.is_sign(b'(') {
                depth = depth.saturating_add(1);
            } else if token.is_sign(b')') {
                depth = depth.saturating_sub(1);
            }
            depth == 0
        });
        closed
            && tokens.next().is_some_and(|token| token.is("as"))
            && tokens.next().is_some_and(|token| token.is_sign(b'(') || token.is("materialized") || token.is("not"))
    }

    pub(super) fn close(&mut self, note: &mut dyn FnMut(Feature)) {
        self.in_range_frame = false;
        if let Some(less) = self.too_deep_count.checked_sub(1) {
            self.too_deep_count = less;
            self.closed = None;
            return;
        }
        let Some(paren) = self.parens.pop() else { return };
        if let Some(callee) = paren.callee {
            self.call(&paren, callee, note);
        }
        let is_extract = paren.callee.is_some_and(|callee| callee.is("extract"));
        self.pending_extract = is_extract || (paren.callee.is_none() && paren.has_extract);
        if paren.callee.is_none()
            && paren.has_arrow
            && let Some(around) = self.parens.last_mut().filter(|around| around.is_grouping())
        {
            around.has_arrow = true;
        }
        self.closed = Some(paren);
    }

    /// Examines a complete call.
    fn call(&self, paren: &Paren<'a>, callee: Token<'a>, note: &mut dyn FnMut(Feature)) {
        let Some(name) = callee.name() else { return };
        if let Some(found) = self.context.built_ins.overload(name, paren.arguments_count()) {
            note(found);
        }
        let is = |class: Class, data_type: &str| {
            paren.is_constant_of(data_type) || paren.column().is_some_and(|column| self.class_of(&column).has(class))
        };
        let is_record = || {
            paren.at(0).is_some_and(|first| first.is("row"))
                || (paren.at(1).is_some_and(|dot| dot.is_sign(b'.'))
                    && paren.at(2).is_some_and(|star| star.is_sign(b'*')))
        };
        let function = |name, since_major| Feature::Function { name, since_major };
        match name {
            b"max" | b"min" if is(Class::BYTEA, "bytea") => note(function("max or min of bytea", 18)),
            b"max" | b"min" if is_record() => note(function("max or min of a record", 18)),
            b"max" | b"min" if is(Class::XID8, "xid8") => note(function("max or min of xid8", 15)),
            b"max" | b"min" if is(Class::PG_LSN, "pg_lsn") => note(function("max or min of pg_lsn", 13)),
            b"reverse" if is(Class::BYTEA, "bytea") => note(function("reverse of bytea", 18)),
            b"ltrim" | b"rtrim" if is(Class::BYTEA, "bytea") => note(function("ltrim or rtrim of bytea", 14)),
            b"regexp_replace" if paren.commas == 3 && self.back(0).is_some_and(|back| back.kind == Kind::Number) => {
                note(function("regexp_replace with a position", 15));
            }
            b"round" | b"trunc" | b"mod" | b"div" | b"log" if paren.has_extract && paren.commas > 0 => {
                note(Feature::NumericExtract);
            }
            b"scale" | b"min_scale" | b"trim_scale" if paren.has_extract => note(Feature::NumericExtract),
            _ => {}
        }
    }

    /// Decides whether the result of EXTRACT, which has just been closed, is used as `numeric`: a cast follows otherwise.
    pub(super) fn settle_extract(&mut self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        if !std::mem::take(&mut self.pending_extract) || token.is_sign(b':') {
            return;
        }
        if token.is_sign(b'%') {
            note(Feature::NumericExtract);
        }
        if let Some(paren) = self.parens.last_mut().filter(|paren| paren.commas == 0) {
            paren.has_extract = true;
        }
    }

    pub(super) fn remainder(&self, next: Option<Token<'a>>, note: &mut dyn FnMut(Feature)) {
        if next.is_some_and(|next| next.is("extract")) {
            note(Feature::NumericExtract);
        }
    }

    /// Records the operators `->` and `->>`.
    pub(super) fn arrow(&mut self, next: Option<Token<'a>>) {
        let is_arrow = self.sign_back(0, b"-") && !next.is_some_and(|next| next.is_sign(b'>'));
        if let Some(paren) = self.parens.last_mut() {
            paren.has_arrow = is_arrow;
        }
    }

    /// Examines the type in a cast of what has just been closed: `(expression)::type`.
    pub(super) fn cast_of_closed(&self, paren: &Paren<'a>, data_type: &[u8], note: &mut dyn FnMut(Feature)) {
        let class = paren.column().map_or_else(Class::default, |column| self.class_of(&column));
        match data_type {
            b"smallint" | b"integer" | b"bigint" if class.has(Class::BYTEA) || paren.is_constant_of("bytea") => {
                note(Feature::ByteaCast);
            }
            b"bytea" if class.has(Class::INTEGER) || paren.only().is_some_and(|only| only.kind == Kind::Number) => {
                note(Feature::ByteaCast);
            }
            b"smallint" | b"integer" | b"bigint" | b"numeric" | b"real" | b"double" | b"boolean"
                if class.has(Class::JSONB) || paren.has_arrow =>
            {
                note(Feature::JsonbCast);
            }
            _ => {}
        }
    }
}

/// Returns the feature of SQL/JSON functions, which are written in capitals; older functions have some of the same names in
/// small letters.
fn json_keyword(word: &[u8]) -> Option<Feature> {
    match word {
        b"JSON_OBJECT" | b"JSON_ARRAY" | b"JSON_OBJECTAGG" | b"JSON_ARRAYAGG" => Some(Feature::JsonConstructor),
        b"JSON_EXISTS" | b"JSON_QUERY" | b"JSON_VALUE" | b"JSON_SCALAR" | b"JSON_SERIALIZE" | b"JSON" => {
            Some(Feature::JsonQuery)
        }
        b"JSON_TABLE" => Some(Feature::JsonTable),
        b"GRAPH_TABLE" => Some(Feature::PropertyGraph),
        b"MERGE_ACTION" => Some(Feature::Function { name: "merge_action", since_major: 17 }),
        b"NORMALIZE" => Some(Feature::Function { name: "normalize", since_major: 13 }),
        _ => None,
    }
}
