//! The configuration: which projects there are, where the repository lies, how hosts are reached.
//!
//! Reads and checks; what is asked for on the command line is laid over it by the caller, and always wins.

mod bases;
mod channels;
mod document;
mod error;
mod keys;
mod locate;
mod publishing;
mod read;
mod reader;
mod signing;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use gachette_core::LoginShell;
use gachette_core::base::BaseName;
use gachette_core::channel::ChannelPolicy;
use gachette_core::git::{GitRef, GitUrl, VersionScheme};
use gachette_core::host::{HostAddress, HostError, HostTarget, UserName};
use gachette_core::stack::{Domain, StackName};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bases::{AptSources, Base, DomainSettings, Roles};
pub use error::{ConfigError, Mistake};
pub use locate::SearchPath;
pub use publishing::{Period, PeriodError, Publishing};
pub use reader::Reader;
pub use signing::Signing;

/// The largest configuration that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// How long a connection is kept for the next command when nothing is configured, in seconds.
const REUSE_SECONDS: u64 = 60;

/// Everything that can be configured, checked and with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The file it was read from, when there was one.
    pub source: Option<PathBuf>,
    /// The repository's folder.
    pub meta_path: Option<PathBuf>,
    /// Where package files lie; `META/debs` when not configured.
    pub debs_path: Option<PathBuf>,
    /// Where the repository is, when it is not on the machine that builds.
    #[serde(rename = "repository")]
    pub repository_at: Option<RepositoryPlace>,
    /// Another builder, called as the original `trebuchet` was.
    pub trebuchet_bin: Option<PathBuf>,
    /// What APT suites are signed with.
    #[serde(default, skip_serializing_if = "Signing::is_unset")]
    pub signing: Signing,
    /// The folder of working copies.
    pub working_copies: PathBuf,
    /// The domain of stacks that are named without one.
    pub domain: Domain,
    /// How stacks are published.
    #[serde(default, skip_serializing_if = "Publishing::is_empty")]
    pub publish: Publishing,
    /// What channels ask for before they are moved, by `NAME` or `DOMAIN/NAME`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub channels: IndexMap<String, ChannelPolicy>,
    /// The distributions that stacks are meant for, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub bases: IndexMap<BaseName, Base>,
    /// The base that stacks are meant for whose domain has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseName>,
    /// The roles of hosts, each with the packages of a stack that only hosts with such a role have.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub roles: Roles,
    /// What is configured for domains.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub domains: IndexMap<Domain, DomainSettings>,
    /// The projects, by name.
    pub projects: IndexMap<String, Project>,
    /// How build hosts are reached; its keys stand beside the others in a file.
    #[serde(flatten)]
    pub connection: Connection,
}

/// The machine that has the repository: builders send there what they built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum RepositoryPlace {
    /// The machine at which the command is given.
    Here,
    /// Another one.
    At(HostTarget),
}

impl FromStr for RepositoryPlace {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        if text == "here" { Ok(Self::Here) } else { text.parse().map(Self::At) }
    }
}

impl TryFrom<String> for RepositoryPlace {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        text.parse()
    }
}

impl From<RepositoryPlace> for String {
    fn from(place: RepositoryPlace) -> Self {
        match place {
            RepositoryPlace::Here => "here".to_owned(),
            RepositoryPlace::At(host) => host.to_string(),
        }
    }
}

/// A git repository with a recipe in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Project {
    /// Where it is cloned from.
    pub url: Option<GitUrl>,
    /// The ref that is built when none is named; the remote's default branch when not configured.
    #[serde(rename = "ref")]
    pub reference: Option<GitRef>,
    /// Its recipe, relative to the working copy; `.missile.yml` when not configured.
    pub path_to_missile: Option<PathBuf>,
    /// The domain of its stacks.
    pub domain: Option<Domain>,
    /// The stack that a push is built into, when a server is told of it.
    pub hook_stack: Option<StackName>,
    /// The file of the secret by which a server knows that it is told of a push by the right one.
    pub hook_secret_file: Option<PathBuf>,
    /// Who fetches its commits.
    pub source: ProjectSource,
    /// How its packages are compressed.
    pub compression: PackageCompression,
    /// How its versions are made.
    pub version_scheme: VersionScheme,
}

/// Who fetches a project's commits for a build host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProjectSource {
    /// The host itself, with its own or a forwarded agent's credentials.
    #[default]
    Clone,
    /// The machine at which the command is given, which sends them to the host.
    Push,
}

/// How packages are compressed: what every dpkg unpacks, or what is quick to make and needs Debian 12.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PackageCompression {
    /// xz: the smallest files, for all of Debian's releases in use.
    #[default]
    Xz,
    /// zstd: much quicker; dpkg unpacks it since Debian 12.
    Zstd,
    /// gzip: for very old targets.
    Gzip,
}

/// How hosts are reached, in the words of Fabric 1; what is not said is left to OpenSSH.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// Where commands are carried out; this machine when empty.
    pub hosts: Vec<HostTarget>,
    /// The user on hosts that name none.
    pub user: Option<UserName>,
    /// Private key files to offer.
    pub key_filename: Vec<PathBuf>,
    /// The port on hosts that name none.
    pub port: Option<u16>,
    /// A host to go through.
    pub gateway: Option<HostAddress>,
    /// Whether the authentication agent is forwarded.
    pub forward_agent: bool,
    /// Whether the user's `ssh_config` is read.
    pub use_ssh_config: Option<bool>,
    /// The `ssh_config` that is read in place of the user's and the machine's.
    pub ssh_config_path: Option<PathBuf>,
    /// Seconds for which a connection is kept for the next command; 0 for none.
    pub reuse_connection: u64,
    /// Seconds until a connection attempt is given up.
    pub timeout: Option<u64>,
    /// How often a connection is tried.
    pub connection_attempts: Option<u32>,
    /// Seconds between keep-alive messages.
    pub keepalive: Option<u64>,
    /// Whether keys of hosts that are not known yet are taken, where `ssh` would ask.
    pub disable_known_hosts: bool,
    /// The file of the token that servers want to see.
    pub token_file: Option<PathBuf>,
    /// The certificates of the authorities by which servers are known, in PEM; the system's when not configured.
    pub ca_file: Option<PathBuf>,
    /// Whether hosts are worked on at the same time.
    pub parallel: bool,
    /// How many hosts at the same time; as many as there are when not configured.
    pub pool_size: Option<usize>,
    /// Whether a failed task is only reported, and the next one run.
    pub warn_only: bool,
    /// The shell by which gachette is started on a host; the user's login shell when not configured.
    pub shell: Option<LoginShell>,
}

/// A configuration, and what should be told about it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is suspicious, such as keys that mean nothing.
    pub warnings: Vec<Mistake>,
}

impl Config {
    /// Loads the file `named` on the command line, else the first one found, and lays `settings` (`--set`) over it.
    ///
    /// # Errors
    /// When the named file is missing, or a file or setting cannot be understood.
    pub fn load(
        search: &SearchPath,
        named: Option<&Path>,
        settings: &[(String, String)],
    ) -> Result<Loaded, ConfigError> {
        match search.find(named)? {
            Some(path) => read::read(&bytes(&path)?, Some(&path), settings),
            None => read::read(b"", None, settings),
        }
    }

    /// The configuration in this text, whose relative paths start at the file `path`.
    ///
    /// # Errors
    /// When the text cannot be understood.
    pub fn parse(text: &str, path: &Path) -> Result<Loaded, ConfigError> {
        read::read(text.as_bytes(), Some(path), &[])
    }

    /// The project of this name; an unconfigured one when there is none.
    pub fn project(&self, name: &str) -> Project {
        self.projects.get(name).cloned().unwrap_or_default()
    }
}

/// What a file holds, if it is one and not too large.
fn bytes(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let failed = |source| ConfigError::Io { file: path.to_owned(), source };
    let bytes = trebuchet::read_regular(path, LARGEST + 1).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ConfigError::NoFile { file: path.to_owned(), problem: "it is larger than 1 MiB" });
    }
    Ok(bytes)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            source: None,
            meta_path: None,
            debs_path: None,
            repository_at: None,
            trebuchet_bin: None,
            signing: Signing::default(),
            working_copies: PathBuf::from(crate::working_copy::DEFAULT_BASE),
            domain: Domain::default(),
            publish: Publishing::default(),
            channels: IndexMap::new(),
            bases: IndexMap::new(),
            base: None,
            roles: Roles::new(),
            domains: IndexMap::new(),
            projects: IndexMap::new(),
            connection: Connection::default(),
        }
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            user: None,
            key_filename: Vec::new(),
            port: None,
            gateway: None,
            forward_agent: true,
            use_ssh_config: None,
            ssh_config_path: None,
            reuse_connection: REUSE_SECONDS,
            timeout: None,
            connection_attempts: None,
            keepalive: None,
            disable_known_hosts: false,
            token_file: None,
            ca_file: None,
            parallel: false,
            pool_size: None,
            warn_only: false,
            shell: None,
        }
    }
}
