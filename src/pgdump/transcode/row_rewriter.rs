//! Edits the rows of one stream of COPY text: [`RowRewriter`].

use super::edited_row::EditedRow;
use super::selection::RowEdit;
use crate::limits::{Budget, Limits};
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;
use crate::pgdump::rows::{Row, columns};
use crate::pgdump::window::window;

/// Edits the rows of one stream. It holds the unfinished row at the end of what it was fed.
pub(super) struct RowRewriter {
    edit: RowEdit,
    /// `None` if the statement does not list them.
    columns: Option<Vec<Vec<u8>>>,
    max_row_bytes: u64,
    unfinished: Vec<u8>,
    rows_count: u64,
    is_after_terminator: bool,
    spans: Vec<(usize, usize)>,
    changed: Vec<(usize, Vec<u8>)>,
}

impl RowRewriter {
    pub(super) fn new(edit: RowEdit, copy_statement: &[u8], limits: &Limits) -> Self {
        Self {
            edit,
            columns: copy_statement.strip_prefix(b"COPY ").and_then(columns),
            max_row_bytes: limits.max_row_bytes(),
            unfinished: Vec::new(),
            rows_count: 0,
            is_after_terminator: false,
            spans: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// Appends the edited rows in the next part of the text to `out`.
    pub(super) fn feed(&mut self, mut text: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        while !self.is_after_terminator {
            let Some(end) = text.iter().position(|byte| *byte == b'\n') else {
                let len_bytes = self.unfinished.len().saturating_add(text.len());
                Budget::new("max_row_bytes", self.max_row_bytes).check(len_bytes as u64)?;
                self.unfinished.extend_from_slice(text);
                return Ok(());
            };
            let (line, rest) = text.split_at(end.min(text.len()));
            text = window(rest, 1, rest.len());
            if self.unfinished.is_empty() {
                self.line(line, out)?;
            } else {
                let mut whole = std::mem::take(&mut self.unfinished);
                whole.extend_from_slice(line);
                self.line(&whole, out)?;
                whole.clear();
                self.unfinished = whole;
            }
        }
        // The decoder verifies that only line feeds follow.
        out.extend_from_slice(text);
        Ok(())
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if line == b"\\." {
            self.is_after_terminator = true;
            out.extend_from_slice(b"\\.\n");
            return Ok(());
        }
        self.rows_count = self.rows_count.saturating_add(1);
        self.spans.clear();
        // An empty line is a row: of one empty text, or of a table without columns.
        if !line.is_empty() || self.columns.is_some() {
            let mut start = 0_usize;
            for field in line.split(|byte| *byte == b'\t') {
                let end = start.saturating_add(field.len());
                self.spans.push((start, end));
                start = end.saturating_add(1);
            }
        }
        let (number, found) = (self.rows_count, self.spans.len());
        if let Some(columns) = self.columns.as_ref().filter(|columns| columns.len() != found) {
            return Err(Corruption::RowWidth { row: number, wanted: columns.len(), found }.into());
        }
        let columns = self.columns.as_deref().unwrap_or(&[]);
        self.changed.clear();
        let row = Row { buffer: line, spans: &self.spans, columns, number };
        let mut edited = EditedRow::new(row, &mut self.changed);
        (self.edit)(&mut edited).map_err(|error| Error::io("editing a row", error))?;
        edited.write(out);
        Ok(())
    }
}
