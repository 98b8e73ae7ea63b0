//! The difference between two contents, package by package.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::{Content, StackedPackage};
use crate::debian::{PackageName, Version};

/// The difference between two stacks, or two revisions of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StackDiff {
    /// The packages that differ, by name.
    pub packages: Vec<PackageDiff>,
}

/// One package that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageDiff {
    /// Its name.
    pub name: PackageName,
    /// How.
    #[serde(flatten)]
    pub change: PackageChange,
}

/// How a package differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum PackageChange {
    /// Only the second has it.
    Added {
        /// The version there.
        version: Version,
    },
    /// Only the first has it.
    Removed {
        /// The version there.
        version: Version,
    },
    /// The second has a newer version, in Debian's order.
    Upgraded {
        /// The first's version.
        from: Version,
        /// The second's version.
        to: Version,
    },
    /// The second has an older version, in Debian's order.
    Downgraded {
        /// The first's version.
        from: Version,
        /// The second's version.
        to: Version,
    },
    /// The version is the same, or spelled otherwise, and the files are others.
    Refiled {
        /// The second's version.
        version: Version,
    },
}

impl StackDiff {
    /// What leads from `old` to `new`.
    pub fn between(old: &Content, new: &Content) -> Self {
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        let mut packages = Vec::new();
        loop {
            let side = match (old.peek(), new.peek()) {
                (None, None) => return Self { packages },
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => left.name.cmp(&right.name),
            };
            let left = if side.is_le() { old.next() } else { None };
            let right = if side.is_ge() { new.next() } else { None };
            packages.extend(difference(left, right));
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }
}

fn difference(old: Option<&StackedPackage>, new: Option<&StackedPackage>) -> Option<PackageDiff> {
    let (name, change) = match (old, new) {
        (None, None) => return None,
        (None, Some(new)) => (&new.name, PackageChange::Added { version: new.version.clone() }),
        (Some(old), None) => (&old.name, PackageChange::Removed { version: old.version.clone() }),
        (Some(old), Some(new)) => {
            let (from, to) = (old.version.clone(), new.version.clone());
            let change = match to.cmp(&from) {
                Ordering::Greater => PackageChange::Upgraded { from, to },
                Ordering::Less => PackageChange::Downgraded { from, to },
                Ordering::Equal if from.as_str() == to.as_str() && old.files == new.files => return None,
                Ordering::Equal => PackageChange::Refiled { version: to },
            };
            (&new.name, change)
        }
    };
    Some(PackageDiff { name: name.clone(), change })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sha256Digest;

    fn content(packages: &[(&str, &str, &str)]) -> Content {
        let package = |(name, version, file): &(&str, &str, &str)| StackedPackage {
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            files: [("all".parse().unwrap(), Sha256Digest::of(file.as_bytes()))].into(),
        };
        packages.iter().map(package).collect()
    }

    #[test]
    fn each_kind_of_difference_is_told_by_its_name() {
        let old = content(&[
            ("aa", "1", "x"),
            ("bb", "1.10", "x"),
            ("cc", "1.9", "x"),
            ("ee", "1.0", "x"),
            ("ff", "1", "x"),
        ]);
        let new = content(&[
            ("bb", "1.9", "x"),
            ("cc", "1.10", "x"),
            ("dd", "1", "x"),
            ("ee", "1.0", "y"),
            ("ff", "1", "x"),
        ]);
        let told: Vec<_> = StackDiff::between(&old, &new)
            .packages
            .iter()
            .map(|p| serde_json::to_string(p).unwrap())
            .collect();
        assert_eq!(
            told,
            [
                r#"{"name":"aa","change":"removed","version":"1"}"#,
                r#"{"name":"bb","change":"downgraded","from":"1.10","to":"1.9"}"#,
                r#"{"name":"cc","change":"upgraded","from":"1.9","to":"1.10"}"#,
                r#"{"name":"dd","change":"added","version":"1"}"#,
                r#"{"name":"ee","change":"refiled","version":"1.0"}"#,
            ]
        );
    }

    #[test]
    fn a_content_does_not_differ_from_itself() {
        let same = content(&[("aa", "1", "x"), ("bb", "2", "y")]);
        assert!(StackDiff::between(&same, &same).is_empty());
    }
}
