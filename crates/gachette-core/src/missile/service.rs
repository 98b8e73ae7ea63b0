//! The `services` of a recipe.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{MaintainerLines, RecipeName};
use crate::debian::PackageName;

/// Which init system runs a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// Upstart jobs in `/etc/init`.
    Upstart,
    /// Units in `/usr/lib/systemd/system`.
    Systemd,
}

/// A long-running program in a package of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// As written in the recipe.
    pub name: RecipeName,
    /// With the variant's suffix.
    pub full_name: String,
    /// Its package.
    pub package: PackageName,
    /// The init system.
    pub kind: ServiceKind,
    /// The entry of `extra_files` it runs, without suffix.
    pub binary_name: String,
    /// Variables of its environment, in the recipe's order.
    pub env_var: IndexMap<String, String>,
    /// Lines for its maintainer scripts.
    pub debian_scripts: MaintainerLines,
}

impl Service {
    /// The worker job or unit without extension: `dh_NAME`.
    pub fn worker(&self) -> String {
        format!("dh_{}", self.full_name)
    }
}
