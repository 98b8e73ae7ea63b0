//! Moving a channel, and what else is done with one; its suite follows.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::channel::{
    Approvals, ChannelEntry, ChannelPolicy, CheckName, CheckOutcome, LackingCheck, MOST_CHECKS, Pin,
};
use gachette_core::stack::{By, Head, LowerPackage, StackName, StackRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OperationError;
use super::attest::check_sealed;
use super::check::with_lower;
use super::gate::{Gate, StackVerdict};
use super::outlook::Obstacle;
use super::promotion::{Promoted, Promotion};
use super::publish::{Looked, Published, SuiteSignature, publish_by, signers_of};
use crate::Cancel;
use crate::config::Config;
use crate::repository::{ChannelCommitted, ChannelWish, LedgerOutlook, PublishSubject, Repository};
use crate::signing::Signers;

/// What is wished of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChannelOrder {
    /// To be moved to a sealed stack.
    Promote {
        /// Which.
        stack: StackRef,
        /// How clients know its suite.
        #[serde(default)]
        signature: SuiteSignature,
        /// Why it is moved also when the channel asks for checks that fail, or are lacking.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(regex(pattern = r"[!-~]"))]
        force: Option<String>,
    },
    /// To note that it may be moved there.
    Approve {
        /// Where to.
        stack: StackRef,
    },
    /// To note what checks said of a sealed stack.
    Check {
        /// Of which.
        stack: StackRef,
        /// What each said.
        #[schemars(extend("minProperties" = 1, "maxProperties" = 64))]
        results: BTreeMap<CheckName, CheckOutcome>,
    },
    /// To stay where it is, for a reason.
    Hold {},
    /// That it need not any more.
    Release {},
}

/// A channel after something was wished of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChannelChanged {
    /// Its newest entry.
    pub newest: ChannelEntry,
    /// The SHA-256 of that entry.
    pub hash: Sha256Digest,
    /// Whether that is new.
    pub changed: bool,
    /// What became of its suite, when it was to be moved.
    pub published: Option<Published>,
    /// What was known of the stack, when the channel asks for that and was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<StackVerdict>,
    /// The packages that are lower than those that hosts have of the channel, or of the distribution, when it was moved: they go there only with
    /// a pin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lower: Vec<LowerPackage>,
    /// A channel of nearly the same name that there is, or of which something is configured, when this one was made by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<Suite>,
    /// The checks that the channel asks for and the stack did not pass: it was moved there by force, or may not be moved there yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<LackingCheck>,
    /// All for which the channel could not be moved yet to what was approved, or of which checks were noted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<Obstacle>,
    /// Whose word it has for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Approvals>,
    /// The checks that were noted and that the channel does not ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unasked: Vec<UnaskedCheck>,
}

/// A check that was noted, and that its channel does not ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnaskedCheck {
    /// The check.
    pub check: CheckName,
    /// One of nearly the same name that the channel asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<CheckName>,
}

/// Does with a channel what is ordered. Its suite follows a promotion, also when an earlier one stopped short of that.
///
/// # Errors
/// When it is refused, not as the repository [expects](Repository::expecting), there is no such stack, or no key to sign with; and
/// when the suite cannot be written, by which time the channel is moved.
pub fn change_channel(
    config: &Config,
    repository: &Repository,
    channel: &Suite,
    order: &ChannelOrder,
    by: &By,
    cancel: &Cancel,
) -> Result<ChannelChanged, OperationError> {
    Gate::check_reason(by)?;
    let policy = config.channel_policy(channel);
    repository.check_expected_channel(channel)?;
    let wish = match order {
        ChannelOrder::Promote { stack, signature, force } => {
            // Without what it takes to write the suite, the channel stays.
            let signers = signers_of(config, channel, *signature)?;
            let to = repository.stack_head(stack)?;
            let looked = look_at(repository, channel, &to, signers.as_ref()).looked(&to)?;
            let promotion =
                Promotion { config, repository, channel, to: &to, policy, by: by.clone(), cancel };
            let Promoted { committed, check, lacking } = promotion.run(force.as_deref())?;
            let near = (committed.changed && committed.newest.entry.number == 1)
                .then(|| near(config, repository, channel))
                .flatten();
            let was_moved = committed.changed && committed.newest.entry.number > 1;
            let (published, lower) = thread::scope(|scope| {
                let lower = was_moved.then(|| scope.spawn(|| lower_since(repository, &committed, &to)));
                let subject = PublishSubject::Channel(channel.clone());
                let published = publish_by(config, subject, signers, Some(looked));
                let lower = lower.map(|lower| lower.join().unwrap_or_else(|panic| resume_unwind(panic)));
                (published, lower.unwrap_or_default())
            });
            let lags =
                |source| OperationError::SuiteLags { channel: channel.clone(), source: Box::new(source) };
            let published = Some(published.map_err(lags)?);
            let lower = with_known(lower, check.as_ref());
            let changed = ChannelChanged::from(committed);
            return Ok(ChannelChanged { published, check, lower, near, lacking, ..changed });
        }
        ChannelOrder::Check { stack, results } => {
            let to = repository.stack_head(stack)?;
            return note_checks(repository, (channel, &policy), &to, results, by);
        }
        ChannelOrder::Approve { stack } => {
            let to = repository.stack_head(stack)?;
            let approved = repository.change_channel(channel, &ChannelWish::Approve(&to), &policy, by)?;
            return told_all(repository, (channel, &policy), &to, approved);
        }
        ChannelOrder::Hold {} => ChannelWish::Hold,
        ChannelOrder::Release {} => ChannelWish::Release,
    };
    Ok(repository.change_channel(channel, &wish, &policy, by)?.into())
}

/// Notes what checks said of a revision; what is lacking still, and whether they were asked.
fn note_checks(
    repository: &Repository,
    (channel, policy): (&Suite, &ChannelPolicy),
    to: &Head,
    results: &BTreeMap<CheckName, CheckOutcome>,
    by: &By,
) -> Result<ChannelChanged, OperationError> {
    if !(1..=MOST_CHECKS).contains(&results.len()) {
        let said = format!("1 to {MOST_CHECKS} checks are noted at once, not {}", results.len());
        return Err(OperationError::Invalid(said));
    }
    let committed = repository.change_channel(channel, &ChannelWish::Note(to, results), policy, by)?;
    let asked: Vec<&str> = policy.required_checks.iter().map(CheckName::as_str).collect();
    let unasked = results.keys().filter(|check| !asked.contains(&check.as_str())).map(|check| {
        let near = gachette_core::nearest(check.as_str(), &asked);
        let near =
            near.and_then(|near| policy.required_checks.iter().find(|it| it.as_str() == near)).cloned();
        UnaskedCheck { check: check.clone(), near }
    });
    let changed = told_all(repository, (channel, policy), to, committed)?;
    Ok(ChannelChanged { unasked: unasked.collect(), ..changed })
}

/// What was done, with all for which the channel could not be moved to this revision now.
fn told_all(
    repository: &Repository,
    (channel, policy): (&Suite, &ChannelPolicy),
    to: &Head,
    committed: ChannelCommitted,
) -> Result<ChannelChanged, OperationError> {
    let ledger = (channel, Some(&committed.newest));
    let LedgerOutlook { refusals, approvals, lacking } = repository.outlook(ledger, to, policy, None)?;
    Ok(ChannelChanged {
        lacking,
        obstacles: refusals.into_iter().map(Obstacle::from).collect(),
        approvals: (approvals.needed > 0).then_some(approvals),
        ..ChannelChanged::from(committed)
    })
}

/// Whether a revision is sound that a channel is to be moved to.
pub(super) struct Sound {
    /// Whether it is the one that was sealed; and of that, whether there is a statement that says so.
    pub(super) statement: Result<bool, OperationError>,
    /// Whether its package files are there.
    pub(super) files: Result<(), OperationError>,
}

impl Sound {
    /// What was looked at, where all of it is sound.
    fn looked(self, to: &Head) -> Result<Looked, OperationError> {
        let Self { statement, files } = self;
        files?;
        Ok(Looked { hash: to.hash, is_stated: statement? })
    }
}

/// Looks whether a revision is sound that a channel is to be moved to.
pub(super) fn look_at(
    repository: &Repository,
    channel: &Suite,
    to: &Head,
    signers: Option<&Signers>,
) -> Sound {
    thread::scope(|scope| {
        let statement = scope.spawn(|| {
            repository.check_unedited(to)?;
            // An open one is refused by the channel.
            if to.sealed { check_sealed(repository, signers, to) } else { Ok(false) }
        });
        let files = repository.check_package_files(to, channel).map_err(OperationError::from);
        Sound { statement: statement.join().unwrap_or_else(|panic| resume_unwind(panic)), files }
    })
}

impl From<ChannelCommitted> for ChannelChanged {
    fn from(ChannelCommitted { newest, changed }: ChannelCommitted) -> Self {
        Self {
            newest: newest.entry,
            hash: newest.hash,
            changed,
            published: None,
            check: None,
            lower: Vec::new(),
            near: None,
            lacking: Vec::new(),
            obstacles: Vec::new(),
            approvals: None,
            unasked: Vec::new(),
        }
    }
}

/// The channel that was probably meant by a name which none had: one that there is, or of which something is configured.
pub(super) fn near(config: &Config, repository: &Repository, channel: &Suite) -> Option<Suite> {
    near_channel(repository, channel).or_else(|| config.near_configured_channel(channel))
}

fn near_channel(repository: &Repository, channel: &Suite) -> Option<Suite> {
    let known = repository.channel_folders(channel.domain()).ok()?;
    let names = known.iter().map(StackName::name).filter(|name| *name != channel.name());
    let near = gachette_core::nearest(channel.name(), &names.collect::<Vec<_>>())?;
    known.iter().find(|known| known.name() == near).cloned().map(Suite::from)
}

/// The packages that a channel shows lower than before.
fn lower_since(repository: &Repository, moved: &ChannelCommitted, to: &Head) -> Vec<LowerPackage> {
    let before = repository.shown_before(&moved.newest).ok().flatten();
    before.map(|before| lower_packages(repository, &before, to)).unwrap_or_default()
}

/// The packages that a revision has lower than what was shown before. What cannot be read of that any more keeps nobody from moving.
pub(super) fn lower_packages(repository: &Repository, before: &Pin, to: &Head) -> Vec<LowerPackage> {
    repository.lower_packages(before, &Pin::of(to)).unwrap_or_default()
}

/// With those that are lower than what hosts have of the distribution, as a check found.
pub(super) fn with_known(lower: Vec<LowerPackage>, check: Option<&StackVerdict>) -> Vec<LowerPackage> {
    match check {
        Some(StackVerdict::Installable { lower: known, .. }) => with_lower(lower, known),
        _ => lower,
    }
}
