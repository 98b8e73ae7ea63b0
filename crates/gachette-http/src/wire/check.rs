//! Questions whether stacks can be installed, on the wire.

use gachette::operation::{CheckRequest, StackPart};
use gachette_core::base::BaseRef;
use gachette_core::debian::Architecture;
use gachette_core::stack::{StackName, StackRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question whether a stack can be installed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckStack {
    /// The revision; the newest without.
    #[serde(default)]
    pub revision: Option<u64>,
    /// The base, in place of the one that the stack is meant for.
    #[serde(default)]
    pub base: Option<BaseRef>,
    /// The architecture of hosts; each that is configured for the base without.
    #[serde(default)]
    pub architecture: Option<Architecture>,
    /// Whether nothing may be missing that they recommend, nor that anything recommends that comes with them.
    #[serde(default)]
    pub recommends: bool,
    /// The packages that are installed together.
    #[serde(default)]
    pub part: StackPart,
    /// The stack that hosts have now, and can go back to; or a channel that shows it, where no stack has that name.
    #[serde(default)]
    pub from: Option<StackRef>,
}

impl CheckStack {
    /// The question about this stack.
    pub(crate) fn about(self, stack: StackName) -> CheckRequest {
        let Self { revision, base, architecture, recommends, part, from } = self;
        let stack = StackRef { stack, revision };
        CheckRequest { stack, base, architecture, recommends, part, from }
    }
}
