//! The few changes that SQL of a newer pg_dump needs before an older server accepts it.

use super::sql::{Kind, Token, Tokens};
use super::window::window;

/// The parameter `multirange_type_name = value` in the definition of a range type.
struct Parameter {
    /// The start and end of the parameter.
    whole: (usize, usize),
    /// The start and end of its value.
    value: (usize, usize),
    /// The position of the comma before it, and of the one after it.
    comma_before: Option<usize>,
    comma_after: Option<usize>,
}

/// Returns the name of the multirange type that is created with a range type, as the SQL spells it.
pub(super) fn multirange_name(sql: &[u8], standard_strings: bool) -> Option<&[u8]> {
    let (start, end) = parameter(sql, standard_strings)?.value;
    sql.get(start..end)
}

/// Returns the definition of a range type without the name of its multirange type, or `None` if it has none.
///
/// A server before 14 refuses the parameter, a newer one chooses a name without it.
pub(super) fn without_multirange_name(sql: &[u8], standard_strings: bool) -> Option<Vec<u8>> {
    let Parameter { whole: (start, end), comma_before, comma_after, .. } = parameter(sql, standard_strings)?;
    let (start, end) = match (comma_before, comma_after) {
        (Some(comma), _) => (comma, end),
        (None, Some(comma)) => (start, comma.saturating_add(1)),
        (None, None) => (start, end),
    };
    let mut without = sql.get(..start)?.to_vec();
    without.extend_from_slice(sql.get(end..)?);
    Some(without)
}

fn parameter(sql: &[u8], standard_strings: bool) -> Option<Parameter> {
    let mut tokens = Tokens::new(sql, standard_strings);
    // CREATE TYPE name AS RANGE (
    tokens.by_ref().find(|token| token.is("as"))?;
    if !tokens.next()?.is("range") || !tokens.next()?.is_sign(b'(') {
        return None;
    }
    let mut comma_before = None;
    loop {
        let name = tokens.next()?;
        let value = tokens.next().filter(|token| token.is_sign(b'='))?;
        // The value ends at the next comma or parenthesis that is not nested.
        let (mut first, mut last): (Option<Token<'_>>, Token<'_>) = (None, value);
        let mut depth = 0_u32;
        let closing = loop {
            let token = tokens.next()?;
            match token.text {
                b"," | b")" if token.kind == Kind::Sign && depth == 0 => break token,
                b"(" if token.kind == Kind::Sign => depth = depth.saturating_add(1),
                b")" if token.kind == Kind::Sign => depth = depth.saturating_sub(1),
                _ => {}
            }
            first = first.or(Some(token));
            last = token;
        };
        let comma_after = closing.is_sign(b',').then_some(closing.start);
        if name.is("multirange_type_name") {
            let value = (first?.start, last.end());
            return Some(Parameter { whole: (name.start, last.end()), value, comma_before, comma_after });
        }
        comma_before = Some(comma_after?);
    }
}

/// Returns the SQL without `LOCALE_PROVIDER = libc`, or `None` if it does not contain this.
pub(super) fn without_libc_provider(sql: &[u8], standard_strings: bool) -> Option<Vec<u8>> {
    let mut tokens = Tokens::new(sql, standard_strings);
    let mut before = 0;
    loop {
        let token = tokens.next()?;
        if token.is("locale_provider") {
            break;
        }
        before = token.end();
    }
    tokens.next().filter(|token| token.is_sign(b'='))?;
    let after = tokens.next().filter(|token| token.is("libc"))?.end();
    Some([window(sql, 0, before), window(sql, after, sql.len())].concat())
}

/// Returns `true` if the SQL is `CREATE SCHEMA public` and nothing else.
pub(super) fn creates_schema_public(sql: &[u8], standard_strings: bool) -> bool {
    let mut tokens = Tokens::new(sql, standard_strings);
    tokens.next().is_some_and(|token| token.is("create"))
        && tokens.next().is_some_and(|token| token.is("schema"))
        && tokens.next().is_some_and(|token| token.is("public") || token.text == b"\"public\"")
        && tokens.all(|token| token.is_sign(b';'))
}

/// Returns `true` if the SQL contains no statement.
pub(super) fn is_comment_only(sql: &[u8], standard_strings: bool) -> bool {
    Tokens::new(sql, standard_strings).next().is_none()
}

/// Returns the SQL about one large object as SQL about another: every number after the words `LARGE OBJECT` is replaced.
/// A role named `"x LARGE OBJECT 1"` stays as it is.
pub(super) fn about_large_object(sql: &[u8], standard_strings: bool, oid: u32) -> Vec<u8> {
    let oid = oid.to_string();
    let mut about = Vec::with_capacity(sql.len());
    let mut copied = 0_usize;
    let (mut large, mut object) = (false, false);
    for token in Tokens::new(sql, standard_strings) {
        if object && token.kind == Kind::Number {
            about.extend_from_slice(window(sql, copied, token.start));
            about.extend_from_slice(oid.as_bytes());
            copied = token.end();
        }
        (large, object) = (token.is("large"), large && token.is("object"));
    }
    about.extend_from_slice(window(sql, copied, sql.len()));
    about
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(sql: &str) -> Option<String> {
        without_multirange_name(sql.as_bytes(), true).map(|sql| String::from_utf8(sql).unwrap())
    }

    #[test]
    fn the_line_is_removed_at_any_position() {
        for (sql, left) in [
            (
                "CREATE TYPE n.r AS RANGE (\n    subtype = float8,\n    multirange_type_name = n.m\n);\n",
                "CREATE TYPE n.r AS RANGE (\n    subtype = float8\n);\n",
            ),
            (
                "CREATE TYPE n.r AS RANGE (\n    subtype = float8,\n    multirange_type_name = n.\"a,)\",\n    \
                    subtype_diff = float8mi\n);\n",
                "CREATE TYPE n.r AS RANGE (\n    subtype = float8,\n    subtype_diff = float8mi\n);\n",
            ),
            (
                "CREATE TYPE r AS RANGE (multirange_type_name = m, subtype = numeric(3,2));",
                "CREATE TYPE r AS RANGE ( subtype = numeric(3,2));",
            ),
            (
                "CREATE TYPE r AS RANGE (subtype = numeric(3,2), multirange_type_name = m);",
                "CREATE TYPE r AS RANGE (subtype = numeric(3,2));",
            ),
        ] {
            assert_eq!(without(sql).as_deref(), Some(left));
        }
    }

    #[test]
    fn other_types_and_names_stay() {
        for sql in [
            "CREATE TYPE n.\"multirange_type_name = x\" AS RANGE (\n    subtype = float8\n);\n",
            "CREATE TYPE e AS ENUM (\n    'multirange_type_name = m'\n);\n",
            "CREATE TYPE c AS (\n\tmultirange_type_name integer\n);\n",
            "CREATE TYPE \"as\" AS RANGE (subtype = a -- , multirange_type_name = b\n);",
            "CREATE TYPE r AS RANGE (",
            "CREATE TYPE r AS RANGE (multirange_type_name",
            "CREATE TYPE r AS RANGE (multirange_type_name = m",
            "",
        ] {
            assert_eq!(without(sql), None, "{sql}");
        }
    }

    #[test]
    fn the_name_is_spelled_as_the_dump_does() {
        let sql = b"CREATE TYPE n.r AS RANGE (subtype = int, multirange_type_name = \"N\".\"m r\");";
        assert_eq!(multirange_name(sql, true), Some(&b"\"N\".\"m r\""[..]));
    }

    #[test]
    fn numbers_are_replaced_outside_of_quotes_only() {
        let sql = |oid: u32| {
            format!(
                "GRANT SELECT ON LARGE OBJECT {oid} TO \"x LARGE OBJECT 7\";\n\
                 GRANT ALL ON LARGE OBJECT {oid} TO \"\"\" LARGE OBJECT 7\", o7;\n"
            )
        };
        let about = about_large_object(sql(7).as_bytes(), true, 4_294_967_295);
        assert_eq!(String::from_utf8(about).unwrap(), sql(4_294_967_295));
    }

    #[test]
    fn only_the_provider_libc_is_removed() {
        let sql = "CREATE DATABASE x WITH ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';\n";
        let without = without_libc_provider(sql.as_bytes(), true).unwrap();
        assert_eq!(without, b"CREATE DATABASE x WITH ENCODING = 'UTF8' LOCALE = 'C';\n");
        for other in ["CREATE DATABASE x LOCALE_PROVIDER = icu;", "CREATE DATABASE \"LOCALE_PROVIDER = libc\";", ""] {
            assert_eq!(without_libc_provider(other.as_bytes(), true), None, "{other}");
        }
    }

    #[test]
    fn only_the_schema_public_exists_everywhere() {
        for (sql, is_public) in [
            ("CREATE SCHEMA public;\n", true),
            ("CREATE SCHEMA \"public\";\n", true),
            ("CREATE SCHEMA other;\n", false),
            ("CREATE SCHEMA public AUTHORIZATION x;\n", false),
            ("-- CREATE SCHEMA public;\n", false),
        ] {
            assert_eq!(creates_schema_public(sql.as_bytes(), true), is_public, "{sql}");
        }
    }

    #[test]
    fn only_comments_do_nothing() {
        assert!(is_comment_only(b"-- *not* creating schema, since initdb creates it\n", true));
        assert!(is_comment_only(b"", true));
        assert!(!is_comment_only(b"-- x\nCREATE SCHEMA public;\n", true));
    }
}
