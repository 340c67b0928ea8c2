//! Rust source cut into comments, strings and code, for the tests that read prose.

/// The kind of a [`Piece`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Doc,
    Comment,
    Text,
}

/// A comment line or a string literal.
#[derive(Clone, Debug)]
pub struct Piece {
    pub kind: Kind,
    /// Counted from one.
    pub line: usize,
    pub text: String,
}

/// A source file, taken apart.
#[derive(Debug, Default)]
pub struct Lexed {
    pub pieces: Vec<Piece>,
    /// The source with comments and the contents of strings blanked out: every byte is at its old offset.
    pub code: String,
}

impl Lexed {
    /// Cuts a source file. Unit tests inside it are left out.
    pub fn of(source: &str) -> Self {
        let mut lexer = Lexer { source, at: 0, lexed: Self::default() };
        lexer.run();
        let mut lexed = lexer.lexed;
        let tests = test_modules(&lexed.code);
        for range in tests {
            let (first, last) = (line_at(&lexed.code, range.start), line_at(&lexed.code, range.end));
            lexed.pieces.retain(|piece| piece.line < first || last < piece.line);
            let blank = blanked(&lexed.code[range.clone()]);
            lexed.code.replace_range(range, &blank);
        }
        lexed
    }

    pub fn line_at(&self, offset: usize) -> usize {
        line_at(&self.code, offset)
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Spaces of the same length in bytes, with the line breaks kept.
fn blanked(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// The byte ranges of `#[cfg(test)] mod ... { ... }`.
fn test_modules(code: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = code[from..].find("#[cfg(test)]").map(|at| at + from) {
        from = start + "#[cfg(test)]".len();
        let rest = code[from..].trim_start();
        let is_module = rest.starts_with("mod ") || rest.starts_with("pub(crate) mod ");
        let Some(open) = code[from..].find('{') else { continue };
        let semicolon = code[from..].find(';').unwrap_or(usize::MAX);
        if is_module && open < semicolon {
            let end = closing(code, from + open);
            found.push(start..end);
            from = end;
        }
    }
    found
}

/// The offset after the bracket that closes the one at `open`.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    lexed: Lexed,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while self.at < self.source.len() {
            let rest = &self.source[self.at..];
            if rest.starts_with("//") {
                self.line_comment();
            } else if rest.starts_with("/*") {
                let len = rest.find("*/").map_or(rest.len(), |end| end + 2);
                self.piece(Kind::Comment, len, 2..len.saturating_sub(2));
            } else if let Some(hashes) = raw_string(rest) {
                let open = rest.find('"').unwrap() + 1;
                let close = format!("\"{}", "#".repeat(hashes));
                let end = rest[open..].find(&close).map_or(rest.len(), |end| open + end);
                self.piece(Kind::Text, (end + close.len()).min(rest.len()), open..end);
            } else if rest.starts_with('"') {
                let end = string_end(rest);
                self.piece(Kind::Text, (end + 1).min(rest.len()), 1..end);
            } else if let Some(len) = char_literal(rest) {
                let blank = blanked(&rest[..len]);
                self.lexed.code.push_str(&blank);
                self.at += len;
            } else {
                let len = word_len(rest);
                self.lexed.code.push_str(&rest[..len]);
                self.at += len;
            }
        }
    }

    fn line_comment(&mut self) {
        let rest = &self.source[self.at..];
        let len = rest.find('\n').unwrap_or(rest.len());
        let is_doc = rest.starts_with("//!") || (rest.starts_with("///") && !rest.starts_with("////"));
        let (kind, skip) = if is_doc { (Kind::Doc, 3) } else { (Kind::Comment, 2) };
        self.piece(kind, len, skip..len);
    }

    fn piece(&mut self, kind: Kind, len: usize, inner: std::ops::Range<usize>) {
        let whole = &self.source[self.at..self.at + len];
        let line = line_at(self.source, self.at);
        self.lexed.pieces.push(Piece { kind, line, text: whole[inner].to_owned() });
        // Quotes stay, so that code with a string in it is still code.
        let blank = match kind {
            Kind::Text => format!("\"{}\"", blanked(&whole[1..len - 1])),
            _ => blanked(whole),
        };
        self.lexed.code.push_str(&blank);
        self.at += len;
    }
}

/// The number of hashes of a raw string that starts here.
fn raw_string(rest: &str) -> Option<usize> {
    let rest = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    rest[hashes..].starts_with('"').then_some(hashes)
}

fn string_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal, or `None` for a lifetime.
fn char_literal(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let len = match inner.strip_prefix('\\') {
        Some(escape) => 2 + escape.char_indices().skip(1).find(|(_, c)| *c == '\'')?.0,
        None => 1 + inner.chars().next()?.len_utf8(),
    };
    rest[len..].starts_with('\'').then_some(len + 1)
}

/// The length of an identifier or number, which must not be cut before an `r` or `b`; else of one character.
fn word_len(rest: &str) -> usize {
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    word.max(rest.chars().next().map_or(0, char::len_utf8))
}
