//! JSON words that a derive cannot produce: days of the week, and "any".

use serde::de::{Deserializer, Error as _, IntoDeserializer, value::StrDeserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// Days of the week as lower-case English words.
pub(super) mod weekday {
    use super::{Deserialize, Deserializer, Serializer};
    use jiff::civil::Weekday;
    use serde::de::Error as _;

    pub(in super::super) const fn name(weekday: Weekday) -> &'static str {
        match weekday {
            Weekday::Monday => "Monday",
            Weekday::Tuesday => "Tuesday",
            Weekday::Wednesday => "Wednesday",
            Weekday::Thursday => "Thursday",
            Weekday::Friday => "Friday",
            Weekday::Saturday => "Saturday",
            Weekday::Sunday => "Sunday",
        }
    }

    pub(in super::super) fn serialize<S: Serializer>(weekday: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&name(*weekday).to_lowercase())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut days = Weekday::Monday.cycle_forward().take(7);
        let found = days.find(|weekday| name(*weekday).to_lowercase() == text);
        found.ok_or_else(|| D::Error::custom(format_args!("{text:?} is not a weekday such as \"sunday\"")))
    }
}

const ANY: &str = "any";

/// One value, or any. In JSON the word of the value, or `"any"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Match<T> {
    #[default]
    Any,
    Only(T),
}

impl<T: PartialEq> Match<T> {
    pub(super) fn admits(&self, value: &T) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => wanted == value,
        }
    }
}

impl<T: Copy> Match<T> {
    pub(super) const fn only(&self) -> Option<T> {
        match self {
            Self::Any => None,
            Self::Only(value) => Some(*value),
        }
    }
}

impl<T: Serialize> Serialize for Match<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str(ANY),
            Self::Only(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Match<T> {
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
        assert_eq!(serde_json::from_str::<Match<Origin>>("\"any\"").unwrap(), Match::Any);
        assert_eq!(serde_json::from_str::<Match<Origin>>("\"manual\"").unwrap(), Match::Only(Origin::Manual));
        let refused = serde_json::from_str::<Match<Origin>>("\"nightly\"").unwrap_err().to_string();
        assert!(refused.contains("unknown variant `nightly`") && refused.contains("or `any`"), "{refused}");
    }
}
