//! What long work tells while it goes on: the operations emit events, and know nothing of terminals or logs.

use std::fmt;

use gachette_core::debian::{PackageName, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::BuiltPackage;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Something the user may want to know.
    Notice {
        /// What.
        text: String,
    },
    /// Something the user should know of, that stops nothing.
    Warning {
        /// What.
        text: String,
    },
    /// A working copy is being prepared.
    Preparing {
        /// The working copy.
        name: String,
        /// What is being done to it.
        text: String,
    },
    /// A working copy is at a commit.
    Prepared {
        /// The working copy.
        name: String,
        /// The full commit.
        commit: String,
        /// What that took.
        text: String,
    },
    /// The recipe was read.
    Planned {
        /// What will be built, in order.
        packages: Vec<PlannedPackage>,
    },
    /// Nothing has to be built: all of it is there already, from the same inputs.
    Recognised {
        /// What is there.
        packages: Vec<BuiltPackage>,
    },
    /// A package is being built.
    Started {
        /// The package.
        name: PackageName,
        /// Its place among the packages of this build, from 1.
        index: usize,
        /// How many packages there are.
        total: usize,
    },
    /// A step of a package begins.
    Step {
        /// The package; none when it is about the build as a whole.
        name: Option<PackageName>,
        /// What is being done.
        text: String,
    },
    /// A program that is run by the build wrote a line.
    Output {
        /// The line.
        line: String,
    },
    /// A package is finished.
    Built {
        /// The package.
        package: BuiltPackage,
    },
    /// A stack has the packages.
    Stacked {
        /// The stack, with its domain.
        stack: String,
        /// The number of its newest revision.
        revision: u64,
        /// Whether that revision is a new one.
        changed: bool,
    },
}

/// A package that will be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
}

impl fmt::Display for Event {
    /// One line for logs and for places without a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notice { text } => write!(f, "note: {text}"),
            Self::Warning { text } => write!(f, "warning: {text}"),
            Self::Preparing { name, text } => write!(f, "{name}: {text}"),
            Self::Prepared { name, commit, text } => write!(f, "{name}: at {commit} ({text})"),
            Self::Planned { packages } => {
                let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
                write!(f, "to be built: {}", names.join(", "))
            }
            Self::Recognised { packages } => {
                write!(f, "already built from the same inputs: {}", packages.len())
            }
            Self::Started { name, index, total } => write!(f, "[{index}/{total}] {name}"),
            Self::Step { name: Some(name), text } => write!(f, "{name}: {text}"),
            Self::Step { name: None, text } => f.write_str(text),
            Self::Output { line } => f.write_str(line),
            Self::Built { package } => write!(f, "built {} {}", package.file_name, package.sha256),
            Self::Stacked { stack, revision, changed: true } => write!(f, "{stack}: revision {revision}"),
            Self::Stacked { stack, revision, changed: false } => {
                write!(f, "{stack}: unchanged at revision {revision}")
            }
        }
    }
}
