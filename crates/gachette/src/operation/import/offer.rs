//! The packages that lists name.

use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Paragraphs, Version};

use super::OperationError;
use crate::repository::hash;

/// A package that a list names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Offer {
    pub(super) name: PackageName,
    pub(super) version: Version,
    pub(super) architecture: Architecture,
    pub(super) sha256: Sha256Digest,
}

impl Offer {
    /// Whether a file is this package, by its bytes.
    pub(super) fn is_file(&self, path: &Path) -> bool {
        let file = trebuchet::open_regular(path);
        file.and_then(|file| hash(&file)).is_ok_and(|(sha256, _)| sha256 == self.sha256)
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.version, self.architecture)
    }
}

/// What a list names. One that is not sound in itself was not believed by apt; a paragraph without a hash is left out.
pub(super) fn offers(file: &Path) -> Result<Vec<Offer>, OperationError> {
    let failed = |source| OperationError::Io { path: file.display().to_string(), source };
    let mut offers = Vec::new();
    let mut paragraph = String::new();
    let mut lines = BufReader::new(File::open(file).map_err(failed)?).split(b'\n');
    loop {
        let line = lines.next().transpose().map_err(failed)?;
        match &line {
            Some(line) if !line.is_empty() => {
                paragraph.push_str(&String::from_utf8_lossy(line));
                paragraph.push('\n');
            }
            _ => {
                offers.extend(offer(&paragraph));
                paragraph.clear();
            }
        }
        if line.is_none() {
            return Ok(offers);
        }
    }
}

fn offer(paragraph: &str) -> Option<Offer> {
    let fields = Paragraphs::new(paragraph).next()?.ok()?;
    let field = |name: &str| fields.get(name).map(|value| value.into_owned());
    Some(Offer {
        name: field("Package")?.parse().ok()?,
        version: field("Version")?.parse().ok()?,
        architecture: field("Architecture")?.parse().ok()?,
        sha256: field("SHA256")?.parse().ok()?,
    })
}
