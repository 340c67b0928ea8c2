//! The tables whose data is left out or edited: [`Selection`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::Transcoder;
use super::at_risk::Edits;
use super::edited_row::EditedRow;
use super::table_pattern::{NamePattern, is_table_data, names};
use super::unmatched::reason;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::settings::Settings;
use crate::pgdump::toc::Toc;

/// Edits one row.
pub(super) type RowEdit = Box<dyn FnMut(&mut EditedRow<'_>) -> io::Result<()> + Send>;

/// The tables whose data is left out or edited, by the dump id of their data.
#[derive(Default)]
pub(super) struct Selection {
    excluded: BTreeSet<u32>,
    edits: BTreeMap<u32, RowEdit>,
    /// The constraints and indexes that the rows may violate.
    at_risk: BTreeSet<u32>,
}

impl Selection {
    /// Applies the options to a table of contents.
    pub(super) fn of(options: &Transcoder, toc: &Toc) -> Result<Self, Error> {
        let mut selection = Self::default();
        let mut left_out = Edits::default();
        for text in &options.excluded {
            let pattern = NamePattern::parse(text, 2).ok_or_else(|| {
                unmatched(format!(
                    "the pattern {} is not of the form schema.table, such as public.account or *.log*",
                    text.escape_debug()
                ))
            })?;
            let mut is_matched = false;
            for entry in toc.entries().filter(|entry| is_table_data(entry) && pattern.matches(&names(entry))) {
                is_matched = true;
                selection.excluded.insert(entry.id);
                left_out.leave_out(&entry);
            }
            if !is_matched {
                let reason = reason(text, &pattern, toc);
                let text = text.escape_debug();
                return Err(unmatched(format!("the pattern {text} matches no table with data: {reason}")));
            }
        }
        if !selection.excluded.is_empty() {
            selection.at_risk = left_out.at_risk(toc, Settings::of(toc)?.standard_strings != Some(false));
        }
        if let Some(editor) = &options.editor {
            selection.edits = editor.plan(toc)?;
            selection.at_risk.extend(editor.at_risk(toc)?);
            for id in selection.edits.keys() {
                let entry = toc.get(*id).filter(|entry| is_table_data(entry));
                let entry =
                    entry.ok_or_else(|| Error::new(ErrorKind::Misuse("only the data of a table has rows to edit")))?;
                if !entry.is_copy() {
                    let what = "rows in INSERT statements cannot be edited: dump again without --inserts".to_owned();
                    return Err(unmatched(what).within(entry.to_string()));
                }
            }
            selection.edits.retain(|id, _| !selection.excluded.contains(id));
        }
        Ok(selection)
    }

    /// Returns `true` if all data is copied.
    pub(super) fn is_empty(&self) -> bool {
        self.excluded.is_empty() && self.edits.is_empty()
    }

    pub(super) fn excludes(&self, id: u32) -> bool {
        self.excluded.contains(&id)
    }

    pub(super) fn edits(&self, id: u32) -> bool {
        self.edits.contains_key(&id)
    }

    /// Returns `true` for a constraint or an index that the rows may violate.
    pub(super) fn is_at_risk(&self, id: u32) -> bool {
        self.at_risk.contains(&id)
    }

    pub(super) fn edits_any(&self) -> bool {
        !self.edits.is_empty()
    }

    /// Returns the edit of a table, which is needed once.
    pub(super) fn take_edit(&mut self, id: u32) -> Option<RowEdit> {
        self.edits.remove(&id)
    }
}

/// Returns the error for a rule that does not fit the dump.
#[cold]
pub(super) fn unmatched(what: String) -> Error {
    Error::new(ErrorKind::Rule(what))
}
