//! Looks for unusual and notable properties of a dump that has been read.

use super::finding::Finding;
use super::inspection::Inspection;
use super::settings::Settings;
use super::toc::Offsets;
use super::version::FormatVersion;

/// Returns all findings about a dump. `unlisted` is the number of large objects that no entry creates, and the first of
/// them.
pub(super) fn all(
    dump: &Inspection,
    settings: &Settings,
    in_order: bool,
    unlisted: Option<(u64, u32)>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    of_the_form(dump, settings, in_order, &mut found);
    if let Some((objects_count, first_oid)) = unlisted {
        found.push(Finding::UnlistedLargeObjects { objects_count, first_oid });
    }
    let second_toc_bytes = dump.dump_bytes.saturating_sub(dump.data_end_bytes);
    if second_toc_bytes > 0 {
        found.push(Finding::SecondToc { len_bytes: second_toc_bytes });
    }
    of_the_contents(dump, &mut found);
    found
}

fn of_the_form(dump: &Inspection, settings: &Settings, in_order: bool, found: &mut Vec<Finding>) {
    let version = dump.header.version();
    found.extend(dump.header.created.filter(|time| !time.is_possible()).map(Finding::ImpossibleCreationTime));
    let int_bytes = dump.header.int_bytes();
    if int_bytes > 4 {
        found.push(Finding::UnusualIntegers { int_bytes });
    }
    match dump.offsets {
        Offsets::Mixed => found.push(Finding::MixedOffsets),
        Offsets::NotSet => found.push(Finding::OffsetsNotSet),
        Offsets::None | Offsets::Set => {}
    }
    if !in_order {
        found.push(Finding::BlocksOutOfOrder);
    }
    // Older releases do not write these entries, or only since a minor release.
    for (name, is_missing) in [
        ("ENCODING", settings.encoding.is_none() && version >= FormatVersion::V1_11),
        ("STDSTRINGS", settings.standard_strings.is_none() && version >= FormatVersion::V1_11),
        ("SEARCHPATH", !settings.has_search_path && version >= FormatVersion::V1_13),
    ] {
        if is_missing {
            found.push(Finding::MissingSetting { name });
        }
    }
}

#[derive(Default)]
struct Counts {
    access_rights: u64,
    tables: u64,
    /// Entries that are neither settings nor access rights nor about the database itself.
    objects: u64,
    inserts: u64,
    with_oids: u64,
}

impl Counts {
    fn of(dump: &Inspection) -> Self {
        let mut counts = Self::default();
        let count = |counter: &mut u64| *counter = counter.saturating_add(1);
        for entry in dump.toc.entries() {
            match entry.desc {
                b"ENCODING" | b"STDSTRINGS" | b"SEARCHPATH" | b"DATABASE" | b"DATABASE PROPERTIES" => {}
                b"COMMENT" | b"SECURITY LABEL" if entry.tag.starts_with(b"DATABASE ") => {}
                b"ACL" | b"ACL LANGUAGE" | b"DEFAULT ACL" => count(&mut counts.access_rights),
                _ => count(&mut counts.objects),
            }
            match entry.desc {
                b"TABLE" => count(&mut counts.tables),
                b"TABLE DATA" if !entry.is_copy() => count(&mut counts.inserts),
                _ => {}
            }
            if entry.with_oids {
                count(&mut counts.with_oids);
            }
        }
        counts
    }
}

fn of_the_contents(dump: &Inspection, found: &mut Vec<Finding>) {
    let counts = Counts::of(dump);
    if counts.with_oids > 0 {
        found.push(Finding::TablesWithOids { entries_count: counts.with_oids });
    }
    if counts.access_rights > 0 {
        found.push(Finding::AccessRights { entries_count: counts.access_rights });
    }
    match (counts.tables > 0, dump.blocks.is_empty()) {
        (true, true) => found.push(Finding::SchemaOnly),
        // A database may consist of large objects alone.
        (false, false) if dump.blocks.iter().any(|block| block.large_objects_count.is_none()) => {
            found.push(Finding::DataOnly);
        }
        (false, true) if counts.objects == 0 => found.push(Finding::Empty),
        _ => {}
    }
    if counts.inserts > 0 {
        found.push(Finding::Inserts { tables_count: counts.inserts });
    }
    if dump.large_objects_count() == 0 {
        found.push(Finding::NoLargeObjects);
    }
    if let Some(name) = dump.encoding.as_ref().filter(|_| !dump.is_utf8()) {
        found.push(Finding::Encoding { name: name.clone() });
    }
    if dump.standard_strings == Some(false) {
        found.push(Finding::EscapingStrings);
    }
}
