//! Makes sure that a folder of working copies is ours alone: what is built runs what lies there, and the usual place
//! for it, `/tmp`, is open to everybody.
//!
//! Folders that are missing are made for us alone. Of those that are there, each on the way must belong to us or to
//! root, and nobody else may be able to exchange what is in it: it is not writable for others, or sticky as `/tmp` is.
//! A symbolic link is followed if it belongs to us or to root.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use super::WorkingCopyError;
use super::error::io;

/// The most symbolic links on the way to a folder; Linux itself follows 40.
const MOST_LINKS: usize = 40;

/// Makes the folder if it is missing, and returns its path without symbolic links.
pub(super) fn trusted_folder(path: &Path) -> Result<PathBuf, WorkingCopyError> {
    let whole = std::path::absolute(path).map_err(io("find", path))?;
    let (mut done, mut links) = (PathBuf::from("/"), 0);
    let mut rest: Vec<PathBuf> = parts(&whole);
    while let Some(part) = rest.pop() {
        if part.as_os_str() == ".." {
            done.pop();
            continue;
        }
        let next = done.join(part);
        let found = look_or_make(&next)?;
        check(&next, &found)?;
        if found.is_symlink() {
            links += 1;
            if links > MOST_LINKS {
                return Err(untrusted(&next, "too many symbolic links".to_owned()));
            }
            let target = std::fs::read_link(&next).map_err(io("read the link", &next))?;
            if target.is_absolute() {
                done = PathBuf::from("/");
            }
            rest.extend(parts(&target));
        } else {
            done = next;
        }
    }
    Ok(done)
}

/// Refuses a folder in a trusted one, if it is not ours.
pub(super) fn check_own(path: &Path) -> Result<(), WorkingCopyError> {
    let found = path.symlink_metadata().map_err(io("look at", path))?;
    match found.is_dir() && found.uid() == us() {
        true => Ok(()),
        false if found.is_dir() => Err(untrusted(path, format!("it belongs to user {}", found.uid()))),
        false => Err(untrusted(path, "it is no folder".to_owned())),
    }
}

/// The parts of a path, the last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    let named = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().rev().filter(named).map(|part| PathBuf::from(part.as_os_str())).collect()
}

fn look_or_make(path: &Path) -> Result<Metadata, WorkingCopyError> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found.map_err(io("look at", path)),
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // Somebody was quicker: it is looked at like any other.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.map_err(io("make the folder", path))?,
    }
    path.symlink_metadata().map_err(io("look at", path))
}

fn check(path: &Path, found: &Metadata) -> Result<(), WorkingCopyError> {
    const STICKY: u32 = 0o1000;
    const OTHERS_WRITE: u32 = 0o002;
    let owner = found.uid();
    if owner != us() && owner != 0 {
        return Err(untrusted(path, format!("it belongs to user {owner}")));
    }
    if found.is_symlink() {
        return Ok(());
    }
    if !found.is_dir() {
        return Err(untrusted(path, "it is no folder".to_owned()));
    }
    if found.mode() & OTHERS_WRITE != 0 && found.mode() & STICKY == 0 {
        return Err(untrusted(path, "everybody may write to it".to_owned()));
    }
    Ok(())
}

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn untrusted(path: &Path, reason: String) -> WorkingCopyError {
    WorkingCopyError::Untrusted { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, lchown, symlink};

    use super::*;

    fn refused(path: &Path) -> String {
        trusted_folder(path).unwrap_err().to_string()
    }

    fn open_to_all(path: &Path, mode: u32) {
        std::fs::create_dir(path).unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn missing_folders_are_made_for_us_alone_in_a_place_like_tmp() {
        let folder = tempfile::tempdir().unwrap();
        let tmp = folder.path().join("tmp");
        open_to_all(&tmp, 0o1777);
        let made = trusted_folder(&tmp.join("gachette/./x/../working_copy")).unwrap();
        assert_eq!(made, tmp.canonicalize().unwrap().join("gachette/working_copy"));
        for path in [made.as_path(), made.parent().unwrap()] {
            assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o700);
        }
        assert_eq!(trusted_folder(&made).unwrap(), made);
    }

    #[test]
    fn a_folder_open_to_everybody_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        open_to_all(&open, 0o777);
        assert!(refused(&open.join("gachette")).contains("everybody may write"));
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(refused(&folder.path().join("file")).contains("no folder"));
    }

    #[test]
    fn our_own_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        symlink("elsewhere/deep", folder.path().join("link")).unwrap();
        let made = trusted_folder(&folder.path().join("link/copies")).unwrap();
        assert_eq!(made, folder.path().canonicalize().unwrap().join("elsewhere/deep/copies"));
        symlink("loop", folder.path().join("loop")).unwrap();
        assert!(refused(&folder.path().join("loop")).contains("too many"));
    }

    #[test]
    fn what_somebody_else_laid_out_is_refused() {
        // Only root can give files away; for others nothing can be laid out in this test.
        if us() != 0 {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (theirs, link) = (folder.path().join("theirs"), folder.path().join("link"));
        std::fs::create_dir(&theirs).unwrap();
        symlink("/root", &link).unwrap();
        for path in [&theirs, &link] {
            lchown(path, Some(12345), None).unwrap();
            assert!(refused(&path.join("copies")).contains("belongs to user 12345"));
        }
        assert!(check_own(&theirs).is_err() && check_own(&link).is_err());
    }
}
