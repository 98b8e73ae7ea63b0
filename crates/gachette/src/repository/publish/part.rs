//! A part of an index in every form that it is served in, as it is kept between publications.

use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};
use trebuchet::deb::{XzBlock, XzRecord};

use super::index::is_packed;

/// How such a file begins; another form of it begins otherwise.
const MAGIC: &[u8; 8] = b"gaidx 1\n";
/// The length of what stands before the forms.
const HEAD: usize = 8 + 4 + 4 * 4 + 2 * 8;
/// xz's preset: above it, stanzas take more time than they get smaller.
const XZ_LEVEL: u32 = 4;
/// zstd's level, likewise.
const ZSTD_LEVEL: i32 = 9;

/// Stanzas, compressed in such ways that what comes of several can be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) plain: Vec<u8>,
    /// A member of a gzip file (RFC 1952, 2.2).
    pub(super) gzip: Vec<u8>,
    /// A frame of a zstd file (RFC 8878, 3.1).
    pub(super) zstd: Vec<u8>,
    /// A block of an xz stream.
    pub(super) xz: XzBlock,
}

impl Part {
    pub(super) fn pack(plain: Vec<u8>) -> io::Result<Self> {
        // Neither a name nor a time, so that the bytes depend on the text alone.
        let mut gzip = GzBuilder::new().write(Vec::with_capacity(plain.len() / 4), Compression::new(6));
        gzip.write_all(&plain)?;
        let gzip = gzip.finish()?;
        let zstd = zstd::bulk::compress(&plain, ZSTD_LEVEL)?;
        let xz = XzBlock::pack(&plain, XZ_LEVEL)?;
        Ok(Self { plain, gzip, zstd, xz })
    }

    /// The bytes that are kept: the lengths of the forms, what the end of an xz file says of its block, and the forms,
    /// under a CRC-32 against decay of the disk.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let forms = [&self.plain, &self.gzip, &self.zstd, &self.xz.bytes];
        let mut rest = Vec::with_capacity(HEAD + forms.iter().map(|form| form.len()).sum::<usize>());
        forms.iter().for_each(|form| rest.extend_from_slice(&(form.len() as u32).to_le_bytes()));
        rest.extend_from_slice(&self.xz.record.unpadded.to_le_bytes());
        rest.extend_from_slice(&self.xz.record.length.to_le_bytes());
        forms.iter().for_each(|form| rest.extend_from_slice(form));
        let sum = crc32fast::hash(&rest).to_le_bytes();
        [MAGIC.as_slice(), &sum, &rest].concat()
    }

    /// Reads kept bytes; nothing when they are not what was written.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (forms, record) = split(bytes)?;
        let [plain, gzip, zstd, xz] = forms.map(<[u8]>::to_vec);
        Some(Self { plain, gzip, zstd, xz: XzBlock { bytes: xz, record } })
    }

    /// Whether every form of it is of the same stanzas. They are unpacked no further than the plain ones go.
    pub(super) fn is_of_one_text(&self) -> bool {
        is_packed(".gz", &self.gzip, &self.plain)
            && is_packed(".zst", &self.zstd, &self.plain)
            && self.xz.holds(&self.plain)
    }

    /// The stanzas alone of kept bytes.
    pub(super) fn plain_of(bytes: &[u8]) -> Option<&[u8]> {
        split(bytes).map(|([plain, ..], _)| plain)
    }
}

/// The forms in kept bytes, and what the end of an xz file says of its block.
fn split(bytes: &[u8]) -> Option<([&[u8]; 4], XzRecord)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    if crc32fast::hash(rest) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut rest = rest;
    let mut lengths = [0; 4];
    for length in &mut lengths {
        let (bytes, after) = rest.split_first_chunk::<4>()?;
        *length = u32::from_le_bytes(*bytes) as usize;
        rest = after;
    }
    let (unpadded, rest) = rest.split_first_chunk::<8>()?;
    let (length, mut rest) = rest.split_first_chunk::<8>()?;
    let record = XzRecord { unpadded: u64::from_le_bytes(*unpadded), length: u64::from_le_bytes(*length) };
    let mut forms: [&[u8]; 4] = [&[]; 4];
    for (form, length) in forms.iter_mut().zip(lengths) {
        (*form, rest) = rest.split_at_checked(length)?;
    }
    rest.is_empty().then_some((forms, record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_unlike_texts_are_told() {
        let one = Part::pack(b"Package: dh-web\n".repeat(50)).unwrap();
        let other = Part::pack(b"Package: dh-wab\n".repeat(50)).unwrap();
        let nothing = Part::pack(Vec::new()).unwrap();
        assert!(one.is_of_one_text() && nothing.is_of_one_text());
        for mixed in [
            Part { plain: other.plain.clone(), ..one.clone() },
            Part { gzip: other.gzip.clone(), ..one.clone() },
            Part { zstd: [other.zstd.clone(), one.zstd.clone()].concat(), ..one.clone() },
            Part { xz: other.xz.clone(), ..one.clone() },
            Part { gzip: nothing.gzip, ..one.clone() },
            Part { gzip: [one.gzip.clone(), other.gzip.clone()].concat(), ..one.clone() },
            Part { gzip: [one.gzip.clone(), b"more".to_vec()].concat(), ..one.clone() },
        ] {
            assert!(!mixed.is_of_one_text());
        }
    }

    #[test]
    fn what_was_kept_comes_back_and_nothing_else_does() {
        let part = Part::pack(b"Package: dh-web\n".repeat(50)).unwrap();
        let bytes = part.to_bytes();
        assert_eq!(Part::parse(&bytes).as_ref(), Some(&part));
        for at in [0, 9, 13, 40, 60, bytes.len() / 2, bytes.len() - 1] {
            let mut decayed = bytes.clone();
            decayed[at] ^= 1;
            assert_eq!(Part::parse(&decayed), None, "byte {at}");
            assert_eq!(Part::parse(&bytes[..at]), None, "cut at {at}");
        }
    }
}
