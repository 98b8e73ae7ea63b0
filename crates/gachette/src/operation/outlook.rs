//! Whether a channel could be moved to a stack, and all that stands in the way: nothing is moved.

use gachette_core::apt::Suite;
use gachette_core::channel::{Approvals, ChannelRefusal, KeptChannelEntry, Pin};
use gachette_core::stack::{By, LowerPackage, StackName, StackRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::check_stack;
use super::gate::StackVerdict;
use super::promote::{Sound, look_at, lower_packages, near, with_known};
use super::promotion::Promotion;
use super::publish::{SuiteSignature, signers_of};
use super::{FaultKind, OperationError};
use crate::Cancel;
use crate::config::Config;
use crate::repository::{LedgerOutlook, Repository, RepositoryError};

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
    /// Whether there is no such channel yet.
    #[serde(default)]
    pub new: bool,
    /// A channel of nearly the same name that there is, or of which something is configured, where this one would be new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<Suite>,
    /// The packages that are lower than those that hosts have: they go there only with a pin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lower: Vec<LowerPackage>,
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
    /// Whether a promotion that is forced passes it. Beside what none passes, that does not help.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub yields_to_force: bool,
}

/// What stands in the way of a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObstacleKind {
    /// The stack is not sealed.
    Open,
    /// It is in another domain.
    Foreign,
    /// The channel would be new, and a stack has its name, or had it.
    Name,
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
    let LedgerOutlook { refusals, approvals, .. } =
        repository.outlook(ledger, to, &promotion.policy, Some(&by.author))?;
    let mut obstacles: Vec<Obstacle> = refusals.into_iter().map(Obstacle::from).collect();
    let is_foreign = obstacles.iter().any(|it| it.kind == ObstacleKind::Foreign);
    let mut check = None;
    if !is_foreign {
        let (more, verdict) = promotion.beyond_the_ledger(newest.as_ref(), request.signature)?;
        obstacles.extend(more);
        check = verdict;
    }
    let shows = newest.as_ref().and_then(|newest| newest.entry.state.shows.as_ref());
    let lower = shows.map(|shows| lower_packages(repository, shows, to)).unwrap_or_default();
    Ok(PromotionOutlook {
        channel: channel.clone(),
        stack: to.stack.at(to.number),
        shows: shows.map(|pin| pin.stack.at(pin.revision)),
        possible: obstacles.is_empty(),
        obstacles,
        approvals,
        new: newest.is_none(),
        near: if newest.is_none() { near(config, repository, channel) } else { None },
        lower: with_known(lower, check.as_ref()),
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
        let name = match newest {
            Some(_) => Ok(()),
            None => StackName::new(channel.domain().clone(), channel.name())
                .map_err(OperationError::from)
                .and_then(|name| Ok(repository.check_no_stack(&name)?)),
        };
        let Sound { statement, files } = look_at(repository, channel, to, signers.as_ref());
        let (installation, verdict) = match self.check(newest) {
            Ok(verdict) => (Ok(()), verdict),
            Err(error) => (Err(error), None),
        };
        let found = [
            (ObstacleKind::Name, name),
            (ObstacleKind::Edited, statement.map(|_| ())),
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
        let (reason, lines) = error.told();
        let yields_to_force = matches!(kind, ObstacleKind::Checks | ObstacleKind::Installation);
        Self { kind, reason, lines, hint: error.hint_without_force(), yields_to_force }
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
