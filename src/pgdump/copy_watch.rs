//! Counts the rows of COPY text, and verifies that it ends in its terminator: [`CopyWatch`].

use super::corruption::Corruption;

/// Verifies one stream of COPY text without buffering it.
pub(super) struct CopyWatch {
    rows_count: u64,
    line: Line,
    ended: bool,
}

/// The unfinished line at the end of the text so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Empty,
    Backslash,
    Terminator,
    Other,
}

impl CopyWatch {
    pub(super) const fn new() -> Self {
        Self { rows_count: 0, line: Line::Empty, ended: false }
    }

    pub(super) const fn rows_count(&self) -> u64 {
        self.rows_count
    }

    /// Verifies the next part of the text.
    pub(super) fn feed(&mut self, text: &[u8]) -> Result<(), Corruption> {
        if self.ended {
            return only_line_feeds(text);
        }
        // Nearly always the part contains nothing like a terminator, and counting line feeds is enough, which is fast.
        if matches!(self.line, Line::Empty | Line::Other) && !may_hold_terminator(text) {
            self.rows_count = self.rows_count.saturating_add(line_feeds(text));
            match text.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => self.line = Line::Empty.then(text.split_at(end.saturating_add(1).min(text.len())).1),
                None => self.line = self.line.then(text),
            }
            return Ok(());
        }
        let mut rest = text;
        while let Some((line, following)) = split_line(rest) {
            rest = following;
            if self.line.then(line) == Line::Terminator {
                self.ended = true;
                return only_line_feeds(rest);
            }
            self.line = Line::Empty;
            self.rows_count = self.rows_count.saturating_add(1);
        }
        self.line = self.line.then(rest);
        Ok(())
    }

    /// Verifies that the text is complete.
    pub(super) const fn finish(&self) -> Result<(), Corruption> {
        if self.ended { Ok(()) } else { Err(Corruption::CopyTerminator) }
    }
}

impl Line {
    /// Appends `more`, which contains no line feed.
    fn then(self, more: &[u8]) -> Self {
        match (self, more) {
            (line, []) => line,
            (Self::Empty, b"\\") => Self::Backslash,
            (Self::Empty, b"\\.") | (Self::Backslash, b".") => Self::Terminator,
            _ => Self::Other,
        }
    }
}

/// Returns the first line without its line feed, and the bytes after it; `None` if the line is unfinished.
fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let (line, following) = text.split_at_checked(end)?;
    Some((line, following.strip_prefix(b"\n")?))
}

fn only_line_feeds(text: &[u8]) -> Result<(), Corruption> {
    if text.iter().all(|byte| *byte == b'\n') { Ok(()) } else { Err(Corruption::CopySurplus) }
}

// Both functions look at every byte without leaving early, so that they compile to vector instructions.
fn may_hold_terminator(text: &[u8]) -> bool {
    let pairs = text.iter().zip(text.iter().skip(1));
    pairs.fold(false, |found, (first, second)| found | ((*first == b'\\') & (*second == b'.')))
        || text.last() == Some(&b'\\')
}

fn line_feeds(text: &[u8]) -> u64 {
    let counts = text.chunks(255).map(|part| part.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>());
    counts.map(u64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts rows of the text in parts of `size` bytes.
    fn watched(text: &[u8], size: usize) -> Result<u64, Corruption> {
        let mut watch = CopyWatch::new();
        for piece in text.chunks(size) {
            watch.feed(piece)?;
        }
        watch.finish()?;
        Ok(watch.rows_count())
    }

    #[test]
    fn the_verdict_does_not_depend_on_how_the_text_is_cut() {
        for (text, verdict) in [
            (&b"\\.\n\n\n"[..], Ok(0)),
            (b"\\.\n", Ok(0)),
            (b"1\ta\n2\tb\n\\.\n\n\n", Ok(2)),
            (b"\n\n\\.\n\n\n", Ok(2)),
            (b"C:\\\\.git\n\\\\.\n\\.x\nx\\.\n\\.\n\n\n", Ok(4)),
            (b"", Err(Corruption::CopyTerminator)),
            (b"1\ta\n", Err(Corruption::CopyTerminator)),
            (b"1\ta\n\\.", Err(Corruption::CopyTerminator)),
            (b"1\ta\\.\n", Err(Corruption::CopyTerminator)),
            (b"1\n\\.\r\n", Err(Corruption::CopyTerminator)),
            (b"1\n\\.\n2\n\\.\n", Err(Corruption::CopySurplus)),
            (b"1\n\\.\n\nDROP TABLE x;\n", Err(Corruption::CopySurplus)),
        ] {
            for size in 1..=text.len().max(1) {
                assert_eq!(watched(text, size), verdict, "{:?} in pieces of {size}", text.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn long_texts_are_counted_right() {
        let mut text = b"some row\n".repeat(10_000);
        text.extend_from_slice(b"\\.\n\n\n");
        for size in [7, 255, 256, 4096, text.len()] {
            assert_eq!(watched(&text, size), Ok(10_000));
        }
    }
}
