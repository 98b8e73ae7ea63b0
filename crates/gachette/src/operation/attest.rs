//! Signing statements of where packages and sealed stacks come from, where the keys are: when a stack is sealed or published.

use std::collections::BTreeSet;
use std::convert::Infallible;

use gachette_core::Sha256Digest;
use gachette_core::stack::{Entry, Head, PackageRecord};
use gachette_core::statement::{self, Envelope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::OperationError;
use crate::Cancel;
use crate::repository::Repository;
use crate::signing::{Fingerprint, Holders, Signers};

/// Refuses a sealed revision that is not the one which was sealed: it must be stated by a known key, or nothing must speak against
/// it. Says whether there is nothing left to sign.
pub(super) fn check_sealed(
    repository: &Repository,
    signers: Option<&Signers>,
    head: &Head,
) -> Result<bool, OperationError> {
    let statements = signers.map(|signers| Statements { repository, signers, by: Holders::All });
    let good = statements.map(|it| (it.good_signatures_of(head), it.signers.held_by(it.by)));
    let (good, held) = good.unwrap_or_default();
    if good.is_empty() {
        repository.check_sealed(head)?;
    }
    Ok(held.iter().all(|key| good.contains(key)))
}

/// Who signed a statement.
#[derive(Serialize, Deserialize)]
struct Judged {
    /// The SHA-256 of the certificates by which that was judged: they say what was revoked or ends earlier by now.
    by: Sha256Digest,
    /// The keys that did.
    good: Vec<Fingerprint>,
}

/// Statements about a sealed stack and its packages, which are signed where they are not signed yet.
pub(super) struct Statements<'a> {
    pub(super) repository: &'a Repository,
    pub(super) signers: &'a Signers,
    /// Whose keys sign.
    pub(super) by: Holders,
}

impl Statements<'_> {
    /// The same as [`Statements::sign`], unless the statement about the stack is signed: that was the last. Only then the revision
    /// that the `hash` names is read.
    pub(super) fn sign_unless_done(
        &self,
        hash: &Sha256Digest,
        entry: impl FnOnce() -> Result<Entry, OperationError>,
    ) -> Result<(), OperationError> {
        if self.is_signed(hash) { Ok(()) } else { self.sign(&entry()?) }
    }

    /// Signs the statement about a sealed stack, and those about its packages with keys of our own: a token that wants to be
    /// touched is touched once for all of them. What is signed already is left as it is.
    pub(super) fn sign(&self, entry: &Entry) -> Result<(), OperationError> {
        let signers = self.signers.unlocked()?;
        let of_packages = Statements { repository: self.repository, signers: &signers, by: Holders::Own };
        let records = self.repository.each_record(entry, |record| {
            // What was stated once of a package is not stated otherwise: its record was edited since.
            let Some(says) = of_packages.wording(&record) else {
                return Err(self.repository.edited_record(&record).into());
            };
            if !of_packages.is_signed(&record.sha256) {
                of_packages.add(&record.sha256, &says)?;
            }
            Ok::<_, OperationError>(self.repository.stated(&record)?)
        })?;
        drop(signers);
        // Last: it says that the others are there.
        if !(self.is_signed(&entry.hash) && self.names_files_of(entry)) {
            self.add(&entry.hash, &self.repository.statement_of(entry, &records))?;
        }
        Ok(())
    }

    /// Whether there is a statement about this that all keys signed. One that is damaged is as good as none.
    pub(super) fn is_signed(&self, about: &Sha256Digest) -> bool {
        let held = self.signers.held_by(self.by);
        held.is_empty() || {
            let good = self.good_signatures(about);
            held.iter().all(|key| good.contains(key))
        }
    }

    /// Whether the statement about a sealed stack is of its package files and no others.
    fn names_files_of(&self, entry: &Entry) -> bool {
        let stated = || {
            let known = self.repository.opened_statement(&entry.hash).ok()??;
            let subjects = statement::subjects(known.statement()).ok()?;
            Some(subjects.into_iter().skip(1).collect::<BTreeSet<_>>())
        };
        let files = entry.revision.packages.iter().flat_map(|package| package.files.values().copied());
        stated() == Some(files.collect())
    }

    /// What is to be signed of a package: what is signed of it already, when that says what its record does. None when one of the keys
    /// signed something else.
    fn wording(&self, record: &PackageRecord) -> Option<Vec<u8>> {
        let newest = statement::of_package(record);
        let Some(known) = self.repository.signed_statement(&record.sha256).ok().flatten() else {
            return Some(newest);
        };
        let is_known = |statement: &[u8]| known.payload == Envelope::of(statement).payload;
        if is_known(&newest) {
            return Some(newest);
        }
        let before = statement::of_package_before(record);
        if is_known(&before) {
            return Some(before);
        }
        self.good_signatures(&record.sha256).is_empty().then_some(newest)
    }

    /// The keys that signed the statement about a sealed revision, by what was found in it before if it is as it was.
    fn good_signatures_of(&self, head: &Head) -> Vec<Fingerprint> {
        let by = Sha256Digest::of(&self.signers.certificates());
        let is_by_these = |judged: &Judged| judged.by == by;
        let judge = || {
            let good = self.good_signatures(&head.hash);
            Ok::<_, Infallible>((!good.is_empty()).then_some(Judged { by, good }))
        };
        let Ok(judged) = self.repository.found_in_statement(head, is_by_these, judge);
        judged.map(|judged| judged.good).unwrap_or_default()
    }

    /// The keys that signed a statement about this.
    fn good_signatures(&self, about: &Sha256Digest) -> Vec<Fingerprint> {
        let stated = || {
            let known = self.repository.opened_statement(about).ok()??;
            let signatures = known.signature_bytes().ok()?;
            let good = self.signers.judge(known.signed_bytes(), &signatures, Timestamp::now()).ok()?;
            // The first subject is what it is about. That about a stack has the stack's package files as further ones.
            let is_about = statement::subjects(known.statement()).ok()?.first() == Some(about);
            is_about.then(|| good.into_iter().map(|good| good.key).collect())
        };
        stated().unwrap_or_default()
    }

    /// Adds the signatures of the keys to the statement, or writes it with them.
    fn add(&self, about: &Sha256Digest, statement: &[u8]) -> Result<(), OperationError> {
        let fresh = Envelope::of(statement);
        let known = self.repository.signed_statement(about).ok().flatten();
        let mut envelope = known.filter(|known| known.payload == fresh.payload).unwrap_or(fresh);
        let content = statement::signed_bytes(statement);
        for (key, signature) in
            self.signers.sign_detached(&content, self.by, Timestamp::now(), &Cancel::new())?
        {
            envelope.sign(key.to_string(), &signature);
        }
        if !envelope.signatures.is_empty() {
            self.repository.keep_statement(about, &envelope)?;
        }
        Ok(())
    }
}
