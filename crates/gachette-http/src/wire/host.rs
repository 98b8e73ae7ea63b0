//! What a look at a host came to, on the wire.

use gachette_core::host_check::{Finding, HostFacts, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a look at a host came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostReport {
    /// The version of this format.
    pub format: u32,
    /// The worst of the findings.
    pub verdict: Verdict,
    /// What is as it should be, and what is not.
    pub findings: Vec<Finding>,
    /// What was found; nothing of a host that could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<HostFacts>,
}

/// The version of [`HostReport`].
const FORMAT: u32 = 1;

impl HostReport {
    /// The report with these findings.
    pub fn new(findings: Vec<Finding>, facts: Option<HostFacts>) -> Self {
        Self { format: FORMAT, verdict: Verdict::of(&findings), findings, facts }
    }
}
