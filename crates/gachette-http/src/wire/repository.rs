//! The repository as a whole, on the wire.

use gachette::config::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a repository lies.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RepositoryState {
    /// Its folder.
    pub meta_path: String,
    /// The folder of package files.
    pub debs_path: String,
    /// Whether it was made just now.
    pub created: bool,
}

/// The form of a length of time, as a regular expression. What is accepted is more.
const PERIOD_FORM: &str = "^[1-9][0-9]{0,4}(ms|s|m|h|d|w)$";

/// What is to be collected.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GcOrder {
    /// Whether it is removed; otherwise it is only said what would be.
    #[serde(default)]
    pub apply: bool,
    /// How long packages stay that nothing names; two weeks when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = PERIOD_FORM))]
    pub keep_for: Option<Period>,
    /// Whether package files without a record stay.
    #[serde(default)]
    pub keep_unregistered: bool,
    /// Whether it is said why packages stay.
    #[serde(default)]
    pub explain: bool,
}

/// How the repository is to be checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FsckRequest {
    /// Whether what can be made again is made again.
    #[serde(default)]
    pub repair: bool,
}
