//! One pass over a package's files: each block that is read goes to the hashing thread and to the compressor at once.
//!
//! Memory is bounded by a fixed number of blocks, whatever the size of the files.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use md5::{Digest, Md5};

use super::DebError;
use super::compression::Encoder;
use crate::process::Cancel;

/// The size of a block, in bytes.
const BLOCK: usize = 1 << 20;
/// How many blocks may wait for the hashing or for the compressor.
const WAITING: usize = 4;

/// The MD5 digest of a file's contents.
pub(super) type Md5Digest = [u8; 16];

/// A part of the archive, and which parts of it are contents of files.
struct Block {
    /// Always of its full length, so that it is cleared once and not for each use.
    bytes: Vec<u8>,
    /// How much of it is filled.
    length: usize,
    pieces: Vec<Piece>,
    /// Whether the archive ends with it; without such a block it was given up.
    last: bool,
}

/// A part of one file, within a block.
struct Piece {
    start: usize,
    end: usize,
    /// Whether the file ends with it.
    last: bool,
}

/// Where the archive is written: cuts it into blocks and hands them out.
pub(super) struct Feed<'a> {
    cancel: &'a Cancel,
    block: Block,
    hashing: SyncSender<Arc<Block>>,
    compressing: SyncSender<Arc<Block>>,
    used: Receiver<Block>,
}

/// Why feeding ended early.
pub(super) enum Stop {
    /// What was to be packed is at fault.
    Failed(DebError),
    /// The other side has gone, and knows why.
    Gone,
}

impl From<DebError> for Stop {
    fn from(error: DebError) -> Self {
        Self::Failed(error)
    }
}

/// Runs `feed`, compresses what it writes, and gives the output back with the digests of the files in their order. It fails
/// soon after `cancel` was raised.
pub(super) fn run<W: Write + Send>(
    encoder: Encoder<W>,
    cancel: &Cancel,
    feed: impl FnOnce(&mut Feed<'_>) -> Result<(), Stop>,
) -> Result<(io::Result<W>, Vec<Md5Digest>), DebError>
where
    Encoder<W>: Send,
{
    let (hashing, to_hash) = sync_channel(WAITING);
    let (compressing, to_compress) = sync_channel(WAITING);
    let (give_back, used) = channel();
    let give_back_too = give_back.clone();
    thread::scope(|scope| {
        let digests = scope.spawn(move || hash(&to_hash, &give_back));
        let output = scope.spawn(move || compress(&to_compress, &give_back_too, encoder));
        let mut feeding = Feed { cancel, block: Block::new(), hashing, compressing, used };
        let fed = feed(&mut feeding).and_then(|()| feeding.finish());
        let digests = digests.join().unwrap_or_default();
        let output = output.join().unwrap_or_else(|_| Err(io::Error::other("the compressor died")));
        match fed {
            _ if cancel.is_cancelled() => Err(DebError::Cancelled),
            Err(Stop::Failed(error)) => Err(error),
            // Then the compressor's result says why.
            Err(Stop::Gone) | Ok(()) => Ok((output, digests)),
        }
    })
}

impl Block {
    fn new() -> Self {
        Self { bytes: vec![0; BLOCK], length: 0, pieces: Vec::new(), last: false }
    }
}

impl Feed<'_> {
    /// Adds bytes that belong to no file: headers and padding.
    pub(super) fn put(&mut self, mut bytes: &[u8]) -> Result<(), Stop> {
        while !bytes.is_empty() {
            let room = self.room()?;
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.block.bytes[self.block.length..][..now.len()].copy_from_slice(now);
            self.block.length += now.len();
            bytes = later;
        }
        Ok(())
    }

    /// Adds a file of `size` bytes that `read` fills buffers with; it gives how many bytes it read, 0 at the end.
    pub(super) fn put_file(
        &mut self,
        size: u64,
        mut read: impl FnMut(&mut [u8]) -> Result<usize, DebError>,
    ) -> Result<u64, Stop> {
        let mut left = size;
        loop {
            let room = if left == 0 { 0 } else { self.room()? };
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(room);
            let start = self.block.length;
            let mut end = start;
            while end < start + wanted {
                match read(&mut self.block.bytes[end..start + wanted])? {
                    0 => return Ok(size - left + (end - start) as u64),
                    count => end += count,
                }
            }
            left -= wanted as u64;
            self.block.length = end;
            self.block.pieces.push(Piece { start, end, last: left == 0 });
            if left == 0 {
                return Ok(size);
            }
        }
    }

    /// How much fits into the current block, which is at least one byte.
    fn room(&mut self) -> Result<usize, Stop> {
        if self.block.length == BLOCK {
            self.hand_out()?;
        }
        Ok(BLOCK - self.block.length)
    }

    /// Hands out what is left.
    fn finish(mut self) -> Result<(), Stop> {
        self.block.last = true;
        self.hand_out()
    }

    fn hand_out(&mut self) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(DebError::Cancelled.into());
        }
        let mut fresh = self.used.try_recv().unwrap_or_else(|_| Block::new());
        fresh.length = 0;
        fresh.pieces.clear();
        let full = Arc::new(std::mem::replace(&mut self.block, fresh));
        self.hashing.send(Arc::clone(&full)).map_err(|_| Stop::Gone)?;
        self.compressing.send(full).map_err(|_| Stop::Gone)
    }
}

fn hash(blocks: &Receiver<Arc<Block>>, give_back: &Sender<Block>) -> Vec<Md5Digest> {
    let (mut digests, mut state) = (Vec::new(), Md5::new());
    for block in blocks {
        for piece in &block.pieces {
            state.update(&block.bytes[piece.start..piece.end]);
            if piece.last {
                digests.push(state.finalize_reset().into());
            }
        }
        recycle(block, give_back);
    }
    digests
}

fn compress<W: Write>(
    blocks: &Receiver<Arc<Block>>,
    give_back: &Sender<Block>,
    mut encoder: Encoder<W>,
) -> io::Result<W> {
    for block in blocks {
        encoder.write_all(&block.bytes[..block.length])?;
        if block.last {
            return encoder.finish();
        }
        recycle(block, give_back);
    }
    Err(io::Error::other("the archive was given up"))
}

/// Gives a block back to be filled again, once its last user is done with it.
fn recycle(block: Arc<Block>, give_back: &Sender<Block>) {
    if let Some(block) = Arc::into_inner(block) {
        // Nobody takes it any more at the end.
        let _ = give_back.send(block);
    }
}
