//! What a killed git leaves locked.

use std::path::Path;

/// Removes the locks of git commands that were killed in this repository. To be called by who holds a lock of ours on all of it,
/// which git's own commands share: then nobody is left who could hold one of these.
pub(crate) fn remove_locks(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && name != "objects" => remove_locks(&path),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|end| end == "lock") => {
                let _ = std::fs::remove_file(&path);
            }
            _ => {}
        }
    }
}
