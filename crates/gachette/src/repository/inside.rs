//! Folders and files below one that is ours, such as the repository's own, reached through no link.
//!
//! Whoever can write into a repository can put a link there to any folder of those who work with it: nothing may be written
//! or removed through one. The folder itself, and those above it, may be links; so may the folder of package files.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, openat, openat2, statat, unlinkat};
use rustix::io::Errno;

use super::disk;
use super::error::RepositoryError;

/// How deep what is removed may be nested: more than anything that was written here is.
const DEEPEST: usize = 64;

/// A folder that is only passed through: who may not list it may still do that.
const PASSED: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Makes a folder below `top`, and those above it.
///
/// # Errors
/// When a link is on the way.
pub(crate) fn make_folder(top: &Path, below: impl AsRef<Path>) -> Result<(), RepositoryError> {
    check(top, below.as_ref())?;
    disk::make_folder(&top.join(below))
}

/// Refuses a folder below `top` to which, as far as it is there, a link leads. What else is wrong with it is found by whoever uses it.
pub(crate) fn check(top: &Path, below: impl AsRef<Path>) -> Result<(), RepositoryError> {
    match open(top, below.as_ref()) {
        Err(linked @ RepositoryError::Linked { .. }) => Err(linked),
        _ => Ok(()),
    }
}

/// Removes a file, when it is there. A link in its place goes, and not what it leads to.
///
/// # Errors
/// When a link is on the way, or the file cannot be removed.
pub(crate) fn remove_file(top: &Path, below: impl AsRef<Path>) -> Result<(), RepositoryError> {
    let below = below.as_ref();
    let Some((folder, name)) = parent(top, below)? else { return Ok(()) };
    match unlinkat(&folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(disk::at(&top.join(below))(error.into())),
    }
}

/// Removes a folder that is empty; any other stays.
pub(crate) fn remove_empty(top: &Path, below: impl AsRef<Path>) {
    if let Ok(Some((folder, name))) = parent(top, below.as_ref()) {
        let _ = unlinkat(&folder, name, AtFlags::REMOVEDIR);
    }
}

/// Removes a folder with all that is in it. Of links in it, they themselves go.
///
/// # Errors
/// When a link is on the way, or something cannot be removed.
pub(crate) fn remove_all(top: &Path, below: impl AsRef<Path>) -> Result<(), RepositoryError> {
    let below = below.as_ref();
    let Some((folder, name)) = parent(top, below)? else { return Ok(()) };
    let name = std::ffi::CString::new(name.as_encoded_bytes()).map_err(io::Error::from);
    name.and_then(|name| remove_tree(&folder, &name, DEEPEST)).map_err(disk::at(&top.join(below)))
}

/// A new file in place of whatever has this name, to be written; no link is followed.
pub(crate) fn create(top: &Path, below: impl AsRef<Path>) -> Result<File, RepositoryError> {
    remove_file(top, below.as_ref())?;
    let path = top.join(below);
    OpenOptions::new().write(true).create_new(true).open(&path).map_err(disk::at(&path))
}

/// The folder that a path below `top` lies in, when it is there, and the name there.
fn parent<'a>(top: &Path, below: &'a Path) -> Result<Option<(File, &'a std::ffi::OsStr)>, RepositoryError> {
    let invalid = || disk::at(&top.join(below))(io::ErrorKind::InvalidInput.into());
    let name = below.file_name().ok_or_else(invalid)?;
    let folder = open(top, below.parent().unwrap_or(Path::new("")))?;
    Ok(folder.map(|folder| (folder, name)))
}

/// A folder below `top`, when it is there.
fn open(top: &Path, below: &Path) -> Result<Option<File>, RepositoryError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut folder: File = match rustix::fs::open(top, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened.map_err(|error| disk::at(top)(error.into()))?.into(),
    };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    if let Ok(found) = openat2(&folder, below, PASSED, Mode::empty(), resolve) {
        return Ok(Some(found.into()));
    }
    // A kernel that is old does not know that, and none says which of them the link is.
    let mut path = PathBuf::from(top);
    for part in below.components() {
        path.push(part);
        let Component::Normal(name) = part else {
            return Err(disk::at(&path)(io::ErrorKind::InvalidInput.into()));
        };
        folder = match openat(&folder, name, PASSED, Mode::empty()) {
            Ok(found) => found.into(),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => {
                let found = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW);
                let is_link = found.is_ok_and(|found| FileType::from_raw_mode(found.st_mode).is_symlink());
                return Err(match is_link {
                    true => RepositoryError::Linked { path },
                    false => disk::at(&path)(error.into()),
                });
            }
        };
    }
    Ok(Some(folder))
}

/// Removes a file, or a folder with all that is in it, each from the folder that holds it: nobody who puts a link in the place
/// of one meanwhile leads this elsewhere.
fn remove_tree(parent: &File, name: &CStr, depth: usize) -> io::Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // What POSIX says of a folder, and what Linux does.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    let deeper = depth.checked_sub(1).ok_or_else(|| io::Error::other("its folders are nested too deeply"))?;
    let folder: File =
        openat(parent, name, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?.into();
    // All of them first: removing them changes the folder that is read.
    let entries: Vec<_> = Dir::read_from(&folder)?.collect::<Result<_, _>>()?;
    for entry in entries.iter().filter(|entry| ![c".", c".."].contains(&entry.file_name())) {
        remove_tree(&folder, entry.file_name(), deeper)?;
    }
    Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with `own/deep/file`, and beside it `precious/file` that links in it lead to.
    fn tops() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (own, precious) = (folder.path().join("own"), folder.path().join("precious"));
        for made in [own.join("deep"), precious.clone()] {
            fs::create_dir_all(&made).unwrap();
            fs::write(made.join("file"), "x").unwrap();
        }
        symlink(&precious, own.join("link")).unwrap();
        symlink("../../precious", own.join("deep/link")).unwrap();
        symlink(precious.join("file"), own.join("deep/to-file")).unwrap();
        (folder, own, precious)
    }

    #[test]
    fn through_a_link_nothing_is_made_or_removed_and_the_link_is_named() {
        let (_folder, own, precious) = tops();
        for (below, link) in [("link/file", "link"), ("deep/link/file", "deep/link")] {
            let outcomes = [remove_file(&own, below), remove_all(&own, below), create(&own, below).map(drop)];
            let made = make_folder(&own, format!("{link}/new"));
            for outcome in outcomes.into_iter().chain([made, check(&own, link)]) {
                let RepositoryError::Linked { path } = outcome.unwrap_err() else { panic!("another error") };
                assert_eq!(path, own.join(link));
            }
            remove_empty(&own, below);
        }
        assert_eq!(fs::read_dir(&precious).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(precious.join("file")).unwrap(), "x");
    }

    #[test]
    fn a_folder_goes_with_its_links_and_what_they_lead_to_stays() {
        let (_folder, own, precious) = tops();
        let linked = own.with_file_name("linked");
        symlink(&own, &linked).unwrap();
        // The top may be a link.
        create(&linked, "deep/to-file").unwrap();
        remove_all(&linked, "deep").unwrap();
        assert!(!own.join("deep").exists());
        remove_all(&linked, "link").unwrap();
        assert!(!own.join("link").is_symlink());
        assert_eq!(fs::read_to_string(precious.join("file")).unwrap(), "x");
        for none in ["deep", "deep/file", "nowhere/at/all"] {
            remove_file(&own, none).unwrap();
            remove_all(&own, none).unwrap();
        }
    }

    #[test]
    fn what_leads_out_of_the_folder_is_no_path_below_it() {
        let (_folder, own, precious) = tops();
        for below in ["../precious/file", "deep/../../precious/file", "", ".."] {
            assert!(remove_file(&own, below).is_err() && remove_all(&own, below).is_err(), "{below}");
        }
        assert!(remove_file(&own, precious.join("file")).is_err());
        assert!(precious.join("file").exists() && own.join("deep/file").exists());
    }

    #[test]
    fn folders_that_are_nested_without_end_are_left() {
        let (_folder, own, _) = tops();
        fs::create_dir_all(own.join("a/".repeat(DEEPEST + 5))).unwrap();
        assert!(remove_all(&own, "a").unwrap_err().to_string().contains("nested"));
        fs::create_dir_all(own.join("b/".repeat(DEEPEST - 1))).unwrap();
        remove_all(&own, "b").unwrap();
    }
}
