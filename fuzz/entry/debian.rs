//! What the fuzz targets for Debian's formats do with their input; trebuchet's tests do the same with the corpus and
//! mutations of it. Each must return, whatever the input is, and panics when a promise is broken.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Write;

use gachette_core::debian::{Control, Paragraph, Paragraphs, Relations, Version};
use trebuchet::deb::{DebFile, ReadLimits, read_from};

/// Two versions, parted by a blank: what is printed is read back, equal ones hash alike, the order has two sides.
pub(crate) fn version(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (left, right) = text.split_once(' ').unwrap_or((&text, "1.0-1"));
    let (Ok(left), Ok(right)) = (left.parse::<Version>(), right.parse::<Version>()) else { return };
    let hash = |version: &Version| {
        let mut hasher = DefaultHasher::new();
        version.hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(left.to_string().parse::<Version>().as_ref(), Ok(&left));
    assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
    assert!(left != right || hash(&left) == hash(&right));
}

/// Relations: what is printed is read back the same, by both dialects.
pub(crate) fn relations(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lenient = Relations::from_dpkg(&text);
    if let Ok(strict) = text.parse::<Relations>() {
        assert_eq!(lenient.as_ref(), Ok(&strict));
    }
    if let Ok(relations) = lenient {
        assert_eq!(relations.to_string().parse::<Relations>(), Ok(relations));
    }
}

/// deb822 text and control files: what is printed is read back the same, and is one paragraph.
pub(crate) fn deb822(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for fields in Paragraphs::new(&text).map_while(Result::ok) {
        let Ok(paragraph) = Paragraph::from_fields(&fields) else { continue };
        let printed = paragraph.to_string();
        assert_eq!(Paragraph::parse(&printed).as_ref(), Ok(&paragraph));
        let Ok(control) = Control::from_paragraph(&paragraph) else { continue };
        if let Ok(written) = control.to_paragraph() {
            assert_eq!(Control::from_paragraph(&written), Ok(control));
        }
    }
}

/// A package file.
pub(crate) fn deb(data: &[u8]) {
    if let Ok(found) = read_from(data, &limits()) {
        check(&found, data.len());
    }
}

/// The tar archive within a package file whose other members are well-formed. The checksums of its headers are put right,
/// else hardly any input would get further.
pub(crate) fn deb_tar(data: &[u8]) {
    let mut data = data.to_vec();
    for header in data.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }
    let mut package = b"!<arch>\n".to_vec();
    let control = include_bytes!("control.tar");
    for (name, bytes) in [("debian-binary", &b"2.0\n"[..]), ("control.tar", control), ("data.tar", &data)] {
        let written =
            writeln!(package, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 100_644, bytes.len());
        assert!(written.is_ok());
        package.extend_from_slice(bytes);
        package.resize(package.len().next_multiple_of(2), b'\n');
    }
    deb(&package);
}

fn limits() -> ReadLimits {
    ReadLimits { control_bytes: 1 << 20, data_bytes: 4 << 20, members: 10_000, ..ReadLimits::default() }
}

fn check(found: &DebFile, length: usize) {
    assert_eq!(found.size, length as u64);
    for member in &found.members {
        let path = member.path.as_path();
        let stays = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        assert!(stays && path.is_relative(), "{}", member.path);
    }
}
