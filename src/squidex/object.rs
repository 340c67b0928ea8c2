//! JSON objects as a list of raw members, so that one can be changed while every other byte stays.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Reads a struct from a JSON object, and from nothing else: serde would take an array for one, member by member.
pub(super) fn from_object<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(serde_json::Error::custom("not a JSON object"))
    }
}

/// The members of a JSON object, in order, duplicates included, with their values as text.
pub(super) struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl<'a> Object<'a> {
    pub(super) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The value of a member that is a string; of several with one name, the last, as .NET's reader has it.
    pub(super) fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.last(name)?).ok()
    }

    /// The value of a member that is a whole number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        serde_json::from_str(self.last(name)?).ok()
    }

    fn last(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.get())
    }

    /// The object as text, with the members named in `changes` replaced by those strings. Absent members stay absent.
    pub(super) fn render_with(&self, changes: &[(&str, &str)]) -> serde_json::Result<String> {
        let mut text = String::from("{");
        for (index, (key, value)) in self.0.iter().enumerate() {
            if index != 0 {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(key)?);
            text.push(':');
            match changes.iter().find(|(name, _)| name == key) {
                Some((_, new)) => text.push_str(&serde_json::to_string(new)?),
                None => text.push_str(value.get()),
            }
        }
        text.push('}');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_member_changes() {
        let text = r#"{"z":1e2,"appId":"a,b","n":123456789012345678901234567890,"a":{"appId": [1.0] }}"#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.render_with(&[]).unwrap(), text);
        let changed = object.render_with(&[("appId", "c\",d")]).unwrap();
        assert_eq!(changed, text.replace(r#""a,b""#, r#""c\",d""#));
    }

    #[test]
    fn the_last_of_two_members_counts_and_both_change() {
        let object = Object::parse(r#"{"a":"1","a":"2"}"#).unwrap();
        assert_eq!(object.string("a").unwrap(), "2");
        assert_eq!(object.render_with(&[("a", "3")]).unwrap(), r#"{"a":"3","a":"3"}"#);
    }
}
