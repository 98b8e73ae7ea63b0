//! Writes .xz on several threads: the input is cut into blocks that are compressed side by side and put out in order.
//!
//! liblzma does the compressing. What is ours is where blocks end, since that decides how long a package takes: blocks
//! grow smaller towards the end, so that no thread waits long for another, and long runs of data that does not compress
//! (pictures, archives) become blocks that are stored, at the speed of copying, where xz would search them in vain. The
//! blocks depend on the data alone, so the bytes do not depend on the number of threads.

mod block;
mod container;
mod joined;
mod workers;

use std::io::{self, Write};

use crate::process::Cancel;
use block::{Packing, Segment, Settings};
use container::Index;
use workers::Workers;

pub use container::Record as XzRecord;
pub use joined::{XzBlock, join_xz, xz_holds};

/// How much is looked at to see whether it compresses, in bytes.
const PIECE: usize = 1 << 20;
/// The shortest run that is stored although what is around it compresses: the next block begins without a dictionary.
const LEAST_STORED: usize = 4 * PIECE;
/// A block has at most so many times the dictionary's size, as with xz itself.
const DICTIONARIES: usize = 3;

/// An .xz file that is being written to `W`.
pub(super) struct XzWriter<W: Write> {
    output: W,
    workers: Workers,
    index: Index,
    dictionary: u32,
    /// What is not yet in a block.
    pending: Vec<u8>,
    /// How much of `pending` was looked at.
    seen: usize,
    /// How much at the end of what was looked at does not compress.
    run: usize,
    /// The size the block that is being gathered shall have.
    target: usize,
    /// How much of the announced length is not yet in a block.
    left: u64,
    probe: zstd::bulk::Compressor<'static>,
    probed: Vec<u8>,
}

impl<W: Write> XzWriter<W> {
    /// Begins a file for `length` bytes at `level` (0 to 9). Raising `cancel` makes writing and finishing fail soon.
    pub(super) fn new(
        output: W,
        level: u32,
        length: u64,
        threads: usize,
        cancel: &Cancel,
    ) -> io::Result<Self> {
        // A dictionary larger than what there is costs memory and time for nothing.
        let dictionary = length.next_power_of_two().clamp(1 << 16, preset_dictionary(level));
        let dictionary = u32::try_from(dictionary).map_err(io::Error::other)?;
        let mut writer = Self {
            output,
            workers: Workers::start(threads, Settings { level, dictionary }, cancel)?,
            index: Index::default(),
            dictionary,
            pending: Vec::new(),
            seen: 0,
            run: 0,
            target: block_size(length, dictionary),
            left: length,
            probe: zstd::bulk::Compressor::new(1)?,
            probed: vec![0; PIECE - PIECE / 128],
        };
        writer.output.write_all(&container::stream_header())?;
        Ok(writer)
    }

    /// Writes what is left and the end of the file, and gives the output back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        if self.seen < self.pending.len() {
            self.look();
        }
        self.end_block(self.pending.len())?;
        while let Some(segment) = self.workers.next()? {
            self.put_out(segment)?;
        }
        self.output.write_all(&self.index.finish()?)?;
        Ok(self.output)
    }

    /// Looks at the newest piece, and ends a block if that is the place to.
    fn look(&mut self) {
        let piece = &self.pending[self.seen..];
        // The buffer is smaller than the piece by what has to be gained.
        let room = &mut self.probed[..piece.len() - piece.len() / 128];
        let compresses = self.probe.compress_to_buffer(piece, room).is_ok();
        self.run = if compresses { 0 } else { self.run + piece.len() };
        self.seen = self.pending.len();
    }

    /// After a piece: where the data changes its kind, and where the block has its size, it ends.
    fn cut(&mut self) -> io::Result<()> {
        let before = self.run;
        let already = self.seen;
        self.look();
        if self.run == 0 && before == already && before >= LEAST_STORED {
            self.run = before;
            self.end_block(already)?;
            self.run = 0;
        } else if self.run >= LEAST_STORED && self.run < self.pending.len() {
            let run = std::mem::take(&mut self.run);
            self.end_block(self.pending.len() - run)?;
            self.run = run;
        }
        let stored = self.run == self.pending.len();
        let target = if stored { largest_block(self.dictionary) } else { self.target };
        if self.pending.len() >= target { self.end_block(self.pending.len()) } else { Ok(()) }
    }

    /// Gives the first `length` bytes that are pending to the workers, as a block.
    fn end_block(&mut self, length: usize) -> io::Result<()> {
        if length == 0 {
            return Ok(());
        }
        let rest = self.pending.split_off(length);
        let bytes = std::mem::replace(&mut self.pending, rest);
        let packing = if self.run == length { Packing::Stored } else { Packing::Lzma };
        self.run = 0;
        self.seen = self.pending.len();
        self.left = self.left.saturating_sub(length as u64);
        self.target = block_size(self.left, self.dictionary);
        if self.workers.are_busy()
            && let Some(segment) = self.workers.next()?
        {
            self.put_out(segment)?;
        }
        self.workers.give(bytes, packing)
    }

    fn put_out(&mut self, segment: Segment) -> io::Result<()> {
        let block = container::block(&segment, self.dictionary)?;
        self.index.add(block.record);
        self.output.write_all(&block.header)?;
        self.output.write_all(&segment.packed)?;
        self.output.write_all(&block.end)
    }
}

impl<W: Write> Write for XzWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now = bytes.len().min(PIECE - (self.pending.len() - self.seen));
        self.pending.extend_from_slice(&bytes[..now]);
        if self.pending.len() - self.seen == PIECE {
            self.cut()?;
        }
        Ok(now)
    }

    /// Blocks end where the data says: there is nothing to flush.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The size of the next block when so much is left: half of it, so that the last ones are small, but no less than the
/// dictionary, since smaller blocks compress worse.
fn block_size(left: u64, dictionary: u32) -> usize {
    let half = usize::try_from(left.div_ceil(2)).unwrap_or(usize::MAX);
    half.clamp(PIECE.max(dictionary as usize), largest_block(dictionary))
}

fn largest_block(dictionary: u32) -> usize {
    DICTIONARIES * PIECE.max(dictionary as usize)
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

#[cfg(test)]
mod tests;
