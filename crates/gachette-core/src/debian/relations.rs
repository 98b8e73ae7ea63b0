//! Relations between packages (`Depends` and its like): reading and writing, by deb-control(5) and Debian Policy 7.
//!
//! Whether a relation is met by a set of packages is decided elsewhere.

use std::fmt;
use std::str::FromStr;

use super::relation_reader::{Dialect, Reader};
use super::{PackageName, Version};
use crate::as_text::as_text;

/// The value of a relation field: every one of its [`Alternatives`] has to be met.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Relations(pub Vec<Alternatives>);

/// Relations joined by `|`, of which one has to be met; never empty when it was parsed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alternatives(pub Vec<Relation>);

/// One relation: `name:qualifier (operator version) [architectures] <profiles>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// The package it is about.
    pub name: PackageName,
    /// `any`, `native` or an architecture, after the name and a colon.
    pub qualifier: Option<String>,
    /// The versions it is about; all when there is none.
    pub version: Option<(Operator, Version)>,
    /// Architectures it holds for, or with `!` does not; source packages only.
    pub architectures: Vec<String>,
    /// Build profiles it holds for, one list for each pair of angle brackets; source packages only.
    pub profiles: Vec<Vec<String>>,
}

/// How a version is compared with the relation's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `<<`
    Earlier,
    /// `<=`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`
    LaterOrEqual,
    /// `>>`
    Later,
}

/// Text that is no list of relations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no package relation: {reason}", .text.escape_debug())]
pub struct RelationsError {
    /// The relation that was being read, cut to a bounded length.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Relations {
    /// Reads what dpkg reads, its leniencies included: `<` and `>` (which it takes as `<=` and `>=`) and a version
    /// without operator (`=`). For packages that others made; what people write goes through [`FromStr`].
    pub fn from_dpkg(text: &str) -> Result<Self, RelationsError> {
        Reader::new(text, Dialect::Dpkg).relations()
    }

    /// Whether there is nothing to be met.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All relations, alternatives or not, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Relation> {
        self.0.iter().flat_map(|alternatives| &alternatives.0)
    }

    /// Adds a relation that has to be met too.
    pub fn push(&mut self, relation: Relation) {
        self.0.push(Alternatives(vec![relation]));
    }
}

impl Relation {
    /// A relation to a package in any version.
    pub fn any(name: PackageName) -> Self {
        Self { name, qualifier: None, version: None, architectures: Vec::new(), profiles: Vec::new() }
    }

    /// A relation to a package in certain versions.
    pub fn versioned(name: PackageName, operator: Operator, version: Version) -> Self {
        Self { version: Some((operator, version)), ..Self::any(name) }
    }
}

impl Operator {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Earlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">>",
        }
    }

    /// Whether `found` is among the versions that this operator and `wanted` describe.
    pub fn accepts<V: Ord>(self, found: &V, wanted: &V) -> bool {
        match self {
            Self::Earlier => found < wanted,
            Self::EarlierOrEqual => found <= wanted,
            Self::Equal => found == wanted,
            Self::LaterOrEqual => found >= wanted,
            Self::Later => found > wanted,
        }
    }
}

impl FromStr for Relations {
    type Err = RelationsError;

    fn from_str(text: &str) -> Result<Self, RelationsError> {
        Reader::new(text, Dialect::Strict).relations()
    }
}

impl FromStr for Relation {
    type Err = RelationsError;

    fn from_str(text: &str) -> Result<Self, RelationsError> {
        let mut all = text.parse::<Relations>()?.0;
        match (all.pop(), all.is_empty()) {
            (Some(Alternatives(mut only)), true) if only.len() == 1 => Ok(only.remove(0)),
            _ => Err(RelationsError {
                text: text.chars().take(80).collect(),
                reason: "expected exactly one relation".to_owned(),
            }),
        }
    }
}

/// Writes items with a separator between them.
fn join<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            f.write_str(separator)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

impl fmt::Display for Relations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(f, &self.0, ", ")
    }
}

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(f, &self.0, " | ")
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some(qualifier) = &self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some((operator, version)) = &self.version {
            write!(f, " ({} {version})", operator.as_str())?;
        }
        if !self.architectures.is_empty() {
            f.write_str(" [")?;
            join(f, &self.architectures, " ")?;
            f.write_str("]")?;
        }
        for profile in &self.profiles {
            f.write_str(" <")?;
            join(f, profile, " ")?;
            f.write_str(">")?;
        }
        Ok(())
    }
}

as_text!(Relations);
as_text!(Relation);

#[cfg(test)]
#[path = "relations_tests.rs"]
mod tests;
