//! The versions a build gives its packages.

use serde::{Deserialize, Serialize};

use crate::debian::Version;

/// One version per kind of package; `1.0.0` where none is given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Versions {
    /// Of application and configuration packages.
    pub app: Version,
    /// Of environments.
    pub env: Version,
    /// Of services.
    pub service: Version,
    /// Of static entries.
    pub static_files: Version,
}

impl Versions {
    /// The same version for every package.
    pub fn all(version: &Version) -> Self {
        Self {
            app: version.clone(),
            env: version.clone(),
            service: version.clone(),
            static_files: version.clone(),
        }
    }
}

impl Default for Versions {
    fn default() -> Self {
        Self::all(&Version::initial())
    }
}
