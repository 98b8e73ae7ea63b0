//! Which packages of one revision are older than those of another: by what they hold, or by their stored bytes, of which most lines
//! are the same in both and need not be understood for that.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::{Content, StackedPackage};
use crate::debian::{PackageName, Version};

/// The line after which packages come, one a line and by name, and the one that ends them ([`super::Revision::to_bytes`]).
const BEGIN: &[u8] = b"  \"packages\": [";
const END: &[u8] = b"  ]";

/// A package of which the second stack has an older version, in Debian's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LowerPackage {
    /// Its name.
    pub name: PackageName,
    /// The first's version.
    pub from: Version,
    /// The second's version.
    pub to: Version,
}

/// The packages of which the second has an older version: apt goes down to that only with a pin (apt_preferences(5)).
pub fn lower(old: &Content, new: &Content) -> Vec<LowerPackage> {
    let lower = |before: &StackedPackage| {
        let after = new.get(&before.name).filter(|after| after.version < before.version)?;
        let (name, from, to) = (before.name.clone(), before.version.clone(), after.version.clone());
        Some(LowerPackage { name, from, to })
    };
    old.iter().filter_map(lower).collect()
}

/// What [`lower`] says of the revisions with these stored bytes; none of bytes that are laid out otherwise than we
/// write them. Whoever asks knows that they are revisions.
pub fn lower_by_lines(old: &[u8], new: &[u8]) -> Option<Vec<LowerPackage>> {
    let (mut old, mut new) = (Lines::of(old)?, Lines::of(new)?);
    let mut lower = Vec::new();
    while let (Some(one), Some(other)) = (old.line, new.line) {
        if one == other {
            (old, new) = (old.next()?, new.next()?);
            continue;
        }
        let (one, other) = (old.package()?, new.package()?);
        let side = one.name.cmp(&other.name);
        if side.is_eq() && other.version < one.version {
            let (name, from, to) = (one.name.clone(), one.version.clone(), other.version.clone());
            lower.push(LowerPackage { name, from, to });
        }
        old = if side == Ordering::Greater { old } else { old.next()? };
        new = if side == Ordering::Less { new } else { new.next()? };
    }
    Some(lower)
}

/// The lines of packages, as far as they are still to come.
struct Lines<'a> {
    /// The next one, without its comma; none at the end.
    line: Option<&'a [u8]>,
    rest: &'a [u8],
    /// What it says, once that was asked for.
    package: Option<StackedPackage>,
}

impl<'a> Lines<'a> {
    fn of(mut bytes: &'a [u8]) -> Option<Self> {
        loop {
            let (line, rest) = split(bytes)?;
            bytes = rest;
            match line {
                BEGIN => return Lines { line: None, rest, package: None }.next(),
                b"  \"packages\": []" => return Some(Lines { line: None, rest, package: None }),
                _ => {}
            }
        }
    }

    fn next(self) -> Option<Self> {
        let (line, rest) = split(self.rest)?;
        let line = line.strip_suffix(b",").unwrap_or(line);
        let line = (line != END).then_some(line);
        // What ends a name sorts before all that is in one.
        let is_sorted = self.line.is_none_or(|before| line.is_none_or(|line| before < line));
        is_sorted.then_some(Self { line, rest, package: None })
    }

    fn package(&mut self) -> Option<&StackedPackage> {
        if self.package.is_none() {
            self.package = Some(serde_json::from_slice(self.line?).ok()?);
        }
        self.package.as_ref()
    }
}

/// The first line, and what comes after it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    let (line, rest) = bytes.split_at(end);
    Some((line, &rest[1..]))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::Sha256Digest;
    use crate::stack::{By, Next};

    /// Some of a few packages, in one of a few versions each.
    fn content() -> impl Strategy<Value = Content> {
        let versions = [None, Some("1.9-1"), Some("1.10-1"), Some("1.10-1~rc1"), Some("2:0.1")];
        prop::collection::vec(prop::sample::select(versions.to_vec()), 0..9).prop_map(|versions| {
            let packages = versions.into_iter().enumerate();
            let package = |(number, version): (usize, Option<&str>)| {
                Some(StackedPackage {
                    name: format!("dh-{number}").parse().unwrap(),
                    version: version?.parse().unwrap(),
                    files: [("all".parse().unwrap(), Sha256Digest::of(b"x"))].into(),
                })
            };
            packages.filter_map(package).collect()
        })
    }

    fn stored(content: &Content) -> Vec<u8> {
        let by = By::new("ada").because("\n  \"packages\": [").at(Timestamp::UNIX_EPOCH, "w".to_owned());
        let Next::Revision(revision) = Next::adopt(&"shop/124".parse().unwrap(), content.clone(), by) else {
            panic!("nothing came");
        };
        revision.to_bytes().unwrap()
    }

    proptest! {
        #[test]
        fn by_lines_the_same_packages_are_lower_as_by_contents(old in content(), new in content()) {
            prop_assert_eq!(lower_by_lines(&stored(&old), &stored(&new)), Some(lower(&old, &new)));
        }
    }

    #[test]
    fn of_bytes_that_are_laid_out_otherwise_nothing_is_said() {
        let content: Content = [StackedPackage {
            name: "dh-web".parse().unwrap(),
            version: "1".parse().unwrap(),
            files: [("all".parse().unwrap(), Sha256Digest::of(b"x"))].into(),
        }]
        .into_iter()
        .collect();
        let bytes = stored(&content);
        assert_eq!(lower_by_lines(&bytes, &bytes), Some(Vec::new()));
        for other in [&bytes[..bytes.len() - 6], b"{\"packages\": []}", b""] {
            assert_eq!(lower_by_lines(&bytes, other), None);
        }
        let unsorted = b"  \"packages\": [\n    {\"name\":\"b\"},\n    {\"name\":\"a\"}\n  ]\n";
        assert_eq!(lower_by_lines(unsorted, unsorted), None);
    }
}
