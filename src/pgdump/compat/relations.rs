//! The relations and types of a dump, as far as features depend on them: [`Relations`].

use std::collections::{HashMap, HashSet};

use crate::pgdump::sql::{Kind, Token, Tokens, unquoted};
use crate::pgdump::toc::{Entry, Toc};

/// The properties of a type that rules depend on, as flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::pgdump) struct Class(u16);

impl Class {
    /// Values of these types can be anywhere in a value: in elements of an array, bounds of a range, members.
    pub(in crate::pgdump) const NUMERIC: Self = Self(1);
    pub(in crate::pgdump) const INTERVAL: Self = Self(1 << 1);
    pub(in crate::pgdump) const JSONPATH: Self = Self(1 << 2);
    pub(in crate::pgdump) const TEXT_SEARCH: Self = Self(1 << 3);
    /// The type itself, or a domain over it.
    pub(super) const BYTEA: Self = Self(1 << 4);
    pub(super) const JSONB: Self = Self(1 << 5);
    pub(super) const INTEGER: Self = Self(1 << 6);
    pub(super) const XID8: Self = Self(1 << 7);
    pub(super) const PG_LSN: Self = Self(1 << 8);
    pub(super) const DOMAIN: Self = Self(1 << 9);
    pub(super) const COMPOSITE: Self = Self(1 << 10);
    /// Values of the type can look like those of another: infinity is also one of floating point numbers and dates.
    const AMBIGUOUS: Self = Self(1 << 11);
    /// The column is generated.
    const GENERATED: Self = Self(1 << 12);
    const VALUES: Self = Self(0b1111);

    pub(in crate::pgdump) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the class of a built-in type.
    fn built_in(name: &[u8]) -> Self {
        match name {
            b"numeric" | b"numrange" | b"nummultirange" => Self::NUMERIC,
            b"interval" => Self::INTERVAL,
            b"jsonpath" => Self::JSONPATH,
            b"regconfig" | b"regdictionary" => Self::TEXT_SEARCH,
            b"bytea" => Self::BYTEA,
            b"jsonb" => Self::JSONB.and(Self::AMBIGUOUS),
            b"smallint" | b"integer" | b"bigint" => Self::INTEGER,
            b"xid8" => Self::XID8,
            b"pg_lsn" => Self::PG_LSN,
            b"boolean" | b"uuid" | b"oid" | b"inet" | b"cidr" | b"macaddr" | b"bit" => Self(0),
            _ => Self::AMBIGUOUS,
        }
    }
}

/// A column with a type that matters.
#[derive(Debug)]
pub(in crate::pgdump) struct Column {
    pub(in crate::pgdump) name: Vec<u8>,
    pub(in crate::pgdump) class: Class,
}

/// The relations and types of a dump, as far as features depend on them.
#[derive(Debug, Default)]
pub(in crate::pgdump) struct Relations {
    partitioned: HashSet<Vec<u8>>,
    foreign: HashSet<Vec<u8>>,
    /// The types that the dump creates.
    types: HashMap<Vec<u8>, Class>,
    /// The columns of tables, by the dump id of the entry that creates the table.
    columns: HashMap<u32, Vec<Column>>,
    /// The NOT NULL constraints of columns that have names, with their tables.
    not_null: HashSet<Vec<u8>>,
    /// The dump ids of tables with such columns.
    tables: HashMap<Vec<u8>, u32>,
}

impl Relations {
    pub(in crate::pgdump) fn of(toc: &Toc, standard_strings: bool) -> Self {
        let mut relations = Self::default();
        for entry in toc.entries() {
            let Some(sql) = entry.definition else { continue };
            let mut tokens = Tokens::new(sql, standard_strings);
            match entry.desc {
                b"DOMAIN" => relations.domain(&entry, &mut tokens),
                b"TYPE" => relations.composite_or_range(&entry, &mut tokens),
                b"TABLE" | b"FOREIGN TABLE" => relations.table(&entry, &mut tokens),
                _ => {}
            }
        }
        relations
    }

    /// Returns `true` if the table, whose schema and name are given, has partitions.
    pub(super) fn is_partitioned(&self, table: &[u8]) -> bool {
        self.partitioned.contains(table)
    }

    pub(super) fn is_foreign(&self, table: &[u8]) -> bool {
        self.foreign.contains(table)
    }

    /// Returns `true` if a column of the table has a NOT NULL constraint with this name.
    pub(super) fn has_not_null_constraint(&self, table: &[u8], name: &[u8]) -> bool {
        self.not_null.contains(&full_name(table, name))
    }

    /// Returns `true` if a table generates a column that a table from which it inherits generates, too.
    pub(super) fn inherits_generated(&self, entry: &Entry<'_>) -> bool {
        let generated = |id| self.columns(id).iter().filter(|column| column.class.has(Class::GENERATED));
        generated(entry.id).any(|own| {
            entry.dependencies().any(|parent| parent != entry.id && generated(parent).any(|its| its.name == own.name))
        })
    }

    /// Returns the class of a type that the dump creates.
    pub(super) fn class_of_type(&self, schema: &[u8], name: &[u8]) -> Option<Class> {
        self.types.get(&full_name(schema, name)).copied()
    }

    /// Returns the columns that matter of the table that the entry with this dump id creates.
    pub(super) fn columns(&self, id: u32) -> &[Column] {
        self.columns.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Returns the columns that matter of the table with the rows of `entry`.
    pub(in crate::pgdump) fn columns_of_rows(&self, entry: &Entry<'_>) -> &[Column] {
        let id = self.tables.get(&full_name(entry.namespace.unwrap_or(b""), entry.tag));
        id.map_or(&[], |id| self.columns(*id))
    }

    fn domain(&mut self, entry: &Entry<'_>, tokens: &mut Tokens<'_>) {
        if tokens.any(|token| token.is("as")) {
            let class = self.class(&item(tokens).typed).and(Class::DOMAIN);
            self.types.insert(name_of(entry), class);
        }
    }

    fn composite_or_range(&mut self, entry: &Entry<'_>, tokens: &mut Tokens<'_>) {
        if !tokens.any(|token| token.is("as")) {
            return;
        }
        let class = match tokens.next() {
            Some(token) if token.is_sign(b'(') => {
                let mut members = Class::default();
                self.members(tokens, |_, class, _| members = members.and(class));
                let values = if members.has(Class::AMBIGUOUS) { Class::AMBIGUOUS } else { members.only(Class::VALUES) };
                values.and(Class::COMPOSITE)
            }
            Some(token) if token.is("range") => {
                if !tokens.any(|token| token.is("subtype")) {
                    return;
                }
                tokens.next();
                self.class(&item(tokens).typed).only(Class::VALUES)
            }
            _ => return,
        };
        self.types.insert(name_of(entry), class);
    }

    fn table(&mut self, entry: &Entry<'_>, tokens: &mut Tokens<'_>) {
        let name = name_of(entry);
        if entry.desc == b"FOREIGN TABLE" {
            self.foreign.insert(name.clone());
        }
        // The name of the table contains no parenthesis outside of quotes.
        let (mut columns, mut not_null) = (Vec::new(), Vec::new());
        if tokens.any(|token| token.is_sign(b'(')) {
            self.members(tokens, |column_name, class, constraint| {
                if let Some(constraint) = constraint {
                    not_null.push(full_name(&name, &unquoted(&constraint)));
                }
                if class != Class::AMBIGUOUS && class != Class::default() {
                    columns.push(Column { name: unquoted(&column_name).into_owned(), class });
                }
            });
        }
        self.not_null.extend(not_null);
        let is_partitioned = match entry.relation_kind {
            Some(kind) => kind == b'p',
            None => {
                let mut after_partition = false;
                tokens.any(|token| std::mem::replace(&mut after_partition, token.is("partition")) && token.is("by"))
            }
        };
        if is_partitioned {
            self.partitioned.insert(name.clone());
        }
        if !columns.is_empty() {
            self.tables.insert(name, entry.id);
            self.columns.insert(entry.id, columns);
        }
    }

    /// Reads the columns of a table or composite type up to the closing parenthesis.
    /// A column can have a NOT NULL constraint with a name.
    fn members<'a>(&self, tokens: &mut Tokens<'a>, mut found: impl FnMut(Token<'a>, Class, Option<Token<'a>>)) {
        loop {
            let Some(name) = tokens.next().filter(Token::is_name) else { return };
            let Item { typed, is_generated, not_null, has_more } = item(tokens);
            // Constraints of a table begin with a keyword, which as a name of a column would be quoted.
            let is_column = !["constraint", "check", "not", "primary", "unique", "foreign", "exclude", "like"]
                .iter()
                .any(|keyword| name.is(keyword));
            if is_column {
                let class = self.class(&typed);
                found(name, if is_generated { class.and(Class::GENERATED) } else { class }, not_null);
            }
            if !has_more {
                return;
            }
        }
    }

    /// Returns the class of the type with which the tokens begin.
    fn class(&self, typed: &[Token<'_>]) -> Class {
        let Some(first) = typed.first() else { return Class::default() };
        let class = match (typed.get(1), typed.get(2)) {
            (Some(dot), Some(name)) if dot.is_sign(b'.') => {
                let (schema, name) = (unquoted(first), unquoted(name));
                if *schema == *b"pg_catalog" {
                    Class::built_in(&name)
                } else {
                    self.class_of_type(&schema, &name).map_or(Class::AMBIGUOUS, |class| class)
                }
            }
            _ => Class::built_in(&unquoted(first)),
        };
        if typed.iter().any(|token| token.is_sign(b'[')) {
            return class.only(Class::VALUES.and(Class::AMBIGUOUS));
        }
        class
    }
}

/// One item of a list: a column, a member, or a parameter.
#[derive(Default)]
struct Item<'a> {
    /// The tokens of the type.
    typed: Vec<Token<'a>>,
    is_generated: bool,
    /// The name of its NOT NULL constraint.
    not_null: Option<Token<'a>>,
    /// `true` if more items follow.
    has_more: bool,
}

/// Reads up to the comma or parenthesis that ends an item of a list.
fn item<'a>(tokens: &mut Tokens<'a>) -> Item<'a> {
    const MAX_TOKENS: usize = 16;
    let (mut found, mut depth, mut is_type) = (Item::default(), 0_u32, true);
    // The latest tokens, newest first.
    let mut recent: [Option<Token<'a>>; 3] = [None; 3];
    for token in tokens {
        match (token.kind, token.text) {
            (Kind::Sign, b"(") => depth = depth.saturating_add(1),
            (Kind::Sign, b")") if depth == 0 => return found,
            (Kind::Sign, b")") => depth = depth.saturating_sub(1),
            (Kind::Sign, b",") if depth == 0 => {
                found.has_more = true;
                return found;
            }
            _ => {}
        }
        is_type &= !["default", "not", "collate", "constraint", "generated", "check", "options"]
            .iter()
            .any(|keyword| token.is(keyword));
        if is_type && found.typed.len() < MAX_TOKENS {
            found.typed.push(token);
        }
        let [not, name, constraint] = recent;
        let is = |token: Option<Token<'_>>, word| token.is_some_and(|token| token.is(word));
        // CONSTRAINT name NOT NULL
        if depth == 0 && token.is("null") && is(not, "not") && is(constraint, "constraint") {
            found.not_null = name;
        }
        // GENERATED ALWAYS AS (
        found.is_generated |= token.is_sign(b'(') && is(not, "as") && is(name, "always");
        recent = [Some(token), not, name];
    }
    found
}

fn name_of(entry: &Entry<'_>) -> Vec<u8> {
    full_name(entry.namespace.unwrap_or(b""), entry.tag)
}

/// Returns the key of a relation or type.
pub(super) fn full_name(schema: &[u8], name: &[u8]) -> Vec<u8> {
    [schema, b".", name].concat()
}
