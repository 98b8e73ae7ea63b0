//! How the members of a package are compressed.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use super::DebError;
use super::xz::XzWriter;
use crate::process::Cancel;

/// The format and level a package is compressed with.
///
/// The default is xz: every dpkg since 2011 unpacks it, and it is what Debian's own packages use. zstd packs many times
/// faster, but dpkg reads it from Debian 12 and Ubuntu 18.04 on only; Debian 11 refuses such a package. So it is for whoever knows
/// the targets to choose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// zstd; levels 1 to 19.
    Zstd {
        /// The level.
        level: i32,
    },
    /// xz; levels 0 to 9.
    Xz {
        /// The level.
        level: u32,
    },
    /// gzip at its best level.
    Gzip,
}

impl Default for Compression {
    fn default() -> Self {
        Self::XZ
    }
}

impl Compression {
    /// xz as dpkg-deb does it.
    pub const XZ: Self = Self::Xz { level: 6 };
    /// zstd at a level that is both smaller and quicker than xz's lower ones.
    pub const ZSTD: Self = Self::Zstd { level: 9 };

    /// What the names of compressed members end in.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Zstd { .. } => "zst",
            Self::Xz { .. } => "xz",
            Self::Gzip => "gz",
        }
    }

    /// An encoder for a stream of exactly `length` bytes. Its output does not depend on `threads`. It may end with an
    /// error once `cancel` is raised.
    pub(super) fn encoder<W: Write>(
        self,
        output: W,
        length: u64,
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Encoder<W>, DebError> {
        let failed = DebError::io("cannot start to compress", "the package");
        // Without a worker zstd is written another way: other bytes than with one or many.
        let threads = threads.clamp(1, 256);
        match self {
            Self::Zstd { level } => {
                in_range("zstd", level.into(), 1, 19)?;
                zstd_encoder(output, level, length, threads).map(Encoder::Zstd).map_err(failed)
            }
            Self::Xz { level } => {
                in_range("xz", level.into(), 0, 9)?;
                let writer = XzWriter::new(output, level, length, threads, cancel).map_err(failed)?;
                Ok(Encoder::Xz(Box::new(writer)))
            }
            Self::Gzip => Ok(Encoder::Gzip(GzEncoder::new(output, flate2::Compression::best()))),
        }
    }
}

fn in_range(format: &'static str, level: i64, lowest: i64, highest: i64) -> Result<(), DebError> {
    match (lowest..=highest).contains(&level) {
        true => Ok(()),
        false => Err(DebError::Level { format, lowest, highest, level }),
    }
}

fn zstd_encoder<W: Write>(
    output: W,
    level: i32,
    length: u64,
    threads: usize,
) -> io::Result<zstd::Encoder<'static, W>> {
    let mut encoder = zstd::Encoder::new(output, level)?;
    encoder.set_pledged_src_size(Some(length))?;
    encoder.multithread(u32::try_from(threads).unwrap_or(1))?;
    Ok(encoder)
}

/// A running compression.
pub(super) enum Encoder<W: Write> {
    Zstd(zstd::Encoder<'static, W>),
    Xz(Box<XzWriter<W>>),
    Gzip(GzEncoder<W>),
}

impl<W: Write> Encoder<W> {
    /// Writes the end of the stream and gives the output back.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Xz(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zstd(encoder) => encoder.write(bytes),
            Self::Xz(encoder) => encoder.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.flush(),
            Self::Xz(encoder) => encoder.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }
}
