//! Marks by which a user knows what he kept himself: whoever else may write into the repository cannot make them.
//!
//! What is kept so that it need not be made again (parts of indices, lists of files, answers of checks, which records are true) says what is signed, and
//! whether a stack may be sealed. Where keys sign, it is believed with a mark alone: an HMAC-SHA256 (RFC 2104) of its place and
//! bytes, under a secret that lies beside the keys. What has none, since another user kept it or somebody edited it, is looked
//! through or made again.

use std::sync::{Arc, OnceLock};

use gachette_core::Sha256Digest;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore as _;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::private_file::{self, PrivateFolder};
use crate::signing::KeyFolder;

/// The file of the secret, in the folder of keys.
const SECRET: &str = "marks.secret";
/// How many bytes the secret has.
const LENGTH: usize = 32;
/// How the last line of what is marked begins.
const MARK: &[u8] = b"\nmark ";
/// How long that line is: with the digits of a SHA-256, and an end.
const LINE: usize = MARK.len() + 64 + 1;

/// The marks of this user, or nobody's where no keys sign.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnMarks(Option<Arc<Beside>>);

/// The folder of keys, and the secret in it once it was asked for; none when it cannot be had.
#[derive(Debug)]
struct Beside {
    folder: KeyFolder,
    secret: OnceLock<Option<Zeroizing<Vec<u8>>>>,
}

impl OwnMarks {
    /// With the secret that lies in this folder of keys, and is made when it is needed.
    pub(crate) fn beside_keys(folder: KeyFolder) -> Self {
        Self(Some(Arc::new(Beside { folder, secret: OnceLock::new() })))
    }

    /// Whether nothing is to be believed without a mark.
    pub(crate) fn are_asked_for(&self) -> bool {
        self.0.is_some()
    }

    /// Bytes to be kept at a place, marked where there is a secret.
    pub(crate) fn marked(&self, place: &str, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Some(mark) = self.mac(place, &bytes) {
            let digest = Sha256Digest::from_bytes(mark.finalize().into_bytes().into());
            bytes.extend_from_slice(MARK);
            bytes.extend_from_slice(digest.to_string().as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }

    /// Kept bytes without their mark, and whether that is ours.
    pub(crate) fn unmarked<'b>(&self, place: &str, kept: &'b [u8]) -> (&'b [u8], bool) {
        let Some((bytes, mark)) = parted(kept) else { return (kept, false) };
        let is_ours = self.mac(place, bytes).is_some_and(|mac| mac.verify_slice(mark.as_bytes()).is_ok());
        (bytes, is_ours)
    }

    /// By what name this user's files are told from those of others, which he cannot believe; none where no keys sign.
    pub(crate) fn owner(&self) -> Option<String> {
        let mac = self.mac("owner", &[])?;
        let digest = Sha256Digest::from_bytes(mac.finalize().into_bytes().into());
        Some(digest.to_string()[..16].to_owned())
    }

    fn mac(&self, place: &str, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        let beside = self.0.as_ref()?;
        let secret = beside.secret.get_or_init(|| beside.secret()).as_ref()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(place.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        Some(mac)
    }
}

impl Beside {
    /// The secret, made when there is none. Who has none, for whatever reason, marks nothing and believes no mark.
    fn secret(&self) -> Option<Zeroizing<Vec<u8>>> {
        self.folder.check_place().ok()?;
        let path = self.folder.path().join(SECRET);
        let read = || private_file::read(&path).ok().filter(|secret| secret.len() == LENGTH);
        read().or_else(|| {
            let folder = PrivateFolder::hold(self.folder.path()).ok()?;
            // Somebody else may have made it meanwhile.
            read().or_else(|| {
                let mut secret = Zeroizing::new(vec![0; LENGTH]);
                rand::rngs::OsRng.try_fill_bytes(&mut secret).ok()?;
                folder.write(SECRET, &secret).ok()?;
                Some(secret)
            })
        })
    }
}

/// Kept bytes without their mark, whoever's it is.
pub(crate) fn without_mark(kept: &[u8]) -> &[u8] {
    parted(kept).map_or(kept, |(bytes, _)| bytes)
}

/// What stands before the line of a mark, and the mark.
fn parted(kept: &[u8]) -> Option<(&[u8], Sha256Digest)> {
    let (bytes, line) = kept.split_at_checked(kept.len().checked_sub(LINE)?)?;
    let digits = line.strip_prefix(MARK)?.strip_suffix(b"\n")?;
    Some((bytes, str::from_utf8(digits).ok()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;

    fn beside(keys: &Path) -> OwnMarks {
        OwnMarks::beside_keys(KeyFolder::new(keys, Vec::new()))
    }

    #[test]
    fn a_mark_is_of_one_user_one_place_and_these_bytes() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let marks = || beside(&folder.path().join("keys"));
        let kept = marks().marked("checks/a", b"yes".to_vec());
        assert_eq!(marks().unmarked("checks/a", &kept), (&b"yes"[..], true));
        assert_eq!(marks().unmarked("checks/b", &kept), (&b"yes"[..], false));
        let edited = [b"no!", &kept[3..]].concat();
        assert_eq!(marks().unmarked("checks/a", &edited), (&b"no!"[..], false));
        for cut in [0, 3, kept.len() - 1] {
            assert_eq!(marks().unmarked("checks/a", &kept[..cut]), (&kept[..cut], false));
        }
        let another = beside(&other.path().join("keys"));
        assert_eq!(another.unmarked("checks/a", &kept), (&b"yes"[..], false));
        let nobody = OwnMarks::default();
        assert_eq!(nobody.unmarked("checks/a", &kept), (&b"yes"[..], false));
        assert_eq!(nobody.marked("checks/a", b"yes".to_vec()), b"yes");
    }

    #[test]
    fn without_a_secret_nothing_is_marked_and_no_mark_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let kept = beside(&keys).marked("checks/a", b"yes".to_vec());
        std::fs::set_permissions(keys.join(SECRET), std::fs::Permissions::from_mode(0o644)).unwrap();
        std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o777)).unwrap();
        let marks = beside(&keys);
        assert_eq!(marks.unmarked("checks/a", &kept), (&b"yes"[..], false));
        assert_eq!(marks.marked("checks/a", b"yes".to_vec()), b"yes");
    }
}
