//! Where a user's programs leave for one another what ends with his session.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::PathBuf;

/// The folder for the sockets of connections that are kept, and for what is remembered of this program: of this user alone, with a
/// short name, since the path of a socket has at most 107 bytes (unix(7)). None when there is no such folder; then nothing is kept.
pub(super) fn runtime_folder() -> Option<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folder = match runtime.filter(|folder| folder.is_absolute() && folder.as_os_str().len() <= 24) {
        Some(folder) => folder.join("gachette"),
        None => PathBuf::from(format!("/tmp/gachette-{user}")),
    };
    // It may be there: whose it is decides.
    let _ = std::fs::DirBuilder::new().mode(0o700).create(&folder);
    let found = std::fs::symlink_metadata(&folder).ok()?;
    (found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0).then_some(folder)
}
