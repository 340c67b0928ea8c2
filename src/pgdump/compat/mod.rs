//! Which entries of a dump an older server would refuse: [`incompatibilities`].

mod builtin;
mod feature;
mod scan;

use std::collections::HashSet;

pub use feature::Feature;

use super::encoding::Settings;
use super::header::Header;
use super::rewrite;
use super::toc::{Entry, Toc};

/// An entry that holds what older servers refuse.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{Blocks, Feature, incompatibilities};
///
/// let dump = Blocks::open(File::open("tests/data/check/pg18-default.dump")?, &Limits::untrusted())?;
/// let first = incompatibilities(dump.header(), dump.toc(), 13)[0];
/// assert_eq!(first.feature, Feature::DatabaseLocale);
/// assert_eq!(dump.toc().get(first.id).map(|entry| entry.desc), Some(&b"DATABASE"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incompatibility {
    /// Dump id of the entry.
    pub id: u32,
    /// What the entry holds.
    pub feature: Feature,
}

/// What in the dump a server of the major release `server_major` would refuse, in the order of the entries, each
/// feature of an entry once.
///
/// The SQL of the entries is cut into tokens and searched for what PostgreSQL 14 and later brought; strings, comments
/// and quoted names are left alone. Only features that the server the dump was taken from can have are looked for. It
/// is a careful search and no parser: what is found is nearly always refused, what is not found may still fail, for
/// example for want of an extension. Entries that need a refused one (the rows of a table, the indexes on them) are not
/// listed: they fail with it.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{Blocks, incompatibilities};
///
/// let dump = Blocks::open(File::open("tests/data/check/pg18-default.dump")?, &Limits::untrusted())?;
/// let found = incompatibilities(dump.header(), dump.toc(), 13);
/// for one in &found {
///     println!("entry {}: {}, known since {}", one.id, one.feature, one.feature.since_major());
/// }
/// // Only what `pg_restore -C` would trip over: the rest suits a server of PostgreSQL 13.
/// assert!(found.iter().all(|one| one.feature.is_of_database()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn incompatibilities(header: &Header, toc: &Toc, server_major: u16) -> Vec<Incompatibility> {
    let search = Search::new(header, toc, server_major);
    let mut found = Vec::new();
    for entry in toc {
        search.entry(&entry, &mut |feature| found.push(Incompatibility { id: entry.id, feature }));
    }
    found
}

/// What is looked for in one dump.
pub(super) struct Search {
    /// Releases behind the first and up to the second.
    majors: (u16, u16),
    standard_strings: bool,
    /// Names of the multirange types that come with the range types of the dump, as the dump spells them.
    multiranges: HashSet<Vec<u8>>,
}

impl Search {
    pub(super) fn new(header: &Header, toc: &Toc, server_major: u16) -> Self {
        let newest = header.server_version.as_deref().and_then(major).unwrap_or(u16::MAX);
        let standard_strings = Settings::of(toc).ok().and_then(|settings| settings.standard_strings).unwrap_or(true);
        let mut search = Self { majors: (server_major, newest), standard_strings, multiranges: HashSet::new() };
        if search.wants(Feature::Multirange) {
            let types = toc.entries().filter(|entry| entry.desc == b"TYPE");
            search.multiranges = types
                .filter_map(|entry| rewrite::multirange_name(entry.definition?, standard_strings).map(<[u8]>::to_vec))
                .collect();
        }
        search
    }

    /// Whether backslashes in the dump's plain strings are ordinary characters.
    pub(super) const fn standard_strings(&self) -> bool {
        self.standard_strings
    }

    /// Whether the older server lacks it and the dump may have it.
    pub(super) const fn wants(&self, feature: Feature) -> bool {
        let since = feature.since_major();
        self.majors.0 < since && since <= self.majors.1
    }

    /// Names what of `entry` would be refused, each feature once.
    pub(super) fn entry(&self, entry: &Entry<'_>, found: &mut dyn FnMut(Feature)) {
        if self.majors.0 >= self.majors.1 {
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
            b"STATISTICS DATA" => note(Feature::StatisticsImport),
            b"EXTENDED STATISTICS DATA" => note(Feature::ExtendedStatisticsImport),
            b"PUBLICATION TABLES IN SCHEMA" => note(Feature::PublicationSchema),
            _ => {}
        }
        // Only then pg_restore speaks of the owner.
        if entry.drop_statement.is_some_and(|sql| !sql.is_empty())
            && let Some(role) = entry.owner.and_then(builtin::role)
        {
            note(role);
        }
        if let Some(sql) = entry.definition {
            scan::Scan::new(entry.desc, self).run(sql, &mut note);
        }
    }
}

/// The major release in a version text such as `17.11 (Debian 17.11-0+deb13u1)` or `19rc1`.
fn major(version: &[u8]) -> Option<u16> {
    let len = version.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(version.get(..len)?).ok()?.parse().ok()
}
