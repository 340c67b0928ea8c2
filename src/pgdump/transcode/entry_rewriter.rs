//! Works through the table of contents: every entry kept, changed, dropped or expanded.

use super::changes::{Changes, DropReason, Dropped, Edit, Edited, Expanded};
use super::front::Front;
use super::groups::{Group, Groups, is_about_all};
use super::{AccessRights, Owners, Transcoder};
use crate::limits::{Budget, Limits};
use crate::pgdump::compat::{Feature, Incompatibility, Search};
use crate::pgdump::corruption::Corruption;
use crate::pgdump::cursor::inexpressible;
use crate::pgdump::error::Error;
use crate::pgdump::header::Header;
use crate::pgdump::inspection::Offsets;
use crate::pgdump::rewrite;
use crate::pgdump::toc::{Dependencies, Entry, Section, Toc};
use crate::pgdump::version::FormatVersion;

/// Catalog of large objects (`LargeObjectRelationId` in pg_largeobject.h).
const LARGE_OBJECT_CATALOG_OID: u32 = 2613;

/// The first major release whose pg_restore knows a schema that is nothing but a comment.
const COMMENT_SCHEMA_MAJOR: u16 = 15;

/// Writes header and table of contents of the output for a dump whose data begin at `data_offset_bytes`, and says what
/// they change.
pub(super) fn write(
    options: &Transcoder,
    header: &Header,
    toc: &Toc,
    data_offset_bytes: u64,
    limits: &Limits,
) -> Result<(Vec<u8>, Changes), Error> {
    let (from, to) = (header.version(), options.version(header)?);
    let (compression, recompressed) = options.output_compression(header.compression, to);
    let server_major = options.server(from, to);
    // The revision means nothing; PostgreSQL writes 0.
    let revision = if from == to { header.revision } else { 0 };
    let dialect = header.dialect.with_version(to)?;
    let mut walk = Walk {
        options,
        toc,
        server_major,
        search: Search::new(header, toc, server_major.unwrap_or(u16::MAX)),
        groups: Groups::NONE,
        next_id: 0,
        front: Front::new(&Header { dialect, revision, compression, ..header.clone() }, limits)?,
        changes: Changes {
            from,
            to,
            compression,
            recompressed,
            offsets: Offsets::None,
            entries_in_count: toc.len(),
            entries_out_count: 0,
            expanded: Vec::new(),
            dropped: Vec::new(),
            edited: Vec::new(),
            warnings: Vec::new(),
        },
    };
    if walk.expands() {
        walk.groups = Groups::of(toc, &Budget::new("max_toc_entries", limits.max_toc_entries()))?;
        walk.next_id = walk.groups.next_id();
    }
    walk.entries()?;
    let Walk { front, mut changes, .. } = walk;
    changes.entries_out_count = front.entries_count();
    let (bytes, offsets) = front.finish((!recompressed).then_some(data_offset_bytes))?;
    changes.offsets = offsets;
    Ok((bytes, changes))
}

struct Walk<'a> {
    options: &'a Transcoder,
    toc: &'a Toc,
    /// The server to suit; none when nothing about the SQL matters.
    server_major: Option<u16>,
    search: Search,
    groups: Groups,
    /// The next free dump id.
    next_id: u64,
    front: Front,
    changes: Changes,
}

impl<'a> Walk<'a> {
    fn entries(&mut self) -> Result<(), Error> {
        let mut moves = vec![false; self.toc.len()];
        for index in self.groups.iter().flat_map(|group| group.about_any().chain([group.index])) {
            if let Some(moves) = moves.get_mut(index) {
                *moves = true;
            }
        }
        // Large objects come before the first data, as in every dump that old versions wrote.
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

    /// Writes one entry for every member of a group, each followed by what is said about it.
    fn group(&mut self, group: &Group) -> Result<(), Error> {
        let Some(metadata) = self.toc.entry(group.index) else { return Ok(()) };
        self.warn(&metadata);
        self.changes.expanded.push(Expanded { id: metadata.id, entries_count: group.oids().len() });
        let mut about_all = Vec::new();
        for index in group.about_any() {
            let Some(entry) = self.toc.entry(index) else { continue };
            without_data(&entry)?;
            if !self.keeps(&entry) {
                self.changes.dropped.push(Dropped { id: entry.id, reason: DropReason::AccessRights });
                continue;
            }
            self.warn(&entry);
            if is_about_all(&entry) {
                self.changes.expanded.push(Expanded { id: entry.id, entries_count: group.oids().len() });
                about_all.push(index);
            }
        }
        for (place, oid) in group.oids().iter().enumerate() {
            let id = self.dump_id(group.id_of(place))?;
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
                    self.about(entry, group.id, place, (*oid, id))?;
                }
            }
        }
        Ok(())
    }

    /// Writes what `entry` says about one member of a group, which is `blob` by its OID and its entry.
    fn about(&mut self, mut entry: Entry<'a>, group_id: u32, place: usize, blob: (u32, u32)) -> Result<(), Error> {
        let (oid, blob_id) = blob;
        let dependencies: Vec<u32> =
            entry.dependencies.iter().map(|id| if id == group_id { blob_id } else { id }).collect();
        if !is_about_all(&entry) {
            return self.push(Entry { dependencies: Dependencies::from(dependencies.as_slice()), ..entry });
        }
        if place > 0 {
            entry.id = self.dump_id(self.next_id)?;
            self.next_id = self.next_id.saturating_add(1);
        }
        let tag = format!("LARGE OBJECT {oid}");
        let standard_strings = self.search.standard_strings();
        let definition = entry.definition.map(|sql| rewrite::about_large_object(sql, standard_strings, oid));
        self.push(Entry {
            tag: tag.as_bytes(),
            definition: definition.as_deref(),
            dependencies: Dependencies::from(dependencies.as_slice()),
            ..entry
        })
    }

    /// Writes an entry that stays one, unless it goes.
    fn entry(&mut self, entry: Entry<'a>) -> Result<(), Error> {
        if let Some(reason) = self.drop_reason(&entry) {
            without_data(&entry)?;
            self.changes.dropped.push(Dropped { id: entry.id, reason });
            return Ok(());
        }
        self.warn(&entry);
        if self.loses_access_method(&entry) {
            self.changes.edited.push(Edited { id: entry.id, edit: Edit::AccessMethod });
        }
        // It would be a dependency on one member of the group; older versions state none at all.
        if entry.is_blobs() && !self.groups.is_empty() {
            let dependencies: Vec<u32> = entry.dependencies.iter().filter(|id| !self.groups.contains(*id)).collect();
            return self.push(Entry { dependencies: Dependencies::from(dependencies.as_slice()), ..entry });
        }
        if entry.desc == b"TYPE"
            && self.search.wants(Feature::MultirangeTypeName)
            && let Some(sql) = entry.definition
            && let Some(definition) = rewrite::without_multirange_name(sql, self.search.standard_strings())
        {
            self.changes.edited.push(Edited { id: entry.id, edit: Edit::MultirangeTypeName });
            return self.push(Entry { definition: Some(&definition), ..entry });
        }
        self.push(entry)
    }

    fn push(&mut self, mut entry: Entry<'_>) -> Result<(), Error> {
        if self.options.owners == Owners::Drop {
            entry.owner = None;
        }
        self.front.push(entry)
    }

    fn keeps(&self, entry: &Entry<'_>) -> bool {
        let is_right = matches!(entry.desc, b"ACL" | b"ACL LANGUAGE" | b"DEFAULT ACL");
        !is_right || self.options.access_rights == AccessRights::Keep
    }

    fn drop_reason(&self, entry: &Entry<'_>) -> Option<DropReason> {
        if !self.keeps(entry) {
            return Some(DropReason::AccessRights);
        }
        // With its group it would have been taken care of.
        if self.expands() && is_about_all(entry) {
            return Some(DropReason::NoLargeObjects);
        }
        let server_major = self.server_major?;
        let lacks = |feature: Feature| server_major < feature.since_major();
        match entry.desc {
            b"STATISTICS DATA" if lacks(Feature::StatisticsImport) => Some(DropReason::Statistics),
            b"EXTENDED STATISTICS DATA" if lacks(Feature::ExtendedStatisticsImport) => Some(DropReason::Statistics),
            b"SCHEMA" if server_major < COMMENT_SCHEMA_MAJOR && entry.tag == b"public" => {
                let definition = entry.definition.unwrap_or_default();
                rewrite::is_comment_only(definition, self.search.standard_strings()).then_some(DropReason::PublicSchema)
            }
            _ => None,
        }
    }

    /// Whether groups of large objects have to become single ones.
    fn expands(&self) -> bool {
        self.changes.from >= FormatVersion::V1_16 && self.changes.to < FormatVersion::V1_16
    }

    fn loses_access_method(&self, entry: &Entry<'_>) -> bool {
        let Some(method) = entry.access_method.filter(|method| !method.is_empty()) else { return false };
        let loses_field = self.changes.to < FormatVersion::V1_14 && method != b"heap";
        loses_field || (self.expands() && entry.relation_kind == Some(b'p'))
    }

    /// Takes note of what the server will refuse of an entry that stays.
    fn warn(&mut self, entry: &Entry<'_>) {
        if self.server_major.is_none() {
            return;
        }
        let warnings = &mut self.changes.warnings;
        self.search.entry(entry, &mut |feature| {
            // That one is taken out.
            if feature != Feature::MultirangeTypeName {
                warnings.push(Incompatibility { id: entry.id, feature });
            }
        });
    }

    fn dump_id(&self, id: u64) -> Result<u32, Error> {
        // Ids are signed where they are stored.
        let id = u32::try_from(id).ok().filter(|id| i32::try_from(*id).is_ok());
        id.ok_or_else(|| inexpressible("a dump id above 2147483647", self.changes.to))
    }
}

/// Entries that go, or become several, must not have data.
fn without_data(entry: &Entry<'_>) -> Result<(), Error> {
    if entry.has_data() {
        return Err(Error::from(Corruption::UnexpectedData(entry.id)).within(|| entry.to_string()));
    }
    Ok(())
}
