//! JSON objects as text, in which single members can be changed while all other bytes stay: [`Object`].

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{Error, ErrorKind, Result};
use crate::limits::LimitExceeded;

/// Parses a struct from a JSON object. An array is an error; serde alone would accept one.
pub(super) fn from_object<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(serde_json::Error::custom("not a JSON object"))
    }
}

/// A JSON object as text. Its members are not kept in memory: there may be millions of them.
pub(super) struct Object<'a>(&'a str);

/// Calls `visit` with the name and the text of every member of a JSON object, in order and including duplicates.
fn each<'a>(text: &'a str, visit: impl FnMut(&str, &'a str) -> serde_json::Result<()>) -> serde_json::Result<()> {
    struct Members<F>(F);

    impl<'de, F: FnMut(&str, &'de str) -> serde_json::Result<()>> Visitor<'de> for Members<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                (self.0)(&name, value.get()).map_err(A::Error::custom)?;
            }
            Ok(())
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Members(visit))?;
    deserializer.end()
}

impl<'a> Object<'a> {
    pub(super) fn parse(text: &'a str) -> serde_json::Result<Self> {
        each(text, |_, _| Ok(()))?;
        Ok(Self(text))
    }

    /// Returns the value of a member that is a string. Of several members with the same name the last one counts, as in .NET.
    pub(super) fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.last(name)?).ok()
    }

    /// Returns the value of a member that is an integer.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        serde_json::from_str(self.last(name)?).ok()
    }

    fn last(&self, name: &str) -> Option<&'a str> {
        let mut last = None;
        let note = |other: &str, value| {
            if other == name {
                last = Some(value);
            }
            Ok(())
        };
        each(self.0, note).ok()?;
        last
    }

    /// Returns the object as text, with the members in `changes` replaced by strings. Absent members stay absent.
    ///
    /// # Errors
    /// Returns an error if the text becomes longer than `max_bytes`.
    pub(super) fn render_with(&self, changes: &[(&str, &str)], max_bytes: u64) -> Result<String> {
        let mut text = String::from("{");
        let mut exceeded = None;
        let rendered = each(self.0, |name, value| {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(name)?);
            text.push(':');
            match changes.iter().find(|(changed, _)| *changed == name) {
                Some((_, new)) => text.push_str(&serde_json::to_string(new)?),
                None => text.push_str(value),
            }
            let wanted = text.len() as u64;
            if wanted > max_bytes {
                exceeded = Some(LimitExceeded { name: "max_event_bytes", allowed: max_bytes, wanted });
                return Err(serde_json::Error::custom("too long"));
            }
            Ok(())
        });
        text.push('}');
        match (rendered, exceeded) {
            (Ok(()), _) => Ok(text),
            (Err(_), Some(exceeded)) => Err(exceeded.into()),
            (Err(error), None) => Err(Error::json(ErrorKind::EventForm, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_member_changes() {
        let text = r#"{"z":1e2,"appId":"a,b","n":123456789012345678901234567890,"a":{"appId": [1.0] }}"#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.render_with(&[], 1000).unwrap(), text);
        let changed = object.render_with(&[("appId", "c\",d")], 1000).unwrap();
        assert_eq!(changed, text.replace(r#""a,b""#, r#""c\",d""#));
    }

    #[test]
    fn the_last_of_two_members_counts_and_both_change() {
        let object = Object::parse(r#"{"a":"1","a":"2"}"#).unwrap();
        assert_eq!(object.string("a").unwrap(), "2");
        assert_eq!(object.render_with(&[("a", "3")], 1000).unwrap(), r#"{"a":"3","a":"3"}"#);
    }

    #[test]
    fn an_object_that_grows_by_the_change_stops_at_the_limit() {
        let object = Object::parse(r#"{"a":1,"a":2,"a":3,"a":4}"#).unwrap();
        let name = "n".repeat(100);
        assert!(object.render_with(&[("a", &name)], 500).is_ok());
        let error = object.render_with(&[("a", &name)], 250).unwrap_err();
        let ErrorKind::Limit(exceeded) = error.kind() else { panic!("{error}") };
        assert_eq!((exceeded.name, exceeded.allowed), ("max_event_bytes", 250));
        assert!(exceeded.wanted < 400, "it continued to {}", exceeded.wanted);
    }
}
