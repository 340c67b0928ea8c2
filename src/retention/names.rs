//! The words that stand for values in JSON where a derive does not know them: weekdays, counts, "any".

use serde::de::{Deserializer, Error as _, IntoDeserializer, value::StrDeserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// Weekdays as lower-case English words.
pub(super) mod weekday {
    use super::{Deserialize, Deserializer, Serializer};
    use jiff::civil::Weekday;
    use serde::de::Error as _;

    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];

    pub(in super::super) fn name(weekday: Weekday) -> &'static str {
        NAMES.iter().find(|(_, known)| *known == weekday).map_or("", |(name, _)| name)
    }

    pub(in super::super) fn serialize<S: Serializer>(weekday: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name(*weekday))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = NAMES.iter().find(|(name, _)| *name == text).map(|(_, weekday)| *weekday);
        found.ok_or_else(|| D::Error::custom(format_args!("{text:?} is not a weekday such as \"sunday\"")))
    }
}

const ANY: &str = "any";

/// One value, or any.
///
/// ```
/// use appsnap::retention::{Status, Wanted};
///
/// assert!(Wanted::Any.admits(&Status::Failed));
/// assert!(!Wanted::Only(Status::Completed).admits(&Status::Failed));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wanted<T> {
    /// Whatever it is. In JSON `"any"`.
    #[default]
    Any,
    /// This value and no other. In JSON the value's own word.
    Only(T),
}

impl<T: PartialEq> Wanted<T> {
    /// Whether `value` is wanted.
    pub fn admits(&self, value: &T) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => wanted == value,
        }
    }
}

impl<T: Serialize> Serialize for Wanted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str(ANY),
            Self::Only(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Wanted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == ANY {
            return Ok(Self::Any);
        }
        let word: StrDeserializer<'_, D::Error> = text.as_str().into_deserializer();
        T::deserialize(word).map(Self::Only).map_err(|error| D::Error::custom(format_args!("{error}, or `any`")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::*;

    #[test]
    fn any_is_a_word_beside_the_values() {
        assert_eq!(serde_json::from_str::<Wanted<Origin>>("\"any\"").unwrap(), Wanted::Any);
        assert_eq!(serde_json::from_str::<Wanted<Origin>>("\"manual\"").unwrap(), Wanted::Only(Origin::Manual));
        let refused = serde_json::from_str::<Wanted<Origin>>("\"nightly\"").unwrap_err().to_string();
        assert!(refused.contains("unknown variant `nightly`") && refused.contains("or `any`"), "{refused}");
    }
}
