//! How much room there is in the folders that are written to.

use std::path::{Path, PathBuf};

use gachette_core::host_check::{FolderFact, FolderRole};
use rustix::fs::{Access, AtFlags, CWD, StatVfsMountFlags, accessat, statvfs};

use crate::config::Config;

/// The folders that builds by this configuration write to.
pub(super) fn folders(config: &Config) -> Vec<FolderFact> {
    let folders = [
        (FolderRole::WorkingCopies, Some(config.working_copies.clone())),
        (FolderRole::Repository, config.meta_path.clone()),
        (FolderRole::Packages, config.debs_folder().ok()),
        (FolderRole::Cache, crate::cache::folder()),
        (FolderRole::Logs, Some(crate::state::folder())),
        (FolderRole::Temporary, Some(std::env::temp_dir())),
    ];
    folders.into_iter().filter_map(|(role, path)| Some(folder(role, &path?))).collect()
}

fn folder(role: FolderRole, path: &Path) -> FolderFact {
    let mut fact = FolderFact {
        role,
        path: path.display().to_string(),
        free: 0,
        free_files: None,
        runs_programs: true,
        fault: None,
    };
    let there = nearest(path);
    match statvfs(&there) {
        Ok(found) => {
            fact.free = found.f_bavail.saturating_mul(found.f_frsize);
            fact.free_files = (found.f_files > 0).then_some(found.f_favail);
            fact.runs_programs = !found.f_flag.contains(StatVfsMountFlags::NOEXEC);
        }
        Err(error) => fact.fault = Some(error.to_string()),
    }
    // The kernel knows all that may be in the way: owners, modes, access control lists, a file system that is read-only.
    let writable = if there.is_dir() {
        let wanted = Access::WRITE_OK | Access::EXEC_OK;
        accessat(CWD, &there, wanted, AtFlags::EACCESS).map_err(|error| error.to_string())
    } else {
        Err("it is no folder".to_owned())
    };
    if let Err(error) = writable {
        fact.fault.get_or_insert(if there == path {
            error
        } else {
            format!("{error} ({})", there.display())
        });
    }
    fact
}

/// The folder, or the nearest above it that is there.
fn nearest(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = whole.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    there.unwrap_or(Path::new("/")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_df_says_and_a_folder_that_is_missing_will_be_where_the_nearest_is() {
        let place = tempfile::tempdir().unwrap();
        let fact = folder(FolderRole::Cache, &place.path().join("not/there/yet"));
        let mut df = std::process::Command::new("df");
        let df = df.args(["--output=size,avail", "-B1"]).arg(place.path()).output().unwrap();
        let said = String::from_utf8(df.stdout).unwrap();
        let numbers: Vec<u64> =
            said.lines().nth(1).unwrap().split_whitespace().map(|number| number.parse().unwrap()).collect();
        // Others write to it meanwhile.
        assert!(fact.free.abs_diff(numbers[1]) < numbers[0] / 20, "{fact:?} {numbers:?}");
        assert_eq!(fact.fault, None);
    }

    #[test]
    fn what_is_in_the_way_is_told() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(folder(FolderRole::Cache, &file).fault.as_deref(), Some("it is no folder"));
        let below = folder(FolderRole::Cache, &file.join("below")).fault.unwrap();
        assert_eq!(below, format!("it is no folder ({})", file.display()));
        let closed = place.path().join("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o500)).unwrap();
        for path in [place.path(), &closed, Path::new("/"), Path::new("/sys"), Path::new("/usr")] {
            let mut test = std::process::Command::new("test");
            let writable = test.arg("-w").arg(path).args(["-a", "-x"]).arg(path).status().unwrap().success();
            assert_eq!(folder(FolderRole::Cache, path).fault.is_none(), writable, "{}", path.display());
        }
    }
}
