//! Whether a channel could be moved to a stack, and all that stands in the way: nothing is moved.

use gachette_core::apt::Suite;
use gachette_core::channel::{Approvals, ChannelRefusal, KeptChannelEntry, Pin};
use gachette_core::stack::{By, StackRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attest::check_sealed;
use super::check::check_stack;
use super::gate::StackVerdict;
use super::promotion::Promotion;
use super::publish::{SuiteSignature, signers_of};
use super::{FaultKind, OperationError};
use crate::Cancel;
use crate::config::Config;
use crate::repository::{Repository, RepositoryError};

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OutlookRequest {
    /// The stack that the channel would be moved to.
    pub stack: StackRef,
    /// How clients would know its suite.
    #[serde(default)]
    pub signature: SuiteSignature,
}

/// Whether a channel could be moved to a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromotionOutlook {
    /// The channel.
    pub channel: Suite,
    /// The revision that it would be moved to.
    pub stack: StackRef,
    /// What it shows.
    pub shows: Option<StackRef>,
    /// Whether nothing stands in the way of whoever asks.
    pub possible: bool,
    /// All that does.
    pub obstacles: Vec<Obstacle>,
    /// Whose word it has, that of whoever asks among them.
    pub approvals: Approvals,
    /// Whether it can be installed, where the channel asks for that and it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<StackVerdict>,
}

/// Something that stands in the way of a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Obstacle {
    /// What kind of thing it is.
    pub kind: ObstacleKind,
    /// What it is, in a line.
    pub reason: String,
    /// More of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What stands in the way of a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObstacleKind {
    /// The stack is not sealed.
    Open,
    /// It is in another domain.
    Foreign,
    /// The channel is held.
    Held,
    /// Too few people agree.
    Approvals,
    /// A check that the channel asks for failed, or is lacking.
    Checks,
    /// The revision was edited.
    Edited,
    /// A package file is lost, or not as long as it was.
    Packages,
    /// The suite could not be signed.
    Signature,
    /// The stack cannot be installed, hosts cannot go there, or back by any command that is known, or that cannot be found out.
    Installation,
}

/// Says whether a channel could be moved to a stack by whoever asks, and all that stands in the way.
///
/// # Errors
/// When there is no such stack, or the channel's ledger cannot be read.
pub fn promotion_outlook(
    config: &Config,
    repository: &Repository,
    channel: &Suite,
    request: &OutlookRequest,
    by: &By,
    cancel: &Cancel,
) -> Result<PromotionOutlook, OperationError> {
    let policy = config.channel_policy(channel);
    let to = &repository.stack_head(&request.stack)?;
    let newest = repository.newest_of_channel(channel)?;
    let promotion = Promotion { config, repository, channel, to, policy, by: by.clone(), cancel };
    let ledger = (channel, newest.as_ref());
    let (refusals, approvals) = repository.obstacles(ledger, to, &promotion.policy, Some(&by.author))?;
    let mut obstacles: Vec<Obstacle> = refusals.into_iter().map(Obstacle::from).collect();
    let is_foreign = obstacles.iter().any(|it| it.kind == ObstacleKind::Foreign);
    let mut check = None;
    if !is_foreign {
        let (more, verdict) = promotion.beyond_the_ledger(newest.as_ref(), request.signature)?;
        obstacles.extend(more);
        check = verdict;
    }
    let shows = newest.and_then(|newest| newest.entry.state.shows);
    Ok(PromotionOutlook {
        channel: channel.clone(),
        stack: to.stack.at(to.number),
        shows: shows.map(|pin| pin.stack.at(pin.revision)),
        possible: obstacles.is_empty(),
        obstacles,
        approvals,
        check,
    })
}

impl Promotion<'_> {
    /// What stands in the way besides that which the channel's ledger says.
    fn beyond_the_ledger(
        &self,
        newest: Option<&KeptChannelEntry>,
        signature: SuiteSignature,
    ) -> Result<(Vec<Obstacle>, Option<StackVerdict>), OperationError> {
        let Self { config, repository, channel, to, .. } = *self;
        let (signers, signature) = match signers_of(config, channel, signature) {
            Ok(signers) => (signers, Ok(())),
            Err(error) => (None, Err(error)),
        };
        let edited = repository.check_unedited(to).map_err(OperationError::from);
        // An open one is told as such.
        let edited = edited.and_then(|()| match to.sealed {
            true => check_sealed(repository, signers.as_ref(), to).map(|_| ()),
            false => Ok(()),
        });
        let files = repository.check_package_files(to, channel).map_err(OperationError::from);
        let (installation, verdict) = match self.check(newest) {
            Ok(verdict) => (Ok(()), verdict),
            Err(error) => (Err(error), None),
        };
        let found = [
            (ObstacleKind::Edited, edited),
            (ObstacleKind::Packages, files),
            (ObstacleKind::Installation, installation),
            (ObstacleKind::Signature, signature),
        ];
        let mut obstacles = Vec::new();
        for (kind, outcome) in found {
            match outcome {
                Err(error) if error.kind() == FaultKind::Cancelled => return Err(error),
                Err(error) => obstacles.push(Obstacle::of(kind, &error)),
                Ok(()) => {}
            }
        }
        Ok((obstacles, verdict))
    }

    /// Whether it can be installed, where the channel asks for that and does not show it.
    fn check(&self, newest: Option<&KeptChannelEntry>) -> Result<Option<StackVerdict>, OperationError> {
        let shows = newest.and_then(|newest| newest.entry.state.shows.as_ref());
        if !self.policy.checked || shows == Some(&Pin::of(self.to)) {
            return Ok(None);
        }
        let question = self.question(newest)?;
        StackVerdict::of(check_stack(self.config, &question, &self.by, self.cancel)?).map(Some)
    }
}

impl Obstacle {
    fn of(kind: ObstacleKind, error: &OperationError) -> Self {
        let text = error.to_string();
        let (reason, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let lines = rest.lines().map(str::to_owned).collect();
        Self { kind, reason: reason.to_owned(), lines, hint: error.hint() }
    }
}

impl From<ChannelRefusal> for Obstacle {
    fn from(refusal: ChannelRefusal) -> Self {
        let kind = match &refusal {
            ChannelRefusal::Open { .. } => ObstacleKind::Open,
            ChannelRefusal::Foreign { .. } => ObstacleKind::Foreign,
            ChannelRefusal::Unapproved(_) => ObstacleKind::Approvals,
            ChannelRefusal::Unpassed(_) => ObstacleKind::Checks,
            _ => ObstacleKind::Held,
        };
        Self::of(kind, &OperationError::from(RepositoryError::Channel(refusal)))
    }
}
