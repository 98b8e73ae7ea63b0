//! The headers of the tar archives in a package, in GNU's format (tar(5)), which dpkg reads in all versions.

use tar::EntryType;

use super::{DebError, Owner};

/// What a member's header says.
pub(super) struct TarHeader<'a> {
    /// The path with `./` before it, and `/` after a folder's.
    pub(super) name: &'a [u8],
    pub(super) kind: EntryType,
    /// What a symbolic link points at, else empty.
    pub(super) target: &'a [u8],
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) owner: &'a Owner,
    pub(super) mtime: u64,
}

/// The length of a block, which headers and padded contents are multiples of.
pub(super) const BLOCK: usize = 512;
/// The longest name or target that fits into a header itself.
const SHORT: usize = 100;

impl TarHeader<'_> {
    /// The header's bytes, long names before it.
    pub(super) fn write_to(&self, output: &mut Vec<u8>) -> Result<(), DebError> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(self.kind);
        header.set_size(self.size);
        header.set_mode(self.mode & 0o7777);
        header.set_mtime(self.mtime);
        header.set_uid(self.owner.uid.into());
        header.set_gid(self.owner.gid.into());
        if let Some(gnu) = header.as_gnu_mut() {
            owner_name(&mut gnu.uname, &self.owner.user)?;
            owner_name(&mut gnu.gname, &self.owner.group)?;
            // GNU tar gives the same first 100 bytes to readers that do not know about long names.
            name_field(&mut gnu.name, self.name);
            name_field(&mut gnu.linkname, self.target);
        }
        header.set_cksum();
        if self.target.len() > SHORT {
            long_name(output, EntryType::GNULongLink, self.target);
        }
        if self.name.len() > SHORT {
            long_name(output, EntryType::GNULongName, self.name);
        }
        output.extend_from_slice(header.as_bytes());
        Ok(())
    }

    /// How many bytes [`TarHeader::write_to`] writes for a name and a target of these lengths.
    pub(super) fn length(name: usize, target: usize) -> u64 {
        let long = |length: usize| if length > SHORT { BLOCK as u64 + padded(length as u64 + 1) } else { 0 };
        BLOCK as u64 + long(name) + long(target)
    }
}

/// The size rounded up to whole blocks.
pub(super) fn padded(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64)
}

/// Fills the output up to whole blocks.
pub(super) fn pad(output: &mut Vec<u8>) {
    output.resize(output.len().next_multiple_of(BLOCK), 0);
}

fn name_field(field: &mut [u8; SHORT], name: &[u8]) {
    let length = name.len().min(SHORT);
    field[..length].copy_from_slice(&name[..length]);
}

fn owner_name(field: &mut [u8; 32], name: &str) -> Result<(), DebError> {
    if name.len() >= field.len() || name.contains('\0') {
        return Err(DebError::Owner(name.chars().take(60).collect()));
    }
    field[..name.len()].copy_from_slice(name.as_bytes());
    Ok(())
}

/// A member that carries the next one's name, ended by NUL.
fn long_name(output: &mut Vec<u8>, kind: EntryType, name: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(name.len() as u64 + 1);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    if let Some(gnu) = header.as_gnu_mut() {
        name_field(&mut gnu.name, b"././@LongLink");
    }
    header.set_cksum();
    output.extend_from_slice(header.as_bytes());
    let start = output.len();
    output.extend_from_slice(name);
    output.push(0);
    output.resize(start + (name.len() + 1).next_multiple_of(BLOCK), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What tar makes of a member that is announced only: its contents are a hole.
    fn listed(header: &TarHeader<'_>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar");
        let mut bytes = Vec::new();
        header.write_to(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, TarHeader::length(header.name.len(), header.target.len()));
        std::fs::write(&path, &bytes).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(bytes.len() as u64 + padded(header.size) + 2 * BLOCK as u64).unwrap();
        let mut tar = std::process::Command::new("tar");
        tar.args(["--list", "--verbose", "--numeric-owner", "--file"])
            .arg(&path)
            .env("TZ", "UTC")
            .env("LC_ALL", "C");
        let output = tar.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn tar_reads_sizes_and_numbers_beyond_the_octal_digits() {
        let owner =
            Owner { user: "a".to_owned(), uid: 3_000_000_000, group: "b".to_owned(), gid: 4_000_000_000 };
        let (size, mode) = (9 << 30, 0o4755);
        let header = TarHeader {
            name: b"./big",
            kind: EntryType::Regular,
            target: b"",
            size,
            mode,
            owner: &owner,
            mtime: 0,
        };
        assert_eq!(listed(&header), "-rwsr-xr-x 3000000000/4000000000 9663676416 1970-01-01 00:00 ./big\n");
    }

    #[test]
    fn tar_reads_long_names_and_targets_of_every_length() {
        let owner = Owner::root();
        for length in [99, 100, 101, 511, 512, 513, 4000] {
            let (name, target) = ("n".repeat(length), "t".repeat(length));
            let header = TarHeader {
                name: name.as_bytes(),
                kind: EntryType::Symlink,
                target: target.as_bytes(),
                size: 0,
                mode: 0o777,
                owner: &owner,
                mtime: 0,
            };
            assert!(listed(&header).ends_with(&format!(" {name} -> {target}\n")), "{length}");
        }
    }

    #[test]
    fn a_name_of_an_owner_that_does_not_fit_is_refused() {
        let mut field = [0; 32];
        assert!(owner_name(&mut field, &"x".repeat(31)).is_ok());
        assert!(owner_name(&mut field, &"x".repeat(32)).is_err());
    }
}
