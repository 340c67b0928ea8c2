//! Splits the SQL of entries into tokens, so that text in a string, a name or a comment is not mistaken for SQL.

use std::borrow::Cow;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an unquoted name.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A string in any form of quotes.
    Literal,
    Number,
    /// One character of punctuation or of an operator.
    Sign,
}

/// A token and its position in the SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a [u8],
    pub(super) start: usize,
}

impl<'a> Token<'a> {
    /// Returns `true` if the token is this keyword in any case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    pub(super) fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign && self.text == [sign]
    }

    /// Returns `true` if the token can be a name.
    pub(super) const fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }

    /// Returns `true` if the token is a name in quotes or a word, and is written exactly like this within the quotes.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name() == Some(name.as_bytes())
    }

    /// Returns the name without its quotes, if the token can be one. Doubled quotes within stay doubled.
    pub(super) fn name(&self) -> Option<&'a [u8]> {
        match self.kind {
            Kind::Word => Some(self.text),
            Kind::Quoted => self.text.strip_prefix(b"\"")?.strip_suffix(b"\""),
            Kind::Literal | Kind::Number | Kind::Sign => None,
        }
    }

    /// Returns the position after the token.
    pub(super) const fn end(&self) -> usize {
        self.start.saturating_add(self.text.len())
    }
}

/// Returns the name that a token is, without quotes and with single quotes for doubled ones.
pub(super) fn unquoted<'a>(token: &Token<'a>) -> Cow<'a, [u8]> {
    let inner = match token.kind {
        Kind::Quoted => token.text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")),
        _ => None,
    };
    match inner {
        None => Cow::Borrowed(token.text),
        Some(text) if !text.contains(&b'"') => Cow::Borrowed(text),
        Some(text) => {
            let mut after_quote = false;
            let keep = |byte: &u8| {
                let doubled = *byte == b'"' && after_quote;
                after_quote = *byte == b'"' && !after_quote;
                !doubled
            };
            Cow::Owned(text.iter().copied().filter(keep).collect())
        }
    }
}

/// Yields the tokens of SQL as PostgreSQL's scan.l does, without white space and comments.
///
/// Encodings that use bytes below 0x80 within characters (such as SJIS, BIG5 and GBK) use none below 0x30 there, so quotes
/// are quotes in all of them. An unterminated token extends to the end of the text.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    /// The length of the whole text.
    len: usize,
    rest: &'a [u8],
    /// `true` if backslashes in plain strings are ordinary characters.
    standard_strings: bool,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(sql: &'a [u8], standard_strings: bool) -> Self {
        Self { len: sql.len(), rest: sql, standard_strings }
    }

    /// Skips white space and comments; block comments nest.
    fn skip_blanks(&mut self) {
        loop {
            match self.rest {
                [byte, rest @ ..] if byte.is_ascii_whitespace() || *byte == 0x0b => self.rest = rest,
                [b'-', b'-', rest @ ..] => self.rest = skip_until(rest, |byte| byte == b'\n' || byte == b'\r'),
                [b'/', b'*', rest @ ..] => self.rest = skip_block_comment(rest),
                _ => return,
            }
        }
    }

    /// Returns the length of the quoted text at the start of `text`. A doubled quote is part of it.
    fn quoted(text: &[u8], quote: u8, escapes: bool) -> usize {
        let mut rest = after(text, 1);
        loop {
            rest = skip_until(rest, |byte| byte == quote || (escapes && byte == b'\\'));
            match rest {
                [] => return text.len(),
                [b'\\', _, tail @ ..] if escapes => rest = tail,
                [first, second, tail @ ..] if *first == quote && *second == quote => rest = tail,
                [_, tail @ ..] => return text.len().saturating_sub(tail.len()),
            }
        }
    }

    /// Returns the length of the string from `$tag$` to `$tag$` at the start of `text`, if there is one.
    fn dollar_quoted(text: &[u8]) -> Option<usize> {
        let tag = text.get(1..)?;
        if tag.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let tag_bytes = position(tag, |byte| !is_word(byte) || byte == b'$');
        let delimiter = text.get(..tag_bytes.saturating_add(2)).filter(|delimiter| delimiter.ends_with(b"$"))?;
        let mut rest = after(text, delimiter.len());
        loop {
            rest = skip_until(rest, |byte| byte == b'$');
            if let Some(tail) = rest.strip_prefix(delimiter) {
                return Some(text.len().saturating_sub(tail.len()));
            }
            match rest {
                [] => return Some(text.len()),
                [_, tail @ ..] => rest = tail,
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let text = self.rest;
        let (kind, len) = match text {
            [] => return None,
            [b'e' | b'E', string @ ..] if string.starts_with(b"'") => {
                (Kind::Literal, Self::quoted(string, b'\'', true).saturating_add(1))
            }
            [b'\'', ..] => (Kind::Literal, Self::quoted(text, b'\'', !self.standard_strings)),
            [b'"', ..] => (Kind::Quoted, Self::quoted(text, b'"', false)),
            [b'$', ..] => match Self::dollar_quoted(text) {
                Some(len) => (Kind::Literal, len),
                None => (Kind::Sign, 1),
            },
            [first, ..] if first.is_ascii_digit() => {
                (Kind::Number, position(text, |byte| !(byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_')))
            }
            [first, ..] if is_word(*first) => (Kind::Word, position(text, |byte| !is_word(byte))),
            _ => (Kind::Sign, 1),
        };
        let start = self.len.saturating_sub(text.len());
        let (token, rest) = text.split_at(len.min(text.len()));
        self.rest = rest;
        Some(Token { kind, text: token, start })
    }
}

/// Returns the text after a block comment that has been entered.
fn skip_block_comment(mut rest: &[u8]) -> &[u8] {
    let mut depth = 1_u32;
    while depth > 0 {
        match rest {
            [] => break,
            [b'*', b'/', tail @ ..] => (depth, rest) = (depth.saturating_sub(1), tail),
            [b'/', b'*', tail @ ..] => (depth, rest) = (depth.saturating_add(1), tail),
            [_, tail @ ..] => rest = skip_until(tail, |byte| byte == b'*' || byte == b'/'),
        }
    }
    rest
}

/// Returns `true` for bytes of names. `$` is one, although no name begins with it.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Returns the position of the first such byte, or the length if there is none.
fn position(text: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| wanted(*byte)).unwrap_or(text.len())
}

/// Returns the text from the first such byte.
fn skip_until(text: &[u8], wanted: impl Fn(u8) -> bool) -> &[u8] {
    after(text, position(text, wanted))
}

/// Returns the text without its first `count` bytes.
fn after(text: &[u8], count: usize) -> &[u8] {
    text.split_at(count.min(text.len())).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(sql: &str) -> Vec<(Kind, &str)> {
        let tokens = Tokens::new(sql.as_bytes(), true);
        tokens.map(|token| (token.kind, std::str::from_utf8(token.text).unwrap())).collect()
    }

    #[test]
    fn strings_names_and_comments_are_single_tokens_or_none() {
        for (sql, count) in [
            ("'a''b; -- \"x\"'", 1),
            ("E'a\\'b'", 1),
            ("e'a\\\\'", 1),
            ("'a\\'", 1),
            ("\"a \"\" LARGE OBJECT 1\"", 1),
            ("$$ a; 'b $x$ $$", 1),
            ("$tag$ $$ $tag $tag$", 1),
            ("-- all of it; 'x\n", 0),
            ("/* a /* nested */ 'b */ ", 0),
            ("/* open", 0),
            ("/*/ open */", 0),
            ("'open", 1),
            ("$a$open $a", 1),
            ("$1", 2),
            ("a$b$c", 1),
            ("f(x)", 4),
            ("x-- comment\ny", 2),
            ("caf\u{e9}_1", 1),
            ("E", 1),
            ("e'", 1),
            ("'\\", 1),
        ] {
            assert_eq!(cut(sql).len(), count, "{sql}: {:?}", cut(sql));
        }
        assert_eq!(cut("a.\"B\"(12)").iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), {
            use Kind::*;
            [Word, Sign, Quoted, Sign, Number, Sign]
        });
    }

    #[test]
    fn backslashes_escape_in_plain_strings_of_old_dumps() {
        let count = |standard| Tokens::new(b"'a\\' x '", standard).count();
        assert_eq!((count(true), count(false)), (3, 1));
    }

    #[test]
    fn tokens_lie_where_they_say_and_do_not_overlap() {
        let sql = b"CREATE \"T\" /* c */ ('x' || $q$y$q$, 1.5e3);-- end";
        let mut end = 0;
        for token in Tokens::new(sql, true) {
            assert!(token.start >= end && !token.text.is_empty());
            assert_eq!(&sql[token.start..token.end()], token.text);
            end = token.end();
        }
    }

    #[test]
    fn any_bytes_are_cut_to_the_end() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..10_000 {
            let sql: Vec<u8> =
                (0..random.usize(..60)).filter_map(|_| random.choice(b"'\"$-/*\\ \nabE01().;\xff").copied()).collect();
            let mut end = 0;
            for token in Tokens::new(&sql, random.bool()) {
                let shown = sql.escape_ascii();
                assert!(token.start >= end && token.end() > token.start && token.end() <= sql.len(), "{shown}");
                end = token.end();
            }
        }
    }
}
