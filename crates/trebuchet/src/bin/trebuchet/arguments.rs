//! The command line: what can be asked for, and what its help says.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use gachette_core::debian::{Architecture, Version, VersionError};
use gachette_core::missile::Versions;
use trebuchet::deb::Compression;
use url::Url;

/// Builds Debian packages from a recipe (the missile) on this machine.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Build the packages of a missile
    Build(Build),
    /// Stage the packages' trees into folders, and pack nothing
    Develop(Build),
    /// Look for everything that would fail a build
    Lint(Lint),
    /// Print the JSON Schema of missiles, for editors
    Schema,
}

/// What is built, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) source: Source,

    /// Where package files go; made when it is not there
    #[arg(long, value_name = "DIR", default_value = ".debs")]
    pub(crate) output: PathBuf,

    /// Where the build works: a temporary folder in there; for `develop`, where the trees go
    #[arg(long, value_name = "DIR")]
    pub(crate) build: Option<PathBuf>,

    /// The architecture of environments, in place of the one this machine has
    #[arg(long, value_name = "ARCH")]
    pub(crate) arch: Option<Architecture>,

    /// Options for pip, as a shell would split them
    #[arg(long, value_name = "OPTS", allow_hyphen_values = true)]
    pub(crate) pip_options: Option<Words>,

    #[command(flatten)]
    pub(crate) versions: VersionOptions,

    /// Say what would be built, and build nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// POST name, version and file name of each package to this address
    #[arg(long, value_name = "URL")]
    pub(crate) web_callback: Option<Url>,

    /// A text for every package's description
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) extra_description: Option<String>,

    /// How packages are compressed; Debian 11 unpacks xz and gzip only
    #[arg(long, value_name = "KIND", default_value = "xz")]
    pub(crate) compression: CompressionKind,

    /// Do not show what programs of the build print
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// The versions of packages; 1.0.0 for those that are not given.
#[derive(Debug, Args)]
pub(crate) struct VersionOptions {
    /// The version of the application or configuration
    #[arg(long, value_name = "V")]
    app_version: Option<Given>,

    /// The version of the environment
    #[arg(long, value_name = "V")]
    env_version: Option<Given>,

    /// The version of services
    #[arg(long, value_name = "V")]
    service_version: Option<Given>,

    /// The version of static entries
    #[arg(long, value_name = "V")]
    static_version: Option<Given>,
}

/// What is looked at.
#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(flatten)]
    pub(crate) source: Source,
}

/// A missile and its project.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// The recipe
    pub(crate) missile: PathBuf,

    /// The project's folder, when it is not the current one
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,

    /// How results are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, and for callers of the original tool
    Text,
    /// One JSON object per line
    Json,
}

/// How packages are compressed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompressionKind {
    /// Small, and understood everywhere
    Xz,
    /// Quick; from Debian 12 and Ubuntu 18.04 on
    Zstd,
    /// For very old targets
    Gzip,
}

/// A version, or nothing when the value is empty, as scripts leave it that fill in a variable.
#[derive(Debug, Clone)]
struct Given(Option<Version>);

/// Words as a shell would split them.
#[derive(Debug, Clone)]
pub(crate) struct Words(pub(crate) Vec<String>);

impl Task {
    /// How results are written.
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Build(task) | Self::Develop(task) => task.source.format,
            Self::Lint(task) => task.source.format,
            Self::Schema => Format::Text,
        }
    }
}

impl Format {
    /// As words want it that could not be understood.
    pub(crate) fn of_words() -> Self {
        let words: Vec<_> = std::env::args_os().collect();
        let json = words.iter().any(|word| word == "--format=json")
            || words.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
        if json { Self::Json } else { Self::Text }
    }
}

impl VersionOptions {
    /// All versions.
    pub(crate) fn versions(&self) -> Versions {
        let initial = Version::initial();
        let or_initial = |given: &Option<Given>| {
            given.as_ref().and_then(|given| given.0.clone()).unwrap_or_else(|| initial.clone())
        };
        Versions {
            app: or_initial(&self.app_version),
            env: or_initial(&self.env_version),
            service: or_initial(&self.service_version),
            static_files: or_initial(&self.static_version),
        }
    }
}

impl From<CompressionKind> for Compression {
    fn from(kind: CompressionKind) -> Self {
        match kind {
            CompressionKind::Xz => Self::XZ,
            CompressionKind::Zstd => Self::ZSTD,
            CompressionKind::Gzip => Self::Gzip,
        }
    }
}

impl FromStr for Given {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(|version| Self(Some(version))) }
    }
}

impl FromStr for Words {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        shlex::split(text).map(Self).ok_or("a quote is not closed")
    }
}
