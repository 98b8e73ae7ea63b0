//! Which file a program's name means.

use std::env;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// The programs of this name in the folders of `PATH`, in their order; a name that holds a `/` is itself a path.
pub fn in_path(name: &str) -> Vec<PathBuf> {
    if name.contains('/') {
        return vec![PathBuf::from(name)];
    }
    let executable = |path: &PathBuf| {
        path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).map(|folder| folder.join(name)).filter(executable).collect()
}
