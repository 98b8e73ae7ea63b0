//! Names that stand twice in one object of JSON: readers differ in which of the two counts, so nobody is to go by either.

use std::collections::HashSet;
use std::fmt;

use http::StatusCode;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Problem;

/// What is wrong with a text of JSON in which an object has a name twice. Other faults are told by whoever reads it.
pub(super) fn problem(text: &[u8]) -> Option<Problem> {
    let error = serde_json::from_slice::<Distinct>(text).err().filter(serde_json::Error::is_data)?;
    let problem = Problem::invalid(format!("the body cannot be understood: {error}"));
    Some(Problem { status: StatusCode::BAD_REQUEST.as_u16(), ..problem })
}

/// A value in which no object has a name twice.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> DeserializeSeed<'de> for Distinct {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                return Err(Error::custom(format!("`{}` is given twice", name.escape_debug())));
            }
            names.insert(name);
            map.next_value::<Self>()?;
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_in_one_object_is_told_with_its_place_and_nothing_else_is() {
        for text in [
            r#"{"a": 1, "b": {"a": [1.5, -1, "a", null, true, {}]}, "c": [{"a": 1}, {"a": 2}]}"#,
            "",
            "{",
            "[1, 2",
            "nonsense",
            r#"{"a": 1e999}"#,
            "{\"a\": \"\\ud800\"}",
        ] {
            assert_eq!(problem(text.as_bytes()), None, "{text}");
        }
        for text in [r#"{"a": 1, "a": 1}"#, r#"{"x": [{"a": 1, "b": {}, "\u0061": 2}]}"#] {
            let problem = problem(text.as_bytes()).unwrap();
            assert_eq!(problem.status, 400);
            assert!(problem.title.contains("`a` is given twice at line 1 column"), "{}", problem.title);
        }
    }
}
