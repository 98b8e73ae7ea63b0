//! The files of an index, put together from its parts.

use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};
use gachette_core::Sha256Digest;
use gachette_core::apt::{IndexEntry, Indices};
use trebuchet::deb::join_xz;

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
        let xz = join_xz(parts.iter().map(|part| (part.xz.bytes.as_slice(), part.xz.record)))?;
        let files = [
            (PLAIN, concat(parts, |part| &part.plain)),
            ("Packages.gz", concat(parts, |part| &part.gzip)),
            ("Packages.xz", xz),
            ("Packages.zst", concat(parts, |part| &part.zstd)),
        ];
        Ok(Self {
            files: files.into_iter().map(|(name, bytes)| IndexFile::of(name.to_owned(), bytes)).collect(),
        })
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

fn concat(parts: &[Part], form: impl Fn(&Part) -> &Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| form(part).len()).sum());
    parts.iter().for_each(|part| bytes.extend_from_slice(form(part)));
    bytes
}
