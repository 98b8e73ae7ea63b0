//! The files of one version of a package in a stack.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Sha256Digest;
use crate::debian::Architecture;

/// The SHA-256 of a package's files, by architecture: hardly ever more than one or two, so they lie in a row, in order. A map of
/// its own for each of thousands of packages would be most of what reading a stack costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackedFiles(Vec<(Architecture, Sha256Digest)>);

impl StackedFiles {
    /// Of how many architectures there is a file.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The file of an architecture.
    pub fn get(&self, architecture: &Architecture) -> Option<&Sha256Digest> {
        self.place(architecture).ok().map(|at| &self.0[at].1)
    }

    /// Whether there is a file of an architecture.
    pub fn contains_key(&self, architecture: &Architecture) -> bool {
        self.place(architecture).is_ok()
    }

    /// The architectures, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Architecture> {
        self.0.iter().map(|(architecture, _)| architecture)
    }

    /// The files, by architecture.
    pub fn values(&self) -> impl Iterator<Item = &Sha256Digest> {
        self.0.iter().map(|(_, file)| file)
    }

    /// The architectures with their files.
    pub fn iter(&self) -> impl Iterator<Item = (&Architecture, &Sha256Digest)> {
        self.0.iter().map(|(architecture, file)| (architecture, file))
    }

    /// Puts a file in, in place of another of its architecture.
    pub fn insert(&mut self, architecture: Architecture, file: Sha256Digest) {
        match self.place(&architecture) {
            Ok(at) => self.0[at].1 = file,
            Err(at) => {
                // Most have one, and room for more would be made.
                self.0.reserve_exact(1);
                self.0.insert(at, (architecture, file));
            }
        }
    }

    fn place(&self, architecture: &Architecture) -> Result<usize, usize> {
        self.0.binary_search_by(|(of, _)| of.cmp(architecture))
    }
}

impl Extend<(Architecture, Sha256Digest)> for StackedFiles {
    fn extend<I: IntoIterator<Item = (Architecture, Sha256Digest)>>(&mut self, files: I) {
        files.into_iter().for_each(|(architecture, file)| self.insert(architecture, file));
    }
}

impl<const N: usize> From<[(Architecture, Sha256Digest); N]> for StackedFiles {
    fn from(files: [(Architecture, Sha256Digest); N]) -> Self {
        let mut row = Self::default();
        row.extend(files);
        row
    }
}

impl IntoIterator for StackedFiles {
    type Item = (Architecture, Sha256Digest);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for StackedFiles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for StackedFiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Files;

        impl<'de> Visitor<'de> for Files {
            type Value = StackedFiles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of architectures to SHA-256 digests")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StackedFiles, A::Error> {
                let mut files = StackedFiles::default();
                while let Some((architecture, file)) = map.next_entry()? {
                    files.insert(architecture, file);
                }
                Ok(files)
            }
        }

        deserializer.deserialize_map(Files)
    }
}

impl JsonSchema for StackedFiles {
    fn schema_name() -> Cow<'static, str> {
        "StackedFiles".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        std::collections::BTreeMap::<Architecture, Sha256Digest>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_a_map(files in prop::collection::vec((0..6_usize, any::<u8>()), 0..12)) {
            let names = ["all", "amd64", "arm64", "musl-linux-arm64", "i386", "riscv64"];
            let (mut row, mut map) = (StackedFiles::default(), BTreeMap::new());
            for (name, byte) in files {
                let architecture: Architecture = names[name].parse().unwrap();
                row.insert(architecture.clone(), Sha256Digest::of(&[byte]));
                map.insert(architecture, Sha256Digest::of(&[byte]));
                prop_assert_eq!(row.iter().collect::<Vec<_>>(), map.iter().collect::<Vec<_>>());
                let text = serde_json::to_string(&row).unwrap();
                prop_assert_eq!(&text, &serde_json::to_string(&map).unwrap());
                prop_assert_eq!(&serde_json::from_str::<StackedFiles>(&text).unwrap(), &row);
            }
            for name in names.map(|name| name.parse().unwrap()) {
                prop_assert_eq!(row.get(&name), map.get(&name));
                prop_assert_eq!(row.contains_key(&name), map.contains_key(&name));
            }
        }
    }
}
