//! Answers whether stacks can be installed, kept by all that they depend on. They are derived: asked again, the answer is the same.

use bytes::Bytes;
use gachette_core::Sha256Digest;

use super::error::RepositoryError;
use super::{Repository, key};

impl Repository {
    /// The answer to a question that was asked before, if it is to be believed.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(crate) fn kept_answer(&self, question: &Sha256Digest) -> Result<Option<Bytes>, RepositoryError> {
        let key = key::check(question);
        let Some(kept) = self.store.read_derived(&key)? else { return Ok(None) };
        let (answer, is_ours) = self.marks.unmarked(&key, &kept);
        Ok((is_ours || !self.marks.are_asked_for()).then(|| kept.slice_ref(answer)))
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
        let key = key::check(question);
        let answer = self.marks.marked(&key, answer);
        self.store.replace(&key, answer)
    }
}
