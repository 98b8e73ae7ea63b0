//! The names of bases, and references to one of a base's entries.

use std::fmt;
use std::str::FromStr;

use crate::as_text::as_text;
use crate::stack::{NameError, revision_number, segment};

/// The name of a base, such as `bookworm`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseName(String);

/// A base, or one of its entries: `NAME`, `NAME@3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseRef {
    /// The base.
    pub base: BaseName,
    /// The number of the entry; the newest when there is none.
    pub number: Option<u64>,
}

impl BaseName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<BaseName> for BaseRef {
    fn from(base: BaseName) -> Self {
        Self { base, number: None }
    }
}

impl FromStr for BaseName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        segment(text, "name of a base").map(Self)
    }
}

impl FromStr for BaseRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('@') {
            None => Ok(text.parse::<BaseName>()?.into()),
            Some((name, number)) => Ok(Self {
                base: name.parse()?,
                number: Some(revision_number(text, "entry of a base", number)?),
            }),
        }
    }
}

impl fmt::Display for BaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BaseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{}@{number}", self.base),
            None => write!(f, "{}", self.base),
        }
    }
}

as_text!(BaseName, r"^[A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}$");
as_text!(BaseRef, r"^[A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}(@[1-9][0-9]{0,9})?$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_named_alone_or_with_its_entry() {
        let named: BaseRef = "bookworm@3".parse().unwrap();
        assert_eq!((named.base.as_str(), named.number), ("bookworm", Some(3)));
        assert_eq!(named.to_string(), "bookworm@3");
        for wrong in ["", "../x", "a/b", "bookworm@", "bookworm@0", "a b", ".x"] {
            assert!(wrong.parse::<BaseRef>().is_err(), "{wrong:?}");
        }
    }
}
