//! Whether known keys stated what the repository says of a stack and its packages.

use std::collections::BTreeMap;

use gachette_core::Sha256Digest;
use gachette_core::stack::{Entry, PackageRecord, StackName};
use gachette_core::statement::{self, Envelope};
use jiff::Timestamp;
use serde_json::Value;

use super::link::{LinkKind, Linked};
use crate::operation::OperationError;
use crate::repository::{Repository, RepositoryError};
use crate::signing::{Certificate, verify_detached};

/// Checks the statement about the revision, and those about its packages that are there. Says what should be seen to: packages
/// without one, of which others have one. That is no fault, since the statement about the revision has the sums of all records.
pub(super) fn check(
    repository: &Repository,
    entry: &Entry,
    records: &[PackageRecord],
    whole: bool,
    certificates: &[Certificate],
    now: Timestamp,
    linked: &mut Linked,
) -> Result<Vec<String>, OperationError> {
    let judge = Judge { certificates, now };
    let mut faults = Vec::new();
    let signed = read(repository.signed_statement(&entry.hash), &mut faults)?;
    match signed {
        None if !entry.revision.sealed => {
            let about = "none yet: those of sealed stacks are signed";
            linked.put(LinkKind::Statements, about, faults);
            return Ok(Vec::new());
        }
        None if faults.is_empty() => {
            faults.push("no key signed a statement about this revision; publish it again".to_owned());
        }
        None => {}
        Some(envelope) => {
            let about = format!("the statement about {}", entry.revision.stack.at(entry.revision.number));
            faults.extend(judge.fault(&envelope, &about));
            if whole
                && let Ok(stated) =
                    records.iter().map(|it| repository.stated(it)).collect::<Result<Vec<_>, _>>()
                && envelope.statement().is_ok_and(|it| it != repository.statement_of(entry, &stated))
            {
                faults.extend(differing(&envelope, records));
            }
        }
    }
    let mut count = 1;
    let mut without = Vec::new();
    for record in records {
        let Some(envelope) = read(repository.signed_statement(&record.sha256), &mut faults)? else {
            without.push(record.file.as_str());
            continue;
        };
        count += 1;
        let about = format!("the statement about {}", record.file);
        faults.extend(judge.fault(&envelope, &about));
        let is_of =
            |it: &[u8]| it == statement::of_package(record) || it == statement::of_package_before(record);
        match envelope.statement() {
            Ok(said) if !is_about(&said, &record.sha256) => faults.push(format!(
                "{about} is about something else: `gachette stack seal {}` signs the right one",
                entry.revision.stack
            )),
            Ok(said) if !is_of(&said) => faults.push(format!("{about} says otherwise than its record")),
            _ => {}
        }
    }
    linked.put(LinkKind::Statements, format!("{count} signed"), faults);
    Ok(lost(&without, records.len(), &entry.revision.stack))
}

/// What is to be said of packages without a statement. Where none has one, the keys are those of gpg, which sign stacks alone.
fn lost(without: &[&str], of: usize, stack: &StackName) -> Vec<String> {
    match without {
        [first, ..] if without.len() < of => vec![format!(
            "{} of {of} packages without a signed statement of their own, such as {first}: `gachette stack seal {stack}` signs them",
            without.len()
        )],
        _ => Vec::new(),
    }
}

/// Whether it is this that a statement is about: its first subject.
fn is_about(said: &[u8], digest: &Sha256Digest) -> bool {
    statement::subjects(said).is_ok_and(|subjects| subjects.first() == Some(digest))
}

fn read(
    outcome: Result<Option<Envelope>, RepositoryError>,
    faults: &mut Vec<String>,
) -> Result<Option<Envelope>, OperationError> {
    match outcome {
        Err(error @ RepositoryError::Damaged { .. }) => {
            faults.push(error.to_string());
            Ok(None)
        }
        outcome => Ok(outcome?),
    }
}

struct Judge<'a> {
    certificates: &'a [Certificate],
    now: Timestamp,
}

impl Judge<'_> {
    /// Why an envelope is not to be believed: one signature by a known key is enough, and a false one is too many.
    fn fault(&self, envelope: &Envelope, about: &str) -> Option<String> {
        let judged = || {
            let content = statement::signed_bytes(&envelope.statement().map_err(|error| error.to_string())?);
            let signatures = envelope.signature_bytes().map_err(|error| error.to_string())?.concat();
            verify_detached(&content, &signatures, self.certificates, self.now)
                .map_err(|error| error.to_string())
        };
        judged().err().map(|reason| format!("{about}: {reason}"))
    }
}

/// The records that are other ones than were signed, by the statement about their stack.
fn differing(envelope: &Envelope, records: &[PackageRecord]) -> Vec<String> {
    let statement = envelope.statement().unwrap_or_default();
    let statement: Value = serde_json::from_slice(&statement).unwrap_or_default();
    let listed = statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array();
    let of =
        |it: &Value| Some((it["name"].as_str()?.to_owned(), it["digest"]["sha256"].as_str()?.to_owned()));
    let signed: BTreeMap<String, String> = listed.into_iter().flatten().filter_map(of).collect();
    let mut faults = Vec::new();
    for record in records {
        let name = statement::record_name(record);
        let digest = record.to_bytes().map(|bytes| gachette_core::Sha256Digest::of(&bytes).to_string());
        if digest.ok().as_ref() != signed.get(&name) {
            faults.push(format!("the record of {name} is not the one that was signed"));
        }
    }
    if faults.is_empty() {
        faults.push("the statement says otherwise than the revision".to_owned());
    }
    faults
}
