//! What is around the blocks of an .xz file, by "The .xz File Format" 1.2.1 (<https://tukaani.org/xz/xz-file-format.txt>).

use std::io;

use super::block::Segment;

/// The check of each block is a CRC-32, which every reader knows (2.1.1.2).
const STREAM_FLAGS: [u8; 2] = [0, 1];
/// The length of that check, in bytes.
const CHECK_LENGTH: u64 = 4;
/// One filter, and both sizes are there (3.1.2).
const BLOCK_FLAGS: u8 = 0xc0;
/// The identifier of LZMA2, and the length of its properties (5.3.1).
const LZMA2: [u8; 2] = [0x21, 1];

/// The beginning of a file (2.1.1).
pub(super) fn stream_header() -> [u8; 12] {
    let mut header = [0xfd, b'7', b'z', b'X', b'Z', 0, 0, 0, 0, 0, 0, 0];
    header[6..8].copy_from_slice(&STREAM_FLAGS);
    header[8..].copy_from_slice(&crc32(&STREAM_FLAGS));
    header
}

/// What stands before and after a block's data.
pub(super) struct Frame {
    pub(super) header: Vec<u8>,
    /// Padding and check.
    pub(super) end: Vec<u8>,
    /// What the index says of it.
    pub(super) record: Record,
}

/// What the index at the end of a file says of a block (4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The size of the whole block without padding, in bytes.
    pub unpadded: u64,
    /// The size of its data when unpacked, in bytes.
    pub length: u64,
}

/// The frame of a block whose data was packed with this dictionary, a power of two of at least 4 KiB (3).
pub(super) fn block(segment: &Segment, dictionary: u32) -> io::Result<Frame> {
    let mut header = vec![0, BLOCK_FLAGS];
    put_number(&mut header, segment.packed.len() as u64);
    put_number(&mut header, segment.length);
    header.extend_from_slice(&LZMA2);
    // 5.3.1: an even value says 2^(value / 2 + 12).
    header.push(2 * (dictionary.trailing_zeros().saturating_sub(12)) as u8);
    pad(&mut header);
    header[0] = u8::try_from(header.len() / 4).map_err(io::Error::other)?;
    let sum = crc32(&header);
    header.extend_from_slice(&sum);
    let mut end = vec![0; segment.packed.len().next_multiple_of(4) - segment.packed.len()];
    end.extend_from_slice(&segment.crc32.to_le_bytes());
    let unpadded = header.len() as u64 + segment.packed.len() as u64 + CHECK_LENGTH;
    Ok(Frame { header, end, record: Record { unpadded, length: segment.length } })
}

/// The list of blocks at the end (4).
#[derive(Default)]
pub(super) struct Index {
    records: Vec<u8>,
    blocks: u64,
}

impl Index {
    pub(super) fn add(&mut self, block: Record) {
        put_number(&mut self.records, block.unpadded);
        put_number(&mut self.records, block.length);
        self.blocks += 1;
    }

    /// The index and the footer of the file (2.1.2).
    pub(super) fn finish(&self) -> io::Result<Vec<u8>> {
        let mut end = vec![0];
        put_number(&mut end, self.blocks);
        end.extend_from_slice(&self.records);
        pad(&mut end);
        let sum = crc32(&end);
        end.extend_from_slice(&sum);
        let mut footer = u32::try_from(end.len() / 4 - 1).map_err(io::Error::other)?.to_le_bytes().to_vec();
        footer.extend_from_slice(&STREAM_FLAGS);
        end.extend_from_slice(&crc32(&footer));
        end.extend_from_slice(&footer);
        end.extend_from_slice(b"YZ");
        Ok(end)
    }
}

/// A number in as many bytes as it needs, seven bits each, the lowest first (1.2).
fn put_number(output: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        output.push(number as u8 | 0x80);
        number >>= 7;
    }
    output.push(number as u8);
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn crc32(bytes: &[u8]) -> [u8; 4] {
    crc32fast::hash(bytes).to_le_bytes()
}
