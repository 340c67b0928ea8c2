//! Verifies that text in no declared encoding is UTF-8: [`Utf8Check`], [`NotUtf8`].

/// Verifies one stream of text without buffering it.
pub(super) struct Utf8Check {
    /// The start of a character whose rest has not been read.
    pending: Vec<u8>,
    line_feeds_count: u64,
    first_bad_line: Option<u64>,
}

impl Utf8Check {
    pub(super) const fn new() -> Self {
        Self { pending: Vec::new(), line_feeds_count: 0, first_bad_line: None }
    }

    /// Verifies the next part of the text.
    pub(super) fn feed(&mut self, mut text: &[u8]) {
        while let Some((first, rest)) = text.split_first().filter(|_| !self.pending.is_empty()) {
            self.pending.push(*first);
            match std::str::from_utf8(&self.pending) {
                Ok(_) => self.pending.clear(),
                Err(error) if error.error_len().is_some() => return self.fail(&[]),
                Err(_) => {}
            }
            text = rest;
        }
        if self.first_bad_line.is_some() {
            return;
        }
        match std::str::from_utf8(text) {
            Ok(_) => {}
            Err(error) => {
                let (valid, rest) = text.split_at(error.valid_up_to().min(text.len()));
                if error.error_len().is_some() {
                    return self.fail(valid);
                }
                self.pending.extend_from_slice(rest);
            }
        }
        self.line_feeds_count = self.line_feeds_count.saturating_add(line_feeds(text));
    }

    fn fail(&mut self, before: &[u8]) {
        self.pending.clear();
        let line = self.line_feeds_count.saturating_add(line_feeds(before)).saturating_add(1);
        self.first_bad_line.get_or_insert(line);
    }

    /// Returns the number of the first line that is not UTF-8, counted from 1, after the end of the text.
    pub(super) fn first_bad_line(&self) -> Option<u64> {
        let unfinished = (!self.pending.is_empty()).then(|| self.line_feeds_count.saturating_add(1));
        self.first_bad_line.or(unfinished)
    }
}

fn line_feeds(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The tables with text that is not UTF-8.
#[derive(Default)]
pub(super) struct NotUtf8 {
    pub(super) tables_count: u64,
    /// The dump id and the line of the first of them.
    pub(super) first: Option<(u32, u64)>,
}

impl NotUtf8 {
    pub(super) fn record(&mut self, id: u32, line: u64) {
        self.tables_count = self.tables_count.saturating_add(1);
        self.first.get_or_insert((id, line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_line_does_not_depend_on_how_the_text_is_cut() {
        for (text, line) in [
            (&b""[..], None),
            ("a\nb\u{e4}\n\u{1f600}\n".as_bytes(), None),
            (b"a\nb\n\xe4\n", Some(3)),
            (b"\xff", Some(1)),
            (b"a\n\xc3", Some(2)),
            (b"a\n\xc3\n\xff", Some(2)),
            (b"\xf0\x9f\x98\n", Some(1)),
        ] {
            for size in 1..=text.len().max(1) {
                let mut check = Utf8Check::new();
                text.chunks(size).for_each(|part| check.feed(part));
                assert_eq!(check.first_bad_line(), line, "{:?} in parts of {size}", text.escape_ascii().to_string());
            }
        }
    }
}
