//! Answers whether stacks can be installed, kept by all that they depend on. They are derived: asked again, the answer is the same.

use bytes::Bytes;
use gachette_core::Sha256Digest;

use super::error::RepositoryError;
use super::{Repository, key};

impl Repository {
    /// The answer to a question that was asked before.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(crate) fn kept_answer(&self, question: &Sha256Digest) -> Result<Option<Bytes>, RepositoryError> {
        self.store.read(&key::check(question))
    }

    /// Keeps the answer to a question.
    ///
    /// # Errors
    /// When the repository cannot be written.
    pub(crate) fn keep_answer(
        &self,
        question: &Sha256Digest,
        answer: Vec<u8>,
    ) -> Result<(), RepositoryError> {
        self.store.replace(&key::check(question), answer)
    }
}
