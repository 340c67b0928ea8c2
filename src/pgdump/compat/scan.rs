//! Searches the SQL of one entry for features that older servers lack.

use std::collections::HashSet;

use super::builtin;
use super::feature::Feature;
use crate::io::decimal;
use crate::pgdump::sql::{Kind, Token, Tokens};

/// One pass over the tokens of one definition. It remembers the latest few tokens, and the depth of the parentheses that
/// matter, whatever the length of the SQL.
pub(super) struct Scan<'s, 'a> {
    desc: &'s [u8],
    /// `true` if backslashes in plain strings are ordinary characters.
    standard_strings: bool,
    /// The names of the multirange types that the dump creates.
    multiranges: &'s HashSet<Vec<u8>>,
    /// The latest tokens, newest first.
    recent: [Option<Token<'a>>; RECENT],
    depth: u32,
    /// The depth at which the expression of a generated column, or the columns of JOIN USING, end.
    generated: Option<u32>,
    using: Option<u32>,
    /// `true` if the latest token closed one of them.
    closed_generated: bool,
    closed_using: bool,
    /// `true` if the current token is between ON and FROM of CREATE STATISTICS.
    in_statistics_list: bool,
}

/// The number of tokens that the longest rule looks back.
const RECENT: usize = 6;

impl<'s, 'a> Scan<'s, 'a> {
    pub(super) const fn new(desc: &'s [u8], standard_strings: bool, multiranges: &'s HashSet<Vec<u8>>) -> Self {
        Self {
            desc,
            standard_strings,
            multiranges,
            recent: [None; RECENT],
            depth: 0,
            generated: None,
            using: None,
            closed_generated: false,
            closed_using: false,
            in_statistics_list: false,
        }
    }

    pub(super) fn run(mut self, sql: &'a [u8], note: &mut dyn FnMut(Feature)) {
        for token in Tokens::new(sql, self.standard_strings) {
            self.step(token, note);
        }
        if self.closed_generated {
            note(Feature::VirtualColumn);
        }
    }

    fn step(&mut self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        if std::mem::take(&mut self.closed_generated) && !token.is("stored") {
            note(Feature::VirtualColumn);
        }
        if std::mem::take(&mut self.closed_using) && token.is("as") {
            note(Feature::JoinUsingAlias);
        }
        match token.kind {
            Kind::Word => self.word(token, note),
            Kind::Quoted => self.name(token, note),
            Kind::Sign => self.sign(token, note),
            Kind::Number => self.number(token, note),
            Kind::Literal => {}
        }
        self.recent.rotate_right(1);
        if let Some(newest) = self.recent.first_mut() {
            *newest = Some(token);
        }
    }

    /// Returns the token at this distance before the current one, counted from 0.
    fn back(&self, index: usize) -> Option<&Token<'a>> {
        self.recent.get(index)?.as_ref()
    }

    /// Returns `true` if these keywords precede the current token.
    fn after(&self, keywords: &[&str]) -> bool {
        keywords.iter().rev().enumerate().all(|(index, keyword)| self.back(index).is_some_and(|back| back.is(keyword)))
    }

    fn sign_back(&self, index: usize, signs: &[u8]) -> bool {
        self.back(index).is_some_and(|back| signs.iter().any(|sign| back.is_sign(*sign)))
    }

    fn is_about(&self, kinds: &[&[u8]]) -> bool {
        kinds.contains(&self.desc)
    }

    fn word(&mut self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        self.name(token, note);
        let mut buffer = [0; MAX_KEYWORD_BYTES];
        let Some(lower) = buffer.get_mut(..token.text.len()) else { return };
        lower.copy_from_slice(token.text);
        lower.make_ascii_lowercase();
        let found = match &*lower {
            b"distinct" if self.after(&["nulls", "not"]) => Feature::NullsNotDistinct,
            b"distinct" if self.after(&["group", "by"]) => Feature::GroupByDistinct,
            b"json" if self.after(&["is"]) || self.after(&["is", "not"]) => Feature::IsJson,
            b"atomic" if self.after(&["begin"]) && self.is_about(ROUTINES) => Feature::SqlBody,
            b"return" if self.is_about(ROUTINES) && !self.sign_back(0, b"(,") => Feature::SqlBody,
            b"out" if self.is_about(&[b"PROCEDURE"]) && self.sign_back(0, b"(,") => Feature::ProcedureOut,
            b"compression" if self.after(&["set"]) && self.is_about(STORED) => Feature::ColumnCompression,
            b"sequence" if self.after(&["create", "unlogged"]) => Feature::UnloggedSequence,
            b"logged" | b"unlogged" if self.after(&["set"]) && self.is_about(&[b"SEQUENCE"]) => {
                Feature::UnloggedSequence
            }
            b"first" if self.after(&["search", "depth"]) || self.after(&["search", "breadth"]) => {
                Feature::RecursiveSearch
            }
            b"cycle" if self.is_about(VIEWS) && self.sign_back(0, b")") => Feature::RecursiveSearch,
            b"where" if self.is_about(&[b"PUBLICATION TABLE"]) => Feature::PublicationRows,
            b"builtin" if self.is_about(&[b"COLLATION"]) && self.sign_back(0, b"=") => Feature::BuiltinCollation,
            b"locale_provider" | b"icu_locale" | b"icu_rules" | b"builtin_locale" if self.is_about(&[b"DATABASE"]) => {
                Feature::DatabaseLocale
            }
            b"maintain" if self.is_about(RIGHTS) && self.is_in_rights() => Feature::Maintain,
            b"objects" if self.is_about(&[b"DEFAULT ACL"]) && self.after(&["large"]) => {
                Feature::DefaultLargeObjectRights
            }
            b"local" if self.after(&["at"]) => Feature::AtLocal,
            b"system_user" if !self.sign_back(0, b".") && !self.is_about(RIGHTS) => Feature::SystemUser,
            b"parallel" if self.is_about(&[b"SUBSCRIPTION"]) && self.sign_back(0, b"=") => {
                Feature::SubscriptionOption { name: "streaming = parallel", since_major: 16 }
            }
            b"login" if self.after(&["on"]) && self.is_about(&[b"EVENT TRIGGER"]) => Feature::LoginTrigger,
            b"virtual" if self.sign_back(0, b")") && self.is_about(TABLES) => Feature::VirtualColumn,
            b"enforced" if self.after(&["not"]) => Feature::NotEnforced,
            b"overlaps" if self.after(&["without"]) => Feature::TemporalKey,
            b"inherit" if self.after(&["not", "null", "no"]) => Feature::NotNullConstraint,
            b"null" if self.after(&["not"]) && self.is_table_constraint() => Feature::NotNullConstraint,
            b"on" if self.is_about(&[b"STATISTICS"]) => {
                self.in_statistics_list = true;
                return;
            }
            b"from" => {
                self.in_statistics_list = false;
                return;
            }
            name if self.is_about(&[b"INDEX"])
                && (name.ends_with(b"_minmax_multi_ops") || name.ends_with(b"_bloom_ops")) =>
            {
                Feature::BrinMulti
            }
            name if self.is_about(RIGHTS) => match builtin::role(name) {
                Some(role) => role,
                None => return,
            },
            name if builtin::is_multirange(name) => Feature::Multirange,
            _ => return,
        };
        note(found);
    }

    /// Examines a name: with a schema it can be a multirange type of the dump, after PERIOD it is a column.
    fn name(&self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        if self.after(&["period"]) && self.sign_back(1, b",") && self.is_about(&[b"FK CONSTRAINT"]) {
            note(Feature::TemporalKey);
        }
        if self.multiranges.is_empty() || !self.sign_back(0, b".") {
            return;
        }
        // The range type itself names it, too.
        let names_it = self.back(3).is_some_and(|back| back.is("multirange_type_name"));
        if let Some(schema) = self.back(1).filter(|schema| schema.is_name() && !names_it) {
            let mut full = Vec::with_capacity(schema.text.len().saturating_add(token.text.len()).saturating_add(1));
            full.extend_from_slice(schema.text);
            full.push(b'.');
            full.extend_from_slice(token.text);
            if self.multiranges.contains(&full) {
                note(Feature::Multirange);
            }
        }
    }

    fn sign(&mut self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        match token.text {
            b"(" => {
                if self.after(&["generated", "always", "as"]) {
                    self.generated = Some(self.depth);
                } else if self.after(&["using"]) && self.is_about(VIEWS) {
                    self.using = Some(self.depth);
                } else if self.after(&["delete", "set", "null"]) || self.after(&["delete", "set", "default"]) {
                    note(Feature::SetNullColumns);
                } else if self.in_statistics_list {
                    note(Feature::ExpressionStatistics);
                } else if self.is_about(&[b"PUBLICATION TABLE"]) && self.depth == 0 && !self.after(&["where"]) {
                    note(Feature::PublicationColumns);
                }
                if let Some(called) = self.back(0).filter(|back| back.kind == Kind::Word)
                    && !self.sign_back(1, b".")
                    && let Some(function) = builtin::function(called.text)
                {
                    note(function);
                }
                self.depth = self.depth.saturating_add(1);
            }
            b")" => {
                self.depth = self.depth.saturating_sub(1);
                self.closed_generated = self.generated.take_if(|depth| *depth == self.depth).is_some();
                self.closed_using = self.using.take_if(|depth| *depth == self.depth).is_some();
            }
            b"=" if self.sign_back(1, b"(,") => self.parameter(note),
            // numeric(2,-3)
            b"-" if self.is_scale() => note(Feature::NumericScale),
            _ => {}
        }
    }

    /// Examines the latest token, which is the name of a parameter or option.
    fn parameter(&self, note: &mut dyn FnMut(Feature)) {
        let Some(name) = self.back(0) else { return };
        let found = match self.desc {
            b"TYPE" if name.is("multirange_type_name") => Feature::MultirangeTypeName,
            b"TYPE" if name.is("subscript") => Feature::TypeSubscript,
            b"COLLATION" if name.is("rules") => Feature::CollationRules,
            b"VIEW" if name.is("security_invoker") => Feature::SecurityInvoker,
            b"PUBLICATION" if name.is("publish_generated_columns") => Feature::PublishGenerated,
            b"SUBSCRIPTION" => match builtin::subscription_option(name.text) {
                Some(option) => option,
                None => return,
            },
            _ => return,
        };
        note(found);
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
        self.sign_back(0, b",") && self.sign_back(2, b"(") && self.back(3).is_some_and(|back| back.is("numeric"))
    }

    /// Returns `true` if the current token is in the list of rights of GRANT or REVOKE, and not a role.
    fn is_in_rights(&self) -> bool {
        self.after(&["grant"]) || self.after(&["revoke"]) || self.after(&["for"]) || self.sign_back(0, b",")
    }

    /// Returns `true` if the NOT before the current NULL starts a constraint of a table. In a constraint of a column a type
    /// precedes it.
    fn is_table_constraint(&self) -> bool {
        if !self.is_about(CONSTRAINED) {
            return false;
        }
        let begins = |index| self.sign_back(index, b"(,") || self.back(index).is_some_and(|back| back.is("add"));
        begins(1) || (self.back(2).is_some_and(|back| back.is("constraint")) && begins(3))
    }
}

/// No searched keyword is longer.
const MAX_KEYWORD_BYTES: usize = 63;

const ROUTINES: &[&[u8]] = &[b"FUNCTION", b"PROCEDURE"];
const VIEWS: &[&[u8]] = &[b"VIEW", b"MATERIALIZED VIEW", b"RULE"];
const TABLES: &[&[u8]] = &[b"TABLE", b"FOREIGN TABLE"];
const STORED: &[&[u8]] = &[b"TABLE", b"FOREIGN TABLE", b"MATERIALIZED VIEW"];
const CONSTRAINED: &[&[u8]] = &[b"TABLE", b"FOREIGN TABLE", b"CONSTRAINT", b"CHECK CONSTRAINT"];
const RIGHTS: &[&[u8]] = &[b"ACL", b"DEFAULT ACL"];
