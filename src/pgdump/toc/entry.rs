//! One entry of the table of contents, borrowed from the bytes it was read from.

use std::fmt;

use super::dependencies::{Dependencies, decimal};
use crate::limits::Limits;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::data_state::DataState;
use crate::pgdump::error::Error;
use crate::pgdump::header::Header;
use crate::pgdump::primitives::{Cursor, Dialect, Fault, inexpressible};
use crate::pgdump::version::FormatVersion;

/// One entry of the table of contents: an object of the database, or a statement about one.
///
/// Texts are bytes in the dump's encoding, which need not be UTF-8. An entry is a handful of references and cheap to
/// copy; to change one, set its fields and [`encode`](Self::encode) it.
///
/// ```
/// use appsnap::pgdump::{FormatVersion, raw::Header, toc::{Entry, Section}};
///
/// let mut entry = Entry::new(7, b"TABLE", b"customer");
/// entry.namespace = Some(b"public");
/// let mut bytes = Vec::new();
/// entry.encode(&Header::new(FormatVersion::V1_14), &mut bytes)?;
/// assert_eq!((entry.to_string().as_str(), entry.section), ("entry 7 (TABLE customer)", Section::PreData));
/// # Ok::<(), appsnap::pgdump::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The dump id: unique and positive. Ids may have gaps.
    pub id: u32,
    /// The OID of the system catalog that contains the object, or 0 for none (since 1.8).
    pub catalog_table_oid: u32,
    /// The OID of the object, or 0 for none.
    pub catalog_oid: u32,
    /// The name of the object: of a function its signature, of a constraint `table constraint`, of a large object its
    /// OID.
    pub tag: &'a [u8],
    /// The kind of entry, for example `TABLE DATA`.
    pub desc: &'a [u8],
    /// The phase in which the entry is restored. Before 1.11 it is derived from [`desc`](Self::desc).
    pub section: Section,
    /// The SQL that creates the object.
    pub definition: Option<&'a [u8]>,
    /// The SQL that drops the object.
    pub drop_statement: Option<&'a [u8]>,
    /// The COPY statement of the data. There is none for data that consists of INSERT statements (since 1.3).
    pub copy_statement: Option<&'a [u8]>,
    /// The schema (since 1.6).
    pub namespace: Option<&'a [u8]>,
    /// The tablespace; an empty text is the default one (since 1.10).
    pub tablespace: Option<&'a [u8]>,
    /// The table access method (since 1.14).
    pub access_method: Option<&'a [u8]>,
    /// `pg_class.relkind` of a table, view or materialized view: `r`, `p`, `v`, `m`, `f` (since 1.16).
    pub relation_kind: Option<u8>,
    /// The owner. It is stored also with `pg_dump -O`.
    pub owner: Option<&'a [u8]>,
    /// `true` if the table has OIDs, which PostgreSQL 12 removed (since 1.9).
    pub with_oids: bool,
    pub(in crate::pgdump) dependencies: Dependencies<'a>,
    /// The file of the entry's data, in a `toc.dat`.
    pub(in crate::pgdump) file_name: Option<&'a [u8]>,
    /// The presence and position of the entry's data block.
    pub data: DataState,
    /// The size of the data as versions before 1.7 state it; no program reads it.
    pub data_bytes_hint: i32,
}

/// The phase in which an entry is restored (`teSection` in PostgreSQL's pg_backup.h).
///
/// ```
/// use appsnap::pgdump::toc::{Entry, Section};
///
/// assert_eq!(Entry::new(1, b"INDEX", b"customer_pkey").section, Section::PostData);
/// assert!(Section::PreData < Section::Data && Section::Data < Section::PostData);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Section {
    /// 1: together with the object that the entry is about: comments, access rights, security labels.
    None,
    /// 2: all definitions that are not in the last section.
    PreData,
    /// 3: table data, large objects, sequence values.
    Data,
    /// 4: indexes, constraints, triggers, rules.
    PostData,
}

impl Section {
    const fn code(self) -> i32 {
        match self {
            Self::None => 1,
            Self::PreData => 2,
            Self::Data => 3,
            Self::PostData => 4,
        }
    }

    fn from_code(code: i32) -> Result<Self, Corruption> {
        match code {
            1 => Ok(Self::None),
            2 => Ok(Self::PreData),
            3 => Ok(Self::Data),
            4 => Ok(Self::PostData),
            other => Err(Corruption::Section(other)),
        }
    }

    /// Derives the section from the kind of entry, as pg_restore does for archives before 1.11 (`ReadToc` in
    /// pg_backup_archiver.c).
    fn of(desc: &[u8]) -> Self {
        match desc {
            b"COMMENT" | b"ACL" | b"ACL LANGUAGE" => Self::None,
            b"TABLE DATA" | b"BLOBS" | b"BLOB COMMENTS" => Self::Data,
            b"CONSTRAINT" | b"CHECK CONSTRAINT" | b"FK CONSTRAINT" | b"INDEX" | b"RULE" | b"TRIGGER" => Self::PostData,
            _ => Self::PreData,
        }
    }
}

impl<'a> Entry<'a> {
    /// Creates an entry without data. Its section is the one that its kind has in old archives; all other fields are
    /// empty.
    #[must_use]
    pub fn new(id: u32, desc: &'a [u8], tag: &'a [u8]) -> Self {
        Self {
            id,
            catalog_table_oid: 0,
            catalog_oid: 0,
            tag,
            desc,
            section: Section::of(desc),
            definition: None,
            drop_statement: None,
            copy_statement: None,
            namespace: None,
            tablespace: None,
            access_method: None,
            relation_kind: None,
            owner: None,
            with_oids: false,
            dependencies: Dependencies::NONE,
            file_name: None,
            data: DataState::NoData,
            data_bytes_hint: 0,
        }
    }

    /// Returns the dump ids of the entries that must be restored before this one (since 1.5). Ids may repeat, and may
    /// belong to no entry.
    pub fn dependencies(&self) -> impl Iterator<Item = u32> + Clone + use<'a> {
        self.dependencies
    }

    /// Sets the [dependencies](Self::dependencies).
    pub const fn set_dependencies(&mut self, ids: &'a [u32]) {
        self.dependencies = Dependencies::Given(ids);
    }

    /// Returns `true` if the entry has a data block.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.data != DataState::NoData
    }

    /// Returns `true` if the data of the entry is COPY text. Other data is INSERT statements or large objects.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.copy_statement.is_some_and(|sql| !sql.is_empty())
    }

    /// Returns `true` if the data block of the entry holds large objects instead of the data of a table.
    #[must_use]
    pub fn is_large_objects(&self) -> bool {
        self.desc == b"BLOBS"
    }

    /// Reads the entry at the start of `cursor`.
    pub(in crate::pgdump) fn read(cursor: &mut Cursor<'a>, dialect: &Dialect, limits: &Limits) -> Result<Self, Fault> {
        let version = dialect.version();
        let since = |first: FormatVersion| version >= first;
        let max_bytes = limits.max_string_bytes();
        let id = cursor.int(dialect)?;
        let id = u32::try_from(id).ok().filter(|id| *id > 0).ok_or(Corruption::EntryId(id))?;
        let has_data = match cursor.int(dialect)? {
            0 => false,
            1 => true,
            other => return Err(Corruption::DataMark(other).into()),
        };
        let mut string = |wanted: bool| if wanted { cursor.str(dialect, max_bytes) } else { Ok(None) };
        let table_oid = string(since(FormatVersion::V1_8))?;
        let oid = string(true)?;
        let tag = string(true)?.ok_or(Corruption::MissingText("tag"))?;
        let desc = string(true)?.ok_or(Corruption::MissingText("description"))?;
        let mut entry = Self::new(id, desc, tag);
        entry.catalog_oid = decimal(oid.ok_or(Corruption::MissingText("catalog id"))?, "a catalog id")?;
        if since(FormatVersion::V1_8) {
            let text = table_oid.ok_or(Corruption::MissingText("catalog table id"))?;
            entry.catalog_table_oid = decimal(text, "a catalog table id")?;
        }
        if since(FormatVersion::V1_11) {
            entry.section = Section::from_code(cursor.int(dialect)?)?;
        }
        let mut string = |wanted: bool| if wanted { cursor.str(dialect, max_bytes) } else { Ok(None) };
        entry.definition = string(true)?;
        entry.drop_statement = string(true)?;
        entry.copy_statement = string(since(FormatVersion::V1_3))?;
        entry.namespace = string(since(FormatVersion::V1_6))?;
        entry.tablespace = string(since(FormatVersion::V1_10))?;
        entry.access_method = string(since(FormatVersion::V1_14))?;
        if since(FormatVersion::V1_16) {
            let kind = cursor.int(dialect)?;
            let kind = u8::try_from(kind).map_err(|_| Corruption::RelationKind(kind))?;
            entry.relation_kind = Some(kind).filter(|kind| *kind != 0);
        }
        entry.owner = cursor.str(dialect, max_bytes)?;
        if since(FormatVersion::V1_9) {
            entry.with_oids = match cursor.str(dialect, max_bytes)? {
                Some(b"true") => true,
                Some(b"false") => false,
                _ => return Err(Corruption::OidsMark.into()),
            };
        }
        if since(FormatVersion::V1_5) {
            entry.dependencies = Dependencies::read(cursor, dialect, limits)?;
        }
        if dialect.names_files() {
            // `_ReadExtraToc` in pg_backup_directory.c and pg_backup_tar.c.
            entry.file_name = cursor.str(dialect, max_bytes)?.filter(|name| !name.is_empty());
            entry.data = if entry.file_name.is_some() { DataState::NotSet } else { DataState::NoData };
        } else {
            entry.data = cursor.offset(dialect)?;
            if !since(FormatVersion::V1_7) {
                entry.data_bytes_hint = cursor.int(dialect)?;
            }
        }
        if has_data != entry.has_data() {
            return Err(Corruption::DataMarkDisagrees.into());
        }
        Ok(entry)
    }

    /// Appends the entry to `out`, in the form that `header` determines. Fields that the version does not have are left
    /// out.
    ///
    /// # Errors
    /// Returns an error if a number or text does not fit the sizes in the header. `out` then holds a part of the entry.
    pub fn encode(&self, header: &Header, out: &mut Vec<u8>) -> Result<(), Error> {
        self.write(&header.dialect, out)
    }

    /// Appends the entry to `out`.
    pub(in crate::pgdump) fn write(&self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        let since = |first: FormatVersion| dialect.version() >= first;
        let id = i32::try_from(self.id).ok().filter(|id| *id > 0);
        let id = id.ok_or_else(|| inexpressible("a dump id outside 1 to 2147483647", dialect.version()))?;
        dialect.put_int(id, out)?;
        dialect.put_int(i32::from(self.has_data()), out)?;
        if since(FormatVersion::V1_8) {
            dialect.put_decimal(self.catalog_table_oid, out)?;
        }
        dialect.put_decimal(self.catalog_oid, out)?;
        dialect.put_str(Some(self.tag), out)?;
        dialect.put_str(Some(self.desc), out)?;
        if since(FormatVersion::V1_11) {
            dialect.put_int(self.section.code(), out)?;
        }
        dialect.put_str(self.definition, out)?;
        dialect.put_str(self.drop_statement, out)?;
        for (first, text) in [
            (FormatVersion::V1_3, self.copy_statement),
            (FormatVersion::V1_6, self.namespace),
            (FormatVersion::V1_10, self.tablespace),
            (FormatVersion::V1_14, self.access_method),
        ] {
            if since(first) {
                dialect.put_str(text, out)?;
            }
        }
        if since(FormatVersion::V1_16) {
            dialect.put_int(self.relation_kind.map_or(0, i32::from), out)?;
        }
        dialect.put_str(self.owner, out)?;
        if since(FormatVersion::V1_9) {
            let mark: &[u8] = if self.with_oids { b"true" } else { b"false" };
            dialect.put_str(Some(mark), out)?;
        }
        if since(FormatVersion::V1_5) {
            for id in self.dependencies {
                dialect.put_decimal(id, out)?;
            }
            dialect.put_str(None, out)?;
        }
        if dialect.names_files() {
            return dialect.put_str(Some(self.file_name.unwrap_or(b"")), out);
        }
        dialect.put_offset(self.data, out)?;
        if !since(FormatVersion::V1_7) {
            dialect.put_int(self.data_bytes_hint, out)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("id", &self.id)
            .field("desc", &self.desc.escape_ascii().to_string())
            .field("tag", &self.tag.escape_ascii().to_string())
            .field("section", &self.section)
            .field("data", &self.data)
            .field("dependencies", &self.dependencies)
            .finish_non_exhaustive()
    }
}

/// Names the entry for messages: `entry 17 (TABLE DATA customer)`, escaped and shortened.
impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names have at most 63 bytes in PostgreSQL, but signatures may be long and hostile names may be anything.
        let short = |text: &[u8]| text.split_at(text.len().min(80)).0.escape_ascii().to_string();
        write!(f, "entry {} ({} {})", self.id, short(self.desc), short(self.tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(bytes: &'a [u8], dialect: &Dialect) -> Result<Entry<'a>, Fault> {
        Entry::read(&mut Cursor::new(bytes), dialect, &Limits::untrusted())
    }

    fn encoded(entry: &Entry<'_>, dialect: &Dialect) -> Vec<u8> {
        let mut bytes = Vec::new();
        entry.write(dialect, &mut bytes).unwrap();
        bytes
    }

    fn full() -> Entry<'static> {
        let mut entry = Entry::new(7, b"TABLE DATA", b"caf\xe9");
        entry.catalog_table_oid = 1259;
        entry.catalog_oid = u32::MAX;
        entry.definition = Some(b"");
        entry.copy_statement = Some(b"COPY x FROM stdin;\n");
        entry.namespace = Some(b"public");
        entry.tablespace = Some(b"");
        entry.access_method = Some(b"heap");
        entry.relation_kind = Some(b'r');
        entry.owner = Some(b"mx");
        entry.with_oids = true;
        entry.set_dependencies(&[3, 3, 4_000_000_000]);
        entry.data = DataState::Set(77);
        entry
    }

    #[test]
    fn the_newest_version_keeps_every_field() {
        let dialect = Dialect::usual(FormatVersion::V1_16);
        let bytes = encoded(&full(), &dialect);
        assert_eq!(read(&bytes, &dialect).unwrap(), full());
    }

    #[test]
    fn every_version_reads_what_it_writes() {
        for version in FormatVersion::ALL {
            let dialect = Dialect::usual(*version);
            let bytes = encoded(&full(), &dialect);
            let mut cursor = Cursor::new(&bytes);
            let back = Entry::read(&mut cursor, &dialect, &Limits::untrusted()).unwrap();
            assert!(cursor.rest().is_empty());
            assert_eq!(
                (back.id, back.tag, back.data, back.section),
                (7, full().tag, DataState::Set(77), Section::Data)
            );
            assert_eq!(encoded(&back, &dialect), bytes);
        }
    }

    #[test]
    fn every_prefix_is_incomplete_and_never_damaged() {
        for version in FormatVersion::ALL {
            let dialect = Dialect::usual(*version);
            let bytes = encoded(&full(), &dialect);
            for len in 0..bytes.len() {
                assert!(matches!(read(&bytes[..len], &dialect), Err(Fault::Incomplete)), "{version} {len}");
            }
        }
    }

    #[test]
    fn old_archives_derive_the_section_from_the_kind() {
        let dialect = Dialect::usual(FormatVersion::V1_10);
        for (desc, section) in [
            (&b"ACL"[..], Section::None),
            (b"TABLE", Section::PreData),
            (b"BLOBS", Section::Data),
            (b"TRIGGER", Section::PostData),
        ] {
            let bytes = encoded(&Entry::new(1, desc, b"x"), &dialect);
            assert_eq!(read(&bytes, &dialect).unwrap().section, section);
        }
    }

    #[test]
    fn data_without_an_offset_flag_is_damage() {
        let dialect = Dialect::usual(FormatVersion::V1_14);
        let mut bytes = encoded(&full(), &dialect);
        let flag = bytes.len() - 9;
        bytes[flag] = 3;
        let fault = read(&bytes, &dialect).unwrap_err();
        assert_eq!(fault, Corruption::DataMarkDisagrees.into());
    }

    #[test]
    fn numbers_are_canonical_decimals() {
        assert_eq!(decimal(b"4294967295", ""), Ok(u32::MAX));
        for bad in [&b""[..], b"00", b"01", b"+1", b"-1", b" 1", b"1x", b"4294967296"] {
            assert!(decimal(bad, "").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_escaped_and_bounded_in_messages() {
        let long = [b'a'; 500];
        let entry = Entry::new(3, b"TABLE\n", &long);
        let shown = entry.to_string();
        assert!(shown.starts_with("entry 3 (TABLE\\n aaa") && shown.len() < 200, "{shown}");
    }
}
