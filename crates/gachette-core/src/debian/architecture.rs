//! The architecture of a binary package, by Debian Policy 5.6.8.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::as_text::as_text;

/// What packages usually are of: lists have these by the ten thousand, and they take no memory.
const USUAL: [&str; 10] =
    ["all", "amd64", "arm64", "armel", "armhf", "i386", "mips64el", "ppc64el", "riscv64", "s390x"];

/// A binary package's architecture: `all`, or a machine architecture such as `amd64` or `musl-linux-arm64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Architecture(Cow<'static, str>);

/// Text that is no architecture a binary package can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no architecture of a binary package; expected `all` or a name such as `amd64`", .0.escape_debug())]
pub struct ArchitectureError(String);

impl Architecture {
    /// The architecture of packages that install anywhere.
    pub fn all() -> Self {
        Self(Cow::Borrowed("all"))
    }

    /// Whether this is `all`.
    pub fn is_all(&self) -> bool {
        self.0 == "all"
    }

    /// The architecture as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Architecture {
    type Err = ArchitectureError;

    fn from_str(text: &str) -> Result<Self, ArchitectureError> {
        // deb-control(5): `any` and `source` name sets of architectures, never the one of a binary package.
        let well_formed = (2..=64).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !text.starts_with('-')
            && !text.ends_with('-');
        let names_a_set =
            matches!(text, "any" | "source") || text.starts_with("any-") || text.ends_with("-any");
        if !well_formed || names_a_set {
            return Err(ArchitectureError(text.chars().take(64).collect()));
        }
        let usual = USUAL.into_iter().find(|usual| *usual == text);
        Ok(Self(usual.map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed)))
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Those that begin with `an` or `so`, or have a part that begins with `an`, are left out with the sets.
as_text!(
    Architecture,
    wished
        "^([b-rt-z0-9][a-z0-9]{1,15}|a[a-mo-z0-9][a-z0-9]{0,14}|s[a-np-z0-9][a-z0-9]{0,14})(-([b-z0-9][a-z0-9]{0,15}|a[a-mo-z0-9][a-z0-9]{0,14})){0,2}$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_all_and_machine_architectures() {
        assert!("all".parse::<Architecture>().unwrap().is_all());
        assert!(!"amd64".parse::<Architecture>().unwrap().is_all());
        assert!("kfreebsd-amd64".parse::<Architecture>().is_ok());
    }

    #[test]
    fn refuses_sets_and_paths() {
        for text in ["", "any", "linux-any", "any-amd64", "source", "amd/64", "../x", "AMD64", "-x", "x\n"] {
            assert!(text.parse::<Architecture>().is_err(), "{text:?}");
        }
    }
}
