//! One block's data in LZMA2, compressed by liblzma or stored.

use std::io;

use liblzma::stream::{Action, Filters, LzmaOptions, Status, Stream};

/// How much is compressed between two looks at whether to go on.
const STEP: usize = 1 << 17;
/// The most bytes that a stored chunk of LZMA2 holds.
const STORED_CHUNK: usize = 1 << 16;

/// How blocks are compressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// The preset of xz, 0 to 9.
    pub(super) level: u32,
    /// The size of the dictionary in bytes, a power of two.
    pub(super) dictionary: u32,
}

/// How a block holds its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Compressed.
    Lzma,
    /// As it is.
    Stored,
}

/// The data of a block.
pub(super) struct Segment {
    /// In LZMA2.
    pub(super) packed: Vec<u8>,
    /// How long it is unpacked, in bytes.
    pub(super) length: u64,
    /// The CRC-32 of the unpacked data.
    pub(super) crc32: u32,
}

impl Segment {
    pub(super) fn pack(
        bytes: &[u8],
        packing: Packing,
        settings: Settings,
        stop: &dyn Fn() -> bool,
    ) -> io::Result<Self> {
        let packed = match packing {
            Packing::Lzma => compress(bytes, settings, stop)?,
            Packing::Stored => store(bytes),
        };
        Ok(Self { packed, length: bytes.len() as u64, crc32: crc32fast::hash(bytes) })
    }
}

fn compress(bytes: &[u8], settings: Settings, stop: &dyn Fn() -> bool) -> io::Result<Vec<u8>> {
    let mut filters = Filters::new();
    filters.lzma2(LzmaOptions::new_preset(settings.level)?.dict_size(settings.dictionary));
    let mut encoder = Stream::new_raw_encoder(&filters)?;
    let mut packed = Vec::with_capacity(bytes.len() / 3);
    let (mut from, mut status) = (0, Status::Ok);
    while status != Status::StreamEnd {
        if stop() {
            return Err(io::Error::other("stopped"));
        }
        packed.reserve(STEP);
        let to = bytes.len().min(from + STEP);
        let action = if to == bytes.len() { Action::Finish } else { Action::Run };
        let before = encoder.total_in();
        status = encoder.process_vec(&bytes[from..to], &mut packed, action)?;
        from += (encoder.total_in() - before) as usize;
    }
    Ok(packed)
}

/// Chunks of LZMA2 without compression: a control byte, which is 1 for the first and 2 for those after it, the length less
/// one in two bytes, and the data; 0 ends it.
fn store(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len() + 3 * bytes.len().div_ceil(STORED_CHUNK) + 1);
    for (at, chunk) in bytes.chunks(STORED_CHUNK).enumerate() {
        let less_one = (chunk.len() - 1) as u16;
        packed.push(if at == 0 { 1 } else { 2 });
        packed.extend_from_slice(&less_one.to_be_bytes());
        packed.extend_from_slice(chunk);
    }
    packed.push(0);
    packed
}
