//! Channels, on the wire.

use gachette::operation::ChannelOrder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A wish to do something with a channel.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeChannel {
    /// What.
    pub order: ChannelOrder,
    /// Why, for its log.
    #[serde(default)]
    pub reason: String,
}
