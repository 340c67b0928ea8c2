//! Rewrites the table of contents: every entry kept, changed, dropped or expanded.

use std::io::Read;

use super::changes::{Changes, EntryChange, EntryChangeKind};
use super::groups::{Group, Groups, is_about_all};
use super::selection::Selection;
use super::toc_writer::{PositionField, TocWriter};
use super::{Keep, Transcoder};
use crate::limits::{Budget, Limits};
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::compat::{Feature, Incompatibility, Search};
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;
use crate::pgdump::header::Header;
use crate::pgdump::primitives::inexpressible;
use crate::pgdump::rewrite;
use crate::pgdump::toc::{Entry, Offsets, Section, Toc};
use crate::pgdump::version::FormatVersion;

/// The catalog of large objects (`LargeObjectRelationId` in pg_largeobject.h).
const LARGE_OBJECT_CATALOG_OID: u32 = 2613;

/// The first major release whose pg_restore accepts a schema whose definition is only a comment.
const COMMENT_SCHEMA_MAJOR: u16 = 15;

/// Returns the header and table of contents of the output for the dump that `reader` has opened, their changes, and the
/// fields for the positions of data.
pub(super) fn write<R: Read>(
    options: &Transcoder,
    selection: &Selection,
    reader: &BlockReader<R>,
    limits: &Limits,
) -> Result<(Vec<u8>, Changes, Vec<PositionField>), Error> {
    let (header, toc) = (reader.header(), reader.toc());
    let (from, to) = (header.version(), options.version(header)?);
    let (compression, recompressed) = options.output_compression(header.compression, to);
    let server_major = options.server(from, to);
    // The revision means nothing; PostgreSQL writes 0.
    let revision = if from == to { header.revision } else { 0 };
    let dialect = header.dialect.with_version(to)?;
    let mut rewriter = EntryRewriter {
        options,
        selection,
        toc,
        server_major,
        search: Search::new(header, toc, server_major.unwrap_or(u16::MAX)),
        groups: Groups::NONE,
        next_id: 0,
        writer: TocWriter::new(&Header { dialect, revision, compression, ..header.clone() }, limits)?,
        changes: Changes {
            from,
            to,
            compression,
            recompressed,
            offsets: Offsets::None,
            entries_in_count: toc.len(),
            entries_out_count: 0,
            entries: Vec::new(),
            server_major,
            warnings: Vec::new(),
        },
    };
    if rewriter.expands() {
        rewriter.groups = Groups::of(toc, &Budget::new("max_toc_entries", limits.max_toc_entries()))?;
        rewriter.next_id = rewriter.groups.next_id();
    }
    rewriter.entries()?;
    let EntryRewriter { writer, mut changes, .. } = rewriter;
    changes.entries_out_count = writer.entries_count();
    let is_copied = !recompressed && selection.is_empty();
    let (bytes, offsets, fields) = writer.finish(is_copied.then_some(reader.data_offset_bytes()))?;
    changes.offsets = offsets;
    Ok((bytes, changes, fields))
}

struct EntryRewriter<'a> {
    options: &'a Transcoder,
    selection: &'a Selection,
    toc: &'a Toc,
    /// The server that the dump is for; `None` if no SQL is examined.
    server_major: Option<u16>,
    search: Search,
    groups: Groups,
    /// The next free dump id.
    next_id: u64,
    writer: TocWriter,
    changes: Changes,
}

impl<'a> EntryRewriter<'a> {
    fn entries(&mut self) -> Result<(), Error> {
        let mut moves = vec![false; self.toc.len()];
        for index in self.groups.iter().flat_map(|group| group.about_any().chain([group.index])) {
            if let Some(moves) = moves.get_mut(index) {
                *moves = true;
            }
        }
        // Large objects precede the first data, as in every dump of older versions.
        let mut waiting = !self.groups.is_empty();
        for (entry, moves) in self.toc.entries().zip(moves) {
            if waiting && (entry.section == Section::Data || moves) {
                waiting = false;
                let groups = std::mem::replace(&mut self.groups, Groups::NONE);
                for group in groups.iter() {
                    self.group(group)?;
                }
                self.groups = groups;
            }
            if !moves {
                self.entry(entry)?;
            }
        }
        Ok(())
    }

    /// Writes one entry for every member of a group, each followed by the entries about it.
    fn group(&mut self, group: &Group) -> Result<(), Error> {
        let Some(metadata) = self.toc.entry(group.index) else { return Ok(()) };
        self.warn(&metadata);
        let expanded = EntryChangeKind::Expanded { entries_count: group.oids().len() };
        self.record(&metadata, expanded);
        let mut about_all = Vec::new();
        for index in group.about_any() {
            let Some(entry) = self.toc.entry(index) else { continue };
            without_data(&entry)?;
            if !self.keeps(&entry) {
                self.record(&entry, EntryChangeKind::AccessRightsDropped);
                continue;
            }
            self.warn(&entry);
            if is_about_all(&entry) {
                self.record(&entry, expanded);
                about_all.push(index);
            }
        }
        for (member, oid) in group.oids().iter().enumerate() {
            let id = self.dump_id(group.id_of(member))?;
            let tag = oid.to_string();
            let definition = format!("SELECT pg_catalog.lo_create('{oid}');\n");
            let drop_statement = format!("SELECT pg_catalog.lo_unlink('{oid}');\n");
            let mut blob = Entry::new(id, b"BLOB", tag.as_bytes());
            blob.catalog_table_oid = LARGE_OBJECT_CATALOG_OID;
            blob.catalog_oid = *oid;
            blob.section = Section::PreData;
            blob.definition = Some(definition.as_bytes());
            blob.drop_statement = Some(drop_statement.as_bytes());
            blob.namespace = metadata.namespace;
            blob.tablespace = metadata.tablespace;
            blob.owner = metadata.owner;
            self.push(blob)?;

            let mut about = about_all.clone();
            about.extend(group.about_one(*oid).iter().map(|(_, index)| *index));
            about.sort_unstable();
            for entry in about.into_iter().filter_map(|index| self.toc.entry(index)) {
                if self.keeps(&entry) {
                    self.about(entry, group.id, member, (*oid, id))?;
                }
            }
        }
        Ok(())
    }

    /// Writes an entry about one member of a group, or its part of an entry about all members. `object` is the OID and the
    /// dump id of the member.
    fn about(&mut self, mut entry: Entry<'a>, group_id: u32, member: usize, object: (u32, u32)) -> Result<(), Error> {
        let (oid, object_id) = object;
        let dependencies: Vec<u32> =
            entry.dependencies().map(|id| if id == group_id { object_id } else { id }).collect();
        if !is_about_all(&entry) {
            return self.push_with(entry, &dependencies);
        }
        if member > 0 {
            entry.id = self.dump_id(self.next_id)?;
            self.next_id = self.next_id.saturating_add(1);
        }
        let tag = format!("LARGE OBJECT {oid}");
        let standard_strings = self.search.standard_strings();
        let definition = entry.definition.map(|sql| rewrite::about_large_object(sql, standard_strings, oid));
        self.push_with(Entry { tag: tag.as_bytes(), definition: definition.as_deref(), ..entry }, &dependencies)
    }

    /// Writes an entry that stays one entry, unless it is dropped.
    fn entry(&mut self, entry: Entry<'a>) -> Result<(), Error> {
        if self.selection.excludes(entry.id) {
            self.record(&entry, EntryChangeKind::DataExcluded);
            return Ok(());
        }
        if self.selection.edits(entry.id) {
            self.record(&entry, EntryChangeKind::RowsEdited);
        }
        if self.selection.is_at_risk(entry.id) {
            self.record(&entry, EntryChangeKind::ConstraintAtRisk);
        }
        if let Some(dropped) = self.dropped(&entry) {
            without_data(&entry)?;
            self.record(&entry, dropped);
            return Ok(());
        }
        if self.loses_access_method(&entry) {
            self.record(&entry, EntryChangeKind::AccessMethodRemoved);
        }
        if let Some((edited, definition)) = self.edited(&entry) {
            self.record(&entry, edited);
            let entry = Entry { definition: Some(&definition), ..entry };
            self.warn(&entry);
            return self.push(entry);
        }
        self.warn(&entry);
        // It would be a dependency on one member of the group, and older versions state none at all.
        if entry.is_large_objects() && !self.groups.is_empty() {
            let dependencies: Vec<u32> = entry.dependencies().filter(|id| !self.groups.contains(*id)).collect();
            return self.push_with(entry, &dependencies);
        }
        self.push(entry)
    }

    /// Returns the SQL of an entry without what the server refuses, if that loses nothing.
    fn edited(&self, entry: &Entry<'_>) -> Option<(EntryChangeKind, Vec<u8>)> {
        let (sql, standard_strings) = (entry.definition?, self.search.standard_strings());
        match entry.desc {
            b"TYPE" if self.search.wants(Feature::MultirangeTypeName) => {
                let definition = rewrite::without_multirange_name(sql, standard_strings)?;
                Some((EntryChangeKind::MultirangeNameRemoved, definition))
            }
            b"DATABASE" if self.search.wants(Feature::DatabaseLocale) => {
                let definition = rewrite::without_libc_provider(sql, standard_strings)?;
                Some((EntryChangeKind::LocaleProviderRemoved, definition))
            }
            _ => None,
        }
    }

    fn push_with(&mut self, entry: Entry<'_>, dependencies: &[u32]) -> Result<(), Error> {
        // Shortens the lifetime of the entry to that of the ids.
        let mut entry: Entry<'_> = entry;
        entry.set_dependencies(dependencies);
        self.push(entry)
    }

    fn push(&mut self, mut entry: Entry<'_>) -> Result<(), Error> {
        if self.options.owners == Keep::No {
            entry.owner = None;
        }
        self.writer.push(entry)
    }

    fn record(&mut self, entry: &Entry<'_>, kind: EntryChangeKind) {
        self.changes.entries.push(EntryChange { id: entry.id, kind });
    }

    fn keeps(&self, entry: &Entry<'_>) -> bool {
        let is_right = matches!(entry.desc, b"ACL" | b"ACL LANGUAGE" | b"DEFAULT ACL");
        !is_right || self.options.access_rights == Keep::Yes
    }

    /// Returns the change of an entry that is dropped.
    fn dropped(&self, entry: &Entry<'_>) -> Option<EntryChangeKind> {
        if !self.keeps(entry) {
            return Some(EntryChangeKind::AccessRightsDropped);
        }
        // An entry about a group of the dump has been handled with the group.
        if self.expands() && is_about_all(entry) {
            return Some(EntryChangeKind::MissingLargeObjectsDropped);
        }
        let is_statistics = matches!(entry.desc, b"STATISTICS DATA" | b"EXTENDED STATISTICS DATA");
        if is_statistics && self.selection.edits_any() {
            return Some(EntryChangeKind::RevealingStatisticsDropped);
        }
        let server_major = self.server_major?;
        let lacks = |feature: Feature| server_major < feature.since_major();
        let is_dropped = match entry.desc {
            b"STATISTICS DATA" => lacks(Feature::StatisticsImport),
            b"EXTENDED STATISTICS DATA" => lacks(Feature::ExtendedStatisticsImport),
            b"SCHEMA" => {
                let standard_strings = self.search.standard_strings();
                let exists = match entry.definition {
                    Some(sql) if rewrite::creates_schema_public(sql, standard_strings) => true,
                    Some(sql) if !rewrite::is_comment_only(sql, standard_strings) => false,
                    _ => server_major < COMMENT_SCHEMA_MAJOR,
                };
                return (exists && entry.tag == b"public").then_some(EntryChangeKind::PublicSchemaDropped);
            }
            _ => false,
        };
        is_dropped.then_some(EntryChangeKind::StatisticsDropped)
    }

    /// Returns `true` if groups of large objects are expanded.
    fn expands(&self) -> bool {
        self.changes.from >= FormatVersion::V1_16 && self.changes.to < FormatVersion::V1_16
    }

    fn loses_access_method(&self, entry: &Entry<'_>) -> bool {
        let Some(method) = entry.access_method.filter(|method| !method.is_empty()) else { return false };
        let loses_field = self.changes.to < FormatVersion::V1_14 && method != b"heap";
        loses_field || (self.expands() && entry.relation_kind == Some(b'p'))
    }

    /// Records the SQL of a kept entry that the server will refuse.
    fn warn(&mut self, entry: &Entry<'_>) {
        if self.server_major.is_none() {
            return;
        }
        let warnings = &mut self.changes.warnings;
        self.search.entry(entry, &mut |feature| {
            // This one is removed.
            if feature != Feature::MultirangeTypeName {
                warnings.push(Incompatibility::in_sql(entry.id, feature));
            }
        });
    }

    fn dump_id(&self, id: u64) -> Result<u32, Error> {
        // Ids are stored as signed integers.
        let id = u32::try_from(id).ok().filter(|id| i32::try_from(*id).is_ok());
        id.ok_or_else(|| inexpressible("a dump id above 2147483647", self.changes.to))
    }
}

/// Returns an error if an entry that is dropped or expanded has data.
fn without_data(entry: &Entry<'_>) -> Result<(), Error> {
    if entry.has_data() {
        return Err(Error::from(Corruption::UnexpectedData(entry.id)).within(entry.to_string()));
    }
    Ok(())
}
