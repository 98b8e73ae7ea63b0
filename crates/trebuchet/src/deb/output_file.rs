//! The file a package is written to: it has no name until it is whole, so that a killed writer leaves nothing behind.

use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::{NamedTempFile, TempPath};

/// The mode of a new file, less the umask.
const MODE: u32 = 0o666;

/// A file that is being written, and is to appear in a folder.
pub(super) struct OutputFile {
    file: File,
    /// The name it has meanwhile, where the file system knows no file without one.
    name: Option<TempPath>,
}

impl OutputFile {
    pub(super) fn create_in(folder: &Path) -> io::Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, folder, flags, Mode::from_raw_mode(MODE)) {
            Ok(file) => Ok(Self { file: file.into(), name: None }),
            Err(_) => {
                let (file, name) = named(folder)?.into_parts();
                Ok(Self { file, name: Some(name) })
            }
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Writes everything to the disk and gives the file its name, in place of a file of that name.
    pub(super) fn persist(self, folder: &Path, output: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        let name = match self.name {
            Some(name) => name,
            // A new name for a moment: only a rename replaces what is there.
            None => tempfile::Builder::new()
                .prefix(".deb-")
                .make_in(folder, |path| {
                    let open = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                    Ok(rustix::fs::linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
                })?
                .into_temp_path(),
        };
        name.persist(output).map_err(|error| error.error)
    }
}

fn named(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".deb-").permissions(Permissions::from_mode(MODE)).tempfile_in(folder)
}
