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
    /// Whether the suite is only written again as it is, by the keys and settings of now; neither of the others counts then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_it_is: bool,
}

/// A wish to have the suite of a stack or channel verified.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifySuite {
    /// The certificates of the keys whose signatures are believed; those of the configured keys when not given.
    #[serde(default)]
    pub certificates: Option<String>,
}
