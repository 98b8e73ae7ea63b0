//! The repository as a whole, on the wire.

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

/// How the repository is to be checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FsckRequest {
    /// Whether what can be made again is made again.
    #[serde(default)]
    pub repair: bool,
}
