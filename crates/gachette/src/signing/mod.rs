//! Signs the Release files of APT suites, with keys of our own and with those that gpg holds, and checks such signatures.
//!
//! A suite is signed with [`Signers`]; each of several keys signs by itself, in one InRelease and one Release.gpg, and it is
//! enough for a client to know one of them. What is published, and where, is left to others.

mod blocks;
mod certificate;
mod certify;
mod config;
mod error;
mod expiry;
mod fingerprint;
mod folder;
mod gpg;
mod gpg_status;
mod key_name;
mod key_ref;
mod listing;
mod open_key;
mod own_key;
mod passphrase;
mod place;
mod release;
mod signer;
mod signers;
mod verify;

pub use certificate::Certificate;
pub use config::SigningConfig;
pub use error::{SigningError, SigningFault};
pub use expiry::EndingKey;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use folder::{Import, KeyFolder, NewEnd, usual_end};
pub use gpg::Gpg;
pub use key_name::{KeyName, KeyNameError};
pub use key_ref::{KeyRef, KeyRefError};
pub use listing::{ListedKey, MissingKeys};
pub use own_key::OwnKey;
pub use passphrase::{PASSPHRASE_VARIABLE, PassphraseSource};
pub use signers::{Holders, Signed, Signers};
pub use verify::{GoodSignature, VerifiedRelease, VerifyError, verify, verify_detached};
