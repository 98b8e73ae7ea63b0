//! What was found on a host, as it goes over the wire.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was found on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostFacts {
    /// The version of the gachette that looked.
    pub gachette: String,
    /// The name that the host has for itself.
    pub name: String,
    /// What kind of machine it is.
    pub system: SystemFacts,
    /// Its time.
    pub clock: HostClock,
    /// The programs that were looked for.
    pub tools: Vec<ToolFact>,
    /// The folders that are written to.
    pub folders: Vec<FolderFact>,
    /// The authentication agent.
    pub agent: AgentState,
    /// The projects that are configured.
    pub projects: Vec<ProjectFact>,
}

/// What kind of machine it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemFacts {
    /// The kernel: `Linux 6.1.0-28-amd64`.
    pub kernel: String,
    /// The processor, as uname(2) has it: `x86_64`.
    pub machine: String,
    /// The distribution by os-release(5): `Debian GNU/Linux 12 (bookworm)`.
    pub distribution: Option<String>,
}

/// A host's clock at two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostClock {
    /// When it was asked.
    pub received: Timestamp,
    /// When it answered.
    pub answered: Timestamp,
}

/// A program that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolFact {
    /// What it is called.
    pub name: String,
    /// Whether it is there.
    #[serde(flatten)]
    pub state: ToolState,
}

/// Whether a program is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ToolState {
    /// It is.
    Found {
        /// Where.
        path: String,
        /// Which version, as far as it says.
        version: Option<String>,
        /// The Debian package that brings it; looked for of Python only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        package: Option<String>,
    },
    /// It is not in `PATH`.
    Missing,
    /// It is there, and does not work.
    Broken {
        /// How that shows.
        why: String,
    },
}

/// A folder that is written to; what is said of one that is not there yet is said of the one it will be made in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FolderFact {
    /// What it is for.
    pub role: FolderRole,
    /// Its path.
    pub path: String,
    /// How many bytes are free there, for this user.
    pub free: u64,
    /// How many more files it can hold; unknown where the file system has no such limit.
    pub free_files: Option<u64>,
    /// Whether programs in it may be run.
    pub runs_programs: bool,
    /// Why nothing can be written there.
    pub fault: Option<String>,
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FolderRole {
    /// Working copies.
    WorkingCopies,
    /// The repository.
    Repository,
    /// Package files.
    Packages,
    /// What can be made again: the program itself, mirrors, environments.
    Cache,
    /// Logs of builds.
    Logs,
    /// Temporary files.
    Temporary,
}

/// The authentication agent that programs find by `SSH_AUTH_SOCK`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    /// There is none.
    Unset,
    /// One is named, and does not answer.
    Silent {
        /// How that shows.
        why: String,
    },
    /// It answers.
    Answers {
        /// How many keys it holds.
        keys: u32,
    },
}

/// A project's repository, looked at from a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectFact {
    /// The project.
    pub name: String,
    /// Where it is cloned from, without a password.
    pub url: Option<String>,
    /// What came of asking.
    #[serde(flatten)]
    pub state: ProjectState,
}

/// What came of asking for a project's refs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ProjectState {
    /// They were told.
    Reached {
        /// The full name of the ref that is built when none is named, when it is known.
        reference: Option<String>,
        /// How long it took.
        milliseconds: u64,
    },
    /// They were told, and the configured one is not among them.
    RefMissing {
        /// The configured ref.
        reference: String,
    },
    /// They were not told.
    Failed {
        /// Why, in one line.
        title: String,
        /// What git said.
        lines: Vec<String>,
        /// What to do about it.
        hint: Option<String>,
    },
    /// No address is configured.
    NoUrl,
    /// There is no git to ask with.
    Unasked,
}
