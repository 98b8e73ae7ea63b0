//! Keys that gpg holds: in its keyring, its agent, or on a token. gpg is asked to sign, and never to ask back on this terminal:
//! an agent that has a window may ask there for a passphrase or PIN.

use std::ffi::{OsStr, OsString};
use std::io::{Seek, Write};
use std::time::Duration;

use pgp::composed::{CleartextSignedMessage, Deserializable, DetachedSignature};
use pgp::packet::{Signature, SignatureType};
use trebuchet::process::{Captured, Process, ProcessError};

use super::gpg_status::{Refusal, STATUS};
use super::{Certificate, Fingerprint, SigningError};
use crate::Cancel;

/// How long somebody has to find a token and type its PIN.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many of gpg's last lines are looked at for what went wrong.
const LINES: usize = 200;
/// What a fingerprint is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Key,
    Subkey,
}

/// The `gpg` program of this machine.
#[derive(Debug, Clone, Default)]
pub struct Gpg {
    environment: Vec<(OsString, OsString)>,
}

impl Gpg {
    /// gpg with the environment of this process: `GNUPGHOME` says where its keys are.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an environment variable for gpg and all it starts, such as `GNUPGHOME`.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// What others know of a key, which is named by its own fingerprint or that of a subkey.
    ///
    /// # Errors
    /// When gpg does not know it, or it cannot be used here.
    pub fn certificate(&self, key: Fingerprint) -> Result<Certificate, SigningError> {
        let export = self.process(&["--export", &key.to_string()]);
        let exported = export.output(&Cancel::new()).map_err(|error| failed(key, error))?.stdout;
        if exported.is_empty() {
            return Err(not_there(key));
        }
        let mut certificates = Certificate::parse_all(&exported, &format!("gpg's key {key}"))?;
        certificates.truncate(1);
        certificates.pop().ok_or_else(|| not_there(key))
    }

    /// The signature of this kind for this content.
    pub(super) fn sign(
        &self,
        key: Fingerprint,
        named: Named,
        kind: SignatureType,
        content: &[u8],
        cancel: &Cancel,
    ) -> Result<Signature, SigningError> {
        // `!` has it take that very subkey (GnuPG manual, "How to specify a user ID").
        let user = if named == Named::Subkey { format!("{key}!") } else { key.to_string() };
        let how = if kind == SignatureType::Text { "--clear-sign" } else { "--detach-sign" };
        let process = self.process(&["--digest-algo", "SHA512", "--local-user", &user, how]);
        let input = || {
            let mut file = tempfile::tempfile()?;
            file.write_all(content)?;
            file.rewind()?;
            Ok(file)
        };
        let unwritten = |source| ProcessError::Io { command: process.to_string(), source };
        let process = process.clone().input(input().map_err(unwritten)?);
        let Captured { stdout, last_lines } = process.output(cancel).map_err(|error| failed(key, error))?;
        if !last_lines.iter().any(|line| line.starts_with(&format!("{STATUS}SIG_CREATED "))) {
            return Err(refused(key, "it made no signature".to_owned(), None));
        }
        match kind {
            SignatureType::Text => {
                let signatures = CleartextSignedMessage::from_armor(&stdout[..])?.0.signatures().to_vec();
                the_only_one(key, signatures)
            }
            _ => {
                let signatures = DetachedSignature::from_reader_many(&stdout[..])?.0;
                let signatures = signatures.map(|detached| detached.map(|it| it.signature));
                the_only_one(key, signatures.collect::<Result<_, _>>()?)
            }
        }
    }

    fn process(&self, arguments: &[&str]) -> Process {
        let process = Process::new("gpg")
            .args(["--batch", "--no-tty", "--no-armor", "--status-fd", "2"])
            .args(arguments)
            .env_remove("GPG_TTY")
            .timeout(Some(PATIENCE))
            .keep_lines(LINES);
        self.environment.iter().fold(process, |process, (name, value)| process.env(name, value))
    }
}

/// `local-user` in gpg.conf adds keys that nobody here knows of.
fn the_only_one(key: Fingerprint, signatures: Vec<Signature>) -> Result<Signature, SigningError> {
    let count = signatures.len();
    let several = |_| refused(key, format!("it made {count} signatures, by gpg.conf"), None);
    let [signature] = <[Signature; 1]>::try_from(signatures).map_err(several)?;
    Ok(signature)
}

/// Why gpg did not sign, in its own words for programs where it said any.
fn failed(key: Fingerprint, error: ProcessError) -> SigningError {
    let remembered = || {
        Some(format!(
            "if the key is on a token, put that in; let gpg ask for the passphrase or PIN first, at a terminal, with `gpg --local-user \
             {key} --output - --sign /dev/null >/dev/null`, or in a window of its own"
        ))
    };
    match &error {
        ProcessError::TimedOut { .. } | ProcessError::AskedTheTerminal { .. } => {
            let reason = format!(
                "it gave no answer within {} seconds; it may have waited for a PIN, a passphrase or a token",
                PATIENCE.as_secs()
            );
            return refused(key, reason, remembered());
        }
        ProcessError::Failed { .. } => {}
        _ => return error.into(),
    }
    if let Some(refusal) = Refusal::of(error.last_lines().iter().map(String::as_str)) {
        return explained(key, refusal, remembered());
    }
    let text = error.last_lines().iter().rev().find(|line| !line.starts_with(STATUS));
    let reason = text.map_or_else(|| error.how(), |line| line.trim_start_matches("gpg: ").to_owned());
    refused(key, reason, remembered())
}

/// What gpg said, in words, with what to do about it.
fn explained(key: Fingerprint, refusal: Refusal, remembered: Option<String>) -> SigningError {
    let (reason, hint) = match refusal {
        Refusal::NoSecretKey => return not_there(key),
        Refusal::MayNotSign => ("it may not sign", None),
        Refusal::Revoked => ("it was revoked", None),
        Refusal::Ended => ("it has ended", Some(format!("extend it with `gpg --quick-set-expire {key} 2y`"))),
        Refusal::Disabled => ("it is disabled", Some(format!("`gpg --edit-key {key}`, then `enable`"))),
        Refusal::WrongPassphrase => {
            let hint = format!(
                "let gpg ask for it again, at a terminal, with `gpg --local-user {key} --output - --sign /dev/null >/dev/null`"
            );
            ("the passphrase was wrong", Some(hint))
        }
        Refusal::WrongPin => {
            let hint = "each wrong one counts: `gpg --card-status` shows how many are left";
            ("the PIN of its token was wrong", Some(hint.to_owned()))
        }
        Refusal::BlockedPin => {
            let hint = "`gpg --card-edit`, then `admin` and `passwd`, sets a new one by the admin PIN";
            ("the PIN of its token is blocked", Some(hint.to_owned()))
        }
        Refusal::NobodyToAsk => {
            ("it needs a passphrase, a PIN or its token, and has no window in which it could ask", remembered)
        }
    };
    refused(key, reason.to_owned(), hint)
}

fn not_there(key: Fingerprint) -> SigningError {
    let hint = "`gpg --list-secret-keys` shows those that it has, and GNUPGHOME says where; one on a token is known once `gpg --card-status` \
                has read that"
        .to_owned();
    refused(key, "it has no such secret key".to_owned(), Some(hint))
}

fn refused(fingerprint: Fingerprint, reason: String, hint: Option<String>) -> SigningError {
    SigningError::Gpg { fingerprint, reason, hint }
}
