//! A package record: what is known of one package file, and where it came from.

use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::StackedPackage;
use super::encoding::to_readable_json;
use super::revision::{FormatError, parse_format};
use crate::Sha256Digest;
use crate::debian::{Architecture, PackageName, Version};

/// The newest version of the format. A record is written in the oldest that can say it, so that older readers know what they can.
pub const RECORD_FORMAT: u32 = 2;

/// How a record ends, as it is written.
const END: &str = "\n}\n";

/// What is known of one package file. Written once, when the file is registered, and never changed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageRecord {
    /// The version of this format.
    pub format: u32,
    /// The package's name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Its architecture.
    pub architecture: Architecture,
    /// The file's name in the folder of package files.
    pub file: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Provenance::is_empty")]
    pub provenance: Provenance,
    /// The fields of its control file, in their order.
    pub control: IndexMap<String, String>,
    /// The SHA-256 of this record as it is written without this field, against decay of the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Sha256Digest>,
}

/// Where a package file came from, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Provenance {
    /// The project's name in the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Where its source was fetched from, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The ref that was asked for.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The full commit that it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The SHA-256 of the recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Sha256Digest>,
    /// The path of the recipe in the source. Since format 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missile: Option<String>,
    /// The SHA-256 of everything that decides what the build makes: two builds with the same one need not both be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Sha256Digest>,
    /// When it was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built_at: Option<Timestamp>,
    /// The machine that built it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// The version of gachette that built it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gachette: Option<String>,
    /// The SHA-256 of the file that says how it was built (deb-buildinfo(5)). Since format 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buildinfo: Option<Sha256Digest>,
}

impl Provenance {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The version of the format that can say this.
    pub fn format(&self) -> u32 {
        if self.missile.is_some() || self.buildinfo.is_some() { RECORD_FORMAT } else { 1 }
    }
}

impl PackageRecord {
    /// The package as a stack names it.
    pub fn stacked(&self) -> StackedPackage {
        StackedPackage {
            name: self.name.clone(),
            version: self.version.clone(),
            files: [(self.architecture.clone(), self.sha256)].into(),
        }
    }

    /// The bytes that are stored, [`PackageRecord::record`] among them.
    ///
    /// # Errors
    /// Never in practice; the signature is JSON's.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let format = self.provenance.format();
        let mut bytes = if self.format == format && self.record.is_none() {
            to_readable_json(self)?
        } else {
            to_readable_json(&Self { format, record: None, ..self.clone() })?
        };
        let digest = Sha256Digest::of(&bytes);
        // The last field, so that nothing before it changes.
        bytes.truncate(bytes.len().saturating_sub(END.len()));
        bytes.extend_from_slice(format!(",\n  \"record\": \"{digest}\"{END}").as_bytes());
        Ok(bytes)
    }

    /// Whether these are the bytes that gachette writes for this record.
    pub fn is_intact(&self, bytes: &[u8]) -> bool {
        self.to_bytes().is_ok_and(|ours| ours == bytes)
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// When they are no record, or one of a newer format.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        parse_format(bytes, RECORD_FORMAT, |record: &Self| record.format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_comes_last_and_changes_nothing_else() {
        let record = PackageRecord {
            format: RECORD_FORMAT,
            name: "dh-web".parse().unwrap(),
            version: "1.0".parse().unwrap(),
            architecture: "all".parse().unwrap(),
            file: "dh-web-1.0-all.deb".to_owned(),
            size: 3,
            sha256: Sha256Digest::of(b"abc"),
            provenance: Provenance::default(),
            control: IndexMap::new(),
            record: None,
        };
        let control = [("Package", "dh-web"), ("Description", "a\n b \"c\"\n }")];
        let control: IndexMap<_, _> = control.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let provenance = Provenance { missile: Some("m.yml".to_owned()), ..Provenance::default() };
        for record in [record.clone(), PackageRecord { control, provenance, ..record }] {
            let bytes = record.to_bytes().unwrap();
            let stored = PackageRecord::parse(&bytes).unwrap();
            assert_eq!(bytes, to_readable_json(&stored).unwrap());
            let bare = PackageRecord { record: None, ..stored.clone() };
            assert_eq!(stored.record, Some(Sha256Digest::of(&to_readable_json(&bare).unwrap())));
            assert!(stored.is_intact(&bytes));
        }
    }
}
