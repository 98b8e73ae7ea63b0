//! Relations that are looked at where they stand, without being copied: for the many of a distribution.
//!
//! As lenient as dpkg. Names and versions are not checked further than that they can be shown; whoever wants to keep one
//! reads it as [`Relations`](super::Relations).

use std::fmt;

use super::relation_reader::{Dialect, Reader};
use super::relations::{Operator, RelationsError};

/// One relation in somebody else's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelationRef<'a> {
    /// The package it is about.
    pub name: &'a str,
    /// `any`, `native` or an architecture, after the name and a colon.
    pub qualifier: Option<&'a str>,
    /// The versions it is about; all when there is none.
    pub version: Option<(Operator, &'a str)>,
    /// Whether the relation after it is an alternative to it (`|`).
    pub has_alternative: bool,
}

/// The relations of one field, in order; one that cannot be read is an error and ends the iteration.
pub struct RelationRefs<'a> {
    reader: Option<Reader<'a>>,
}

impl<'a> RelationRefs<'a> {
    /// Reads the value of a relation field, which may be folded over lines.
    pub fn new(text: &'a str) -> Self {
        let mut reader = Reader::new(text, Dialect::Dpkg);
        Self { reader: (!reader.is_at_end()).then_some(reader) }
    }
}

impl<'a> Iterator for RelationRefs<'a> {
    type Item = Result<RelationRef<'a>, RelationsError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = self.reader.take()?;
        let relation = match reader.relation_ref() {
            Ok(relation) => relation,
            Err(error) => return Some(Err(error)),
        };
        match reader.separator() {
            Ok(None) => Some(Ok(relation)),
            Ok(Some(separator)) => {
                self.reader = Some(reader);
                Some(Ok(RelationRef { has_alternative: separator == '|', ..relation }))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl fmt::Display for RelationRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(qualifier) = self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        match self.version {
            Some((operator, version)) => write!(f, " ({} {version})", operator.as_str()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::debian::Relations;

    fn spelled(text: &str) -> String {
        let relations = RelationRefs::new(text).map(|relation| match relation {
            Ok(r) => format!("{r}{}", if r.has_alternative { " | " } else { ", " }),
            Err(error) => format!("<{error}>, "),
        });
        relations.collect::<String>().trim_end_matches(", ").to_owned()
    }

    #[test]
    fn relations_are_read_where_they_stand() {
        let read = spelled("libc6 (>= 2.36) ,\n python3:any|python (<2), Foo_Bar (= 1)");
        assert_eq!(read, "libc6 (>= 2.36), python3:any | python (<= 2), Foo_Bar (= 1)");
        assert_eq!(spelled(" "), "");
    }

    #[test]
    fn what_cannot_be_shown_or_is_for_sources_is_refused() {
        for (text, reason) in [
            ("a2\u{1b}7", "only printable ASCII is allowed"),
            ("a2 (= 1\u{7})", "only printable ASCII is allowed"),
            ("a2 (= )", "a version is missing"),
            ("a2 [amd64]", "are for source packages only"),
            ("a2,", "a package's name is missing"),
            ("a2 b2", "expected `,` or `|` after it"),
        ] {
            assert!(spelled(text).contains(reason), "{text:?}: {}", spelled(text));
        }
    }

    proptest! {
        #[test]
        fn what_is_read_as_relations_is_read_the_same_where_it_stands(text in "[a2, |:()<>=\n1.-]{0,24}") {
            if let Ok(relations) = Relations::from_dpkg(&text) {
                prop_assert_eq!(spelled(&text), relations.to_string());
            }
        }
    }
}
