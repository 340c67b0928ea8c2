//! Finds references to large objects in the schema of a dump.

use crate::pgdump::toc::Toc;

/// Returns `true` if a table has a column for large objects: of type `oid`, or of type `lo`, which the extension of this
/// name creates.
pub(super) fn are_referred_to(toc: &Toc) -> bool {
    let tables = toc.entries().filter(|entry| entry.desc == b"TABLE");
    tables.filter_map(|table| table.definition).any(|sql| sql.split(|byte| *byte == b'\n').any(is_reference))
}

/// Returns `true` if a line of `CREATE TABLE` is such a column; pg_dump writes one column per line.
fn is_reference(line: &[u8]) -> bool {
    let column = line.trim_ascii_start();
    let Some(after) = after_name(column) else { return false };
    let end = after.iter().position(|byte| matches!(byte, b' ' | b',' | b'(' | b'[')).unwrap_or(after.len());
    let (kind, rest) = after.split_at(end);
    let is_of_type = |name: &[u8]| kind == name || kind.ends_with(&[b".", name].concat());
    (is_of_type(b"oid") || is_of_type(b"lo")) && !rest.starts_with(b"[") && !column.starts_with(b"CONSTRAINT ")
}

/// Returns the text after the name at the start of `column`.
fn after_name(column: &[u8]) -> Option<&[u8]> {
    let mut rest = match column.strip_prefix(b"\"") {
        None => return column.splitn(2, |byte| *byte == b' ').nth(1),
        Some(rest) => rest,
    };
    loop {
        let quote = rest.iter().position(|byte| *byte == b'"')?;
        rest = rest.split_at(quote).1.strip_prefix(b"\"")?;
        match rest.strip_prefix(b"\"") {
            Some(doubled) => rest = doubled,
            None => return rest.strip_prefix(b" "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_of_the_types_oid_and_lo_refer_to_large_objects() {
        for line in
            ["    data oid,", "    \"a \"\" b\" oid NOT NULL", "    x public.lo", "    y pg_catalog.oid DEFAULT 0"]
        {
            assert!(is_reference(line.as_bytes()), "{line}");
        }
        for line in [
            "CREATE TABLE public.oid (",
            "    oid bigint,",
            "    data oidvector",
            "    data oid[]",
            "    CONSTRAINT oid CHECK (true)",
            "    CONSTRAINT a oid",
            "    \"lo oid\" text",
            "    note character varying(200) DEFAULT 'a oid'::text",
            ");",
            "",
        ] {
            assert!(!is_reference(line.as_bytes()), "{line}");
        }
    }
}
