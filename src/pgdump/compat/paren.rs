//! An open parenthesis, and the beginning of what it contains: [`Paren`].

use crate::pgdump::sql::Token;

/// An open parenthesis, and what rules need of its contents.
#[derive(Clone, Copy)]
pub(super) struct Paren<'a> {
    /// The function or keyword before the parenthesis.
    pub(super) callee: Option<Token<'a>>,
    kind: ParenKind,
    /// The first tokens of the first argument.
    first: [Option<Token<'a>>; FIRST],
    /// The number of tokens of the first argument that are not nested.
    first_count: u32,
    /// The number of commas that are not nested.
    pub(super) commas: u32,
    /// `true` if the first argument is the result of EXTRACT, or is calculated from it.
    pub(super) has_extract: bool,
    /// `true` if the latest operator is `->`.
    pub(super) has_arrow: bool,
    /// `true` if it contains nothing.
    pub(super) is_empty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ParenKind {
    Generated,
    Using,
    Other,
}

/// Enough for `'text'::bytea`.
const FIRST: usize = 4;

impl<'a> Paren<'a> {
    pub(super) const fn new(callee: Option<Token<'a>>, kind: ParenKind) -> Self {
        Self {
            callee,
            kind,
            first: [None; FIRST],
            first_count: 0,
            commas: 0,
            has_extract: false,
            has_arrow: false,
            is_empty: true,
        }
    }

    pub(super) fn is_generated(&self) -> bool {
        self.kind == ParenKind::Generated
    }

    pub(super) fn is_using(&self) -> bool {
        self.kind == ParenKind::Using
    }

    /// Records the next token that is directly within the parenthesis, or closes it.
    pub(super) fn record(&mut self, token: Token<'a>) {
        if token.is_sign(b')') {
            return;
        }
        self.is_empty = false;
        if self.commas > 0 || token.is_sign(b',') || (self.first_count == 0 && token.is("distinct")) {
            return;
        }
        if let Some(free) = self.first.iter_mut().find(|first| first.is_none()) {
            *free = Some(token);
        }
        self.first_count = self.first_count.saturating_add(1);
    }

    /// Returns the first argument if it is a single token.
    pub(super) fn only(&self) -> Option<Token<'a>> {
        self.first.first().copied().flatten().filter(|_| self.first_count == 1)
    }

    /// Returns the token at this position of the first argument.
    pub(super) fn at(&self, index: usize) -> Option<Token<'a>> {
        self.first.get(index).copied().flatten()
    }

    /// Returns the column if the first argument is a column, with or without its table.
    pub(super) fn column(&self) -> Option<Token<'a>> {
        match self.first_count {
            1 => self.only().filter(Token::is_name),
            3 if self.at(1).is_some_and(|dot| dot.is_sign(b'.')) => self.at(2),
            _ => None,
        }
    }

    /// Returns `true` if the first argument is a constant of this type.
    pub(super) fn is_constant_of(&self, data_type: &str) -> bool {
        self.first_count == 4
            && self.at(1).is_some_and(|sign| sign.is_sign(b':'))
            && self.at(3).is_some_and(|name| name.is_named(data_type))
    }

    pub(super) const fn arguments_count(&self) -> u32 {
        if self.is_empty { 0 } else { self.commas.saturating_add(1) }
    }

    /// Returns `true` if only a row constructor is in it.
    pub(super) fn is_row(&self) -> bool {
        self.first_count == 2 && self.at(0).is_some_and(|row| row.is("row")) && self.commas == 0
    }

    /// Returns `true` if nothing but one nested parenthesis is in it.
    pub(super) fn is_grouping(&self) -> bool {
        self.only().is_some_and(|only| only.is_sign(b'(')) && self.commas == 0
    }
}
