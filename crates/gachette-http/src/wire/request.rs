//! Orders for long work, on the wire.

use gachette_core::debian::Version;
use gachette_core::git::{GitRef, WorkingCopyName};
use gachette_core::stack::StackName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CloneUrl;

/// An order that starts a build.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum StartBuild {
    /// Make or refresh a working copy.
    Prepare {
        /// The working copy.
        name: WorkingCopyName,
        /// Where to clone from.
        #[serde(default)]
        url: Option<CloneUrl>,
        /// The branch, tag or commit.
        #[serde(default, rename = "ref")]
        reference: Option<GitRef>,
        /// Take the commits from the mirror that was pushed.
        #[serde(default)]
        pushed: bool,
    },
    /// Build the packages of a working copy.
    Build(Box<BuildOrder>),
    /// Prepare and build, for a repository on another machine, which fetches the packages.
    Make(MakeOrder),
    /// Prepare, build and add to a stack.
    Quick {
        /// The stack, which must exist.
        stack: StackName,
        /// The project.
        project: String,
        /// The branch, tag or commit.
        #[serde(default, rename = "ref")]
        reference: Option<GitRef>,
        /// Where to clone from.
        #[serde(default)]
        url: Option<CloneUrl>,
        /// The recipe's path in the working copy.
        #[serde(default)]
        path_to_missile: Option<String>,
        /// Build even what is there already, and compare.
        #[serde(default)]
        rebuild: bool,
        /// Take the commits from the mirror that was pushed.
        #[serde(default)]
        pushed: bool,
        /// Why.
        #[serde(default)]
        reason: String,
    },
}

impl StartBuild {
    /// Whether it names an address of the caller's own: to clone from, or to be told of packages.
    pub(crate) fn names_an_address(&self) -> bool {
        match self {
            Self::Prepare { url, .. } | Self::Quick { url, .. } => url.is_some(),
            Self::Make(order) => order.url.is_some(),
            Self::Build(order) => order.web_callback.is_some(),
        }
    }
}

/// An order to build a project at a ref.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeOrder {
    /// The project.
    pub project: String,
    /// The branch, tag or commit.
    #[serde(default, rename = "ref")]
    pub reference: Option<GitRef>,
    /// Where to clone from.
    #[serde(default)]
    pub url: Option<CloneUrl>,
    /// The recipe's path in the working copy.
    #[serde(default)]
    pub path_to_missile: Option<String>,
    /// Build even what is there already, and compare.
    #[serde(default)]
    pub rebuild: bool,
    /// Take the commits from the mirror that was pushed.
    #[serde(default)]
    pub pushed: bool,
    /// Say what would be built in place of building it.
    #[serde(default)]
    pub plan: bool,
}

/// An order to build the packages of a working copy.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildOrder {
    /// The working copy.
    pub name: WorkingCopyName,
    /// The recipe's path in it.
    #[serde(default)]
    pub path_to_missile: Option<String>,
    /// The version of the main package.
    #[serde(default)]
    pub app_version: Option<Version>,
    /// The version of the environment.
    #[serde(default)]
    pub env_version: Option<Version>,
    /// The version of services.
    #[serde(default)]
    pub service_version: Option<Version>,
    /// The version of static entries.
    #[serde(default)]
    pub static_version: Option<Version>,
    /// Where a POST is sent for each package.
    #[serde(default)]
    pub web_callback: Option<url::Url>,
}
