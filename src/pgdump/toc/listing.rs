//! The listing of a table of contents, as `pg_restore -l` prints it.

use super::{Entries, Entry, Toc};

impl Toc {
    /// The entries that `pg_restore -l` lists, in its order, which is the stored one.
    ///
    /// Left out is what pg_restore does not restore when it is run without options: settings, which it applies, the
    /// database itself and what is said about it, and entries that have neither SQL nor data.
    ///
    /// ```
    /// # use appsnap::pgdump::{Dialect, Entry, FormatVersion, Toc, encode_toc};
    /// # use appsnap::Limits;
    /// # let dialect = Dialect::usual(FormatVersion::V1_14);
    /// # let mut bytes = Vec::new();
    /// # let mut table = Entry::new(17, b"TABLE", b"customer");
    /// # table.definition = Some(b"CREATE TABLE public.customer ();");
    /// # table.namespace = Some(b"public");
    /// # table.owner = Some(b"mx");
    /// # encode_toc([Entry::new(1, b"ENCODING", b"ENCODING"), table], &dialect, &mut bytes)?;
    /// # let (toc, _) = Toc::parse(dialect, &bytes, &Limits::untrusted())?;
    /// let mut list = Vec::new();
    /// for entry in toc.listed() {
    ///     entry.write_list_line(&mut list);
    /// }
    /// assert_eq!(list, b"17; 0 0 TABLE public customer mx\n");
    /// # Ok::<(), appsnap::pgdump::Error>(())
    /// ```
    #[must_use]
    pub fn listed(&self) -> Listed<'_> {
        Listed(self.entries())
    }
}

/// Yields the entries that `pg_restore -l` lists.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::Blocks;
///
/// let dump = Blocks::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// assert!(dump.toc().listed().all(|entry| entry.is_listed()));
/// assert!(dump.toc().listed().count() < dump.toc().len(), "settings are not listed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Listed<'a>(Entries<'a>);

impl<'a> Iterator for Listed<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        self.0.find(Entry::is_listed)
    }
}

impl Entry<'_> {
    /// Whether `pg_restore -l` lists it (`_tocEntryRequired` in pg_backup_archiver.c).
    #[must_use]
    pub fn is_listed(&self) -> bool {
        match self.desc {
            b"ENCODING" | b"STDSTRINGS" | b"SEARCHPATH" | b"DATABASE" | b"DATABASE PROPERTIES" => false,
            b"ACL" | b"COMMENT" | b"SECURITY LABEL" if self.tag.starts_with(b"DATABASE ") => false,
            // Antique dumps hold it; it was never restored since 8.1.
            b"<Init>" if self.tag == b"Max OID" => false,
            // These count as data, so they are restored also when they have no SQL.
            b"SEQUENCE SET" | b"BLOB" | b"BLOB METADATA" | b"STATISTICS DATA" => true,
            _ => self.has_data() || self.definition.is_some_and(|sql| !sql.is_empty()),
        }
    }

    /// Appends the line that `pg_restore -l` prints for it, in the dump's encoding, with its line feed.
    pub fn write_list_line(&self, out: &mut Vec<u8>) {
        let numbers = format!("{}; {} {} ", self.id, self.catalog_table_oid, self.catalog_oid);
        out.extend_from_slice(numbers.as_bytes());
        for (text, end) in [
            (self.desc, b' '),
            (self.namespace.unwrap_or(b"-"), b' '),
            (self.tag, b' '),
            (self.owner.unwrap_or_default(), b'\n'),
        ] {
            // Names with line ends would otherwise forge lines.
            out.extend(text.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
            out.push(end);
        }
    }
}
