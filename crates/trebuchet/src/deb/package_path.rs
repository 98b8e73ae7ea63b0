//! Where something is inside a package, as a value that cannot leave it.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::str::FromStr;

/// A path inside a package: relative, in its one normal spelling, without `.`, `..`, empty components and control
/// characters. It need not be UTF-8, as no file name on Linux has to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackagePath(Vec<u8>);

/// A path that cannot be inside a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be a path in a package: {reason}")]
pub struct PackagePathError {
    /// The path, made printable and cut to a bounded length.
    pub path: String,
    /// Which rule it breaks.
    pub reason: &'static str,
}

/// The longest path, in bytes: Linux's `PATH_MAX` without the root's slash and the final NUL.
const LONGEST: usize = 4094;
/// The longest component, in bytes: Linux's `NAME_MAX`.
const LONGEST_COMPONENT: usize = 255;

impl PackagePath {
    /// Takes a relative path from its bytes.
    pub fn from_bytes(path: &[u8]) -> Result<Self, PackagePathError> {
        match fault(path) {
            None => Ok(Self(path.to_owned())),
            Some(reason) => Err(PackagePathError { path: printable(path, 120), reason }),
        }
    }

    /// Takes the path a file has once it is installed, such as `/etc/nginx/nginx.conf`.
    pub fn from_installed(path: &str) -> Result<Self, PackagePathError> {
        match path.strip_prefix('/') {
            Some(relative) => Self::from_bytes(relative.as_bytes()),
            None => Err(PackagePathError {
                path: printable(path.as_bytes(), 120),
                reason: "where it is installed must begin with `/`",
            }),
        }
    }

    /// The path below this one.
    pub fn join(&self, below: &[u8]) -> Result<Self, PackagePathError> {
        let mut path = self.0.clone();
        path.push(b'/');
        path.extend_from_slice(below);
        Self::from_bytes(&path)
    }

    /// The bytes of the path, without a leading slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as one of the file system's.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// The path one level up; none at the top.
    pub fn parent(&self) -> Option<Self> {
        let slash = self.0.iter().rposition(|b| *b == b'/')?;
        Some(Self(self.0[..slash].to_owned()))
    }
}

fn fault(path: &[u8]) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.starts_with(b"/") {
        return Some("it must be relative");
    }
    if path.len() > LONGEST {
        return Some("it is longer than 4094 bytes");
    }
    // A newline would add a line to md5sums and to dpkg's own lists.
    if path.iter().any(|b| b.is_ascii_control()) {
        return Some("it has a control character in it");
    }
    path.split(|b| *b == b'/').find_map(|component| match component {
        b"" => Some("it has an empty component"),
        b"." | b".." => Some("`.` and `..` are not allowed"),
        long if long.len() > LONGEST_COMPONENT => Some("a component is longer than 255 bytes"),
        _ => None,
    })
}

/// Bytes that somebody else chose, fit for a message.
pub(super) fn printable(bytes: &[u8], most: usize) -> String {
    let cut = &bytes[..bytes.len().min(most)];
    String::from_utf8_lossy(cut).escape_debug().to_string()
}

impl FromStr for PackagePath {
    type Err = PackagePathError;

    fn from_str(path: &str) -> Result<Self, PackagePathError> {
        Self::from_bytes(path.as_bytes())
    }
}

impl fmt::Display for PackagePath {
    /// The path as text; bytes that are not UTF-8 are replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for PackagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackagePath({:?})", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_a_package_can_hold() {
        for path in ["a", "usr/bin/x", "opt/ünïcode/a b", "a/..b/c..", "-x"] {
            assert_eq!(path.parse::<PackagePath>().unwrap().to_string(), path);
        }
        assert_eq!(PackagePath::from_bytes(b"a/\xff").unwrap().as_bytes(), b"a/\xff");
    }

    #[test]
    fn refuses_what_leaves_it_or_has_two_spellings() {
        let long = "x".repeat(256);
        for path in ["", "/a", "..", "../a", "a/../b", "a/..", "./a", "a//b", "a/", "a\nb", "a\0", &long] {
            assert!(path.parse::<PackagePath>().is_err(), "{path:?}");
        }
        assert!("a/".repeat(3000).parse::<PackagePath>().is_err());
        assert!(PackagePath::from_installed("etc/x").is_err());
        assert!(PackagePath::from_installed("//x").is_err());
    }
}
