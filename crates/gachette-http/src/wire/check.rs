//! Questions whether stacks can be installed, on the wire.

use gachette::operation::CheckRequest;
use gachette_core::base::BaseRef;
use gachette_core::debian::{Architecture, PackageName};
use gachette_core::stack::{RoleName, StackName, StackRef};
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
    /// Whether what the packages recommend has to be there too.
    #[serde(default)]
    pub recommends: bool,
    /// The packages that are installed together. Without any: all, or when roles are configured those of each role.
    #[serde(default)]
    pub only: Vec<PackageName>,
    /// Hosts with this role alone.
    #[serde(default)]
    pub role: Option<RoleName>,
    /// The stack that hosts have now, and can go back to.
    #[serde(default)]
    pub from: Option<StackRef>,
}

impl CheckStack {
    /// The question about this stack.
    pub(crate) fn about(self, stack: StackName) -> CheckRequest {
        let Self { revision, base, architecture, recommends, only, role, from } = self;
        let stack = StackRef { stack, revision };
        CheckRequest { stack, base, architecture, recommends, only, role, from }
    }
}
