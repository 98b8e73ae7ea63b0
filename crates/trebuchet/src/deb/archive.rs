//! The outer format of a package file: an ar(5) archive in the dialect of deb(5).

use std::io::{self, BufRead, Read};

use super::{DebError, DebFault};

/// What an archive begins with.
pub(super) const MAGIC: &[u8; 8] = b"!<arch>\n";
/// The length of a member's header, in bytes.
pub(super) const HEADER_LENGTH: usize = 60;

/// The header of a member that belongs to root with mode 100644, as dpkg-deb writes it.
pub(super) fn header(name: &str, size: u64, mtime: i64) -> Result<[u8; HEADER_LENGTH], DebError> {
    if size > 9_999_999_999 {
        return Err(DebError::TooLarge(size));
    }
    let text = format!("{name:<16}{mtime:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, "100644");
    // Only a time of more than twelve digits would make it longer.
    text.as_bytes().try_into().map_err(|_| DebError::Time(mtime))
}

/// The header of a member that was read.
pub(super) struct MemberHeader {
    pub(super) name: String,
    pub(super) size: u64,
}

/// An archive that is being read, from one member to the next.
pub(super) struct ArchiveReader<R> {
    input: R,
    /// What is left of the current member, and whether a byte of padding follows.
    left: u64,
    padded: bool,
}

impl<R: Read> ArchiveReader<R> {
    /// Reads the beginning: the magic and the member `debian-binary`.
    pub(super) fn begin(mut input: R) -> Result<Self, DebFault> {
        let mut magic = [0; MAGIC.len()];
        match input.read_exact(&mut magic) {
            Ok(()) if magic == *MAGIC => {}
            Ok(()) => return Err(DebFault::Format("it does not begin with `!<arch>`")),
            Err(error) => return Err(truncated(error)),
        }
        let mut archive = Self { input, left: 0, padded: false };
        let first = archive.next()?;
        if first.name != "debian-binary" || first.size > 64 {
            return Err(DebFault::Format("its first member is not `debian-binary`"));
        }
        let mut version = Vec::new();
        archive.contents().read_to_end(&mut version).map_err(truncated)?;
        // deb(5): readers go on with every minor number.
        match version.starts_with(b"2.") && version.ends_with(b"\n") {
            true => Ok(archive),
            false => Err(DebFault::Format("its format is not 2.0")),
        }
    }

    /// The next member, which has to be this one with some extension. Those whose names begin with `_` are passed over, as
    /// deb(5) says.
    pub(super) fn expect(&mut self, stem: &'static str) -> Result<MemberHeader, DebFault> {
        loop {
            let member = self.next()?;
            if member.name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
                return Ok(member);
            }
            if !member.name.starts_with('_') {
                return Err(DebFault::Format(
                    "its members are not `control.tar` and `data.tar`, in this order",
                ));
            }
        }
    }

    /// The contents of the current member.
    pub(super) fn contents(&mut self) -> Contents<'_, R> {
        Contents { archive: self }
    }

    /// Goes to the end of the current member.
    pub(super) fn skip_rest(&mut self) -> Result<(), DebFault> {
        io::copy(&mut self.contents(), &mut io::sink()).map_err(truncated)?;
        Ok(())
    }

    /// Reads the current member and all that comes after it, which dpkg does not look at.
    pub(super) fn finish(mut self) -> Result<(), DebFault> {
        self.skip_rest()?;
        io::copy(&mut self.input, &mut io::sink())?;
        Ok(())
    }

    fn next(&mut self) -> Result<MemberHeader, DebFault> {
        self.skip_rest()?;
        let mut header = [0; HEADER_LENGTH];
        let padding = usize::from(std::mem::take(&mut self.padded));
        self.input.read_exact(&mut header[..padding]).map_err(truncated)?;
        self.input.read_exact(&mut header).map_err(truncated)?;
        let text = std::str::from_utf8(&header).ok().filter(|text| text.is_ascii() && text.ends_with("`\n"));
        let text = text.ok_or(DebFault::Format("a member's header is damaged"))?;
        let name = text[..16].trim_end_matches(' ').trim_end_matches('/').to_owned();
        let digits = text[48..58].trim_end_matches(' ');
        let number = Some(digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let size = number.and_then(|digits| digits.parse().ok());
        let size = size.ok_or(DebFault::Format("a member's size is no number"))?;
        (self.left, self.padded) = (size, size % 2 == 1);
        Ok(MemberHeader { name, size })
    }
}

/// The contents of an archive's current member. To end before the announced size is an error.
pub(super) struct Contents<'a, R> {
    archive: &'a mut ArchiveReader<R>,
}

impl<R: Read> Read for Contents<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.archive.left).unwrap_or(usize::MAX));
        let count = self.archive.input.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.archive.left -= count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Contents<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.archive.left == 0 {
            return Ok(&[]);
        }
        let buffer = self.archive.input.fill_buf()?;
        if buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let most = buffer.len().min(usize::try_from(self.archive.left).unwrap_or(usize::MAX));
        Ok(&buffer[..most])
    }

    fn consume(&mut self, count: usize) {
        self.archive.input.consume(count);
        self.archive.left -= count as u64;
    }
}

fn truncated(error: io::Error) -> DebFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => DebFault::Truncated,
        _ => DebFault::Io(error),
    }
}
