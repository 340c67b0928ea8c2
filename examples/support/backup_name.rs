//! The ids of backups in a list: texts or numbers.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::support::harmless;

/// The id of a backup, in the order in which people number things: `s9` comes before `s10`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a string or a whole number")]
pub enum Name {
    Number(u64),
    Text(String),
}

impl Name {
    /// Returns the id as in the list.
    pub fn raw(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => text.into(),
        }
    }

    /// Splits off the text before the first digits and the number that they are. `None` at the end.
    fn split(text: &str) -> Option<(&str, u128, &str)> {
        let letters = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let (letters, rest) = text.split_at(letters);
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(digits);
        (!text.is_empty()).then(|| (letters, digits.parse().unwrap_or(0), rest))
    }
}

/// Displayed without anything that could disturb a terminal.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.pad(&harmless(text)),
        }
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (self.raw(), other.raw());
        let (mut a, mut b) = (&*ours, &*theirs);
        loop {
            match (Self::split(a), Self::split(b)) {
                (Some((letters, number, rest)), Some((other_letters, other_number, other_rest))) => {
                    let order = letters.cmp(other_letters).then(number.cmp(&other_number));
                    if order.is_ne() {
                        return order;
                    }
                    (a, b) = (rest, other_rest);
                }
                (None, None) => break,
                (None, _) => return Ordering::Less,
                (_, None) => return Ordering::Greater,
            }
        }
        // Alike but for leading zeros, or for being a number rather than its digits.
        ours.cmp(&theirs).then_with(|| matches!(self, Self::Text(_)).cmp(&matches!(other, Self::Text(_))))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
