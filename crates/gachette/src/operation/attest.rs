//! Signing statements of where packages and sealed stacks come from, where the keys are: when a stack is published.

use gachette_core::Sha256Digest;
use gachette_core::stack::Entry;
use gachette_core::statement::{self, Envelope};
use jiff::Timestamp;

use super::OperationError;
use crate::Cancel;
use crate::repository::Repository;
use crate::signing::{Holders, Signers};

/// Signs the statement about a sealed stack with all keys, and those about its packages with keys of our own: a token that wants
/// to be touched is touched once for all of them. What is signed already by these keys is left as it is.
pub(super) fn attest(
    repository: &Repository,
    signers: &Signers,
    entry: &Entry,
) -> Result<(), OperationError> {
    let signing = Signing { repository, signers };
    if signing.is_signed(&entry.hash, Holders::All)? {
        return Ok(());
    }
    for record in repository.records_in(entry)? {
        if !signing.is_signed(&record.sha256, Holders::Own)? {
            signing.sign(&record.sha256, &statement::of_package(&record), Holders::Own)?;
        }
    }
    // Last: it says that the others are there.
    signing.sign(&entry.hash, &repository.statement_of(entry)?, Holders::All)
}

struct Signing<'a> {
    repository: &'a Repository,
    signers: &'a Signers,
}

impl Signing<'_> {
    /// Whether there is a statement that all these keys signed. One that is damaged is as good as none.
    fn is_signed(&self, about: &Sha256Digest, by: Holders) -> Result<bool, OperationError> {
        let known = self.repository.signed_statement(about).ok().flatten();
        let by_key = |key: &str| known.iter().flat_map(|it| &it.signatures).any(|it| it.keyid == key);
        Ok(self.signers.held_by(by).iter().all(|key| by_key(&key.to_string())))
    }

    /// Adds the signatures of these keys to the statement, or writes it with them.
    fn sign(&self, about: &Sha256Digest, statement: &[u8], by: Holders) -> Result<(), OperationError> {
        let fresh = Envelope::of(statement);
        let known = self.repository.signed_statement(about).ok().flatten();
        let mut envelope = known.filter(|known| known.payload == fresh.payload).unwrap_or(fresh);
        let content = statement::signed_bytes(statement);
        for (key, signature) in self.signers.sign_detached(&content, by, Timestamp::now(), &Cancel::new())? {
            envelope.sign(key.to_string(), &signature);
        }
        if !envelope.signatures.is_empty() {
            self.repository.keep_statement(about, &envelope)?;
        }
        Ok(())
    }
}
