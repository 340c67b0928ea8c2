//! SQL in a dump that an older server refuses: [`incompatibilities`].

mod built_in;
mod calls;
mod catalogs;
pub(super) mod constants;
mod feature;
mod kinds;
mod names;
mod paren;
pub(super) mod relations;
mod scan;
mod targets;
mod words;

use std::collections::HashSet;
use std::fmt;

pub use feature::Feature;

use self::built_in::BuiltIns;
use self::relations::Relations;
use super::header::Header;
use super::rewrite;
use super::settings::Settings;
use super::toc::{Entry, Toc};
use crate::io::decimal;

/// An entry with SQL that older servers refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incompatibility {
    /// The dump id of the entry.
    pub id: u32,
    /// The feature that older servers lack.
    pub feature: Feature,
    /// The number of the first row with such a value, counted from 1; `None` if the feature is in the SQL of the entry.
    pub row: Option<u64>,
}

impl Incompatibility {
    pub(super) const fn in_sql(id: u32, feature: Feature) -> Self {
        Self { id, feature, row: None }
    }
}

impl fmt::Display for Incompatibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let feature = self.feature;
        write!(f, "needs PostgreSQL {}: {feature}", feature.since_major())?;
        if let Some(row) = self.row {
            write!(f, ", first in row {row}")?;
        }
        write!(f, ": {}", feature.remedy())
    }
}

/// Returns what a server of the major release `server_major` would refuse, in the order of the entries, each feature of
/// an entry once.
///
/// The SQL of the entries is split into tokens and searched for features of PostgreSQL 11 and later; text in strings and
/// comments is ignored, and so are features that the dumped server does not have. This is a careful search and not a
/// parser: a server nearly always refuses what is found, and restoring other entries may still fail, for example because
/// of a missing extension. Entries that need a refused one (the rows of a table, its indexes) fail with it and are not
/// listed. Values in rows are not searched: [`Inspection::newer_values`](super::Inspection::newer_values) has those.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{Dump, compat::{Feature, incompatibilities}};
///
/// let dump = Dump::open(File::open("tests/data/check/pg18-default.dump")?, &Limits::untrusted())?;
/// let found = incompatibilities(dump.header(), dump.toc(), 13);
/// for one in &found {
///     println!("entry {}: {}, known since {}", one.id, one.feature, one.feature.since_major());
/// }
/// // Only `pg_restore -C` would fail: a server of PostgreSQL 13 accepts all other entries.
/// assert!(found.iter().all(|one| one.feature == Feature::DatabaseLocale));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn incompatibilities(header: &Header, toc: &Toc, server_major: u16) -> Vec<Incompatibility> {
    let search = Search::new(header, toc, server_major);
    let mut found = Vec::new();
    for entry in toc.entries() {
        search.entry(&entry, &mut |feature| found.push(Incompatibility::in_sql(entry.id, feature)));
    }
    found
}

/// The features that are searched for in one dump.
pub(super) struct Search {
    /// Features of releases after the first and up to the second.
    majors: (u16, u16),
    /// The release of pg_dump, which writes some options of the database whatever the server.
    dump_major: u16,
    standard_strings: bool,
    /// The names of the multirange types that are created with the range types of the dump, as the dump spells them.
    multiranges: HashSet<Vec<u8>>,
    built_ins: BuiltIns,
    relations: Relations,
}

impl Search {
    pub(super) fn new(header: &Header, toc: &Toc, server_major: u16) -> Self {
        let newest = dumped_major(header);
        let standard_strings = Settings::of(toc).ok().and_then(|settings| settings.standard_strings).unwrap_or(true);
        let dump_major = header.dump_version.as_deref().and_then(major).unwrap_or(newest);
        let majors = (server_major, newest);
        let is_older = server_major < newest.max(dump_major);
        let relations = if is_older { Relations::of(toc, standard_strings) } else { Relations::default() };
        let (multiranges, built_ins) = (HashSet::new(), BuiltIns::between(majors));
        let mut search = Self { majors, dump_major, standard_strings, multiranges, built_ins, relations };
        if search.wants(Feature::Multirange) {
            let types = toc.entries().filter(|entry| entry.desc == b"TYPE");
            search.multiranges = types
                .filter_map(|entry| rewrite::multirange_name(entry.definition?, standard_strings).map(<[u8]>::to_vec))
                .collect();
        }
        search
    }

    /// Returns `true` if backslashes in the dump's plain strings are ordinary characters.
    pub(super) const fn standard_strings(&self) -> bool {
        self.standard_strings
    }

    /// Returns `true` if the older server lacks the feature and the dump can contain it.
    pub(super) fn wants(&self, feature: Feature) -> bool {
        let since = feature.since_major();
        let newest = if feature.is_of_database() { self.majors.1.max(self.dump_major) } else { self.majors.1 };
        self.majors.0 < since && since <= newest
    }

    /// Finds the features of an entry that would be refused, each once.
    pub(super) fn entry(&self, entry: &Entry<'_>, found: &mut dyn FnMut(Feature)) {
        if self.majors.0 >= self.majors.1.max(self.dump_major) {
            return;
        }
        // An entry has few features at once.
        let mut seen = Vec::new();
        let mut note = |feature| {
            if self.wants(feature) && !seen.contains(&feature) {
                seen.push(feature);
                found(feature);
            }
        };
        match entry.desc {
            // Its SQL calls functions that are as new.
            b"STATISTICS DATA" => return note(Feature::StatisticsImport),
            b"EXTENDED STATISTICS DATA" => return note(Feature::ExtendedStatisticsImport),
            b"PUBLICATION TABLES IN SCHEMA" => note(Feature::PublicationSchema),
            _ => {}
        }
        // pg_restore sets the owner only of entries with a DROP statement.
        if entry.drop_statement.is_some_and(|sql| !sql.is_empty())
            && let Some(role) = entry.owner.and_then(|owner| self.built_ins.role(owner))
        {
            note(role);
        }
        if let Some(sql) = entry.definition {
            targets::features(entry, sql, self.standard_strings, &self.relations, &mut note);
            let context = scan::Context {
                standard_strings: self.standard_strings,
                built_ins: &self.built_ins,
                relations: &self.relations,
                multiranges: &self.multiranges,
            };
            scan::Scan::new(context, entry, sql).run(&mut note);
        }
    }
}

/// Returns the major release of the dumped server, or the highest number if the dump does not state it.
pub(super) fn dumped_major(header: &Header) -> u16 {
    header.server_version.as_deref().and_then(major).unwrap_or(u16::MAX)
}

/// Returns the major release in a version text such as `17.11 (Debian 17.11-0+deb13u1)` or `19rc1`.
fn major(version: &[u8]) -> Option<u16> {
    let len = version.iter().take_while(|byte| byte.is_ascii_digit()).count();
    decimal(version.get(..len)?)
}
