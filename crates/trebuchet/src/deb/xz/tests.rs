//! What is written here is read by liblzma; dpkg-deb and xz read it in the tests of whole packages.

use std::io::Read;

use super::*;

fn packed(bytes: &[u8], threads: usize) -> Vec<u8> {
    let mut writer = XzWriter::new(Vec::new(), 3, bytes.len() as u64, threads, &Cancel::new()).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    liblzma::read::XzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Bytes that do not compress: a congruential generator's high bytes.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 56) as u8
    };
    (0..length).map(|_| next(&mut state)).collect()
}

fn text(length: usize) -> Vec<u8> {
    (0..length / 8 + 1).flat_map(|n| format!("{n:07}\n").into_bytes()).take(length).collect()
}

/// How many bytes of each block's length, from the index at the end of the file.
fn blocks(packed: &[u8]) -> Vec<u64> {
    let file = tempfile::NamedTempFile::with_suffix(".xz").unwrap();
    std::fs::write(file.path(), packed).unwrap();
    let xz = std::process::Command::new("xz").args(["--robot", "-vv", "--list"]).arg(file.path()).output();
    let listed = String::from_utf8(xz.unwrap().stdout).unwrap();
    let sizes = listed.lines().filter(|line| line.starts_with("block\t"));
    sizes.map(|line| line.split('\t').nth(7).unwrap().parse().unwrap()).collect()
}

#[test]
fn what_was_written_is_read_back() {
    for length in [0, 1, 3, 4, 1000, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 7] {
        for bytes in [noise(length), text(length)] {
            let one = packed(&bytes, 1);
            assert!(unpacked(&one) == bytes, "{length}");
            assert!(packed(&bytes, 3) == one, "{length}");
        }
    }
}

#[test]
fn long_runs_that_do_not_compress_are_stored_and_short_ones_are_not() {
    let mixed = [text(3 * PIECE), noise(6 * PIECE), text(2 * PIECE + 5), noise(2 * PIECE), text(9)].concat();
    let packed = packed(&mixed, 2);
    assert!(unpacked(&packed) == mixed);
    let blocks = blocks(&packed);
    assert_eq!(blocks.iter().sum::<u64>(), mixed.len() as u64);
    assert!(blocks.contains(&(6 * PIECE as u64)), "the run is a block of its own: {blocks:?}");
    let overhead = packed.len() - 8 * PIECE;
    assert!(overhead < 2 * PIECE, "text still compresses: {overhead}");
}

#[test]
fn blocks_grow_smaller_towards_the_end() {
    let blocks = blocks(&packed(&text(30 * PIECE), 2));
    assert_eq!(blocks.iter().sum::<u64>(), 30 * PIECE as u64);
    assert!(blocks.len() > 3 && blocks.is_sorted_by(|one, next| one >= next), "{blocks:?}");
}

#[test]
fn a_length_that_was_announced_wrongly_harms_nothing() {
    let bytes = text(3 * PIECE);
    for announced in [0, 10, 1 << 40] {
        let mut writer = XzWriter::new(Vec::new(), 0, announced, 2, &Cancel::new()).unwrap();
        writer.write_all(&bytes).unwrap();
        assert!(unpacked(&writer.finish().unwrap()) == bytes, "{announced}");
    }
}

#[test]
fn raising_the_flag_ends_it() {
    let cancel = Cancel::new();
    let bytes = text(2 * PIECE);
    let mut writer = XzWriter::new(Vec::new(), 9, bytes.len() as u64, 2, &cancel).unwrap();
    writer.write_all(&bytes).unwrap();
    cancel.cancel();
    assert!(writer.finish().is_err());
}
