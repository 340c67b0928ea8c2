//! Parses the bytes of a `.metadata` member into [`Metadata`], and reports what is unusual about them.

use super::code::Code;
use super::error::{Error, ErrorKind};
use super::fields::Metadata;
use super::key::Key;
use super::object::{self, Object};
use crate::diagnostic::Diagnostics;
use crate::limits::{Budget, Limits};

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Metadata {
    /// Parses the bytes of a `.metadata` member: one UTF-8 JSON object without duplicate keys.
    ///
    /// The diagnostics report what differs from the platform's form and has only one meaning.
    ///
    /// # Errors
    /// Returns an error if the member is larger than [`Limits::max_metadata_bytes`], if it is not such an object, or if the
    /// value of a documented key is not a decimal number within 64 bits (for the model version: not a string).
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Self, Diagnostics), Error> {
        let mut refuse = |key: Key, reason, _: &str| Err(Error::new(ErrorKind::Value { key: key.name(), reason }));
        parse_members(bytes, limits, &mut refuse)
    }

    /// Parses what is usable, and returns the documented keys whose values are not, each with the JSON text of its value.
    pub(crate) fn salvage(bytes: &[u8], limits: &Limits) -> Result<(Self, Vec<(Key, String)>), Error> {
        let mut unusable = Vec::new();
        let (mut metadata, _) = parse_members(bytes, limits, &mut |key, _, value| {
            unusable.push((key, value.to_owned()));
            Ok(())
        })?;
        // A model version that was written as a number is the text of that number.
        let is_number = |value: &str| serde_json::from_str::<serde_json::Number>(value).is_ok();
        if let Some(at) = unusable.iter().position(|(key, value)| *key == Key::ModelVersion && is_number(value)) {
            let (_, version) = unusable.swap_remove(at);
            metadata.model_version = Some(version);
        }
        Ok((metadata, unusable))
    }
}

/// Parses the members. Calls `refuse` with every documented key whose value is unusable, the reason, and the JSON text of
/// the value.
fn parse_members(
    bytes: &[u8],
    limits: &Limits,
    refuse: &mut dyn FnMut(Key, &'static str, &str) -> Result<(), Error>,
) -> Result<(Metadata, Diagnostics), Error> {
    Budget::new("max_metadata_bytes", limits.max_metadata_bytes()).spend(bytes.len() as u64)?;
    let mut diagnostics = Diagnostics::bounded(limits);
    let mut note = |code, message: String| {
        diagnostics.add(code, |found| found.with_location(".metadata".to_owned()).with_message(message));
    };
    let text = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => {
            note(Code::MetadataBom, ".metadata begins with a byte order mark".to_owned());
            rest
        }
        None => bytes,
    };
    let marked_bytes = bytes.len().saturating_sub(text.len());
    let text = std::str::from_utf8(text).map_err(|error| {
        Error::json("is not UTF-8: save it as UTF-8").at(error.valid_up_to().saturating_add(marked_bytes) as u64)
    })?;
    let Object(members) = object::read(text)?;

    let mut metadata = Metadata::new();
    let mut missing = Key::ALL.to_vec();
    for (name, value) in members {
        let Some(key) = Key::of_name(&name) else {
            metadata.other.push((name, value.to_owned()));
            continue;
        };
        missing.retain(|other| *other != key);
        let text = string(value)?;
        let mut number = || {
            if text.is_none() {
                let message = format!(".metadata has a number where a string is expected: {}", key.name());
                note(Code::MetadataTypeCoerced, message);
            }
            match decimal(text.as_deref().unwrap_or(value)) {
                Ok(number) => Ok(Some(number)),
                Err(reason) => refuse(key, reason, value).map(|()| None),
            }
        };
        match key {
            Key::Duration => metadata.duration = number()?,
            Key::DumpSize => metadata.dump_size_bytes = number()?,
            Key::DatabaseSize => metadata.database_size_bytes = number()?,
            Key::FilesSize => metadata.files_size_bytes = number()?,
            Key::ModelVersion if text.is_some() => metadata.model_version = text,
            Key::ModelVersion => refuse(key, "not a string", value)?,
        }
    }
    for key in missing {
        note(Code::MetadataKeyMissing, format!(".metadata lacks a documented key: {}", key.name()));
    }
    Ok((metadata, diagnostics))
}

/// The string that a JSON text is; `None` for any other value.
fn string(json: &str) -> Result<Option<String>, Error> {
    if !json.starts_with('"') {
        return Ok(None);
    }
    // An escape can be well formed and yet be no character: half of a surrogate pair.
    serde_json::from_str(json).map(Some).map_err(object::not_json)
}

/// A number of plain decimal digits within 64 bits.
fn decimal(digits: &str) -> Result<u64, &'static str> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("not a plain decimal number");
    }
    digits.parse().map_err(|_| "larger than 2^64-1")
}
