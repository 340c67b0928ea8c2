//! A JSON object as the list of its members: order and text kept, duplicate keys and deep nesting refused.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{Error, ErrorKind};

/// Levels of arrays and objects, the outermost included. The platform's `.metadata` has one.
const MAX_DEPTH: usize = 64;

/// The members of one object, in order, each value as its text.
pub(super) struct Object<'a>(pub(super) Vec<(String, &'a str)>);

/// The elements of one array, each as its text.
struct Array<'a>(Vec<&'a str>);

/// Reads `text` as one object, and checks everything within it.
pub(super) fn read(text: &str) -> Result<Object<'_>, Error> {
    read_object(text, 1)
}

fn read_object(text: &str, depth: usize) -> Result<Object<'_>, Error> {
    let object = serde_json::from_str::<Object<'_>>(text).map_err(not_json)?;
    let mut seen = HashSet::new();
    for (key, value) in &object.0 {
        if !seen.insert(key.as_str()) {
            return Err(Error::new(ErrorKind::DuplicateKey(key.clone())));
        }
        check(value, depth.saturating_add(1))?;
    }
    Ok(object)
}

/// Checks a value that is already known to be JSON: only containers can hide anything.
fn check(text: &str, depth: usize) -> Result<(), Error> {
    let is_object = text.starts_with('{');
    if !is_object && !text.starts_with('[') {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::TooDeep(MAX_DEPTH)));
    }
    if is_object {
        return read_object(text, depth).map(drop);
    }
    let array = serde_json::from_str::<Array<'_>>(text).map_err(not_json)?;
    array.0.iter().try_for_each(|element| check(element, depth.saturating_add(1)))
}

fn not_json(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Json(error.into()))
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

impl<'de> Deserialize<'de> for Array<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;

        impl<'de> Visitor<'de> for Elements {
            type Value = Array<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(value) = seq.next_element::<&'de RawValue>()? {
                    elements.push(value.get());
                }
                Ok(Array(elements))
            }
        }

        deserializer.deserialize_seq(Elements)
    }
}
