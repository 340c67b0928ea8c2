//! Members of JSON objects in a listing: absent ones are accepted, and wrong ones are errors with their location.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::{DateTimeParser, PiecesOffset};
use jiff::tz::Offset;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::{Error, ErrorKind};
use crate::json::Location;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A value in the JSON text of a listing.
#[derive(Clone)]
pub(super) struct Element<'t> {
    pub(super) text: &'t str,
    /// For example `snapshots[3]`.
    pub(super) path: String,
    pub(super) raw: &'t RawValue,
}

impl<'t> Element<'t> {
    /// The offset in the text, in bytes.
    pub(super) fn offset(&self) -> usize {
        // The raw value borrows from the text.
        self.raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr())
    }

    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        let location = Location::of_member(self.text, self.offset(), &self.path);
        Error::new(kind).within(location.to_string()).at(location.offset as u64)
    }

    fn wrong<T>(&self, expected: &'static str) -> Result<T> {
        Err(self.error(ErrorKind::Type { expected }))
    }

    fn value(&self) -> Result<Value> {
        serde_json::from_str(self.raw.get()).map_err(|error| Error::json(self.text, self.offset(), error))
    }

    /// The members, if this is an object.
    pub(super) fn members(&self) -> Result<BTreeMap<String, &'t RawValue>> {
        match serde_json::from_str(self.raw.get()) {
            Ok(members) => Ok(members),
            Err(error) if error.is_data() => self.wrong("an object"),
            Err(error) => Err(Error::json(self.text, self.offset(), error)),
        }
    }

    pub(super) fn member(&self, name: &str, raw: &'t RawValue) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { text: self.text, path, raw }
    }

    fn instant(&self) -> Result<Stamp> {
        match self.value()? {
            Value::String(text) => Stamp::parse(&text).map_err(|kind| self.error(kind)),
            _ => self.wrong("a text"),
        }
    }
}

/// The members of an object. Those that are read are taken out, and the others become details.
pub(super) struct Members<'t> {
    object: Element<'t>,
    members: BTreeMap<String, &'t RawValue>,
}

/// An instant, and the numeric UTC offset with which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) at: Timestamp,
    pub(super) offset: Option<Offset>,
}

impl<'t> Members<'t> {
    pub(super) fn of(object: Element<'t>) -> Result<Self> {
        let members = object.members()?;
        Ok(Self { object, members })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Takes out a member, unless it is absent or null.
    fn take(&mut self, name: &str) -> Option<Element<'t>> {
        let raw = self.members.remove(name).filter(|raw| raw.get() != "null")?;
        Some(self.object.member(name, raw))
    }

    fn required<T>(&self, name: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.missing(name))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        let Some(member) = self.take(name) else { return Ok(None) };
        match member.value()? {
            Value::String(text) => Ok(Some(text)),
            _ => member.wrong("a text"),
        }
    }

    pub(super) fn required_text(&mut self, name: &str) -> Result<String> {
        let text = self.text(name)?;
        self.required(name, text)
    }

    /// An id: a text or a whole number.
    pub(super) fn required_id(&mut self, name: &str) -> Result<String> {
        let member = self.take(name);
        let member = self.required(name, member)?;
        match member.value()? {
            Value::String(text) if !text.is_empty() => Ok(text),
            Value::Number(number) if !number.is_f64() => Ok(number.to_string()),
            _ => member.wrong("a text that is not empty"),
        }
    }

    /// A list of texts. Empty if it is absent.
    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>> {
        let Some(member) = self.take(name) else { return Ok(Vec::new()) };
        serde_json::from_value(member.value()?).or_else(|_| member.wrong("an array of texts"))
    }

    /// The JSON of a member. `None` if it is absent.
    pub(super) fn json(&mut self, name: &str) -> Option<&'t str> {
        self.take(name).map(|member| member.raw.get())
    }

    /// The members of an object. `None` if it is absent.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>> {
        self.take(name).map(Self::of).transpose()
    }

    /// A whole number that is not negative.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<u64>> {
        let Some(member) = self.take(name) else { return Ok(None) };
        match member.value()?.as_u64() {
            Some(number) => Ok(Some(number)),
            None => member.wrong("a whole number that is not negative"),
        }
    }

    /// `true` or `false`, or as some platforms write them, 1 or 0.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        let Some(member) = self.take(name) else { return Ok(None) };
        match member.value()? {
            Value::Bool(flag) => Ok(Some(flag)),
            Value::Number(number) if matches!(number.as_u64(), Some(0 | 1)) => Ok(Some(number.as_u64() == Some(1))),
            _ => member.wrong("true or false"),
        }
    }

    /// One of several words, as the value that belongs to it.
    pub(super) fn word<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&str, T)],
        expected: &'static str,
    ) -> Result<Option<T>> {
        let Some(member) = self.take(name) else { return Ok(None) };
        let value = member.value()?;
        match words.iter().find(|(word, _)| value.as_str() == Some(word)) {
            Some((_, value)) => Ok(Some(*value)),
            None => member.wrong(expected),
        }
    }

    /// An instant of RFC 3339.
    pub(super) fn instant(&mut self, name: &str) -> Result<Option<Stamp>> {
        self.take(name).map(|member| member.instant()).transpose()
    }

    pub(super) fn required_instant(&mut self, name: &str) -> Result<Stamp> {
        let instant = self.instant(name)?;
        self.required(name, instant)
    }

    /// An instant in milliseconds since 1970, as a number or a text, or an instant of RFC 3339.
    pub(super) fn epoch_milliseconds(&mut self, name: &str) -> Result<Option<Stamp>> {
        let Some(member) = self.take(name) else { return Ok(None) };
        let (text, milliseconds) = match member.value()? {
            Value::Number(number) => (number.to_string(), number.as_i64()),
            Value::String(text) => match text.parse() {
                Ok(milliseconds) => (text, Some(milliseconds)),
                Err(_) => return member.instant().map(Some),
            },
            _ => return member.wrong("milliseconds since 1970"),
        };
        let at = milliseconds.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
        let at = at.ok_or_else(|| member.error(ErrorKind::Instant { text }))?;
        Ok(Some(Stamp { at, offset: None }))
    }

    /// An instant in seconds since 1970.
    pub(super) fn required_epoch_seconds(&mut self, name: &str) -> Result<Stamp> {
        let member = self.take(name);
        let member = self.required(name, member)?;
        let Some(seconds) = member.value()?.as_i64() else { return member.wrong("seconds since 1970") };
        let at = Timestamp::from_second(seconds);
        let at = at.map_err(|_| member.error(ErrorKind::Instant { text: seconds.to_string() }))?;
        Ok(Stamp { at, offset: None })
    }

    /// An instant of RFC 3339, or a time without an offset, which is read in UTC: then the second value is `true`.
    pub(super) fn local_instant(&mut self, name: &str) -> Result<Option<(Stamp, bool)>> {
        let Some(member) = self.take(name) else { return Ok(None) };
        let local = member.value()?.as_str().and_then(|text| text.parse::<DateTime>().ok());
        match member.instant() {
            Ok(stamp) => Ok(Some((stamp, false))),
            Err(error) => {
                let at = local.and_then(|local| Offset::UTC.to_timestamp(local).ok()).ok_or(error)?;
                Ok(Some((Stamp { at, offset: None }, true)))
            }
        }
    }

    /// The error of a value that is missing.
    pub(super) fn missing(&self, name: &str) -> Error {
        self.object.member(name, self.object.raw).error(ErrorKind::Missing)
    }

    pub(super) fn required_epoch_milliseconds(&mut self, name: &str) -> Result<Stamp> {
        let instant = self.epoch_milliseconds(name)?;
        self.required(name, instant)
    }

    /// The members that were not taken out, as text.
    pub(super) fn into_details(self) -> Result<BTreeMap<String, String>> {
        let mut details = BTreeMap::new();
        for (name, raw) in self.members {
            let text = match self.object.member(&name, raw).value()? {
                Value::Null => continue,
                Value::String(text) => text,
                other => other.to_string(),
            };
            details.insert(name, text);
        }
        Ok(details)
    }
}

impl Stamp {
    /// Reads an instant of RFC 3339, or the same with a space instead of the `T` or ` UTC` instead of the `Z`.
    pub(super) fn parse(text: &str) -> Result<Self, ErrorKind> {
        static PARSER: DateTimeParser = DateTimeParser::new();
        let trimmed = text.trim();
        let zoned =
            trimmed.strip_suffix(" UTC").or_else(|| trimmed.strip_suffix(" GMT")).map(|local| format!("{local}Z"));
        let normal = zoned.as_deref().unwrap_or(trimmed);
        let at = normal.parse().map_err(|_| ErrorKind::Instant { text: text.to_owned() })?;
        // `Z` means that the local offset is unknown (RFC 9557, section 2), so there is none to count days in.
        let offset = PARSER.parse_pieces(normal).ok().and_then(|pieces| match pieces.offset()? {
            PiecesOffset::Numeric(numeric) => Some(numeric.offset()),
            _ => None,
        });
        Ok(Self { at, offset })
    }
}
