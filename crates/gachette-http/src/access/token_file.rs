//! The tokens of a server, in a file that only its user reads. The file is read again when it was changed, so that a token
//! which is revoked by another process is refused from then on.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gachette::private_file::{self, PrivateFileError};
use gachette_core::{Sha256Digest, json_reason};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Caller;
use super::token::{self, TokenName};
use crate::wire::{CreateToken, CreatedToken, TokenSummary};

/// The version of the file's format.
const FORMAT: u32 = 1;

/// The most that is read of the file, in bytes.
const LONGEST: u64 = 64 << 20;

/// The tokens of a server.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
    read: Arc<Mutex<Option<Read>>>,
}

/// Why tokens cannot be looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read or written, or is open to others.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The file holds something else.
    #[error("{} is no file of tokens: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A token of that name is there.
    #[error("there is a token `{0}` already")]
    Taken(TokenName),
    /// No token of that name is there.
    #[error("there is no token `{0}`")]
    Missing(TokenName),
}

/// The file's content.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tokens {
    format: u32,
    tokens: Vec<Kept>,
}

/// What is kept of a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    summary: TokenSummary,
    sha256: Sha256Digest,
}

/// What was read, and of which file: its inode, size and time.
#[derive(Debug)]
struct Read {
    mark: Mark,
    tokens: Arc<Tokens>,
}

type Mark = (u64, u64, i64, i64);

impl TokenFile {
    /// The tokens in this file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), read: Arc::default() }
    }

    /// The tokens of the servers of this user: `tokens.json` in the folder of its state.
    pub fn of_this_user() -> Self {
        Self::new(gachette::state::folder().join("tokens.json"))
    }

    /// The tokens, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(&self) -> Result<Vec<TokenSummary>, TokenError> {
        Ok(self.read()?.tokens.iter().map(|kept| kept.summary.clone()).collect())
    }

    /// Makes a token. It is in the answer, and nowhere else.
    ///
    /// # Errors
    /// When there is one of that name, or the file cannot be written.
    pub fn create(&self, wish: CreateToken) -> Result<CreatedToken, TokenError> {
        let token = token::fresh().map_err(self.io())?;
        let CreateToken { name, role, expires } = wish;
        let summary = TokenSummary { name, role, created: Timestamp::now(), expires };
        let kept = Kept { summary: summary.clone(), sha256: token::digest(&token) };
        self.change(|tokens| {
            if tokens.iter().any(|other| other.summary.name == kept.summary.name) {
                return Err(TokenError::Taken(kept.summary.name));
            }
            tokens.push(kept);
            tokens.sort_by(|a, b| a.summary.name.cmp(&b.summary.name));
            Ok(())
        })?;
        Ok(CreatedToken { summary, token })
    }

    /// Takes a token back: it is refused from now on.
    ///
    /// # Errors
    /// When there is none of that name, or the file cannot be written.
    pub fn revoke(&self, name: &TokenName) -> Result<(), TokenError> {
        self.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|kept| kept.summary.name != *name);
            if tokens.len() == before { Err(TokenError::Missing(name.clone())) } else { Ok(()) }
        })
    }

    /// Who shows this token; nobody when it is none, was revoked, or has expired.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn caller(&self, shown: &str) -> Result<Option<Caller>, TokenError> {
        let shown = token::digest(shown);
        // All of them are compared, so that the time tells nothing.
        let mut found = None;
        for kept in &self.read()?.tokens {
            if token::same(&kept.sha256, &shown) {
                found = Some(&kept.summary).cloned();
            }
        }
        let now = Timestamp::now();
        let valid = found.filter(|summary| summary.expires.is_none_or(|expires| now < expires));
        Ok(valid.map(|summary| Caller::token(&summary.name, summary.role)))
    }

    fn read(&self) -> Result<Arc<Tokens>, TokenError> {
        let nothing = || Arc::new(Tokens { format: FORMAT, tokens: Vec::new() });
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(nothing()),
            Err(error) => return Err(self.io()(error)),
        };
        let mark = (metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec());
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = known.as_ref().filter(|read| read.mark == mark) {
            return Ok(Arc::clone(&read.tokens));
        }
        private_file::refuse_open(&self.path, &metadata)?;
        let tokens = Arc::new(self.parse(&gachette::read_regular(&self.path, LONGEST).map_err(self.io())?)?);
        *known = Some(Read { mark, tokens: Arc::clone(&tokens) });
        Ok(tokens)
    }

    fn parse(&self, bytes: &[u8]) -> Result<Tokens, TokenError> {
        let malformed = |reason| TokenError::Malformed { path: self.path.clone(), reason };
        let tokens: Tokens = serde_json::from_slice(bytes).map_err(|error| malformed(json_reason(&error)))?;
        if tokens.format != FORMAT {
            return Err(malformed(format!(
                "it has format {}, and this gachette knows {FORMAT}",
                tokens.format
            )));
        }
        Ok(tokens)
    }

    /// Changes the tokens, by a new file in the old one's place; processes that do so take turns.
    fn change(
        &self,
        change: impl FnOnce(&mut Vec<Kept>) -> Result<(), TokenError>,
    ) -> Result<(), TokenError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(self.io())?;
        let lock = File::create(self.path.with_extension("lock")).map_err(self.io())?;
        lock.lock().map_err(self.io())?;
        let mut tokens = Tokens::clone(&*self.read()?);
        change(&mut tokens.tokens)?;
        let text = serde_json::to_vec_pretty(&tokens).map_err(std::io::Error::from).map_err(self.io())?;
        Ok(private_file::write(&self.path, &text)?)
    }

    fn io(&self) -> impl FnOnce(std::io::Error) -> TokenError {
        let error = PrivateFileError::io(&self.path);
        move |source| error(source).into()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::access::Role;

    fn wish(name: &str, role: Role, expires: Option<Timestamp>) -> CreateToken {
        CreateToken { name: name.parse().unwrap(), role, expires }
    }

    #[test]
    fn a_token_is_known_until_it_is_revoked_and_never_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/tokens.json");
        let (ours, another_process) = (TokenFile::new(&path), TokenFile::new(&path));
        let created = ours.create(wish("ci", Role::Build, None)).unwrap();
        assert!(matches!(ours.create(wish("ci", Role::Admin, None)), Err(TokenError::Taken(_))));
        let caller = another_process.caller(&created.token).unwrap().unwrap();
        assert_eq!(caller.role, Role::Build);
        assert!(another_process.caller("gachette_").unwrap().is_none());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let secret = created.token.strip_prefix("gachette_").unwrap();
        assert!(secret.len() == 64 && !fs::read_to_string(&path).unwrap().contains(secret));
        ours.revoke(&"ci".parse().unwrap()).unwrap();
        assert!(another_process.caller(&created.token).unwrap().is_none());
        assert!(matches!(ours.revoke(&"ci".parse().unwrap()), Err(TokenError::Missing(_))));
    }

    #[test]
    fn an_expired_token_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = TokenFile::new(folder.path().join("tokens.json"));
        let past = tokens.create(wish("old", Role::Admin, Some("2020-01-01T00:00:00Z".parse().unwrap())));
        assert!(tokens.caller(&past.unwrap().token).unwrap().is_none());
        assert_eq!(tokens.list().unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        let created = TokenFile::new(&path).create(wish("ci", Role::Read, None)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let message = TokenFile::new(&path).caller(&created.token).unwrap_err().to_string();
        assert!(message.ends_with("tokens.json is open to others (mode 0640)"), "{message}");
    }
}
