//! How the members of a package are compressed.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use liblzma::stream::{Check, Filters, LzmaOptions, MtStreamBuilder};
use liblzma::write::XzEncoder;

use super::DebError;

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

    /// An encoder for a stream of exactly `length` bytes. Its output does not depend on `threads`.
    pub(super) fn encoder<W: Write>(
        self,
        output: W,
        length: u64,
        threads: usize,
    ) -> Result<Encoder<W>, DebError> {
        let failed = DebError::io("cannot start to compress", "the package");
        // Without a worker both formats are written another way: other bytes than with one or many.
        let threads = u32::try_from(threads.clamp(1, 256)).unwrap_or(1);
        match self {
            Self::Zstd { level } => {
                in_range("zstd", level.into(), 1, 19)?;
                zstd_encoder(output, level, length, threads).map(Encoder::Zstd).map_err(failed)
            }
            Self::Xz { level } => {
                in_range("xz", level.into(), 0, 9)?;
                xz_encoder(output, level, length, threads).map(Encoder::Xz).map_err(failed)
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
    threads: u32,
) -> io::Result<zstd::Encoder<'static, W>> {
    let mut encoder = zstd::Encoder::new(output, level)?;
    encoder.set_pledged_src_size(Some(length))?;
    encoder.multithread(threads)?;
    Ok(encoder)
}

fn xz_encoder<W: Write>(output: W, level: u32, length: u64, threads: u32) -> io::Result<XzEncoder<W>> {
    let mut options = LzmaOptions::new_preset(level)?;
    // A dictionary larger than what there is costs memory and time for nothing.
    let dictionary = length.next_power_of_two().clamp(1 << 16, preset_dictionary(level));
    options.dict_size(u32::try_from(dictionary).unwrap_or(1 << 23));
    let mut filters = Filters::new();
    filters.lzma2(&options);
    let block = (3 * dictionary).max(1 << 20);
    let stream = MtStreamBuilder::new()
        .threads(threads)
        .block_size(block)
        .filters(filters)
        .check(Check::Crc64)
        .encoder()?;
    Ok(XzEncoder::new_stream(output, stream))
}

/// The dictionary of xz's presets, in bytes (xz(1)).
fn preset_dictionary(level: u32) -> u64 {
    match level {
        0 => 1 << 18,
        1 => 1 << 20,
        2 => 1 << 21,
        3 | 4 => 1 << 22,
        5 | 6 => 1 << 23,
        7 => 1 << 24,
        8 => 1 << 25,
        _ => 1 << 26,
    }
}

/// A running compression.
pub(super) enum Encoder<W: Write> {
    Zstd(zstd::Encoder<'static, W>),
    Xz(XzEncoder<W>),
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
