//! Compares what was restored with what the snapshot contains: [`Verification`].

use std::collections::BTreeMap;

use super::survey::Survey;
use crate::document::DocumentId;
use crate::layout::escaped;

/// The number of differences that are kept; all are counted.
const KEPT_COUNT: usize = 100;

/// A comparison of what was restored with a [`Survey`].
///
/// Report every table, the large objects and the documents, then ask for the [differences](Self::differences).
///
/// ```
/// # use std::fs::File;
/// # use appsnap::check::{CheckOptions, Profile};
/// # use appsnap::observe::NoObserver;
/// # use appsnap::restore::Survey;
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let survey = Survey::of(dump, &Profile::format(), &CheckOptions::new(), &mut NoObserver)?;
/// use appsnap::restore::Verification;
///
/// let mut verification = Verification::new(&survey);
/// for ((schema, table), rows_count) in survey.tables() {
///     // Here `select count(*) from only schema.table` is the number.
///     verification.table(schema, table, Some(rows_count));
/// }
/// verification.large_objects(4);
/// assert_eq!(verification.differences(), ["large objects: 4 were restored, the dump contains 5"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Verification<'s> {
    survey: &'s Survey,
    /// Tables that were not reported yet.
    missing: BTreeMap<(Vec<u8>, Vec<u8>), u64>,
    differences: Vec<String>,
    differences_count: u64,
}

impl<'s> Verification<'s> {
    /// Begins a comparison.
    #[must_use]
    pub fn new(survey: &'s Survey) -> Self {
        let missing =
            survey.tables().map(|((schema, table), count)| ((schema.to_vec(), table.to_vec()), count)).collect();
        Self { survey, missing, differences: Vec::new(), differences_count: 0 }
    }

    /// Leaves out a table that is not restored completely on purpose, for example because a mask drops its rows.
    pub fn skip(&mut self, schema: &[u8], table: &[u8]) {
        self.missing.remove(&(schema.to_vec(), table.to_vec()));
    }

    /// Compares the number of rows of a table; `None` if there is no such table.
    pub fn table(&mut self, schema: &[u8], table: &[u8], rows_count: Option<u64>) {
        let Some(expected_count) = self.missing.remove(&(schema.to_vec(), table.to_vec())) else { return };
        let name = || format!("{}.{}", escaped(schema), escaped(table));
        match rows_count {
            Some(count) if count == expected_count => {}
            Some(count) => {
                self.add(format!("table {}: {count} rows were restored, the dump contains {expected_count}", name()));
            }
            None => self.add(format!("table {}: it was not restored", name())),
        }
    }

    /// Compares the number of large objects.
    pub fn large_objects(&mut self, count: u64) {
        let expected_count = self.survey.inspection().map_or(0, |dump| dump.large_objects_count());
        if count != expected_count {
            self.add(format!("large objects: {count} were restored, the dump contains {expected_count}"));
        }
    }

    /// Compares every document of the snapshot, and every document that a row refers to, with the length of the restored file
    /// in bytes; `None` if there is none. A row without a document in the snapshot is a finding of the
    /// [report](Survey::report), and no difference here.
    pub fn documents(&mut self, mut len_bytes_of: impl FnMut(DocumentId) -> Option<u64>) {
        for case in self.survey.report().files().into_iter().flatten() {
            match (case.document_bytes, len_bytes_of(case.id)) {
                (Some(expected_bytes), Some(bytes)) if bytes == expected_bytes => {}
                (None, None) => {}
                (None, Some(_)) => self.add(format!("document {}: the snapshot does not contain it", case.id)),
                (Some(_), None) => self.add(format!("document {}: it was not restored", case.id)),
                (Some(expected_bytes), Some(bytes)) => self.add(format!(
                    "document {}: {bytes} bytes were restored, the snapshot contains {expected_bytes} bytes",
                    case.id
                )),
            }
        }
    }

    /// Compares the number of all documents and the sum of their sizes, in bytes.
    pub fn totals(&mut self, documents_count: u64, document_bytes: u64) {
        let contents = self.survey.report().contents();
        let expected = (contents.documents_count, contents.document_bytes);
        if (documents_count, document_bytes) != expected {
            self.add(format!(
                "documents: {documents_count} of {document_bytes} bytes were restored, the snapshot contains {} of {} bytes",
                expected.0, expected.1
            ));
        }
    }

    /// Returns the differences, one line for each, the first 100 in full. Tables that were not reported are differences,
    /// too. The list is empty if everything came back.
    #[must_use]
    pub fn differences(mut self) -> Vec<String> {
        let missing = std::mem::take(&mut self.missing);
        for ((schema, table), _) in missing {
            self.add(format!("table {}.{}: its rows were not counted", escaped(&schema), escaped(&table)));
        }
        let more = self.differences_count.saturating_sub(self.differences.len() as u64);
        if more > 0 {
            self.differences.push(format!("and {more} more differences"));
        }
        self.differences
    }

    fn add(&mut self, difference: String) {
        self.differences_count = self.differences_count.saturating_add(1);
        if self.differences.len() < KEPT_COUNT {
            self.differences.push(difference);
        }
    }
}
