//! The control member of a package: its control file, checksums, conffiles and scripts.

use std::collections::BTreeMap;
use std::io::Write;

use tar::EntryType;

use super::layout::Layout;
use super::pipeline::Md5Digest;
use super::tar_header::{BLOCK, TarHeader, pad};
use super::{Compression, Content, DebError, DebPackage, Owner, PackagePath};
use crate::process::Cancel;

/// The files of the control member by name, each with its mode. Made before the tree is read, so that what is wrong with
/// them is said at once.
pub(super) struct ControlArchive {
    files: BTreeMap<String, (Vec<u8>, u32)>,
}

/// Names that have a meaning of their own, which is not for the caller to give.
const OWN_NAMES: [&str; 7] = ["control", "md5sums", "conffiles", "preinst", "postinst", "prerm", "postrm"];

impl ControlArchive {
    /// All but the checksums.
    pub(super) fn of(package: &DebPackage, layout: &Layout<'_>) -> Result<Self, DebError> {
        let mut files = BTreeMap::new();
        let mut control = package.control.clone();
        control.installed_size = Some(layout.installed_size_kib());
        files.insert("control".to_owned(), (control.to_paragraph()?.to_string().into_bytes(), 0o644));
        if !package.conffiles.is_empty() {
            files.insert("conffiles".to_owned(), (conffiles(package, layout)?, 0o644));
        }
        for (name, script) in package.scripts.iter() {
            // dpkg executes them directly (Debian Policy 6.1).
            if !script.starts_with("#!") {
                return Err(DebError::Script(name.to_owned()));
            }
            files.insert(name.to_owned(), (script.as_bytes().to_vec(), 0o755));
        }
        for (name, file) in &package.control_files {
            if !is_control_name(name) {
                return Err(DebError::ControlFile(name.chars().take(60).collect()));
            }
            let mode = if file.executable { 0o755 } else { 0o644 };
            files.insert(name.clone(), (file.bytes.clone(), mode));
        }
        Ok(Self { files })
    }

    /// Adds the checksums of the files, which are in the layout's order, conffiles left out: dpkg keeps theirs itself.
    pub(super) fn add_checksums(&mut self, package: &DebPackage, layout: &Layout<'_>, digests: &[Md5Digest]) {
        let conffiles: std::collections::HashSet<&PackagePath> = package.conffiles.iter().collect();
        let files = layout.members.iter().filter(|member| matches!(member.entry.content, Content::File(_)));
        let mut text = Vec::new();
        for (member, digest) in files.zip(digests) {
            if !conffiles.contains(&member.entry.path) {
                for byte in digest {
                    text.extend_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
                }
                text.extend_from_slice(b"  ");
                text.extend_from_slice(member.entry.path.as_bytes());
                text.push(b'\n');
            }
        }
        if !text.is_empty() {
            self.files.insert("md5sums".to_owned(), (text, 0o644));
        }
    }

    /// The compressed archive.
    pub(super) fn compressed(&self, compression: Compression, mtime: u64) -> Result<Vec<u8>, DebError> {
        let owner = Owner::root();
        let mut tar = Vec::new();
        let header = |name: &[u8], kind, size, mode, tar: &mut Vec<u8>| {
            TarHeader { name, kind, target: b"", size, mode, owner: &owner, mtime }.write_to(tar)
        };
        header(b"./", EntryType::Directory, 0, 0o755, &mut tar)?;
        for (name, (bytes, mode)) in &self.files {
            header(format!("./{name}").as_bytes(), EntryType::Regular, bytes.len() as u64, *mode, &mut tar)?;
            tar.extend_from_slice(bytes);
            pad(&mut tar);
        }
        tar.resize(tar.len() + 2 * BLOCK, 0);
        let mut encoder = compression.encoder(Vec::new(), tar.len() as u64, 1, &Cancel::new())?;
        let written = encoder.write_all(&tar).and_then(|()| encoder.finish());
        written.map_err(DebError::io("cannot compress", "control.tar"))
    }
}

fn conffiles(package: &DebPackage, layout: &Layout<'_>) -> Result<Vec<u8>, DebError> {
    let mut text = Vec::new();
    let is_file = |path: &PackagePath| {
        let found = layout.members.binary_search_by(|member| member.entry.path.cmp(path));
        found.is_ok_and(|at| matches!(layout.members[at].entry.content, Content::File(_)))
    };
    for path in package.conffiles.iter().collect::<std::collections::BTreeSet<_>>() {
        // dpkg drops blanks at the end of a line.
        if !is_file(path) || path.as_bytes().ends_with(b" ") {
            return Err(DebError::Conffile(path.clone()));
        }
        text.push(b'/');
        text.extend_from_slice(path.as_bytes());
        text.push(b'\n');
    }
    Ok(text)
}

fn is_control_name(name: &str) -> bool {
    let well_formed = (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    well_formed && !OWN_NAMES.contains(&name)
}

fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}
