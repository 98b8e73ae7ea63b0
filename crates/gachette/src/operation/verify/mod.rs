//! Verifying a stack or channel from the signature that machines see to the commits that its packages were built from: each
//! link of that chain is checked against the next, and each that does not hold is named.
//!
//! What is found there is believed by nothing but signatures of known keys. The files of the repository are looked at by the code
//! that publishes and by that of `fsck`.

mod commits;
mod indices;
mod link;
mod state;
mod statements;

use gachette_core::apt::Suite;
use gachette_core::plural;
use gachette_core::stack::{Entry, Head, StackName, StackRef};
use jiff::Timestamp;

use super::OperationError;
use crate::config::Config;
use crate::repository::{Finding, Repository, RepositoryError};
use crate::signing::{Certificate, SigningConfig};
use indices::Indices;
use link::Linked;

pub use link::{Link, LinkKind, Verification};

/// By which keys signatures are believed.
#[derive(Debug, Clone)]
pub enum Trusted {
    /// By those that are configured.
    Configured,
    /// By those of these certificates.
    Certificates(String),
}

/// Verifies the suite of a stack or channel.
///
/// # Errors
/// When there is neither, no key is known, or what is to be looked at cannot be read. What does not hold is in the answer.
pub fn verify(config: &Config, suite: &Suite, trusted: &Trusted) -> Result<Verification, OperationError> {
    let repository = config.repository()?.with_stat_caches(None);
    let now = Timestamp::now();
    let (certificates, mut warnings) = certificates(config, trusted)?;
    let shown = match Subject::of(&repository, suite) {
        // With the end of a ledger gone, nothing else can be told.
        Err(error @ RepositoryError::Damaged { .. }) => {
            let mut linked = Linked::default();
            linked.put(LinkKind::Ledger, suite.to_string(), vec![error.to_string()]);
            return Ok(Verification { suite: suite.clone(), shows: None, links: linked.links, warnings });
        }
        shown => shown?,
    };
    let mut linked = Linked::default();
    let release = indices::signature(&repository, suite, &certificates, now, &mut linked);
    let indices = release.as_deref().and_then(|text| Indices::read(&repository, suite, text, &mut linked));
    state::check(&repository, &shown, release.as_deref(), indices.as_ref(), now, &mut linked)?;
    let revision = &shown.entry.revision;
    let chain = repository.check_chain(&revision.stack, shown.channel.as_ref(), &revision.packages)?;
    let told = |findings: &[Finding]| findings.iter().map(ToString::to_string).collect();
    let checked = &chain.checked;
    linked.put(LinkKind::Packages, count(checked.files, "package file"), told(&chain.files));
    let whole = chain.records.is_empty();
    let records = if whole { repository.records_in(&shown.entry)? } else { Vec::new() };
    let mut faults: Vec<String> = told(&chain.records);
    faults.extend(indices.iter().flat_map(|indices| indices.other_than(&records)));
    linked.put(LinkKind::Records, count(checked.records, "package record"), faults);
    let revisions = format!("{}, each behind the one before", count(checked.revisions, "revision"));
    let mut faults = told(&chain.ledger);
    faults.extend(repository.all_witnesses_against(&Head::from(&shown.entry))?);
    linked.put(LinkKind::Ledger, revisions, faults);
    warnings.extend(statements::check(
        &repository,
        &shown.entry,
        &records,
        whole,
        &certificates,
        now,
        &mut linked,
    )?);
    warnings.extend(commits::check(config, &records, whole, &mut linked));
    let shows = Some(revision.stack.at(revision.number));
    Ok(Verification { suite: suite.clone(), shows, links: linked.links, warnings })
}

/// What a suite is to show.
struct Subject {
    entry: Entry,
    /// The channel, when it is that of one.
    channel: Option<Suite>,
}

impl Subject {
    fn of(repository: &Repository, suite: &Suite) -> Result<Self, RepositoryError> {
        match repository.channel(suite) {
            Ok(newest) => {
                let reason = "nothing was promoted to it".to_owned();
                let nowhere = || RepositoryError::Unpublishable { suite: suite.clone(), reason };
                let pin = newest.entry.state.shows.ok_or_else(nowhere)?;
                Ok(Self { entry: repository.pinned(&pin)?, channel: Some(suite.clone()) })
            }
            Err(RepositoryError::MissingChannel { .. }) => {
                let stack = StackName::new(suite.domain().clone(), suite.name())?;
                let entry = repository.show_stack(&StackRef::from(stack));
                Ok(Self { entry: entry.map_err(|error| repository.called_nothing(error))?, channel: None })
            }
            Err(error) => Err(error),
        }
    }
}

fn count(number: u64, noun: &str) -> String {
    plural(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// The certificates of the keys that are believed, and what is to be said of those that cannot be had.
fn certificates(
    config: &Config,
    trusted: &Trusted,
) -> Result<(Vec<Certificate>, Vec<String>), OperationError> {
    let text = match trusted {
        Trusted::Certificates(text) => text,
        // Also of keys that cannot be opened now.
        Trusted::Configured => {
            let (known, missing) = SigningConfig::of(config).known_certificates()?;
            let warning = |(key, error)| format!("signatures of key {key} are not known: {error}");
            return Ok((known, missing.into_iter().map(warning).collect()));
        }
    };
    Ok((Certificate::parse_all(text.as_bytes(), "the certificates")?, Vec::new()))
}
