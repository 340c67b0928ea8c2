//! A JSON object as the list of its members: order and text kept, duplicate keys and deep nesting refused.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::Error;
use crate::json::JsonError;
use crate::layout::escaped;

/// Levels of arrays and objects, the outermost included. The platform's `.metadata` has one.
const MAX_DEPTH: usize = 64;

/// The members of one object, in order, each value as its text.
pub(super) struct Object<'a>(pub(super) Vec<(String, &'a str)>);

/// Reads `text` as one object, and checks everything within it.
pub(super) fn read(text: &str) -> Result<Object<'_>, Error> {
    // First the form, then the keys, then the members: a text with two hundred thousand equal keys is refused before it
    // becomes a list of them.
    serde_json::from_str::<&RawValue>(text).map_err(not_json)?;
    check(text)?;
    serde_json::from_str(text).map_err(not_json)
}

/// Looks for duplicate keys and deep nesting in a text that is known to be JSON, in one pass and without recursion.
fn check(text: &str) -> Result<(), Error> {
    // The keys seen so far of every object that is open; an array has none.
    let mut open = Vec::<HashSet<String>>::new();
    let mut rest = text;
    while let Some(from) = rest.find(['{', '[', '}', ']', '"']).and_then(|at| rest.get(at..)) {
        let mut after = from.chars();
        let first = after.next();
        rest = after.as_str();
        match first {
            Some('{' | '[') if open.len() >= MAX_DEPTH => {
                return Err(Error::json(format!("is nested more than {MAX_DEPTH} levels deep")));
            }
            Some('{' | '[') => open.push(HashSet::new()),
            Some('}' | ']') => drop(open.pop()),
            _ => {
                let (string, after) =
                    from.split_at_checked(string_bytes(from)).ok_or_else(|| Error::json("is not one JSON object"))?;
                rest = after;
                // Only a key is followed by a colon.
                if after.trim_start().starts_with(':') {
                    let key = serde_json::from_str::<String>(string).map_err(not_json)?;
                    if let Some(key) = open.last_mut().and_then(|keys| keys.replace(key)) {
                        return Err(Error::json(format!("contains the key \"{}\" twice", escaped(key.as_bytes()))));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Length of the JSON string that `text` begins with, both quotes included.
fn string_bytes(text: &str) -> usize {
    let mut is_escaped = true;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            // The first quote opens, and counts as escaped.
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

pub(super) fn not_json(error: serde_json::Error) -> Error {
    Error::json("is not one JSON object").because(JsonError::from(error))
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((key, value.get()));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
