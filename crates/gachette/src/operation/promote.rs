//! Moving a channel, and what else is done with one; its suite follows.

use gachette_core::apt::Suite;
use gachette_core::channel::ChannelEntry;
use gachette_core::stack::{By, StackRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OperationError;
use super::publish::{Published, SuiteSignature, open_signers, publish};
use crate::config::Config;
use crate::repository::{ChannelWish, PublishSubject};

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
    },
    /// To note that it may be moved there.
    Approve {
        /// Where to.
        stack: StackRef,
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
    /// Whether that is new.
    pub changed: bool,
    /// What became of its suite, when it was to be moved.
    pub published: Option<Published>,
}

/// Does with a channel what is ordered. Its suite follows a promotion, also when an earlier one stopped short of that.
///
/// # Errors
/// When it is refused, there is no such stack, or no key to sign with; and when the suite cannot be written, by which
/// time the channel is moved.
pub fn change_channel(
    config: &Config,
    channel: &Suite,
    order: &ChannelOrder,
    by: &By,
) -> Result<ChannelChanged, OperationError> {
    let (repository, policy) = (config.repository()?, config.channel_policy(channel));
    let wished = match order {
        ChannelOrder::Promote { stack, signature } => {
            // Without what it takes to write the suite, the channel stays.
            open_signers(config, *signature)?;
            Some(repository.show_stack(stack)?)
        }
        ChannelOrder::Approve { stack } => Some(repository.show_stack(stack)?),
        ChannelOrder::Hold {} | ChannelOrder::Release {} => None,
    };
    let wish = match (order, &wished) {
        (ChannelOrder::Promote { .. }, Some(entry)) => ChannelWish::Promote(entry),
        (ChannelOrder::Approve { .. }, Some(entry)) => ChannelWish::Approve(entry),
        (ChannelOrder::Release {}, _) => ChannelWish::Release,
        _ => ChannelWish::Hold,
    };
    let committed = repository.change_channel(channel, &wish, &policy, by)?;
    let published = match order {
        ChannelOrder::Promote { signature, .. } => {
            let published = publish(config, PublishSubject::Channel(channel.clone()), *signature);
            let lags =
                |source| OperationError::SuiteLags { channel: channel.clone(), source: Box::new(source) };
            Some(published.map_err(lags)?)
        }
        _ => None,
    };
    Ok(ChannelChanged { newest: committed.newest.entry, changed: committed.changed, published })
}
