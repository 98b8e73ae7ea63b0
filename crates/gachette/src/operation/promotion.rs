//! Moving a channel only as what it asks for is so: by the checks of others, and by whether it can be installed.

use gachette_core::apt::Suite;
use gachette_core::channel::{ChannelPolicy, ChannelRefusal, KeptChannelEntry, LackingCheck, Leaving, Pin};
use gachette_core::stack::{By, Head};

use super::OperationError;
use super::check::{CheckRequest, check_stack};
use super::gate::{Gate, StackVerdict};
use crate::Cancel;
use crate::config::Config;
use crate::repository::{ChannelCommitted, ChannelWish, Repository, RepositoryError};

/// A channel that is to be moved.
pub(super) struct Promotion<'a> {
    pub(super) config: &'a Config,
    pub(super) repository: &'a Repository,
    pub(super) channel: &'a Suite,
    pub(super) to: &'a Head,
    /// What it asks for.
    pub(super) policy: ChannelPolicy,
    pub(super) by: By,
    pub(super) cancel: &'a Cancel,
}

/// A channel that was moved, or was there.
pub(super) struct Promoted {
    pub(super) committed: ChannelCommitted,
    /// Whether it can be installed, when the channel asks for that.
    pub(super) check: Option<StackVerdict>,
    /// What it was moved over by force.
    pub(super) lacking: Vec<LackingCheck>,
}

impl Promotion<'_> {
    /// Moves it, if it may be, or else for the reason `force`.
    pub(super) fn run(mut self, force: Option<&str>) -> Result<Promoted, OperationError> {
        let gate = Gate::new(force, &self.by)?;
        let lacking = match force {
            Some(_) if !self.policy.required_checks.is_empty() => self.lacking()?,
            _ => Vec::new(),
        };
        if !lacking.is_empty() {
            let names: Vec<&str> = lacking.iter().map(|it| it.check.as_str()).collect();
            self.by = gate.over(&format!("not passed: {}", names.join(", "))).unwrap_or(self.by);
            self.policy.required_checks.clear();
        }
        let (committed, check) = if self.policy.checked {
            self.run_checked(&Gate::new(force, &self.by)?)?
        } else {
            let wish = ChannelWish::Promote(self.to);
            (self.repository.change_channel(self.channel, &wish, &self.policy, &self.by)?, None)
        };
        Ok(Promoted { committed, check, lacking })
    }

    /// The checks of others because of which alone it would be refused. What else stands in the way is told without them.
    fn lacking(&self) -> Result<Vec<LackingCheck>, OperationError> {
        let newest = self.repository.newest_of_channel(self.channel)?;
        let channel = (self.channel, newest.as_ref());
        let unasking = ChannelPolicy { required_checks: Vec::new(), ..self.policy.clone() };
        self.repository.try_promotion(channel, self.to, &unasking, &self.by)?;
        match self.repository.try_promotion(channel, self.to, &self.policy, &self.by) {
            Err(RepositoryError::Channel(ChannelRefusal::Unpassed(unpassed))) => Ok(unpassed.lacking),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(Vec::new()),
        }
    }

    /// What is asked where it is checked: whether the stack can be installed, and hosts can go there from what the channel shows, and
    /// back. A move that was made knowing of a way back that apt finds by itself may be undone: then it is asked alone whether the stack
    /// can be installed.
    pub(super) fn question(&self, newest: Option<&KeptChannelEntry>) -> Result<CheckRequest, OperationError> {
        let open = newest.map(|newest| self.repository.open_way_back(newest)).transpose()?;
        let returns = open.flatten() == Some(Pin::of(self.to));
        let shows = newest.and_then(|newest| newest.entry.state.shows.as_ref());
        Ok(CheckRequest {
            from: shows.filter(|_| !returns).map(|pin| pin.stack.at(pin.revision)),
            ..CheckRequest::of(self.to.stack.at(self.to.number))
        })
    }

    /// Moves it, if what is asked of it is so.
    fn run_checked(
        &self,
        gate: &Gate<'_>,
    ) -> Result<(ChannelCommitted, Option<StackVerdict>), OperationError> {
        let newest = self.repository.newest_of_channel(self.channel)?;
        // What is refused in any case is refused before it is checked, and what it shows already is no move.
        let channel = (self.channel, newest.as_ref());
        let tried = self.repository.try_promotion(channel, self.to, &self.policy, &self.by)?;
        let from = newest.as_ref().and_then(|newest| newest.entry.state.shows.as_ref());
        let (by, verdict, both_ways) = match tried {
            None => (self.by.clone(), None, false),
            Some(_) => {
                let question = self.question(newest.as_ref())?;
                let (by, verdict) = gate.pass(check_stack(self.config, &question, &self.by, self.cancel))?;
                let goes_back = matches!(&verdict, StackVerdict::Installable { back, .. } if back.is_empty());
                let both_ways = question.from.is_some() && goes_back;
                (by, Some(verdict), both_ways)
            }
        };
        let wish = ChannelWish::PromoteFrom(Leaving { from, both_ways }, self.to);
        Ok((self.repository.change_channel(self.channel, &wish, &self.policy, &by)?, verdict))
    }
}
