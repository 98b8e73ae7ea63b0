//! Durable steps on a local disk: folders, links and renames that survive a power cut.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use gachette_core::Sha256Digest;
use rustix::fs::{Mode, OFlags, fstatfs, openat, syncfs};
use sha2::{Digest, Sha256};

use super::error::RepositoryError;

/// `FUSE_SUPER_MAGIC` of statfs(2).
const FUSE: rustix::fs::FsWord = 0x6573_5546;

/// The error of the disk at this path.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> RepositoryError {
    let path = PathBuf::from(path);
    move |source| RepositoryError::Io { path, source }
}

/// Whether there is a folder, or a link to one. What is there and can be none is an error, and so is what cannot be seen.
pub(crate) fn is_folder(path: &Path) -> Result<bool, RepositoryError> {
    let wrong = |reason| Err(RepositoryError::NoFolder { path: path.to_path_buf(), reason });
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => wrong("it is a file"),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => match fs::symlink_metadata(path) {
                Ok(found) if found.is_symlink() => wrong("it is a link to nothing"),
                // Somebody made it meanwhile.
                Ok(_) => is_folder(path),
                Err(_) => Ok(false),
            },
            io::ErrorKind::NotADirectory => wrong("a folder above it is a file"),
            _ => Err(at(path)(error)),
        },
    }
}

/// An open folder. What else lies in its place, such as a pipe, is not waited for.
pub(crate) fn open_folder(path: &Path) -> io::Result<File> {
    let flags = (OFlags::DIRECTORY | OFlags::NONBLOCK).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), RepositoryError> {
    if path.is_dir() {
        return Ok(());
    }
    let missing = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let made: Vec<&Path> = missing.collect();
    fs::create_dir_all(path).map_err(at(path))?;
    made.iter().try_for_each(|folder| sync_folder_of(folder))
}

/// A new file below an open folder, from which on its path is looked up: from the root on, that would be much of what a small
/// file costs.
pub(crate) fn create_new_at(folder: &File, path: &str) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    // What more than its owner may do is said by the umask, as ever.
    Ok(openat(folder, path, flags, Mode::from_raw_mode(0o666))?.into())
}

/// Makes the names in the folder that holds `path` durable.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), RepositoryError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    open_folder(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

/// Makes all of the file system durable that this folder lies on, whoever wrote it.
pub(crate) fn sync_file_system(folder: &Path) -> Result<(), RepositoryError> {
    let sync = || Ok(syncfs(open_folder(folder)?)?);
    sync().map_err(at(folder))
}

/// Whether that can be relied on: of a file system in user space, only what the kernel holds of it would be.
pub(crate) fn can_sync_file_system(folder: &Path) -> bool {
    let kind = open_folder(folder).and_then(|folder| Ok(fstatfs(folder)?));
    kind.is_ok_and(|kind| kind.f_type != FUSE)
}

/// The SHA-256 of all that is left to read of a file, and how much that was.
pub(crate) fn hash(mut file: &File) -> io::Result<(Sha256Digest, u64)> {
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 17];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((Sha256Digest::from_bytes(hasher.finalize().into()), size)),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
