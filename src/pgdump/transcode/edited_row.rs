//! A row that a [`RowEditor`] may change: [`EditedRow`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::pgdump::error::Error;
use crate::pgdump::rows::{Row, escape_into};
use crate::pgdump::toc::Toc;

/// Chooses the tables whose rows are edited, and how.
///
/// [`MaskRules`](super::MaskRules) is one. Others leave out rows, or compute values:
///
/// ```
/// use std::collections::BTreeMap;
/// use std::fs::File;
/// use std::io;
/// use appsnap::{Limits, observe::NoObserver};
/// use appsnap::pgdump::{Dump, Error, toc::Toc};
/// use appsnap::pgdump::transcode::{EditedRow, RowEditor, Transcoder};
///
/// #[derive(Debug)]
/// struct FirstTwo;
///
/// impl RowEditor for FirstTwo {
///     fn plan(
///         &self,
///         toc: &Toc,
///     ) -> Result<BTreeMap<u32, Box<dyn FnMut(&mut EditedRow<'_>) -> io::Result<()> + Send>>, Error> {
///         let is_kpi = |entry: &appsnap::pgdump::toc::Entry<'_>| entry.tag == b"kpi" && entry.is_copy();
///         let mut edits = BTreeMap::new();
///         for entry in toc.entries().filter(is_kpi) {
///             let edit = |row: &mut EditedRow<'_>| {
///                 if row.row().number() > 2 {
///                     row.leave_out();
///                 }
///                 Ok(())
///             };
///             edits.insert(entry.id, Box::new(edit) as Box<_>);
///         }
///         Ok(edits)
///     }
/// }
///
/// let dump = File::open("examples/data/quickstart.dump")?;
/// let limits = Limits::untrusted();
/// let (output, _) = Transcoder::same_version()
///     .with_row_editor(FirstTwo)
///     .convert(dump, Vec::new(), &limits, &mut NoObserver)
///     .map_err(|failed| failed.into_parts().0)?;
/// let mut dump = Dump::open(output.as_slice(), &limits)?;
/// let mut rows = dump.table("reporting", "kpi")?.expect("the table is in the dump");
/// while rows.next_row()?.is_some() {}
/// assert_eq!(rows.rows_count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait RowEditor: fmt::Debug + Send + Sync {
    /// Returns the edits of rows by the dump id of the table's data. The data of other tables is copied as it is.
    ///
    /// # Errors
    /// Returns an error if the table of contents does not fit the editor.
    #[expect(clippy::type_complexity, reason = "a name for the type would say less")]
    fn plan(
        &self,
        toc: &Toc,
    ) -> Result<BTreeMap<u32, Box<dyn FnMut(&mut EditedRow<'_>) -> io::Result<()> + Send>>, Error>;

    /// Returns the dump ids of constraints and indexes that the edited rows may violate, which are
    /// [reported](super::EntryChangeKind::ConstraintAtRisk). By default none are known.
    ///
    /// # Errors
    /// Returns an error if the table of contents does not fit the editor.
    fn at_risk(&self, toc: &Toc) -> Result<BTreeSet<u32>, Error> {
        let _ = toc;
        Ok(BTreeSet::new())
    }
}

impl<T: RowEditor + ?Sized> RowEditor for Arc<T> {
    fn plan(
        &self,
        toc: &Toc,
    ) -> Result<BTreeMap<u32, Box<dyn FnMut(&mut EditedRow<'_>) -> io::Result<()> + Send>>, Error> {
        (**self).plan(toc)
    }

    fn at_risk(&self, toc: &Toc) -> Result<BTreeSet<u32>, Error> {
        (**self).at_risk(toc)
    }
}

/// A row that may be changed or left out.
///
/// ```
/// use appsnap::pgdump::transcode::EditedRow;
///
/// /// Keeps the domain of mail addresses.
/// fn without_name(row: &mut EditedRow<'_>, column: usize) {
///     let address = row.row().field(column).and_then(|field| field.bytes());
///     if let Some(address) = address {
///         let domain = address.splitn(2, |byte| *byte == b'@').last().unwrap_or_default();
///         let anonymous = [b"anyone@", domain].concat();
///         row.set(column, Some(&anonymous));
///     }
/// }
/// ```
pub struct EditedRow<'a> {
    row: Row<'a>,
    /// The changed fields, in the form of COPY text.
    changed: &'a mut Vec<(usize, Vec<u8>)>,
    is_left_out: bool,
}

impl<'a> EditedRow<'a> {
    pub(super) const fn new(row: Row<'a>, changed: &'a mut Vec<(usize, Vec<u8>)>) -> Self {
        Self { row, changed, is_left_out: false }
    }

    /// Returns the row as it is in the input.
    #[must_use]
    pub const fn row(&self) -> Row<'a> {
        self.row
    }

    /// Sets the field of the column at `index`, counted from 0. `None` is NULL. An index after the last column is
    /// ignored.
    pub fn set(&mut self, index: usize, value: Option<&[u8]>) {
        let mut text = Vec::new();
        match value {
            Some(value) => escape_into(value, &mut text),
            None => text.extend_from_slice(b"\\N"),
        }
        self.changed.retain(|(other, _)| *other != index);
        self.changed.push((index, text));
    }

    /// Leaves the row out.
    pub const fn leave_out(&mut self) {
        self.is_left_out = true;
    }

    /// Appends the row to `out`, unless it is left out.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.is_left_out {
            return;
        }
        for (index, field) in self.row.fields().enumerate() {
            if index > 0 {
                out.push(b'\t');
            }
            match self.changed.iter().find(|(changed, _)| *changed == index) {
                Some((_, text)) => out.extend_from_slice(text),
                None => out.extend_from_slice(field.raw()),
            }
        }
        out.push(b'\n');
    }
}

impl fmt::Debug for EditedRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EditedRow")
            .field("row", &self.row)
            .field("is_left_out", &self.is_left_out)
            .finish_non_exhaustive()
    }
}
