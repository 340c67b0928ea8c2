//! Cuts the SQL of entries into tokens, so that nobody mistakes what stands in a string, a name or a comment for SQL.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an unquoted name.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A string, however it is quoted.
    Literal,
    Number,
    /// One character of punctuation or of an operator.
    Sign,
}

/// A token, and where it begins in the SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a [u8],
    pub(super) start: usize,
}

impl Token<'_> {
    /// Whether it is this keyword, in whatever case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    pub(super) fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign && self.text == [sign]
    }

    /// Whether it may name something.
    pub(super) const fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }

    /// Position of the first byte behind it.
    pub(super) const fn end(&self) -> usize {
        self.start.saturating_add(self.text.len())
    }
}

/// Yields the tokens of SQL as PostgreSQL's scan.l sees them, without white space and comments.
///
/// Encodings that use bytes below 0x80 within characters (SJIS, BIG5, GBK and their like) use none below 0x30 there, so
/// quotes are quotes in all of them. What is not terminated ends with the text.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    sql: &'a [u8],
    at: usize,
    /// Whether backslashes in plain strings are ordinary characters.
    standard_strings: bool,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(sql: &'a [u8], standard_strings: bool) -> Self {
        Self { sql, at: 0, standard_strings }
    }

    fn rest(&self) -> &'a [u8] {
        self.sql.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.sql.len());
    }

    /// White space and comments; block comments nest.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            match rest {
                [byte, ..] if byte.is_ascii_whitespace() || *byte == 0x0b => self.skip(1),
                [b'-', b'-', ..] => self.skip(position(rest, |byte| byte == b'\n' || byte == b'\r')),
                [b'/', b'*', ..] => {
                    self.skip(2);
                    let mut depth = 1_u32;
                    while depth > 0 {
                        let rest = self.rest();
                        match rest {
                            [] => return,
                            [b'*', b'/', ..] => (depth, self.at) = (depth.saturating_sub(1), self.at.saturating_add(2)),
                            [b'/', b'*', ..] => (depth, self.at) = (depth.saturating_add(1), self.at.saturating_add(2)),
                            [_, tail @ ..] => {
                                let plain = position(tail, |byte| byte == b'*' || byte == b'/');
                                self.skip(plain.saturating_add(1));
                            }
                        }
                    }
                }
                _ => return,
            }
        }
    }

    /// Length of the quoted text at the beginning of `text`; a doubled quote is part of it.
    fn quoted(text: &[u8], quote: u8, escapes: bool) -> usize {
        let mut at = 1_usize;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            at = at.saturating_add(position(rest, |byte| byte == quote || (escapes && byte == b'\\')));
            match text.get(at..).unwrap_or_default() {
                [] => return text.len(),
                [b'\\', _, ..] if escapes => at = at.saturating_add(2),
                [first, second, ..] if *first == quote && *second == quote => at = at.saturating_add(2),
                _ => return at.saturating_add(1).min(text.len()),
            }
        }
    }

    /// Length of the string between `$tag$` and `$tag$` at the beginning of `text`, if there is one.
    fn dollar_quoted(text: &[u8]) -> Option<usize> {
        let tag = text.get(1..)?;
        if tag.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let len = position(tag, |byte| !is_word(byte) || byte == b'$');
        let delimiter = text.get(..len.saturating_add(2)).filter(|delimiter| delimiter.ends_with(b"$"))?;
        let mut at = delimiter.len();
        loop {
            let rest = text.get(at..).unwrap_or_default();
            at = at.saturating_add(position(rest, |byte| byte == b'$'));
            let rest = text.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return Some(text.len());
            }
            if rest.starts_with(delimiter) {
                return Some(at.saturating_add(delimiter.len()));
            }
            at = at.saturating_add(1);
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let rest = self.rest();
        let (kind, len) = match rest {
            [] => return None,
            [b'e' | b'E', b'\'', ..] => {
                let string = rest.get(1..).unwrap_or_default();
                (Kind::Literal, Self::quoted(string, b'\'', true).saturating_add(1))
            }
            [b'\'', ..] => (Kind::Literal, Self::quoted(rest, b'\'', !self.standard_strings)),
            [b'"', ..] => (Kind::Quoted, Self::quoted(rest, b'"', false)),
            [b'$', ..] => match Self::dollar_quoted(rest) {
                Some(len) => (Kind::Literal, len),
                None => (Kind::Sign, 1),
            },
            [first, ..] if first.is_ascii_digit() => {
                (Kind::Number, position(rest, |byte| !(byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_')))
            }
            [first, ..] if is_word(*first) => (Kind::Word, position(rest, |byte| !is_word(byte))),
            _ => (Kind::Sign, 1),
        };
        let start = self.at;
        self.skip(len);
        Some(Token { kind, text: rest.get(..len).unwrap_or(rest), start })
    }
}

/// Bytes of names, `$` included, which no name begins with.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Where the first byte of its kind stands; the length when there is none.
fn position(text: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| wanted(*byte)).unwrap_or(text.len())
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
