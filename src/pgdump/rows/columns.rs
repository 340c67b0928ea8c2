//! The columns that a COPY statement lists.

/// Returns the unquoted columns of a statement such as `COPY public.t (a, "b ""c") FROM stdin;`, given without its first
/// word. Returns `None` if it lists none: that of a table without columns, and every one before PostgreSQL 7.3.
pub(in crate::pgdump) fn columns(statement: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut bytes = statement.iter().copied().peekable();
    let mut quoted = false;
    bytes.by_ref().find(|byte| {
        quoted ^= *byte == b'"';
        !quoted && *byte == b'('
    })?;
    let (mut columns, mut name) = (Vec::new(), Vec::new());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => name.push(b'"'),
            b'"' => quoted = !quoted,
            _ if quoted => name.push(byte),
            b' ' => {}
            b',' => columns.push(std::mem::take(&mut name)),
            b')' => {
                columns.push(name);
                let rest: Vec<u8> = bytes.collect();
                // Tables with OIDs have a hidden column, which comes first.
                if rest.starts_with(b" WITH OIDS") {
                    columns.insert(0, b"oid".to_vec());
                }
                return Some(columns);
            }
            other => name.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(statement: &str) -> Option<Vec<String>> {
        let columns = columns(statement.as_bytes())?;
        Some(columns.into_iter().map(|name| String::from_utf8(name).unwrap()).collect())
    }

    #[test]
    fn column_names_are_unquoted() {
        assert_eq!(
            listed("public.\"odd (table)\" (id, \"b \"\"c\", \"d,e\", \"f)\") FROM stdin;\n").unwrap(),
            ["id", "b \"c", "d,e", "f)"]
        );
    }

    #[test]
    fn tables_without_columns_list_none() {
        assert_eq!(listed("public.nothing  FROM stdin;\n"), None);
        assert_eq!(listed("\"odd (table)\"  FROM stdin;\n"), None);
    }

    #[test]
    fn oids_come_first() {
        assert_eq!(listed("t (a) WITH OIDS FROM stdin;").unwrap(), ["oid", "a"]);
    }
}
