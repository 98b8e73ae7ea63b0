//! A buffer that a thread keeps for the next reader: of a small package, to make one takes longer than to fill it.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::ops::Range;

/// How many bytes are asked for at once: a decoder that is asked for a block of tar at a time does little else than begin.
const SIZE: usize = 1 << 13;

thread_local! {
    static KEPT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What is read through such a buffer.
pub(super) struct KeptBuffer<R> {
    input: R,
    buffer: Vec<u8>,
    /// What of it was read and not taken yet.
    left: Range<usize>,
}

impl<R> KeptBuffer<R> {
    pub(super) fn new(input: R) -> Self {
        let mut buffer = KEPT.take();
        buffer.resize(SIZE, 0);
        Self { input, buffer, left: 0..0 }
    }
}

impl<R: Read> BufRead for KeptBuffer<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left.is_empty() {
            self.left = 0..self.input.read(&mut self.buffer)?;
        }
        Ok(&self.buffer[self.left.clone()])
    }

    fn consume(&mut self, count: usize) {
        self.left.start = self.left.end.min(self.left.start + count);
    }
}

impl<R: Read> Read for KeptBuffer<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R> Drop for KeptBuffer<R> {
    fn drop(&mut self) {
        // At the end of a thread there is no next reader.
        let _ = KEPT.try_with(|kept| kept.set(std::mem::take(&mut self.buffer)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_read_in_order_and_none_of_who_read_before() {
        let bytes: Vec<u8> = (0..3 * SIZE + 5).map(|number| (number % 251) as u8).collect();
        let mut first = KeptBuffer::new(&bytes[..]);
        assert_eq!(first.fill_buf().unwrap(), &bytes[..SIZE]);
        first.consume(7);
        drop(first);
        let mut one = KeptBuffer::new(&bytes[..]);
        // Two at once have a buffer each.
        let mut other = KeptBuffer::new(&bytes[1..]);
        let (mut read, mut few) = (Vec::new(), [0; 100]);
        while let count @ 1.. = one.read(&mut few).unwrap() {
            read.extend_from_slice(&few[..count]);
            other.skip_until(bytes[1]).unwrap();
        }
        assert_eq!(read, bytes);
        assert_eq!(KeptBuffer::new(&b""[..]).fill_buf().unwrap(), b"");
    }
}
