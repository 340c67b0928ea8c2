//! Rules about keywords and names.

use super::constants;
use super::feature::Feature;
use super::kinds::{ABOUT, ATTACHES, CONSTRAINED, INDEXES, RIGHTS, ROUTINES, STORED, TABLES, TRIGGERS, VIEWS};
use super::relations::Class;
use super::scan::Scan;
use crate::pgdump::sql::{Kind, Token, unquoted};
use crate::pgdump::window::window;

/// No searched keyword is longer.
const MAX_KEYWORD_BYTES: usize = 63;

impl<'a> Scan<'_, 'a> {
    pub(super) fn word(&mut self, token: Token<'a>, next: Option<Token<'a>>, note: &mut dyn FnMut(Feature)) {
        self.name(token, next, note);
        let mut buffer = [0; MAX_KEYWORD_BYTES];
        let Some(lower) = buffer.get_mut(..token.text.len()) else { return };
        lower.copy_from_slice(token.text);
        lower.make_ascii_lowercase();
        let follows = |word: &str| next.is_some_and(|next| next.is(word));
        let found = match &*lower {
            b"distinct" if self.after(&["nulls", "not"]) => Feature::NullsNotDistinct,
            b"distinct" if self.after(&["group", "by"]) => Feature::GroupByDistinct,
            b"json" if self.after(&["is"]) || self.after(&["is", "not"]) => Feature::IsJson,
            b"normalized" if ["is", "not", "nfc", "nfd", "nfkc", "nfkd"].iter().any(|word| self.after(&[word])) => {
                Feature::IsNormalized
            }
            b"atomic" if self.after(&["begin"]) && self.is_about(ROUTINES) => Feature::SqlBody,
            b"return" if self.is_about(ROUTINES) && self.depth() == 0 => Feature::SqlBody,
            b"support" if self.is_about(ROUTINES) && self.depth() == 0 && !self.sign_back(0, b".") => {
                Feature::SupportFunction
            }
            b"out" if self.is_about(&[b"PROCEDURE"]) && self.sign_back(0, b"(,") => Feature::ProcedureOut,
            b"merge" if self.is_about(ROUTINES) && follows("into") => Feature::Merge,
            b"source" if self.is_about(ROUTINES) && self.after(&["not", "matched", "by"]) => {
                Feature::BuiltIn { kind: "clause", name: "WHEN NOT MATCHED BY SOURCE of MERGE", since_major: 17 }
            }
            b"procedure" if self.after(&["create"]) => Feature::Procedure,
            b"procedure" | b"routine" if self.after(&["on"]) && self.is_about(ABOUT) => Feature::Procedure,
            b"function" if self.after(&["execute"]) && self.is_about(TRIGGERS) => Feature::ExecuteFunction,
            b"compression" if self.after(&["set"]) && self.is_about(STORED) => Feature::ColumnCompression,
            b"sequence" if self.after(&["create", "unlogged"]) => Feature::UnloggedSequence,
            b"logged" | b"unlogged" if self.is_about(&[b"SEQUENCE"]) && !self.sign_back(0, b".") => {
                Feature::UnloggedSequence
            }
            b"first" if self.after(&["search", "depth"]) || self.after(&["search", "breadth"]) => {
                Feature::RecursiveSearch
            }
            b"cycle" if self.is_about(VIEWS) && self.sign_back(0, b")") => Feature::RecursiveSearch,
            b"materialized" if self.after(&["as"]) || self.after(&["as", "not"]) => Feature::MaterializedQuery,
            b"ties" if self.after(&["with"]) => Feature::WithTies,
            b"groups" if follows("between") => Feature::WindowFrame,
            b"ties" | b"current" | b"group" if self.after(&["exclude"]) => Feature::WindowFrame,
            b"range" => {
                self.in_range_frame = follows("between");
                return;
            }
            b"preceding" | b"following" if self.in_range_frame && !self.after(&["unbounded"]) => Feature::WindowFrame,
            b"nulls" if self.after(&["ignore"]) || self.after(&["respect"]) => Feature::WindowNulls,
            b"similar" if self.is_within("substring") => Feature::SubstringSimilar,
            b"indent" if self.is_within("xmlserialize") => Feature::XmlIndent,
            b"hash" if self.after(&["partition", "by"]) => Feature::HashPartition,
            b"modulus" if self.after(&["with"]) || self.sign_back(0, b"(") => {
                if !self.is_about(ATTACHES) {
                    return;
                }
                Feature::HashPartition
            }
            b"default" if self.is_about(ATTACHES) && self.is_attached() => Feature::DefaultPartition,
            b"include" if self.is_about(INDEXES) && self.depth() == 0 => {
                note(Feature::IndexInclude);
                match self.index_method() {
                    Some(b"gist") => Feature::GistInclude,
                    Some(b"spgist") => Feature::SpgistInclude,
                    _ => return,
                }
            }
            b"statistics" if self.after(&["set"]) && self.is_about(&[b"INDEX"]) => Feature::IndexStatistics,
            b"statistics" if self.after(&["set"]) && self.is_about(&[b"STATISTICS"]) => Feature::StatisticsTarget,
            b"mcv" if self.is_about(&[b"STATISTICS"]) && self.sign_back(0, b"(,") => Feature::McvStatistics,
            b"table" if self.is_about(&[b"ACCESS METHOD"]) && self.after(&["type"]) => Feature::TableAccessMethod,
            b"sequences" | b"except" if self.is_about(&[b"PUBLICATION"]) && self.depth() == 0 => {
                Feature::PublicationExcept
            }
            b"property" if self.after(&["create"]) && follows("graph") => Feature::PropertyGraph,
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
            b"system_user" if token.text == b"SYSTEM_USER" && !self.sign_back(0, b".") && !self.is_about(RIGHTS) => {
                Feature::SystemUser
            }
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
            _ => return,
        };
        note(found);
    }

    /// Examines a name by its position.
    pub(super) fn name(&mut self, token: Token<'a>, next: Option<Token<'a>>, note: &mut dyn FnMut(Feature)) {
        let Some(name) = token.name() else { return };
        let built_ins = self.context.built_ins;
        if self.after(&["period"]) && self.sign_back(1, b",") && self.is_about(&[b"FK CONSTRAINT"]) {
            note(Feature::TemporalKey);
        }
        self.dumped_type(token, note);
        if !self.is_system() {
            return;
        }
        if self.is_about(RIGHTS) {
            built_ins.role(name).into_iter().for_each(&mut *note);
        }
        if self.is_about(&[b"INDEX", b"OPERATOR CLASS", b"OPERATOR FAMILY"])
            && !next.is_some_and(|next| next.is_sign(b'.'))
        {
            built_ins.operator_class(name).into_iter().for_each(&mut *note);
        }
        if self.is_about(ROUTINES) && self.depth() == 0 && self.after(&["set"]) {
            built_ins.setting(name).into_iter().for_each(&mut *note);
        }
        if self.is_about(&[b"DATABASE PROPERTIES"]) && self.after(&["set"]) {
            built_ins.database_setting(name).into_iter().for_each(&mut *note);
        }
        if self.is_about(&[b"EXTENSION"]) && (self.after(&["exists"]) || self.after(&["extension"])) {
            built_ins.extension(name).into_iter().for_each(&mut *note);
        }
        // The token before the name with its schema.
        let before = self.back(if self.sign_back(0, b".") { 2 } else { 0 });
        if before.is_some_and(|before| before.is("collate"))
            || (before.is_some_and(|sign| sign.is_sign(b'=')) && self.is_about(&[b"TYPE"]))
        {
            built_ins.collation(name).into_iter().for_each(&mut *note);
        }
        if self.is_about(&[b"TEXT SEARCH CONFIGURATION"])
            && before.is_some_and(|before| before.is("with") || before.is_sign(b','))
        {
            built_ins.text_search(name).into_iter().for_each(&mut *note);
        }
        let is_source = before.is_some_and(|before| {
            before.is("from") || before.is("join") || before.is_sign(b',') || before.is_sign(b'(')
        });
        if is_source
            && (self.is_about(VIEWS) || self.is_about(ROUTINES))
            && !next.is_some_and(|next| next.is_sign(b'('))
        {
            let is_table =
                self.sign_back(0, b".") || before.is_some_and(|before| before.is("from") || before.is("join"));
            if is_table {
                built_ins.relation(name).into_iter().for_each(&mut *note);
            }
            // Only relations of the system catalogs have such names.
            if (name.starts_with(b"pg_") || is_table)
                && !self.catalogs.contains(&name)
                && !built_ins.columns(name).is_empty()
            {
                self.catalogs.push(name);
            }
        }
        if self.is_after_cast() {
            self.cast(name, note);
        }
        if self.is_type(token, next) {
            built_ins.data_type(name).into_iter().for_each(&mut *note);
        }
    }

    /// Examines a name with its schema: it can be a type of the dump.
    fn dumped_type(&self, token: Token<'a>, note: &mut dyn FnMut(Feature)) {
        if !self.sign_back(0, b".") {
            return;
        }
        let Some(schema) = self.back(1).filter(|schema| schema.is_name()) else { return };
        let names_it = self.back(3).is_some_and(|back| back.is("multirange_type_name"));
        if !self.context.multiranges.is_empty() && !names_it {
            let full = [schema.text, b".", token.text].concat();
            if self.context.multiranges.contains(&full) {
                note(Feature::Multirange);
            }
        }
        if self.is_about(&[b"DOMAIN"]) && self.back(2).is_some_and(|back| back.is("as")) {
            let class = self.context.relations.class_of_type(&unquoted(schema), &unquoted(&token));
            if class.is_some_and(|class| class.has(Class::COMPOSITE) && !class.has(Class::DOMAIN)) {
                note(Feature::CompositeDomain);
            }
        }
        if self.is_about(&[b"TABLE", b"TYPE", b"FOREIGN TABLE"]) {
            let after = window(self.sql, token.end(), token.end().saturating_add(2));
            let class = || self.context.relations.class_of_type(&unquoted(schema), &unquoted(&token));
            let is_domain = || class().is_some_and(|class| class.has(Class::DOMAIN));
            if after == b"[]" && is_domain() {
                note(Feature::DomainArray);
            }
        }
    }

    /// Examines the type in `value::type`.
    fn cast(&self, data_type: &'a [u8], note: &mut dyn FnMut(Feature)) {
        let Some(value) = self.back(2) else { return };
        if value.is_sign(b')') {
            if let Some(closed) = &self.closed {
                self.cast_of_closed(closed, data_type, note);
            }
            return;
        }
        if value.kind != Kind::Literal {
            return;
        }
        let text = value.text.strip_prefix(b"'").and_then(|text| text.strip_suffix(b"'")).unwrap_or(value.text);
        let built_ins = self.context.built_ins;
        let bare = constants::bare_name(text);
        let found = match data_type {
            b"numeric" => constants::in_numeric(text),
            b"interval" => constants::in_interval(text),
            b"jsonpath" => constants::in_jsonpath(text),
            b"regconfig" | b"regdictionary" => built_ins.text_search(bare),
            b"regclass" => built_ins.relation(bare),
            b"regproc" => built_ins.function(bare),
            b"regtype" => built_ins.data_type(bare),
            b"regrole" => built_ins.role(bare),
            b"regcollation" => built_ins.collation(bare),
            _ => None,
        };
        found.into_iter().for_each(note);
    }

    /// Returns `true` if the current token is the name of a type.
    fn is_type(&self, token: Token<'a>, next: Option<Token<'a>>) -> bool {
        if self.is_after_cast() {
            return true;
        }
        let before = self.back(if self.sign_back(0, b".") { 2 } else { 0 });
        let Some(before) = before else { return false };
        let is = |words: &[&str]| words.iter().any(|word| before.is(word));
        let ends = next.is_some_and(|next| next.is_sign(b',') || next.is_sign(b')'));
        match before.kind {
            Kind::Quoted => !self.is_about(VIEWS) || self.depth() > 0,
            Kind::Word if is(&["setof", "returns", "in", "out", "inout", "variadic"]) => true,
            Kind::Word if is(&["as"]) => self.is_about(&[b"DOMAIN", b"CAST"]),
            // The name of a column or an argument. pg_dump writes keywords in capitals.
            Kind::Word => {
                let is_keyword = before.text.iter().all(u8::is_ascii_uppercase);
                !is_keyword && (!self.is_about(VIEWS) || self.depth() > 0)
            }
            Kind::Sign if before.is_sign(b'=') => {
                token.kind != Kind::Word || self.is_about(&[b"AGGREGATE", b"OPERATOR", b"TYPE"])
            }
            Kind::Sign if before.is_sign(b'(') || before.is_sign(b',') => {
                let is_signature = self.is_about(ROUTINES)
                    || self.is_about(ABOUT)
                    || self.is_about(&[b"AGGREGATE", b"OPERATOR", b"OPERATOR CLASS", b"OPERATOR FAMILY", b"CAST"]);
                is_signature && (ends || self.is_about(&[b"CAST"]))
            }
            _ => false,
        }
    }

    /// Returns the method of the index whose SQL this is.
    fn index_method(&self) -> Option<&'a [u8]> {
        let mut tokens = crate::pgdump::sql::Tokens::new(self.sql, self.context.standard_strings);
        tokens.find(|token| token.is("using"))?;
        tokens.next()?.name()
    }

    /// Returns `true` if `ATTACH PARTITION schema.name` or `PARTITION OF schema.name` precedes the current token.
    fn is_attached(&self) -> bool {
        [1, 3].into_iter().any(|index| self.back(index).is_some_and(|back| back.is("partition") || back.is("of")))
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
