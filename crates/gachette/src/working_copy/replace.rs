//! Puts a folder in another one's place, and removes folders however they were left.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, renameat_with};

/// Puts `new` where `place` is, or will be. What was there before is at `new` afterwards, or at `aside` where the file
/// system cannot exchange two folders in one step.
pub(super) fn replace(new: &Path, place: &Path, aside: &Path) -> io::Result<()> {
    if place.symlink_metadata().is_err() {
        return std::fs::rename(new, place);
    }
    match renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            std::fs::rename(place, aside)?;
            std::fs::rename(new, place)
        }
        exchanged => Ok(exchanged?),
    }
}

/// Renames a folder of ours to where nothing is, also where a build took away the right to do so.
pub(super) fn move_away(path: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(path, to) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
            std::fs::rename(path, to)
        }
        moved => moved,
    }
}

/// Removes a folder with all that is in it, also where a build took away the right to do so (Go's module cache does).
/// One that is not there is no error.
///
/// A program that a killed run left behind may still write in it, and so make a folder that was just emptied full again;
/// such a program ends by itself soon, since nobody reads what it says.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    for _ in 0..TRIES {
        match remove_with_rights(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => std::thread::sleep(PAUSE),
            removed => return removed,
        }
    }
    remove_with_rights(path)
}

/// How often a folder that is filled again while it is removed is tried, and how long apart: five seconds in all.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

fn remove_with_rights(path: &Path) -> io::Result<()> {
    match remove_once(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(path);
            remove_once(path)
        }
        removed => removed,
    }
}

fn remove_once(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Gives the owner all rights on all folders. What fails here fails again, with an error, in what follows.
pub(super) fn make_writable(folder: &Path) {
    let _ = std::fs::set_permissions(folder, Permissions::from_mode(0o700));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_somebody_still_writes_in_is_removed_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        std::fs::create_dir(&path).unwrap();
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                (0..2000).take_while(|name| std::fs::write(path.join(name.to_string()), "").is_ok()).count()
            }
        });
        remove(&path).unwrap();
        writer.join().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_takes_the_place_of_another_in_one_step() {
        let folder = tempfile::tempdir().unwrap();
        let [new, place, aside] = ["new", "place", "aside"].map(|name| folder.path().join(name));
        for round in ["1", "2"] {
            std::fs::create_dir(&new).unwrap();
            std::fs::write(new.join("round"), round).unwrap();
            replace(&new, &place, &aside).unwrap();
            assert_eq!(std::fs::read_to_string(place.join("round")).unwrap(), round);
            remove(&new).unwrap();
            remove(&aside).unwrap();
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn folders_without_any_rights_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("top");
        std::fs::create_dir_all(top.join("a/b")).unwrap();
        std::fs::write(top.join("a/b/file"), "").unwrap();
        for path in [top.join("a/b"), top.join("a"), top.clone()] {
            std::fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
        }
        make_writable(&top);
        assert_eq!(top.join("a/b").metadata().unwrap().permissions().mode() & 0o777, 0o700);
        remove(&top).unwrap();
        remove(&top).unwrap();
        assert!(!top.exists());
    }
}
