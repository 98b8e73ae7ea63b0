//! The packages that lists name.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Paragraphs, Version};

use super::{OperationError, RefusedFile};
use crate::repository::hash;

/// Why a package cannot be compared with what a list says.
const NO_SHA256: &str = "the list of packages names no `SHA256` of it, so what comes could be any file";

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

/// What a list names for these architectures. One that is not sound in itself was not believed by apt; what it names and cannot be
/// taken is noted.
pub(super) fn offers(
    file: &Path,
    accepted: &BTreeSet<Architecture>,
    refused: &mut Vec<RefusedFile>,
) -> Result<Vec<Offer>, OperationError> {
    let failed = |source| OperationError::Io { path: file.display().to_string(), source };
    let mut offers = Vec::new();
    let mut paragraph = String::new();
    let mut lines = BufReader::new(File::open(file).map_err(failed)?).split(b'\n');
    loop {
        let line = lines.next().transpose().map_err(failed)?;
        match &line {
            // Lines may end as on Windows: apt takes such lists too.
            Some(line) if !matches!(&line[..], [] | [b'\r']) => {
                paragraph.push_str(&String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)));
                paragraph.push('\n');
            }
            _ => {
                match offer(&paragraph, accepted).transpose() {
                    Some(Ok(offer)) => offers.push(offer),
                    Some(Err(reason)) => refused.push(reason),
                    None => {}
                }
                paragraph.clear();
            }
        }
        if line.is_none() {
            return Ok(offers);
        }
    }
}

/// What a paragraph names, if it names anything for these architectures.
fn offer(paragraph: &str, accepted: &BTreeSet<Architecture>) -> Result<Option<Offer>, RefusedFile> {
    let Some(fields) = Paragraphs::new(paragraph).next() else { return Ok(None) };
    let refused = |file: &str, reason: String| RefusedFile { file: file.to_owned(), reason };
    let fields = fields.map_err(|error| {
        refused(paragraph.lines().next().unwrap_or_default(), format!("in the list of packages: {error}"))
    })?;
    let field = |name: &str| fields.get(name).unwrap_or_default();
    let said = format!("{} {} ({})", field("Package"), field("Version"), field("Architecture"));
    let wrong = |error: &dyn fmt::Display| refused(&said, error.to_string());
    let architecture = field("Architecture").parse().map_err(|error| wrong(&error))?;
    if !accepted.contains(&architecture) {
        return Ok(None);
    }
    let sha256 = match field("SHA256") {
        none if none.is_empty() => return Err(wrong(&NO_SHA256)),
        some => some.parse().map_err(|error| wrong(&error))?,
    };
    Ok(Some(Offer {
        name: field("Package").parse().map_err(|error| wrong(&error))?,
        version: field("Version").parse().map_err(|error| wrong(&error))?,
        architecture,
        sha256,
    }))
}
