//! Orders for long work, on the wire.

use gachette_core::debian::{Architecture, Version};
use gachette_core::git::{GitRef, WorkingCopyName};
use gachette_core::stack::StackName;
use gachette_core::without_secrets;
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
    /// Take packages that others made into the repository.
    Import(ImportOrder),
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
    /// What it is about: the working copy or the project.
    pub(crate) fn subject(&self) -> &str {
        match self {
            Self::Prepare { name, .. } => name.as_str(),
            Self::Build(order) => order.name.as_str(),
            Self::Make(order) => &order.project,
            Self::Import(order) => order.from.name(),
            Self::Quick { project, .. } => project,
        }
    }

    /// The same as it may be written down, without what may be secret; and whether it is still the whole of it.
    pub(crate) fn without_secrets(&self) -> (Self, bool) {
        let mut order = self.clone();
        let left_out = match &mut order {
            Self::Prepare { url, .. } | Self::Quick { url, .. } | Self::Make(MakeOrder { url, .. }) => {
                let without = url.as_ref().and_then(CloneUrl::without_credentials);
                let left_out = without.is_some();
                *url = without.or(url.take());
                left_out
            }
            Self::Build(order) => order.web_callback.as_mut().is_some_and(leave_out_secrets),
            Self::Import(order) => order.from.leave_out_secrets(),
        };
        (order, !left_out)
    }

    /// Whether it names an address of the caller's own: to clone from, to be told of packages, or to take packages from.
    pub(crate) fn names_an_address(&self) -> bool {
        match self {
            Self::Prepare { url, .. } | Self::Quick { url, .. } => url.is_some(),
            Self::Make(order) => order.url.is_some(),
            Self::Build(order) => order.web_callback.is_some(),
            Self::Import(_) => true,
        }
    }
}

/// Takes the user and what is behind `?` and `#` out of an address, where tokens stand; whether there was any.
fn leave_out_secrets(address: &mut url::Url) -> bool {
    let had = !address.username().is_empty()
        || address.password().is_some()
        || address.query().is_some()
        || address.fragment().is_some();
    address.set_query(None);
    address.set_fragment(None);
    // Only addresses that can have neither refuse.
    let _ = address.set_password(None).and_then(|()| address.set_username(""));
    had
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

/// The form of a folder's path, as a regular expression. What is accepted is more.
const FOLDER_FORM: &str = "^/[A-Za-z0-9._/-]{1,200}$";

/// The form of APT sources in one line, as a regular expression. What is accepted is more.
const SOURCES_FORM: &str = "^deb file:/[a-z]{1,20} [a-z]{1,20} [a-z]{1,20}$";

/// An order to take packages that others made into the repository.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportOrder {
    /// Where they come from.
    pub from: ImportFrom,
    /// The stack that gets the highest version of each package.
    #[serde(default)]
    pub stack: Option<StackName>,
    /// Whether what is there already is read too, and brought again where it is not as it was.
    #[serde(default)]
    pub verify: bool,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Where packages come from that others made.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ImportFrom {
    /// A folder on the machine that has the repository: of package files, or of a repository of aptly or reprepro.
    Folder {
        /// Its path.
        #[schemars(regex(pattern = FOLDER_FORM))]
        path: String,
    },
    /// Package files on that machine.
    Files {
        /// Their paths, one at least.
        #[schemars(length(min = 1), inner(regex(pattern = FOLDER_FORM)))]
        paths: Vec<String>,
    },
    /// APT sources.
    Apt {
        /// As one line, or as the paragraphs of a `.sources` file.
        #[schemars(regex(pattern = SOURCES_FORM))]
        sources: String,
        /// Whether they are believed although nobody signed them.
        #[serde(default)]
        unsigned: bool,
        /// The architectures whose packages are taken, with those of `all`; that of the machine when none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        architectures: Vec<Architecture>,
    },
}

impl ImportFrom {
    /// What to call it: the folder, the first of the files, or the line of the sources that holds an address.
    pub fn name(&self) -> &str {
        match self {
            Self::Folder { path } => path,
            Self::Files { paths } => paths.first().map_or("no file", String::as_str),
            Self::Apt { sources, .. } => {
                let address = sources.lines().find(|line| line.contains("://")).unwrap_or(sources);
                address.trim_start_matches("URIs:").trim()
            }
        }
    }

    /// Leaves sources out that hold what may be secret; whether they did.
    fn leave_out_secrets(&mut self) -> bool {
        let Self::Apt { sources, .. } = self else { return false };
        let had = without_secrets(sources) != *sources;
        if had {
            sources.clear();
        }
        had
    }
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
