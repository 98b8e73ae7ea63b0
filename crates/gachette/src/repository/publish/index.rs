//! The files of an index, put together from its parts.

use std::io::{self, Read, Write as _};

use flate2::bufread::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use gachette_core::Sha256Digest;
use gachette_core::apt::{IndexEntry, Indices};
use trebuchet::deb::{join_xz, xz_holds};

use super::super::spread::{Worth, gather};
use super::part::Part;

/// The name of an index that is not compressed.
pub(super) const PLAIN: &str = "Packages";

/// An index: the plain file and what it is compressed to.
pub(super) struct Index {
    /// By the ends of their names.
    pub(super) files: Vec<IndexFile>,
}

/// One of the files.
pub(super) struct IndexFile {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) entry: IndexEntry,
}

impl Index {
    pub(super) fn join(parts: &[Part]) -> io::Result<Self> {
        // A compressed file of nothing is one member of nothing, not nothing.
        let nothing = [Part::pack(Vec::new())?];
        let parts = if parts.is_empty() { &nothing } else { parts };
        let names = [PLAIN, "Packages.gz", "Packages.xz", "Packages.zst"];
        let join = |name: &&str| {
            let bytes = match *name {
                "Packages.gz" => concat(parts, |part| &part.gzip),
                "Packages.xz" => {
                    join_xz(parts.iter().map(|part| (part.xz.bytes.as_slice(), part.xz.record)))?
                }
                "Packages.zst" => concat(parts, |part| &part.zstd),
                _ => concat(parts, |part| &part.plain),
            };
            Ok::<_, io::Error>(IndexFile::of((*name).to_owned(), bytes))
        };
        Ok(Self { files: gather(Worth::Megabytes, &names, join)? })
    }

    /// The index of this name, plain and as a gzip file.
    pub(super) fn gzip(name: &str, text: Vec<u8>) -> io::Result<Self> {
        let mut gzip = GzBuilder::new().write(Vec::with_capacity(text.len() / 8), Compression::new(6));
        gzip.write_all(&text)?;
        let packed = IndexFile::of(format!("{name}.gz"), gzip.finish()?);
        Ok(Self { files: vec![IndexFile::of(name.to_owned(), text), packed] })
    }

    /// What the Release file says of them when they lie in this folder.
    pub(super) fn entries(&self, folder: &str) -> Indices {
        self.files.iter().map(|file| (format!("{folder}/{}", file.name), file.entry)).collect()
    }
}

impl IndexFile {
    fn of(name: String, bytes: Vec<u8>) -> Self {
        let entry = IndexEntry { size: bytes.len() as u64, sha256: Sha256Digest::of(&bytes) };
        Self { name, bytes, entry }
    }
}

/// Whether a compressed index, by the end of its name, is this plain one for every reader. It is unpacked no further than that goes.
pub(crate) fn is_packed(name: &str, packed: &[u8], plain: &[u8]) -> bool {
    let is_it = |reader: &mut dyn Read| {
        let mut found = Vec::with_capacity(plain.len());
        reader.take(plain.len() as u64 + 1).read_to_end(&mut found).is_ok() && found == plain
    };
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("gz") => is_it(&mut MultiGzDecoder::new(packed)),
        Some("zst") => zstd::Decoder::with_buffer(packed).is_ok_and(|mut reader| is_it(&mut reader)),
        Some("xz") => xz_holds(packed, plain),
        _ => packed == plain,
    }
}

fn concat(parts: &[Part], form: impl Fn(&Part) -> &Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| form(part).len()).sum());
    parts.iter().for_each(|part| bytes.extend_from_slice(form(part)));
    bytes
}
