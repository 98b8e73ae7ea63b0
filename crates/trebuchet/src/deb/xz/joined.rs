//! Blocks that are kept, and joined to a file when they are wanted: what was compressed once need not be again.

use std::io::{self, Read as _};

use liblzma::bufread::XzDecoder;

use super::block::{Packing, Segment, Settings};
use super::container::{self, Index, Record};

/// One block of an .xz file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XzBlock {
    /// As it stands in the file, a multiple of four bytes.
    pub bytes: Vec<u8>,
    /// What the end of the file says of it.
    pub record: Record,
}

impl XzBlock {
    /// Compresses `bytes` by themselves at `level` (0 to 9).
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn pack(bytes: &[u8], level: u32) -> io::Result<Self> {
        let dictionary = bytes.len().next_power_of_two().clamp(1 << 12, 1 << 26);
        let settings = Settings { level, dictionary: u32::try_from(dictionary).map_err(io::Error::other)? };
        let segment = Segment::pack(bytes, Packing::Lzma, settings, &|| false)?;
        let frame = container::block(&segment, settings.dictionary)?;
        let record = frame.record;
        let bytes = [frame.header, segment.packed, frame.end].concat();
        Ok(Self { bytes, record })
    }

    /// Whether it is these bytes, compressed. It is unpacked no further than they go.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        join_xz([(self.bytes.as_slice(), self.record)]).is_ok_and(|file| xz_holds(&file, bytes))
    }
}

/// Whether a file is these bytes in one xz stream, and nothing more. It is unpacked no further than they go.
pub fn xz_holds(file: &[u8], bytes: &[u8]) -> bool {
    let mut decoder = XzDecoder::new(file);
    let mut found = Vec::with_capacity(bytes.len());
    let read = (&mut decoder).take(bytes.len() as u64 + 1).read_to_end(&mut found);
    // What is behind the stream is for other readers another one.
    read.is_ok() && found == bytes && decoder.get_ref().is_empty()
}

/// The file of these blocks, in one stream; of none, the file of nothing. Each comes as its bytes and its record.
///
/// # Errors
/// When there are more blocks than a file can list.
pub fn join_xz<'a>(blocks: impl IntoIterator<Item = (&'a [u8], Record)>) -> io::Result<Vec<u8>> {
    let (mut file, mut index) = (container::stream_header().to_vec(), Index::default());
    for (bytes, record) in blocks {
        file.extend_from_slice(bytes);
        index.add(record);
    }
    file.extend_from_slice(&index.finish()?);
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// What the real xz makes of a file, as one stream.
    fn unpacked(file: &[u8]) -> Vec<u8> {
        let mut xz = Command::new("xz");
        let mut xz =
            xz.args(["-dc", "--single-stream"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = xz.stdin.take().unwrap();
        let file = file.to_vec();
        let writer = std::thread::spawn(move || input.write_all(&file).unwrap());
        let output = xz.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(output.status.success());
        output.stdout
    }

    #[test]
    fn a_block_holds_what_was_packed_and_nothing_else() {
        let text = "Package: dh-web\n".repeat(1000);
        let block = XzBlock::pack(text.as_bytes(), 4).unwrap();
        assert!(block.holds(text.as_bytes()));
        for other in ["", &text[1..], &text[..15_999], &format!("{text}\n"), &text.replace("web", "wab")] {
            assert!(!block.holds(other.as_bytes()));
        }
        let file = join_xz([(block.bytes.as_slice(), block.record)]).unwrap();
        assert!(
            xz_holds(&file, text.as_bytes()) && !xz_holds(&[file.clone(), file].concat(), text.as_bytes())
        );
        let torn = XzBlock { bytes: block.bytes[..block.bytes.len() - 8].to_vec(), ..block };
        assert!(!torn.holds(text.as_bytes()));
    }

    #[test]
    fn kept_blocks_are_one_stream_whatever_their_sizes() {
        let texts = ["", "a", "hello world\n", &"Package: dh-web\n".repeat(10_000)];
        for count in 0..=texts.len() {
            let blocks = texts[..count].iter().map(|text| XzBlock::pack(text.as_bytes(), 6).unwrap());
            let blocks: Vec<XzBlock> = blocks.collect();
            assert!(blocks.iter().all(|block| block.bytes.len().is_multiple_of(4)));
            let file = join_xz(blocks.iter().map(|block| (block.bytes.as_slice(), block.record))).unwrap();
            assert_eq!(unpacked(&file), texts[..count].concat().as_bytes());
        }
    }
}
