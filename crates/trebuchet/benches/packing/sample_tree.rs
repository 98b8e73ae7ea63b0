//! A tree like that of a Python application with its environment and assets: the same bytes in every run.

use std::fs;
use std::io::Write;
use std::path::Path;

/// Numbers that look random (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Makes `tree/opt` of about `size` bytes, and `tree/DEBIAN/control`; gives the number of files.
///
/// By size: 30 % sources of 1 to 24 KiB, 30 % compiled code of 100 KiB to 2 MiB, 20 % assets that do not compress, of
/// 20 KiB to 8 MiB, and 20 % a few large tables and logs.
pub(crate) fn make(tree: &Path, size: u64) -> u64 {
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    let control = "Package: dh-bench\nVersion: 1.0.0\nArchitecture: all\nMaintainer: A <a@example.org>\n\
                   Description: bench\n";
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    let mut numbers = Numbers(1);
    let words: Vec<String> = (0..4000).map(|_| word(&mut numbers)).collect();
    let mut files = 0;
    for (kind, percent, least, most) in [
        ("src", 30, 1 << 10, 24 << 10),
        ("lib", 30, 100 << 10, 2 << 20),
        ("assets", 20, 20 << 10, 8 << 20),
        ("data", 20, 8 << 20, 24 << 20),
    ] {
        let mut left = size * percent / 100;
        while left > 0 {
            let length = (least + numbers.below(most - least)).min(left);
            left -= length;
            let folder = tree.join("opt").join(kind).join(format!("{:02}", files % 61));
            fs::create_dir_all(&folder).unwrap();
            let bytes = contents(kind, length as usize, &mut numbers, &words);
            fs::write(folder.join(format!("file-{files}.{kind}")), bytes).unwrap();
            files += 1;
        }
    }
    files
}

fn word(numbers: &mut Numbers) -> String {
    (0..3 + numbers.below(8))
        .map(|_| char::from(b'a' + (numbers.below(26) * numbers.below(26) / 26) as u8))
        .collect()
}

fn contents(kind: &str, length: usize, numbers: &mut Numbers, words: &[String]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 64);
    while bytes.len() < length {
        // Some words are much more frequent than others.
        let rank = (numbers.below(4000) * numbers.below(4000) / 4000) as usize;
        match kind {
            "src" => match numbers.below(7) {
                0 => write!(
                    bytes,
                    "\n{}def {}(self, ",
                    "    ".repeat((numbers.next() % 3) as usize),
                    words[rank]
                )
                .unwrap(),
                1 => write!(bytes, ") -> {}:\n        return ", words[rank]).unwrap(),
                _ => write!(bytes, "{} ", words[rank]).unwrap(),
            },
            "lib" => {
                let opcode = [0x48_u8, 0x8b, 0x89, 0xe8, 0x0f, 0x83, 0xff, 0x24][numbers.below(8) as usize];
                bytes.extend_from_slice(&[opcode, (rank / 16) as u8, (rank % 251) as u8, 0]);
                if numbers.below(3) == 0 {
                    bytes.extend_from_slice(&(numbers.below(1 << 20) as u32).to_le_bytes());
                }
                if numbers.below(40) == 0 {
                    bytes.extend_from_slice(words[rank].as_bytes());
                }
            }
            "assets" => bytes.extend_from_slice(&numbers.next().to_le_bytes()),
            _ => writeln!(
                bytes,
                "2024-05-{:02}T10:{:02} host{} {} {} {}",
                numbers.below(30),
                numbers.below(60),
                numbers.below(9),
                words[rank],
                numbers.below(10_000),
                words[rank / 7]
            )
            .unwrap(),
        }
    }
    bytes.truncate(length);
    bytes
}
