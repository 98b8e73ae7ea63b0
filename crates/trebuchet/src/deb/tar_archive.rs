//! Writes the entries of a package as a tar archive, each file read once and checked not to change meanwhile.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use tar::EntryType;

use super::layout::{Layout, Member, regular};
use super::pipeline::{Feed, Stop};
use super::tar_header::{BLOCK, TarHeader};
use super::{Content, DebError, Owner, Source};

const ZEROS: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// Feeds the whole archive: the root folder, then every member.
pub(super) fn write_tree(feed: &mut Feed<'_>, layout: &Layout<'_>, mtime: u64) -> Result<(), Stop> {
    let mut header = Vec::with_capacity(4 * BLOCK);
    let root = Owner::root();
    let top = TarHeader {
        name: b"./",
        kind: EntryType::Directory,
        target: b"",
        size: 0,
        mode: 0o755,
        owner: &root,
        mtime,
    };
    top.write_to(&mut header)?;
    feed.put(&header)?;
    for member in &layout.members {
        header.clear();
        member_header(member, mtime, &mut header)?;
        feed.put(&header)?;
        if let Content::File(source) = &member.entry.content {
            match source {
                Source::Bytes(bytes) => put_bytes(feed, bytes)?,
                Source::Path(path) => put_file(feed, path, member.size)?,
            }
            feed.put(&ZEROS[..(member.size.next_multiple_of(BLOCK as u64) - member.size) as usize])?;
        }
    }
    feed.put(&ZEROS)
}

fn member_header(member: &Member<'_>, mtime: u64, output: &mut Vec<u8>) -> Result<(), DebError> {
    let (kind, target, mode) = match &member.entry.content {
        Content::Directory => (EntryType::Directory, &b""[..], member.entry.mode),
        Content::File(_) => (EntryType::Regular, &b""[..], member.entry.mode),
        Content::Symlink(target) => (EntryType::Symlink, target.as_slice(), 0o777),
    };
    let (name, owner) = (member.tar_name(), &member.entry.owner);
    TarHeader { name: &name, kind, target, size: member.size, mode, owner, mtime }.write_to(output)
}

fn put_bytes(feed: &mut Feed<'_>, mut bytes: &[u8]) -> Result<(), Stop> {
    let size = bytes.len() as u64;
    let read = |buffer: &mut [u8]| {
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        bytes = &bytes[count..];
        Ok(count)
    };
    feed.put_file(size, read)?;
    Ok(())
}

fn put_file(feed: &mut Feed<'_>, path: &Path, size: u64) -> Result<(), Stop> {
    let cannot_read = || DebError::io("cannot read", path);
    let changed = || DebError::Changed { path: path.to_owned() };
    // A pipe that took the file's place would block for ever.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(cannot_read())?;
    let before = file.metadata().map_err(cannot_read())?;
    regular(path, before.file_type())?;
    if before.len() != size {
        return Err(changed().into());
    }
    let read = |buffer: &mut [u8]| read_some(&mut file, buffer).map_err(cannot_read());
    if feed.put_file(size, read)? < size {
        return Err(changed().into());
    }
    if read_some(&mut file, &mut [0]).map_err(cannot_read())? > 0 {
        return Err(changed().into());
    }
    let after = file.metadata().map_err(cannot_read())?;
    let stamp = |metadata: &std::fs::Metadata| (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
    match stamp(&before) == stamp(&after) {
        true => Ok(()),
        false => Err(changed().into()),
    }
}

fn read_some(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
