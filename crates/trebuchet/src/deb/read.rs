//! Reads package files that anybody may have made: in one pass, in bounded memory, trusting nothing they announce.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Control, Paragraph};
use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use super::archive::{ArchiveReader, MemberHeader};
use super::decode::{Bounded, decoder};
use super::package_path::{PackagePath, printable};
use super::tar_reader::TarReader;
use super::{DebFault, DebMember, DebMemberKind, DebReadError, ReadLimits};

/// What is in a package file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebFile {
    /// What it says about itself.
    pub control: Control,
    /// The same as it stands in the file: every field, in order.
    pub fields: Paragraph,
    /// The names of its control files.
    pub control_files: Vec<String>,
    /// What it installs, in the file's order; empty when [`read_control`] made this.
    pub members: Vec<DebMember>,
    /// The size of the package file in bytes.
    pub size: u64,
    /// The digest of the package file.
    pub sha256: Sha256Digest,
}

/// Reads a package file whole: every member is unpacked and checked.
pub fn read(path: &Path) -> Result<DebFile, DebReadError> {
    read_within(path, &ReadLimits::default())
}

/// Reads a package file within limits of one's own.
pub fn read_within(path: &Path, limits: &ReadLimits) -> Result<DebFile, DebReadError> {
    open_and_read(path, limits, |_| true)
}

/// Reads what a package file says about itself, its size and its digest; the files in it are not looked at.
pub fn read_control(path: &Path) -> Result<DebFile, DebReadError> {
    read_if(path, |_| false)
}

/// Reads a package file whole, if what it says about itself is worth that, or else as [`read_control`] does.
pub fn read_if(path: &Path, whole: impl FnOnce(&Control) -> bool) -> Result<DebFile, DebReadError> {
    open_and_read(path, &ReadLimits::default(), whole)
}

/// Reads what a package file says about itself, and nothing that comes after that, so that neither its size nor its digest is
/// known.
pub fn read_head(path: &Path) -> Result<Control, DebReadError> {
    let read = || {
        let mut archive = ArchiveReader::begin(BufReader::with_capacity(1 << 13, open(path)?))?;
        Ok(head(&mut archive, &ReadLimits::default())?.control)
    };
    read().map_err(|fault| DebReadError { path: path.to_owned(), fault })
}

/// Reads a package file whole, and writes each of its bytes into `copy` meanwhile: what is told of it is true of the copy.
///
/// # Errors
/// Those of the copy come as such; all others as the fault of the package file.
pub fn read_copying(path: &Path, copy: &mut File) -> Result<Result<DebFile, DebReadError>, io::Error> {
    let mut failed = None;
    let mut read = || {
        let input = Copied { input: open(path)?, copy, failed: &mut failed };
        read_stream(BufReader::with_capacity(1 << 17, input), &ReadLimits::default(), |_| true)
    };
    let read = read().map_err(|fault| DebReadError { path: path.to_owned(), fault });
    failed.map_or(Ok(read), Err)
}

/// A file in a package file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebText {
    /// Where it is installed.
    pub path: PackagePath,
    /// What it holds; nothing of one that is too large, or another name of a file.
    pub bytes: Option<Vec<u8>>,
}

/// Reads those files of a package file that are wanted, up to `most` bytes of each, and the digest of all of it.
pub fn read_texts(
    path: &Path,
    most: u64,
    wanted: impl Fn(&PackagePath) -> bool,
) -> Result<(Sha256Digest, Vec<DebText>), DebReadError> {
    let mut texts = Vec::new();
    let mut look = |member: &DebMember, contents: &mut dyn FnMut(u64) -> Result<Vec<u8>, DebFault>| {
        let bytes = match member.kind {
            DebMemberKind::File if wanted(&member.path) && member.size <= most => Some(contents(most)?),
            DebMemberKind::File | DebMemberKind::HardLink(_) if wanted(&member.path) => None,
            _ => return Ok(()),
        };
        texts.push(DebText { path: member.path.clone(), bytes });
        Ok(())
    };
    let mut read = || {
        let limits = ReadLimits::default();
        let input = BufReader::with_capacity(1 << 17, open(path)?);
        let mut hashed = Hashed { input, hash: Sha256::new(), size: 0 };
        let mut archive = ArchiveReader::begin(&mut hashed)?;
        head(&mut archive, &limits)?;
        let header = archive.expect("data.tar")?;
        members(&mut archive, &header, &limits, &mut look)?;
        archive.finish()?;
        Ok(Sha256Digest::from_bytes(hashed.hash.finalize().into()))
    };
    let sha256 = read().map_err(|fault| DebReadError { path: path.to_owned(), fault })?;
    Ok((sha256, texts))
}

fn open_and_read(
    path: &Path,
    limits: &ReadLimits,
    whole: impl FnOnce(&Control) -> bool,
) -> Result<DebFile, DebReadError> {
    let read = || read_stream(BufReader::with_capacity(1 << 17, open(path)?), limits, whole);
    read().map_err(|fault| DebReadError { path: path.to_owned(), fault })
}

fn open(path: &Path) -> Result<File, DebFault> {
    // Opening a pipe would wait for a writer.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(DebFault::NoFile) }
}

/// Reads a package from any stream; [`read`] for bytes that are no file.
pub fn read_from(input: impl BufRead, limits: &ReadLimits) -> Result<DebFile, DebFault> {
    read_stream(input, limits, |_| true)
}

/// Reads a package from any stream; [`read_if`] for bytes that are no file.
pub fn read_from_if(input: impl BufRead, whole: impl FnOnce(&Control) -> bool) -> Result<DebFile, DebFault> {
    read_stream(input, &ReadLimits::default(), whole)
}

fn read_stream(
    input: impl BufRead,
    limits: &ReadLimits,
    whole: impl FnOnce(&Control) -> bool,
) -> Result<DebFile, DebFault> {
    let mut hashed = Hashed { input, hash: Sha256::new(), size: 0 };
    let mut archive = ArchiveReader::begin(&mut hashed)?;
    let Head { control, fields, control_files } = head(&mut archive, limits)?;
    let header = archive.expect("data.tar")?;
    let members = if whole(&control) {
        members(&mut archive, &header, limits, &mut |_, _| Ok(()))?
    } else {
        Vec::new()
    };
    archive.finish()?;
    let sha256 = Sha256Digest::from_bytes(hashed.hash.finalize().into());
    Ok(DebFile { control, fields, control_files, members, size: hashed.size, sha256 })
}

/// What a package file says about itself.
struct Head {
    control: Control,
    fields: Paragraph,
    control_files: Vec<String>,
}

fn head<R: BufRead>(archive: &mut ArchiveReader<R>, limits: &ReadLimits) -> Result<Head, DebFault> {
    let header = archive.expect("control.tar")?;
    let (text, control_files) = control_text(archive, &header, limits)?;
    let fields = Paragraph::parse(&text)?;
    Ok(Head { control: Control::from_paragraph(&fields)?, fields, control_files })
}

/// The text of the control file, and the names of all control files.
fn control_text<R: BufRead>(
    archive: &mut ArchiveReader<R>,
    header: &MemberHeader,
    limits: &ReadLimits,
) -> Result<(String, Vec<String>), DebFault> {
    let input = Bounded { input: decoder(&header.name, archive.contents())?, left: limits.control_bytes };
    let mut tar = TarReader::new(input, "control.tar");
    let (mut names, mut control) = (Vec::new(), None);
    while let Some(found) = tar.next().map_err(|fault| limited(fault, limits.control_bytes))? {
        if names.len() >= limits.control_files {
            return Err(DebFault::TooMuch { what: "control files", limit: limits.control_files as u64 });
        }
        let Some(member) = DebMember::of(found)? else { continue };
        let name = member.path.to_string();
        if name == "control" {
            if control.is_some() {
                return Err(DebFault::Format("it has two control files"));
            }
            control = Some(tar.contents(limits.control_file_bytes)?);
        }
        names.push(name);
    }
    tar.finish().map_err(|fault| limited(fault, limits.control_bytes))?;
    archive.skip_rest()?;
    let control = control.ok_or(DebFault::Format("it has no control file"))?;
    let control = String::from_utf8(control).map_err(|_| DebFault::Text)?;
    // As dpkg does, which looks for the value of the last field behind its end (lib/dpkg/parse.c).
    let last =
        control.strip_suffix('\n').ok_or(DebFault::Format("its control file has no newline at its end"))?;
    let last = last.rsplit('\n').next().unwrap_or_default();
    if last
        .split_once(':')
        .is_some_and(|(name, value)| !name.starts_with([' ', '\t']) && value.trim().is_empty())
    {
        return Err(DebFault::Format("its control file ends with a field that has no value"));
    }
    Ok((control, names))
}

/// What is done with each member, whose contents can be had up to so many bytes.
type Look<'l> =
    &'l mut dyn FnMut(&DebMember, &mut dyn FnMut(u64) -> Result<Vec<u8>, DebFault>) -> Result<(), DebFault>;

fn members<R: BufRead>(
    archive: &mut ArchiveReader<R>,
    header: &MemberHeader,
    limits: &ReadLimits,
    look: Look<'_>,
) -> Result<Vec<DebMember>, DebFault> {
    let left = limits.data_bytes.max(header.size.saturating_mul(limits.data_ratio));
    let input = Bounded { input: decoder(&header.name, archive.contents())?, left };
    let mut tar = TarReader::new(input, "data.tar");
    let (mut members, mut path_bytes) = (Vec::new(), 0);
    while let Some(found) = tar.next().map_err(|fault| limited(fault, left))? {
        path_bytes += found.name.len() + found.target.len();
        if members.len() >= limits.members {
            return Err(DebFault::TooMuch { what: "files", limit: limits.members as u64 });
        }
        if path_bytes > limits.path_bytes {
            return Err(DebFault::TooMuch { what: "bytes in its paths", limit: limits.path_bytes as u64 });
        }
        let Some(member) = DebMember::of(found)? else { continue };
        look(&member, &mut |limit| tar.contents(limit))?;
        members.push(member);
    }
    tar.finish().map_err(|fault| limited(fault, left))?;
    check_places(&members)?;
    Ok(members)
}

/// Refuses what would lie below a link or file of the same package: dpkg does not install that, and other programs would follow
/// the link to wherever it leads.
fn check_places(members: &[DebMember]) -> Result<(), DebFault> {
    check_hard_links(members)?;
    let others = members.iter().filter(|member| member.kind != DebMemberKind::Directory);
    let others: HashSet<&[u8]> = others.map(|member| member.path.as_bytes()).collect();
    let paths = members.iter().flat_map(|member| match &member.kind {
        DebMemberKind::HardLink(target) => [Some(&member.path), Some(target)],
        _ => [Some(&member.path), None],
    });
    let mut checked: &[u8] = b"";
    for path in paths.flatten() {
        let path = path.as_bytes();
        let parent = &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)];
        // Neighbours in a package mostly lie in one folder.
        if parent == std::mem::replace(&mut checked, parent) {
            continue;
        }
        let ends = parent.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
        if let Some(end) = ends.chain([parent.len()]).find(|end| others.contains(&parent[..*end])) {
            let (path, other) = (printable(path, 120), printable(&parent[..end], 120));
            return Err(DebFault::Through { path, other });
        }
    }
    Ok(())
}

/// Refuses hard links at which dpkg stops in the middle: to what does not come before them, or is a symbolic link.
fn check_hard_links(members: &[DebMember]) -> Result<(), DebFault> {
    if !members.iter().any(|member| matches!(member.kind, DebMemberKind::HardLink(_))) {
        return Ok(());
    }
    let mut files: HashSet<&[u8]> = HashSet::new();
    for member in members {
        match &member.kind {
            DebMemberKind::Directory | DebMemberKind::Symlink(_) => continue,
            DebMemberKind::HardLink(target) if !files.contains(target.as_bytes()) => {
                let [path, target] = [&member.path, target].map(|path| printable(path.as_bytes(), 120));
                return Err(DebFault::LinkedToNothing { path, target });
            }
            _ => files.insert(member.path.as_bytes()),
        };
    }
    Ok(())
}

/// Says how much would have been read.
fn limited(fault: DebFault, limit: u64) -> DebFault {
    match fault {
        DebFault::TooMuch { what, limit: 0 } => DebFault::TooMuch { what, limit },
        other => other,
    }
}

/// A stream whose digest and size are taken while it is read.
struct Hashed<R> {
    input: R,
    hash: Sha256,
    size: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hash.update(&buffer[..count]);
        self.size += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // What is consumed was filled, and is there still.
        if let Some(bytes) = self.input.fill_buf().ok().and_then(|buffer| buffer.get(..count)) {
            self.hash.update(bytes);
        }
        self.input.consume(count);
        self.size += count as u64;
    }
}

/// A stream that is written elsewhere while it is read.
struct Copied<'a, R> {
    input: R,
    copy: &'a mut File,
    failed: &'a mut Option<io::Error>,
}

impl<R: Read> Read for Copied<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        if let Err(error) = self.copy.write_all(&buffer[..count]) {
            let kind = error.kind();
            *self.failed = Some(error);
            return Err(kind.into());
        }
        Ok(count)
    }
}
