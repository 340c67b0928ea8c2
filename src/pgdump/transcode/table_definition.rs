//! The types of a table's columns, from the SQL that creates it: [`ColumnDefinition`].

use crate::pgdump::sql::{Kind, Token, Tokens};

/// A column in `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ColumnDefinition {
    /// The name without quotes.
    pub(super) name: Vec<u8>,
    pub(super) kind: ColumnKind,
    /// The type as the SQL spells it, for messages.
    pub(super) type_name: String,
    pub(super) is_not_null: bool,
}

/// The types that differ in how values are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Integer,
    Uuid,
    Bytea,
    /// Text of at most so many characters.
    Text(Option<u32>),
    /// A type whose values have a form of their own.
    Other,
}

/// Returns the columns of a `CREATE TABLE` statement.
pub(super) fn columns(sql: &[u8], standard_strings: bool) -> Vec<ColumnDefinition> {
    let mut tokens = Tokens::new(sql, standard_strings);
    let mut columns = Vec::new();
    if !tokens.by_ref().any(|token| token.is_sign(b'(')) {
        return columns;
    }
    let mut item: Vec<Token<'_>> = Vec::new();
    let mut depth = 0_u32;
    for token in tokens {
        if depth == 0 && (token.is_sign(b',') || token.is_sign(b')')) {
            columns.extend(column(&item));
            item.clear();
            if token.is_sign(b')') {
                break;
            }
            continue;
        }
        if token.is_sign(b'(') || token.is_sign(b'[') {
            depth = depth.saturating_add(1);
        } else if token.is_sign(b')') || token.is_sign(b']') {
            depth = depth.saturating_sub(1);
        }
        item.push(token);
    }
    columns
}

/// Returns the column that an item of the list defines. Others are constraints of the table.
fn column(item: &[Token<'_>]) -> Option<ColumnDefinition> {
    let (name, rest) = item.split_first()?;
    let is_constraint = ["constraint", "primary", "unique", "check", "foreign"].iter().any(|word| name.is(word));
    // A column of a typed table has no type of its own.
    if !name.is_name() || is_constraint || rest.is_empty() {
        return None;
    }
    let ends_type = |token: &Token<'_>| {
        ["not", "null", "default", "collate", "generated", "constraint", "check", "storage", "compression", "options"]
            .iter()
            .any(|word| token.is(word))
    };
    let type_tokens: Vec<&Token<'_>> = rest.iter().take_while(|token| !ends_type(token)).collect();
    let words: Vec<String> =
        type_tokens.iter().map(|token| String::from_utf8_lossy(token.text).to_ascii_lowercase()).collect();
    let is_not_null = rest.windows(2).any(|pair| matches!(pair, [not, null] if not.is("not") && null.is("null")));
    Some(ColumnDefinition { name: unquoted(name), kind: kind_of(&words), type_name: words.join(" "), is_not_null })
}

fn kind_of(words: &[String]) -> ColumnKind {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["smallint" | "integer" | "bigint"] => ColumnKind::Integer,
        ["uuid"] => ColumnKind::Uuid,
        ["bytea"] => ColumnKind::Bytea,
        ["text" | "citext" | "name"] | [_, ".", "citext"] | ["character", "varying"] => ColumnKind::Text(None),
        ["character", "varying", "(", length, ")"] | ["character" | "varchar" | "char", "(", length, ")"] => {
            ColumnKind::Text(length.parse().ok())
        }
        _ => ColumnKind::Other,
    }
}

fn unquoted(name: &Token<'_>) -> Vec<u8> {
    if name.kind != Kind::Quoted {
        return name.text.to_ascii_lowercase();
    }
    let inner = name.text.strip_prefix(b"\"").unwrap_or(name.text);
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let mut bytes = inner.iter().copied().peekable();
    let mut unquoted = Vec::with_capacity(inner.len());
    while let Some(byte) = bytes.next() {
        if byte == b'"' {
            bytes.next_if_eq(&b'"');
        }
        unquoted.push(byte);
    }
    unquoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_their_types() {
        let sql = b"CREATE TABLE public.\"odd (t\" (\n    id bigint DEFAULT nextval('s'::regclass) NOT NULL,\n    \
            \"Na\"\"me, x\" character varying(200) DEFAULT ','::character varying,\n    n numeric(28,8),\n    \
            d timestamp with time zone NOT NULL,\n    a text[],\n    t text COLLATE \"C\" NOT NULL,\n    u uuid,\n    \
            c public.citext,\n    b bytea,\n    CONSTRAINT pk CHECK ((id > 0))\n);\n";
        let found = columns(sql, true);
        let kinds: Vec<_> =
            found.iter().map(|column| (column.name.as_slice(), column.kind, column.is_not_null)).collect();
        assert_eq!(
            kinds,
            [
                (&b"id"[..], ColumnKind::Integer, true),
                (b"Na\"me, x", ColumnKind::Text(Some(200)), false),
                (b"n", ColumnKind::Other, false),
                (b"d", ColumnKind::Other, true),
                (b"a", ColumnKind::Other, false),
                (b"t", ColumnKind::Text(None), true),
                (b"u", ColumnKind::Uuid, false),
                (b"c", ColumnKind::Text(None), false),
                (b"b", ColumnKind::Bytea, false),
            ]
        );
        assert_eq!(found[3].type_name, "timestamp with time zone");
        assert!(columns(b"CREATE TABLE nothing (\n);\n", true).is_empty());
    }
}
