//! Looking into JSON objects leniently about what is there and strictly about what it means.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::temporal::{DateTimeParser, PiecesOffset};
use jiff::tz::Offset;
use serde_json::{Map, Value};

use super::error::{Error, ErrorKind, Result};

/// The members of one record of a listing; what was asked for is taken out, the rest becomes details.
pub(super) struct Members {
    place: String,
    members: Map<String, Value>,
}

/// An instant, and the numeric offset it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) at: Timestamp,
    pub(super) offset: Option<Offset>,
}

impl Members {
    /// The members of `value`, which stands at `place`.
    pub(super) fn of(value: Value, place: String) -> Result<Self> {
        match value {
            Value::Object(members) => Ok(Self { place, members }),
            _ => Err(Error::new(ErrorKind::Type { expected: "an object" }, place)),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(super) fn place_of(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    /// A member that may be missing or null.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    fn wrong<T>(&self, name: &str, expected: &'static str) -> Result<T> {
        Err(Error::new(ErrorKind::Type { expected }, self.place_of(name)))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => self.wrong(name, "a text"),
        }
    }

    pub(super) fn required_text(&mut self, name: &str) -> Result<String> {
        self.text(name)?.ok_or_else(|| Error::new(ErrorKind::Missing, self.place_of(name)))
    }

    /// An id: a text or a whole number.
    pub(super) fn required_id(&mut self, name: &str) -> Result<String> {
        match self.take(name) {
            None => Err(Error::new(ErrorKind::Missing, self.place_of(name))),
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            Some(Value::Number(number)) if !number.is_f64() => Ok(number.to_string()),
            Some(_) => self.wrong(name, "a text that is not empty"),
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => self.wrong(name, "true or false"),
        }
    }

    /// An instant in RFC 3339.
    pub(super) fn instant(&mut self, name: &str) -> Result<Option<Stamp>> {
        let place = self.place_of(name);
        self.text(name)?.map(|text| Stamp::parse(&text, place)).transpose()
    }

    pub(super) fn required_instant(&mut self, name: &str) -> Result<Stamp> {
        self.instant(name)?.ok_or_else(|| Error::new(ErrorKind::Missing, self.place_of(name)))
    }

    /// An instant in milliseconds since 1970 (as a number or as its digits), or in RFC 3339.
    pub(super) fn epoch_milliseconds(&mut self, name: &str) -> Result<Option<Stamp>> {
        let place = self.place_of(name);
        let (text, milliseconds) = match self.take(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => (number.to_string(), number.as_i64()),
            Some(Value::String(text)) => {
                let milliseconds = text.parse().ok();
                if milliseconds.is_none() {
                    return Stamp::parse(&text, place).map(Some);
                }
                (text, milliseconds)
            }
            Some(_) => return self.wrong(name, "milliseconds since 1970"),
        };
        let at = milliseconds.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
        at.map(|at| Some(Stamp { at, offset: None })).ok_or_else(|| Error::new(ErrorKind::Instant { text }, place))
    }

    /// What nobody asked for, as text.
    pub(super) fn into_details(self) -> BTreeMap<String, String> {
        let text = |(name, value): (String, Value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name, text)),
            other => Some((name, other.to_string())),
        };
        self.members.into_iter().filter_map(text).collect()
    }
}

impl Stamp {
    /// Reads an instant that stands at `place`: RFC 3339, or the same with a space for the `T` or ` UTC` for the `Z`.
    pub(super) fn parse(text: &str, place: String) -> Result<Self> {
        static PARSER: DateTimeParser = DateTimeParser::new();
        let trimmed = text.trim();
        let zoned =
            trimmed.strip_suffix(" UTC").or_else(|| trimmed.strip_suffix(" GMT")).map(|local| format!("{local}Z"));
        let normal = zoned.as_deref().unwrap_or(trimmed);
        let at = normal.parse().map_err(|_| Error::new(ErrorKind::Instant { text: text.to_owned() }, place))?;
        // `Z` says that the local offset is unknown (RFC 9557, section 2), so it is no offset to count days by.
        let offset = PARSER.parse_pieces(normal).ok().and_then(|pieces| match pieces.offset()? {
            PiecesOffset::Numeric(numeric) => Some(numeric.offset()),
            _ => None,
        });
        Ok(Self { at, offset })
    }
}
