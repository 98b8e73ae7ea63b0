//! Lists of packages in files of this machine, compressed or not.

use std::fs;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use gachette_core::Sha256Digest;
use gachette_core::base::{BaseName, ListSource};
use jiff::Timestamp;
use trebuchet::process::{Process, ProcessError};

use super::{BaseError, USUAL_PRIORITY, kept};
use crate::Cancel;
use crate::repository::{KeptList, LARGEST_LIST};

/// apt's program that shows a file whatever it is compressed with.
const HELPER: &str = "/usr/lib/apt/apt-helper";

/// How compressed lists are named that it tells when they are cut off. Of gzip it does not.
const COMPRESSED: [&str; 5] = ["bz2", "lz4", "lzma", "xz", "zst"];

pub(super) fn take(name: &BaseName, file: &Path, cancel: &Cancel) -> Result<KeptList, BaseError> {
    // What is said of it is looked at first: if it changes meanwhile, that is noticed the next time.
    let source = stamp(file)?;
    let bytes = read(file, cancel)?;
    let source = ListSource { sha256: Sha256Digest::of(&bytes), ..source };
    let text = list_text(bytes, &source.place)?;
    kept(name.to_string(), None, USUAL_PRIORITY, source, &text)
}

/// Whether a file is still the one that a list came from, by its size and time.
pub(super) fn is_as_before(source: &ListSource, file: &Path) -> bool {
    stamp(file).is_ok_and(|now| ListSource { sha256: source.sha256, ..now } == *source)
}

/// The text of a list, each line of which has an end: of one that was cut off, the last has none.
pub(super) fn list_text(bytes: Vec<u8>, place: &str) -> Result<String, BaseError> {
    let text = text(bytes, place)?;
    if text.is_empty() || text.ends_with('\n') {
        return Ok(text);
    }
    let reason = "it ends in the middle of a line, so it was cut off".to_owned();
    Err(BaseError::Broken { place: place.to_owned(), reason })
}

/// A text.
pub(super) fn text(bytes: Vec<u8>, place: &str) -> Result<String, BaseError> {
    String::from_utf8(bytes).map_err(|_| BaseError::Encoding { place: place.to_owned() })
}

/// All of a file; what is compressed, is not any more.
pub(super) fn read(file: &Path, cancel: &Cancel) -> Result<Vec<u8>, BaseError> {
    read_of(file, &file.display().to_string(), cancel)
}

/// The same of a file that came from another place.
pub(super) fn read_of(file: &Path, place: &str, cancel: &Cancel) -> Result<Vec<u8>, BaseError> {
    let failed = |source| BaseError::Io { path: file.to_owned(), source };
    let broken = |reason| BaseError::Broken { place: place.to_owned(), reason };
    // Also where another program reads it: that would wait for ever for who writes into a pipe.
    let opened = trebuchet::open_regular(file).map_err(failed)?;
    let is_named = |end: &str| file.extension().is_some_and(|found| found == end);
    if COMPRESSED.into_iter().any(is_named) {
        let helper = Process::new(HELPER).arg("cat-file").arg(file).output_limit(LARGEST_LIST as usize);
        return match helper.output(cancel) {
            Ok(output) => Ok(output.stdout),
            Err(ProcessError::Failed { last_lines, .. }) => Err(broken(last_lines.join("; "))),
            Err(error) => Err(BaseError::Process(error)),
        };
    }
    let bytes = if is_named("gz") {
        let unpacked = all_of(MultiGzDecoder::new(BufReader::new(opened)));
        unpacked.map_err(|error| broken(format!("as gzip: {error}")))?
    } else {
        all_of(opened).map_err(failed)?
    };
    if bytes.len() as u64 > LARGEST_LIST {
        return Err(BaseError::Large { place: place.to_owned() });
    }
    Ok(bytes)
}

/// All of it, up to one byte more than a list has.
fn all_of(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST_LIST + 1).read_to_end(&mut bytes)?;
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
