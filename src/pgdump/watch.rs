//! Counts the rows of COPY text that goes by, and makes sure that it ends in its terminator and nowhere before.

use super::corruption::Corruption;

/// Watches one stream of COPY text without holding any of it.
pub(super) struct CopyWatch {
    rows_count: u64,
    line: Line,
    ended: bool,
}

/// What the line has been so far whose end has not come by yet.
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

    pub(super) fn feed(&mut self, text: &[u8]) -> Result<(), Corruption> {
        if self.ended {
            return only_line_feeds(text);
        }
        // Nearly always there is nothing like a terminator in sight; then counting line feeds is all, and that is fast.
        if matches!(self.line, Line::Empty | Line::Other) && !may_hold_terminator(text) {
            self.rows_count = self.rows_count.saturating_add(line_feeds(text));
            match text.iter().rposition(|byte| *byte == b'\n') {
                Some(at) => self.line = Line::Empty.then(text.get(at.saturating_add(1)..).unwrap_or_default()),
                None => self.line = self.line.then(text),
            }
            return Ok(());
        }
        let mut rest = text;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, behind) = rest.split_at_checked(end).unwrap_or_default();
            rest = behind.get(1..).unwrap_or_default();
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

    /// The stream has ended.
    pub(super) const fn finish(&self) -> Result<(), Corruption> {
        if self.ended { Ok(()) } else { Err(Corruption::CopyTerminator) }
    }
}

impl Line {
    /// The line with `more`, which holds no line feed, behind it.
    fn then(self, more: &[u8]) -> Self {
        match (self, more) {
            (line, []) => line,
            (Self::Empty, b"\\") => Self::Backslash,
            (Self::Empty, b"\\.") | (Self::Backslash, b".") => Self::Terminator,
            _ => Self::Other,
        }
    }
}

fn only_line_feeds(text: &[u8]) -> Result<(), Corruption> {
    if text.iter().all(|byte| *byte == b'\n') { Ok(()) } else { Err(Corruption::CopySurplus) }
}

/// Both loops look at every byte without leaving early, so that they compile to vector instructions.
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

    /// Rows, or what is wrong, with the text cut into pieces of `size`.
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
