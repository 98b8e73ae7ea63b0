//! Values that are read from text where it lies, without a copy of it: lists have them by the ten thousand.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// The value that a text says.
pub(crate) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    deserializer.deserialize_string(Parsing(PhantomData))
}

struct Parsing<T>(PhantomData<T>);

impl<T: FromStr<Err: Display>> Visitor<'_> for Parsing<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(Error::custom)
    }
}
