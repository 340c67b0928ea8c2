//! The listing of a table of contents, as `pg_restore -l` prints it.

use super::{Entry, Toc};

impl Toc {
    /// Returns the entries that `pg_restore -l` lists, in its order, which is the stored one.
    ///
    /// Entries that pg_restore does not restore by default are left out: settings, which it applies, the database itself
    /// and the entries about it, and entries that have neither SQL nor data.
    ///
    /// ```
    /// use std::fs::File;
    /// use appsnap::Limits;
    /// use appsnap::pgdump::Dump;
    ///
    /// let dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
    /// let mut list = Vec::new();
    /// for entry in dump.toc().listed() {
    ///     entry.write_list_line(&mut list);
    /// }
    /// assert!(list.starts_with(b"6; 2615 16472 SCHEMA - reporting mxowner\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn listed(&self) -> impl Iterator<Item = Entry<'_>> + Clone {
        self.entries().filter(Entry::is_listed)
    }
}

impl Entry<'_> {
    /// Returns `true` if `pg_restore -l` lists the entry (`_tocEntryRequired` in pg_backup_archiver.c).
    #[must_use]
    pub fn is_listed(&self) -> bool {
        match self.desc {
            b"ENCODING" | b"STDSTRINGS" | b"SEARCHPATH" | b"DATABASE" | b"DATABASE PROPERTIES" => false,
            b"ACL" | b"COMMENT" | b"SECURITY LABEL" if self.tag.starts_with(b"DATABASE ") => false,
            // Found in very old dumps, and not restored since 8.1.
            b"<Init>" if self.tag == b"Max OID" => false,
            // These count as data and are restored even if they have no SQL.
            b"SEQUENCE SET" | b"BLOB" | b"BLOB METADATA" | b"STATISTICS DATA" => true,
            _ => self.has_data() || self.definition.is_some_and(|sql| !sql.is_empty()),
        }
    }

    /// Appends the line that `pg_restore -l` prints for the entry, with its line feed, in the dump's encoding.
    pub fn write_list_line(&self, out: &mut Vec<u8>) {
        let numbers = format!("{}; {} {} ", self.id, self.catalog_table_oid, self.catalog_oid);
        out.extend_from_slice(numbers.as_bytes());
        for (text, end) in [
            (self.desc, b' '),
            (self.namespace.unwrap_or(b"-"), b' '),
            (self.tag, b' '),
            (self.owner.unwrap_or(b""), b'\n'),
        ] {
            // Line ends in names would otherwise forge lines.
            out.extend(text.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
            out.push(end);
        }
    }
}
