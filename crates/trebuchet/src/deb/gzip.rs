//! Unpacks gzip (RFC 1952), one member after the other.
//!
//! Each thread keeps its decoder for the next package: of a small one, to make a decoder takes longer than to unpack.

use std::cell::Cell;
use std::io::{self, BufRead, ErrorKind, Read};

use flate2::{Crc, CrcReader, Decompress, FlushDecompress, Status};

/// Flags of a header.
const HEADER_SUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

thread_local! {
    static KEPT: Cell<Option<Decompress>> = const { Cell::new(None) };
}

/// A reader of the unpacked bytes.
pub(super) struct GzipReader<R> {
    packed: R,
    decoder: Option<Decompress>,
    /// Of what was unpacked of the current member.
    sum: Crc,
    next: Part,
}

/// What comes next.
enum Part {
    FirstHeader,
    /// Or the end.
    Header,
    Contents,
}

impl<R> GzipReader<R> {
    pub(super) fn new(packed: R) -> Self {
        Self { packed, decoder: None, sum: Crc::new(), next: Part::FirstHeader }
    }
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let decoder =
            self.decoder.get_or_insert_with(|| KEPT.take().unwrap_or_else(|| Decompress::new(false)));
        loop {
            if !matches!(self.next, Part::Contents) {
                if matches!(self.next, Part::Header) && self.packed.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                skip_header(&mut self.packed)?;
                decoder.reset(false);
                self.sum.reset();
                self.next = Part::Contents;
            }
            let packed = self.packed.fill_buf()?;
            let ended = packed.is_empty();
            let (read, written) = (decoder.total_in(), decoder.total_out());
            let status = decoder.decompress(packed, buffer, FlushDecompress::None)?;
            let (read, written) = (decoder.total_in() - read, (decoder.total_out() - written) as usize);
            self.packed.consume(read as usize);
            self.sum.update(&buffer[..written]);
            if status == Status::StreamEnd {
                check_trailer(&mut self.packed, &self.sum)?;
                self.next = Part::Header;
            } else if ended && written == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if written > 0 {
                return Ok(written);
            }
        }
    }
}

impl<R> Drop for GzipReader<R> {
    fn drop(&mut self) {
        // At the end of a thread there is no next package.
        let _ = KEPT.try_with(|kept| kept.set(self.decoder.take()));
    }
}

fn skip_header(packed: &mut impl BufRead) -> io::Result<()> {
    let mut packed = CrcReader::new(packed);
    let mut fixed = [0; 10];
    packed.read_exact(&mut fixed)?;
    let flags = fixed[3];
    if fixed[..3] != [0x1f, 0x8b, 8] || flags & RESERVED != 0 {
        return Err(damaged("invalid gzip header"));
    }
    if flags & EXTRA != 0 {
        let mut length = [0; 2];
        packed.read_exact(&mut length)?;
        let length = u64::from(u16::from_le_bytes(length));
        io::copy(&mut packed.by_ref().take(length), &mut io::sink())?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            packed.skip_until(0)?;
        }
    }
    if flags & HEADER_SUM != 0 {
        let (sum, mut stored) = (packed.crc().sum(), [0; 2]);
        packed.read_exact(&mut stored)?;
        if sum & 0xffff != u32::from(u16::from_le_bytes(stored)) {
            return Err(damaged("the checksum of its gzip header is wrong"));
        }
    }
    Ok(())
}

/// The sum and the size of the contents, as they stand behind them.
fn check_trailer(packed: &mut impl BufRead, sum: &Crc) -> io::Result<()> {
    let mut stored = [0; 8];
    packed.read_exact(&mut stored)?;
    let found = u64::from(sum.amount()) << 32 | u64::from(sum.sum());
    if found == u64::from_le_bytes(stored) {
        return Ok(());
    }
    Err(damaged("the checksum of what was unpacked is wrong"))
}

fn damaged(reason: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use flate2::{Compression, GzBuilder};

    use super::*;

    fn packed(builder: GzBuilder, bytes: &[u8]) -> Vec<u8> {
        let mut encoder = builder.write(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What gzip(1) makes of it; nothing when it refuses it.
    fn by_gzip(packed: &[u8]) -> Option<Vec<u8>> {
        let mut gzip = Command::new("gzip");
        gzip.args(["--decompress", "--stdout"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut gzip = gzip.stderr(Stdio::null()).spawn().unwrap();
        let mut input = gzip.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || input.write_all(packed));
            let output = gzip.wait_with_output().unwrap();
            output.status.success().then_some(output.stdout)
        })
    }

    fn by_us(packed: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        // As from a file, a few bytes at a time.
        let input = io::BufReader::with_capacity(7, packed);
        GzipReader::new(input).read_to_end(&mut bytes).ok().map(|_| bytes)
    }

    #[test]
    fn all_members_with_all_that_headers_may_hold_are_unpacked_as_by_gzip() {
        let long: Vec<u8> =
            (0..200_000u32).flat_map(|number| number.wrapping_mul(number).to_le_bytes()).collect();
        let full = GzBuilder::new().filename("control.tar").comment("a comment").extra(*b"extra").mtime(7);
        let members = [packed(full, &long), packed(GzBuilder::new(), b""), packed(GzBuilder::new(), b"end")];
        let all = members.concat();
        assert_eq!(by_us(&all), by_gzip(&all));
        assert_eq!(by_us(&all).unwrap().len(), long.len() + 3);
    }

    #[test]
    fn what_gzip_refuses_is_refused_and_spoils_nothing_that_comes_after() {
        let whole = packed(GzBuilder::new().filename("x"), &b"some text, some text".repeat(50));
        for end in 0..whole.len() {
            assert_eq!(by_us(&whole[..end]), None, "cut off after {end} bytes");
        }
        let unpacked = by_gzip(&whole).unwrap();
        // Time and system mean nothing.
        for at in (0..whole.len()).filter(|at| !(4..10).contains(at)) {
            let mut changed = whole.clone();
            changed[at] ^= 0x41;
            assert_eq!(by_us(&changed).filter(|bytes| *bytes != unpacked), None, "byte {at}");
        }
        for at in whole.len() - 8..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!((by_us(&changed), by_gzip(&changed)), (None, None), "byte {at}");
        }
        assert_eq!(by_us(&whole), Some(unpacked));
    }

    #[test]
    fn a_header_with_a_sum_of_its_own_must_have_the_right_one() {
        let plain = packed(GzBuilder::new().filename("x"), b"text");
        let mut header = plain[..12].to_vec();
        header[3] |= HEADER_SUM;
        let mut sum = Crc::new();
        sum.update(&header);
        let with = |sum: u16| [&header[..], &sum.to_le_bytes(), &plain[12..]].concat();
        let right = with((sum.sum() & 0xffff) as u16);
        assert_eq!((by_us(&right), by_gzip(&right)), (Some(b"text".to_vec()), Some(b"text".to_vec())));
        assert_eq!(by_us(&with(!(sum.sum() & 0xffff) as u16)), None);
    }
}
