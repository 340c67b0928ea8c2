//! Reads a snapshot before anything changes: [`Survey`].

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::Result;
use crate::check::{self, CheckOptions, Profile, Report};
use crate::observe::Observer;
use crate::pgdump::Inspection;

/// The contents of a snapshot or a bare dump, read to the last byte before anything changes: its verdict, and what must come
/// back.
///
/// ```
/// use std::fs::File;
/// use appsnap::check::{CheckOptions, Profile};
/// use appsnap::observe::NoObserver;
/// use appsnap::restore::Survey;
///
/// let dump = File::open("examples/data/quickstart.dump")?;
/// let survey = Survey::of(dump, &Profile::format(), &CheckOptions::new(), &mut NoObserver)?;
/// let rows: u64 = survey.tables().map(|(_, rows_count)| rows_count).sum();
/// assert_eq!(rows, survey.inspection().expect("a sound dump").rows_count());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Survey {
    report: Report,
    inspection: Option<Inspection>,
    /// By schema and name.
    tables: BTreeMap<(Vec<u8>, Vec<u8>), u64>,
    uncounted: BTreeSet<(Vec<u8>, Vec<u8>)>,
}

impl Survey {
    /// Reads `source` to its end and judges it, as [`check()`](check::check()) does.
    ///
    /// Memory is bounded as for a check, apart from one count for each table.
    ///
    /// # Errors
    /// Returns an error if the source fails, this build cannot read the dump's compression, or the observer cancels.
    /// Anything wrong with the snapshot is a finding of the [report](Self::report).
    pub fn of<R: Read>(
        source: R,
        profile: &Profile,
        options: &CheckOptions,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let (report, inspection) = check::survey(source, profile, options, observer)?;
        let (mut tables, mut uncounted) = (BTreeMap::<_, u64>::new(), BTreeSet::new());
        if let Some(dump) = &inspection {
            for block in dump.blocks.iter().filter(|block| block.large_objects_count.is_none()) {
                let Some(entry) = dump.toc.get(block.id) else { continue };
                let name = (entry.namespace.unwrap_or_default().to_vec(), entry.tag.to_vec());
                match block.rows_count {
                    Some(rows_count) => {
                        let total = tables.entry(name).or_default();
                        *total = total.saturating_add(rows_count);
                    }
                    None => drop(uncounted.insert(name)),
                }
            }
        }
        Ok(Self { report, inspection, tables, uncounted })
    }

    /// Returns the verdict with its findings.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Returns the description of the dump; `None` if there is no sound one.
    #[must_use]
    pub const fn inspection(&self) -> Option<&Inspection> {
        self.inspection.as_ref()
    }

    /// Returns the tables whose data is COPY text, each with its number of rows, in the order of schema and name. Names are
    /// in the encoding of the dump.
    pub fn tables(&self) -> impl ExactSizeIterator<Item = ((&[u8], &[u8]), u64)> {
        self.tables.iter().map(|((schema, table), count)| ((schema.as_slice(), table.as_slice()), *count))
    }

    /// Returns the tables whose data is INSERT statements, which nothing counts.
    pub fn uncounted_tables(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.uncounted.iter().map(|(schema, table)| (schema.as_slice(), table.as_slice()))
    }

    /// Returns the names of the extensions that the dump creates.
    pub fn extensions(&self) -> impl Iterator<Item = &[u8]> {
        let entries = self.inspection.iter().flat_map(|dump| dump.toc.entries());
        entries.filter(|entry| entry.desc == b"EXTENSION").map(|entry| entry.tag)
    }
}
