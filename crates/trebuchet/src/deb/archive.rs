//! The outer format of a package file: an ar(5) archive in the dialect of deb(5).

use super::DebError;

/// What an archive begins with.
pub(super) const MAGIC: &[u8; 8] = b"!<arch>\n";
/// The length of a member's header, in bytes.
pub(super) const HEADER_LENGTH: usize = 60;

/// The header of a member that belongs to root with mode 100644, as dpkg-deb writes it.
pub(super) fn header(name: &str, size: u64, mtime: i64) -> Result<[u8; HEADER_LENGTH], DebError> {
    if size > 9_999_999_999 {
        return Err(DebError::TooLarge(size));
    }
    let text = format!("{name:<16}{mtime:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, "100644");
    // Only a time of more than twelve digits would make it longer.
    text.as_bytes().try_into().map_err(|_| DebError::Time(mtime))
}
