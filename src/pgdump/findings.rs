//! Looks for unusual and notable properties of a dump that has been read.

use std::borrow::Cow;

use super::code::Code;
use super::compat::Incompatibility;
use super::completeness;
use super::error::Error;
use super::header::Header;
use super::inspection::{BlockReport, Inspection};
use super::settings::{self, Settings};
use super::toc::{Entry, Offsets, Toc};
use super::utf8::NotUtf8;
use super::version::FormatVersion;
use crate::diagnostic::Diagnostics;

/// The facts about a dump that has been read to its end, besides its blocks.
pub(super) struct ReadToEnd {
    pub(super) header: Header,
    pub(super) toc: Toc,
    /// `true` if the blocks are in the order of their entries.
    pub(super) in_order: bool,
    pub(super) dump_bytes: u64,
    pub(super) data_end_bytes: u64,
}

/// Describes a dump that has been read to its end. `unlisted` is the number of large objects that no entry creates, and
/// the first of them; `not_utf8` is filled only if the encoding is not known.
pub(super) fn inspection(
    read: ReadToEnd,
    blocks: Vec<BlockReport>,
    unlisted: Option<(u64, u32)>,
    not_utf8: &NotUtf8,
    newer_values: Vec<Incompatibility>,
) -> Result<Inspection, Error> {
    let ReadToEnd { header, toc, in_order, dump_bytes, data_end_bytes } = read;
    let settings = Settings::of(&toc)?;
    let offsets = toc.offsets();
    let mut dump = Inspection {
        header,
        toc,
        blocks,
        newer_values,
        encoding: settings.encoding.clone(),
        standard_strings: settings.standard_strings,
        offsets,
        dump_bytes,
        data_end_bytes,
        diagnostics: Diagnostics::default(),
    };
    // There are few findings: each is about the whole dump.
    let mut found = Diagnostics::new(u64::MAX);
    of_the_form(&dump, &settings, in_order, &mut found);
    if let Some((objects_count, first_oid)) = unlisted {
        add(
            &mut found,
            Code::DumpUnlistedLargeObjects,
            format!("{objects_count} large objects have data, but no entry creates them; the first is {first_oid}"),
        );
    }
    let second_toc_bytes = dump.dump_bytes.saturating_sub(dump.data_end_bytes);
    if second_toc_bytes > 0 {
        add(
            &mut found,
            Code::DumpWithSecondToc,
            format!(
                "the table of contents is stored again after the data ({second_toc_bytes} bytes): the dump was made with > \
                 instead of -f"
            ),
        );
    }
    of_the_contents(&dump, &mut found);
    of_the_encoding(&dump, not_utf8, &mut found);
    completeness::add_findings(&dump, &mut found);
    dump.diagnostics = found;
    Ok(dump)
}

fn of_the_form(dump: &Inspection, settings: &Settings, in_order: bool, found: &mut Diagnostics) {
    let version = dump.header.version();
    if let Some(time) = dump.header.created.filter(|time| !time.is_possible()) {
        add(found, Code::DumpCreationTime, format!("the creation time {time} does not exist"));
    }
    let int_bytes = dump.header.int_bytes();
    if int_bytes > 4 {
        add(found, Code::DumpUnusualIntegers, format!("integers have {int_bytes} bytes instead of 4"));
    }
    match dump.offsets {
        Offsets::Mixed => add(found, Code::DumpMixedOffsets, "only some entries state the position of their data"),
        Offsets::NotSet => {
            add(found, Code::DumpWithoutOffsets, "data offsets are not stored: the dump was written to a pipe");
        }
        Offsets::None | Offsets::Set => {}
    }
    if !in_order {
        add(found, Code::DumpBlocksOutOfOrder, "the data is not in the order of the entries");
    }
    // Older releases do not write these entries, or only since a minor release.
    for (name, is_missing) in [
        ("ENCODING", settings.encoding.is_none() && version >= FormatVersion::V1_11),
        ("STDSTRINGS", settings.standard_strings.is_none() && version >= FormatVersion::V1_11),
        ("SEARCHPATH", !settings.has_search_path && version >= FormatVersion::V1_13),
    ] {
        if is_missing {
            add(found, Code::DumpSettingMissing, format!("the entry {name} is missing"));
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

fn of_the_contents(dump: &Inspection, found: &mut Diagnostics) {
    let counts = Counts::of(dump);
    if counts.with_oids > 0 {
        add(found, Code::DumpWithOids, format!("{} tables have OIDs", counts.with_oids));
    }
    if counts.access_rights > 0 {
        add(
            found,
            Code::DumpWithAccessRights,
            format!("{} entries grant or revoke rights: the dump was made without -x", counts.access_rights),
        );
    }
    match (counts.tables > 0, dump.blocks.is_empty()) {
        (true, true) => {
            add(found, Code::DumpSchemaOnly, "the dump has tables and no data: it was made with --schema-only");
        }
        // A database may consist of large objects alone.
        (false, false) if dump.blocks.iter().any(|block| block.large_objects_count.is_none()) => {
            add(found, Code::DumpDataOnly, "the dump has data and no tables: it was made with --data-only");
        }
        (false, true) if counts.objects == 0 => add(found, Code::DumpEmpty, "the dump has no entries but settings"),
        _ => {}
    }
    if counts.inserts > 0 {
        add(
            found,
            Code::DumpWithInserts,
            format!("the data of {} tables is INSERT statements: the dump was made with --inserts", counts.inserts),
        );
    }
    if dump.standard_strings == Some(false) {
        add(found, Code::DumpEscapingStrings, "backslashes in string literals are escapes");
    }
}

fn of_the_encoding(dump: &Inspection, not_utf8: &NotUtf8, found: &mut Diagnostics) {
    if !settings::is_sql_ascii(&dump.toc) {
        if let Some(name) = dump.encoding.as_ref().filter(|_| !dump.is_utf8()) {
            add(found, Code::DumpEncoding, format!("texts are in {}, not in UTF-8", name.escape_ascii()));
        }
        return;
    }
    let is_bad = |entry: &Entry<'_>| {
        [Some(entry.tag), entry.namespace, entry.owner, entry.definition]
            .into_iter()
            .flatten()
            .any(|text| std::str::from_utf8(text).is_err())
    };
    let entries_count = dump.toc.entries().filter(is_bad).count();
    let tables_count = not_utf8.tables_count;
    let first = not_utf8.first.and_then(|(id, line)| Some((dump.toc.get(id)?, line)));
    if entries_count == 0 && tables_count == 0 {
        add(found, Code::DumpSqlAscii, "the encoding is SQL_ASCII, which no server converts; all texts are UTF-8");
        return;
    }
    let first = match first {
        Some((entry, line)) => format!("; the first is row {line} of {entry}"),
        None => String::new(),
    };
    add(
        found,
        Code::DumpSqlAsciiNotUtf8,
        format!(
            "the encoding is SQL_ASCII, which no server converts, and the data of {tables_count} tables and the texts of \
             {entries_count} entries are not UTF-8{first}"
        ),
    );
}

fn add(found: &mut Diagnostics, code: Code, message: impl Into<Cow<'static, str>>) {
    found.add(code, |finding| finding.with_message(message));
}
