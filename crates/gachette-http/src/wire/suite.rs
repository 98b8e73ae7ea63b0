//! APT suites, on the wire.

use gachette::operation::SuiteSignature;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a stack shall be published.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishStack {
    /// The revision; the newest without.
    #[serde(default)]
    pub revision: Option<u64>,
    /// Whether it is signed.
    #[serde(default)]
    pub signature: SuiteSignature,
}
