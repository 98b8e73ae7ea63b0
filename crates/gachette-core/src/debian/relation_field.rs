//! The fields of a binary package that hold relations, and what each of them allows.

use super::relations::{Operator, Relation, Relations, RelationsError};

/// A field that relates a binary package to others (Debian Policy 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelationField {
    /// `Pre-Depends`
    PreDepends,
    /// `Depends`
    Depends,
    /// `Recommends`
    Recommends,
    /// `Suggests`
    Suggests,
    /// `Enhances`
    Enhances,
    /// `Breaks`
    Breaks,
    /// `Conflicts`
    Conflicts,
    /// `Provides`
    Provides,
    /// `Replaces`
    Replaces,
}

impl RelationField {
    /// All of them, in the order in which Debian writes them.
    pub const ALL: [Self; 9] = [
        Self::PreDepends,
        Self::Depends,
        Self::Recommends,
        Self::Suggests,
        Self::Enhances,
        Self::Breaks,
        Self::Conflicts,
        Self::Provides,
        Self::Replaces,
    ];

    /// The field's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreDepends => "Pre-Depends",
            Self::Depends => "Depends",
            Self::Recommends => "Recommends",
            Self::Suggests => "Suggests",
            Self::Enhances => "Enhances",
            Self::Breaks => "Breaks",
            Self::Conflicts => "Conflicts",
            Self::Provides => "Provides",
            Self::Replaces => "Replaces",
        }
    }

    /// Reads a value for this field from what people wrote.
    pub fn parse(self, text: &str) -> Result<Relations, RelationsError> {
        let relations = text.parse()?;
        self.check(&relations)?;
        Ok(relations)
    }

    /// Whether the relations can stand in this field of a binary package.
    pub fn check(self, relations: &Relations) -> Result<(), RelationsError> {
        for relation in relations.iter() {
            let exact = relation.version.as_ref().is_none_or(|(operator, _)| *operator == Operator::Equal);
            if self == Self::Provides && !exact {
                return refuse(relation, "only exact versions (`=`) can be provided");
            }
        }
        self.check_as_dpkg(relations)
    }

    /// The same as far as dpkg refuses it, and does not only warn.
    pub(super) fn check_as_dpkg(self, relations: &Relations) -> Result<(), RelationsError> {
        let has_alternatives = matches!(
            self,
            Self::PreDepends | Self::Depends | Self::Recommends | Self::Suggests | Self::Enhances
        );
        for alternatives in &relations.0 {
            if let (false, [first, _, ..]) = (has_alternatives, alternatives.0.as_slice()) {
                return refuse(first, &format!("alternatives (`|`) are not allowed in {}", self.name()));
            }
        }
        match relations.iter().find(|r| !r.architectures.is_empty() || !r.profiles.is_empty()) {
            Some(relation) => refuse(relation, "`[…]` and `<…>` are for source packages only"),
            None => Ok(()),
        }
    }
}

fn refuse(relation: &Relation, reason: &str) -> Result<(), RelationsError> {
    Err(RelationsError { text: relation.to_string(), reason: reason.to_owned() })
}
