//! One digest over everything an environment is made from: what its cache entry is named by.
//!
//! Every part goes in with its length and a label, so that no two different lists of parts give the same digest.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use gachette_core::Sha256Digest;
use sha2::{Digest as _, Sha256};

/// A digest in the making.
#[derive(Default, Clone)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Takes a labelled value in.
    pub(crate) fn add(&mut self, label: &str, value: &[u8]) {
        for part in [label.as_bytes(), value] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    /// Takes a file's or a folder's content in, names and modes included; symbolic links by what they hold, never by
    /// what they lead to. What building a distribution leaves behind in its folder does not count.
    pub(crate) fn add_path(&mut self, label: &str, path: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(path)?;
        if metadata.is_symlink() {
            self.add(label, fs::read_link(path)?.as_os_str().as_bytes());
        } else if metadata.is_dir() {
            let mut names: Vec<_> =
                fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
            names.retain(|name| !is_leftover(name));
            names.sort();
            self.add(label, &(names.len() as u64).to_le_bytes());
            for name in names {
                self.add("name", name.as_bytes());
                self.add_path("entry", &path.join(name))?;
            }
        } else if metadata.is_file() {
            let mut content = Sha256::new();
            io::copy(&mut fs::File::open(path)?, &mut DigestWriter(&mut content))?;
            self.add(label, &content.finalize());
        }
        Ok(())
    }

    /// Takes in which files lie in a folder, or which file it is, with sizes and times.
    pub(crate) fn add_listing(&mut self, label: &str, path: &Path) -> io::Result<()> {
        let mut paths = vec![path.to_owned()];
        if path.is_dir() {
            paths = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
            paths.sort();
        }
        for path in paths {
            let metadata = fs::symlink_metadata(&path)?;
            self.add(label, path.as_os_str().as_bytes());
            self.add("size", &metadata.len().to_le_bytes());
            self.add("time", &metadata.mtime_nsec().to_le_bytes());
            self.add("time", &metadata.mtime().to_le_bytes());
        }
        Ok(())
    }

    /// The digest of all that was taken in.
    pub(crate) fn digest(self) -> Sha256Digest {
        Sha256Digest::from_bytes(self.0.finalize().into())
    }
}

fn is_leftover(name: &OsStr) -> bool {
    let name = name.as_bytes();
    matches!(name, b".git" | b"__pycache__" | b"build")
        || name.ends_with(b".egg-info")
        || name.ends_with(b".pyc")
}

struct DigestWriter<'a>(&'a mut Sha256);

impl io::Write for DigestWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[(&str, &str)]) -> Sha256Digest {
        let mut fingerprint = Fingerprint::default();
        parts.iter().for_each(|(label, value)| fingerprint.add(label, value.as_bytes()));
        fingerprint.digest()
    }

    #[test]
    fn moving_a_character_from_one_part_to_the_next_changes_it() {
        assert_ne!(of(&[("a", "bc"), ("d", "")]), of(&[("a", "b"), ("cd", "")]));
        assert_ne!(of(&[("a", "b")]), of(&[("a", "b"), ("", "")]));
    }

    #[test]
    fn a_folder_counts_by_its_content_and_not_by_what_builds_leave_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let digest = || {
            let mut fingerprint = Fingerprint::default();
            fingerprint.add_path("folder", folder.path()).unwrap();
            fingerprint.digest()
        };
        fs::write(folder.path().join("setup.py"), "1").unwrap();
        let first = digest();
        fs::create_dir(folder.path().join("build")).unwrap();
        fs::create_dir(folder.path().join("x.egg-info")).unwrap();
        assert_eq!(digest(), first);
        fs::write(folder.path().join("setup.py"), "2").unwrap();
        assert_ne!(digest(), first);
    }
}
