//! Contents indices: which package installs which file, as `apt-file` reads them.
//!
//! Described under "Contents" in <https://wiki.debian.org/DebianRepository/Format>; what `apt-ftparchive contents` writes is
//! the judge. As in Debian's own archive, the index of an architecture leaves out what is for all of them, which has its own.

use std::collections::BTreeMap;

use crate::debian::Architecture;

/// What the packages of one index install.
#[derive(Clone, Debug, Default)]
pub struct Contents<'a>(BTreeMap<&'a [u8], Vec<&'a str>>);

impl<'a> Contents<'a> {
    /// The path of an architecture's index from the suite's folder, when it is not compressed. apt looks for none that the
    /// Release file does not name in this form as well.
    pub fn path_of(architecture: &Architecture) -> String {
        format!("{}/Contents-{architecture}", super::Release::component())
    }

    /// Adds the files of a package, which is called `NAME` or `SECTION/NAME` there. A path with a line break in it has no
    /// place in such an index, and is left out.
    pub fn add(&mut self, package: &'a str, paths: impl IntoIterator<Item = &'a [u8]>) {
        for path in paths {
            if !path.is_empty() && !path.contains(&b'\n') {
                self.0.entry(path).or_default().push(package);
            }
        }
    }

    /// The index: a line for each path, in the order of their bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.keys().map(|path| path.len() + 24).sum());
        for (path, packages) in &self.0 {
            bytes.extend_from_slice(path);
            bytes.push(b'\t');
            bytes.extend_from_slice(packages.join(",").as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_all_who_install_it() {
        let mut contents = Contents::default();
        contents.add("web/dh-shop", [b"usr/bin/shop".as_slice(), b"etc/a name", b"torn\nname"]);
        contents.add("dh-till", [b"usr/bin/shop".as_slice(), b"opt/\xff"]);
        let expected = b"etc/a name\tweb/dh-shop\nopt/\xff\tdh-till\nusr/bin/shop\tweb/dh-shop,dh-till\n";
        assert_eq!(contents.to_bytes(), expected);
        assert_eq!(Contents::path_of(&Architecture::all()), "main/Contents-all");
    }
}
