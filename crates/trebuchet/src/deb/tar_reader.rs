//! Reads the tar archives in a package header by header, taking what dpkg takes and nothing ambiguous.

use std::io::{self, BufRead as _, Read};

use tar::EntryType;

use super::DebFault;
use super::kept_buffer::KeptBuffer;
use super::tar_header::BLOCK;

/// A tar archive that is being read.
pub(super) struct TarReader<R> {
    input: KeptBuffer<R>,
    member: &'static str,
    /// What is left of the current member's contents, and its padding.
    contents: u64,
    padding: u64,
}

/// A member of the archive.
pub(super) struct Found {
    /// Its name as it stands there.
    pub(super) name: Vec<u8>,
    /// The target of a link, else empty.
    pub(super) target: Vec<u8>,
    pub(super) kind: EntryType,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) user: String,
    pub(super) group: String,
}

/// The longest name, in bytes: Linux's `PATH_MAX`.
const LONGEST_NAME: u64 = 4096;

impl<R: Read> TarReader<R> {
    /// Reads `input`, which is the part of a package called `member`.
    pub(super) fn new(input: R, member: &'static str) -> Self {
        Self { input: KeptBuffer::new(input), member, contents: 0, padding: 0 }
    }

    /// The next member; none at the end of the archive.
    pub(super) fn next(&mut self) -> Result<Option<Found>, DebFault> {
        let (mut name, mut target) = (None, None);
        loop {
            self.skip(self.contents + self.padding)?;
            let mut block = [0; BLOCK];
            self.fill(&mut block)?;
            if block == [0; BLOCK] {
                return match (name, target) {
                    (None, None) => Ok(None),
                    _ => Err(self.damaged("a long name without a member")),
                };
            }
            let header = self.checked(&block)?;
            let size = header.entry_size().map_err(|_| self.damaged("a size that is no number"))?;
            let kind = header.entry_type();
            self.contents = size;
            self.padding = size.checked_next_multiple_of(BLOCK as u64).map_or(0, |padded| padded - size);
            match kind {
                EntryType::GNULongName if name.is_none() => name = Some(self.long_name()?),
                EntryType::GNULongLink if target.is_none() => target = Some(self.long_name()?),
                _ => return self.found(header, size, name, target).map(Some),
            }
        }
    }

    /// The contents of the member that came last, at most `limit` bytes.
    pub(super) fn contents(&mut self, limit: u64) -> Result<Vec<u8>, DebFault> {
        if self.contents > limit {
            return Err(DebFault::TooMuch { what: "bytes in its control file", limit });
        }
        let mut bytes = vec![0; self.contents as usize];
        self.fill(&mut bytes)?;
        self.contents = 0;
        Ok(bytes)
    }

    /// Reads what is behind the archive's end, so that checksums at the end of the compressed stream are checked.
    pub(super) fn finish(mut self) -> Result<(), DebFault> {
        self.discard(u64::MAX).map(drop)
    }

    fn checked<'b>(&self, block: &'b [u8; BLOCK]) -> Result<&'b tar::Header, DebFault> {
        let header = tar::Header::from_byte_slice(block);
        // tar(5): the sum of all bytes, those of the sum itself taken as blanks.
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        let own: u32 = block[148..156].iter().map(|byte| u32::from(*byte)).sum();
        match header.cksum() {
            Ok(stored) if stored == sum - own + 8 * u32::from(b' ') => Ok(header),
            _ => Err(self.damaged("a tar header with a wrong checksum")),
        }
    }

    fn found(
        &self,
        header: &tar::Header,
        size: u64,
        name: Option<Vec<u8>>,
        target: Option<Vec<u8>>,
    ) -> Result<Found, DebFault> {
        use EntryType as T;
        let name = name.unwrap_or_else(|| header.path_bytes().into_owned());
        let kind = match header.entry_type() {
            // Before POSIX a folder was a file with a slash at the end; dpkg still reads it so.
            T::Regular if header.as_bytes()[156] == 0 && name.ends_with(b"/") => T::Directory,
            T::Regular | T::Continuous => T::Regular,
            kind @ (T::Directory | T::Symlink | T::Link | T::Char | T::Block | T::Fifo) => kind,
            _ => return Err(self.damaged("a kind of tar member that dpkg does not know")),
        };
        // Readers differ in whether they skip such contents, so that each would see another archive.
        if kind != T::Regular && size > 0 {
            return Err(self.damaged("a folder, link or device with contents"));
        }
        let text =
            |bytes: Option<&[u8]>| bytes.map(|b| String::from_utf8_lossy(b).into_owned()).unwrap_or_default();
        Ok(Found {
            name,
            target: target.or_else(|| header.link_name_bytes().map(|b| b.into_owned())).unwrap_or_default(),
            kind,
            size,
            mode: header.mode().map_err(|_| self.damaged("a mode that is no number"))? & 0o7777,
            user: text(header.username_bytes()),
            group: text(header.groupname_bytes()),
        })
    }

    fn long_name(&mut self) -> Result<Vec<u8>, DebFault> {
        if self.contents > LONGEST_NAME {
            return Err(DebFault::TooMuch { what: "bytes in a path", limit: LONGEST_NAME });
        }
        let mut name = self.contents(LONGEST_NAME)?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        name.truncate(end);
        Ok(name)
    }

    fn skip(&mut self, count: u64) -> Result<(), DebFault> {
        if self.discard(count)? == count { Ok(()) } else { Err(DebFault::Truncated) }
    }

    /// Reads up to so many bytes that nobody wants; how many it were.
    fn discard(&mut self, most: u64) -> Result<u64, DebFault> {
        let mut left = most;
        while left > 0 {
            let count = match self.input.fill_buf() {
                Ok(bytes) => left.min(bytes.len() as u64),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(fault(error, self.member)),
            };
            if count == 0 {
                break;
            }
            self.input.consume(count as usize);
            left -= count;
        }
        Ok(most - left)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), DebFault> {
        self.input.read_exact(buffer).map_err(|error| fault(error, self.member))
    }

    fn damaged(&self, reason: &str) -> DebFault {
        DebFault::Damaged { member: self.member, reason: reason.to_owned() }
    }
}

/// What an error of a decoder means.
fn fault(error: io::Error, member: &'static str) -> DebFault {
    if error.get_ref().is_some_and(|inner| inner.is::<super::decode::LimitReached>()) {
        return DebFault::TooMuch { what: "unpacked bytes", limit: 0 };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => DebFault::Truncated,
        _ => DebFault::Damaged { member, reason: error.to_string() },
    }
}
