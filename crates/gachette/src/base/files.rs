//! Lists of packages in files of this machine, compressed or not.

use std::fs;
use std::io::Read;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::base::{BaseName, ListSource};
use jiff::Timestamp;
use trebuchet::process::Process;

use super::{BaseError, USUAL_PRIORITY, kept};
use crate::Cancel;
use crate::repository::{KeptList, LARGEST_LIST};

/// apt's program that shows a file whatever it is compressed with.
const HELPER: &str = "/usr/lib/apt/apt-helper";

/// How compressed lists are named.
const COMPRESSED: [&str; 6] = ["bz2", "gz", "lz4", "lzma", "xz", "zst"];

pub(super) fn take(name: &BaseName, file: &Path, cancel: &Cancel) -> Result<KeptList, BaseError> {
    // What is said of it is looked at first: if it changes meanwhile, that is noticed the next time.
    let source = stamp(file)?;
    let bytes = read(file, cancel)?;
    let source = ListSource { sha256: Sha256Digest::of(&bytes), ..source };
    let text = text(bytes, &source.place)?;
    kept(name.to_string(), None, USUAL_PRIORITY, source, &text)
}

/// Whether a file is still the one that a list came from, by its size and time.
pub(super) fn is_as_before(source: &ListSource, file: &Path) -> bool {
    stamp(file).is_ok_and(|now| ListSource { sha256: source.sha256, ..now } == *source)
}

/// The text of a list.
pub(super) fn text(bytes: Vec<u8>, place: &str) -> Result<String, BaseError> {
    String::from_utf8(bytes).map_err(|_| BaseError::Encoding { place: place.to_owned() })
}

/// All of a file; what is compressed, is not any more.
pub(super) fn read(file: &Path, cancel: &Cancel) -> Result<Vec<u8>, BaseError> {
    let failed = |source| BaseError::Io { path: file.to_owned(), source };
    // Also where another program reads it: that would wait for ever for who writes into a pipe.
    let opened = trebuchet::open_regular(file).map_err(failed)?;
    let is_compressed = file.extension().is_some_and(|end| COMPRESSED.iter().any(|known| end == *known));
    if is_compressed {
        let helper = Process::new(HELPER).arg("cat-file").arg(file).output_limit(LARGEST_LIST as usize);
        return Ok(helper.output(cancel).map_err(BaseError::Process)?.stdout);
    }
    let mut bytes = Vec::new();
    opened.take(LARGEST_LIST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST_LIST {
        return Err(BaseError::Large { place: file.display().to_string() });
    }
    Ok(bytes)
}

fn stamp(file: &Path) -> Result<ListSource, BaseError> {
    let found = fs::metadata(file).map_err(|source| BaseError::Io { path: file.to_owned(), source })?;
    let modified = found.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Ok(ListSource {
        place: file.display().to_string(),
        sha256: Sha256Digest::of(b""),
        size: Some(found.len()),
        modified,
    })
}
