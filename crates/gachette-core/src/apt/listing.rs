//! What an index lists, in parts that stay the same when something else in the stack changes.
//!
//! Compressing is what an index costs. So it is cut into parts that are compressed, and kept, each by itself: a change of one
//! package makes one part new. Where a part ends is decided by the names in it alone, so a package that comes, goes or
//! changes its version moves no other end.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::Sha256Digest;
use crate::debian::{Architecture, PackageName, Version};
use crate::stack::Content;

/// One name in so many ends a part, on average.
const USUAL_LENGTH: u64 = 64;
/// How many packages a part has at most.
const GREATEST_LENGTH: usize = 256;
/// How stanzas are written: another way must have another number. It goes into the key of each part, and into what is known of suites.
pub const STANZA_FORMAT: u32 = 2;

/// One package file of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The package.
    pub name: &'a PackageName,
    /// Its version.
    pub version: &'a Version,
    /// The architecture of the file.
    pub architecture: &'a Architecture,
    /// The SHA-256 of the file.
    pub file: Sha256Digest,
}

/// What one index lists: the packages of a stack that install on one architecture, by name.
#[derive(Clone, Debug)]
pub struct Listing<'a>(Vec<Listed<'a>>);

/// Neighbours of a listing that are compressed together.
#[derive(Clone, Copy, Debug)]
pub struct Part<'l, 'a>(&'l [Listed<'a>]);

impl<'a> Listing<'a> {
    /// What installs on this architecture: its own packages and those of `all`.
    pub fn of(content: &'a Content, architecture: &Architecture) -> Self {
        let files = content.iter().flat_map(|package| {
            let fits = |of: &Architecture| of.is_all() || of == architecture;
            let files = package.files.iter().filter(move |(of, _)| fits(of));
            files.map(|(of, file)| Listed {
                name: &package.name,
                version: &package.version,
                architecture: of,
                file: *file,
            })
        });
        Self(files.collect())
    }

    /// Which architectures have an index: those of the content and the given ones, and `all`.
    pub fn architectures(content: &Content, more: &[Architecture]) -> BTreeSet<Architecture> {
        let theirs = content.iter().flat_map(|package| package.files.keys());
        let distinct: BTreeSet<&Architecture> = theirs.chain(more).collect();
        distinct.into_iter().cloned().chain([Architecture::all()]).collect()
    }

    /// The packages, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Listed<'a>> {
        self.0.iter()
    }

    /// How many packages there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts, in order.
    pub fn parts(&self) -> Vec<Part<'_, 'a>> {
        let mut parts = Vec::with_capacity(self.0.len() / 32 + 1);
        let mut begin = 0;
        for (at, listed) in self.0.iter().enumerate() {
            let length = at + 1 - begin;
            if ends_a_part(listed.name) || length == GREATEST_LENGTH || at + 1 == self.0.len() {
                parts.push(Part(&self.0[begin..=at]));
                begin = at + 1;
            }
        }
        parts
    }
}

impl<'l, 'a> Part<'l, 'a> {
    /// The packages.
    pub fn packages(&self) -> &'l [Listed<'a>] {
        self.0
    }

    /// What its bytes are known by: the SHA-256 of one line `NAME VERSION ARCH SHA256` a package, and of how they are
    /// written.
    pub fn key(&self) -> Sha256Digest {
        let mut lines = format!("{STANZA_FORMAT}\n");
        for Listed { name, version, architecture, file } in self.0 {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{name} {version} {architecture} {file}");
        }
        Sha256Digest::of(lines.as_bytes())
    }
}

/// By FNV-1a, of which the low bits are well mixed.
fn ends_a_part(name: &PackageName) -> bool {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    name.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, step).is_multiple_of(USUAL_LENGTH)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::stack::StackedPackage;

    fn package(name: &str, version: &str, architecture: &str) -> StackedPackage {
        let file = Sha256Digest::of(format!("{name} {version}").as_bytes());
        StackedPackage {
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            files: [(architecture.parse().unwrap(), file)].into(),
        }
    }

    fn many() -> Content {
        (0..5000).map(|number| package(&format!("dh-package-{number}"), "1.0", "all")).collect()
    }

    fn keys(content: &Content) -> HashSet<Sha256Digest> {
        let listing = Listing::of(content, &"amd64".parse().unwrap());
        listing.parts().iter().map(Part::key).collect()
    }

    #[test]
    fn an_index_has_what_installs_on_its_architecture() {
        let content: Content =
            [package("aa", "1", "all"), package("bb", "1", "amd64"), package("cc", "1", "arm64")]
                .into_iter()
                .collect();
        let names = |architecture: &str| {
            let listing = Listing::of(&content, &architecture.parse().unwrap());
            listing.0.iter().map(|listed| listed.name.to_string()).collect::<String>()
        };
        assert_eq!(
            (names("amd64").as_str(), names("arm64").as_str(), names("all").as_str()),
            ("aabb", "aacc", "aa")
        );
        let all = Listing::architectures(&content, &["riscv64".parse().unwrap()]);
        let all: Vec<&str> = all.iter().map(Architecture::as_str).collect();
        assert_eq!(all, ["all", "amd64", "arm64", "riscv64"]);
    }

    #[test]
    fn parts_hold_everything_once_and_none_is_large() {
        let content = many();
        let listing = Listing::of(&content, &"amd64".parse().unwrap());
        let parts = listing.parts();
        let together: Vec<Listed<'_>> = parts.iter().flat_map(|part| part.packages()).copied().collect();
        assert_eq!(together, listing.0);
        assert!(parts.iter().all(|part| (1..=GREATEST_LENGTH).contains(&part.packages().len())));
        assert!((40..160).contains(&parts.len()), "{}", parts.len());
    }

    #[test]
    fn one_change_makes_one_or_two_parts_new() {
        let before = many();
        for change in [package("dh-package-77", "2.0", "all"), package("another", "1.0", "all")] {
            let mut after = before.clone();
            after.put(change);
            let new = keys(&after).difference(&keys(&before)).count();
            assert!((1..=2).contains(&new), "{new}");
        }
        let mut after = before.clone();
        after.take(&"dh-package-4000".parse().unwrap());
        assert!(keys(&after).difference(&keys(&before)).count() <= 1);
    }
}
