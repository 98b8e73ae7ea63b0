//! Unpacks the members of a package that may have been made to harm: in bounded memory, and never more than allowed.

use std::io::{self, BufRead, Read};

use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use super::DebFault;
use super::gzip::GzipReader;

/// The most memory an xz stream may ask for, in bytes: four times what `xz -9` needs to unpack.
const XZ_MEMORY: u64 = 256 << 20;

/// A reader of the unpacked bytes of the member of this name, such as `data.tar.xz`.
pub(super) fn decoder<'a>(name: &str, packed: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>, DebFault> {
    let (_, extension) = name.split_once(".tar").unwrap_or_default();
    Ok(match extension {
        "" => Box::new(packed),
        ".gz" => Box::new(GzipReader::new(packed)),
        ".xz" => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED).map_err(io::Error::from)?;
            Box::new(XzDecoder::new_stream(packed, stream))
        }
        // The decoder refuses windows of more than 128 MiB by itself.
        ".zst" => Box::new(zstd::Decoder::with_buffer(packed)?),
        _ => return Err(DebFault::Compression(super::package_path::printable(name.as_bytes(), 16))),
    })
}

/// A reader that fails once more than `left` bytes were read.
pub(super) struct Bounded<R> {
    pub(super) input: R,
    pub(super) left: u64,
}

/// The error of a [`Bounded`] reader.
#[derive(Debug, thiserror::Error)]
#[error("more than is read")]
pub(super) struct LimitReached;

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(LimitReached))?;
        Ok(count)
    }
}
