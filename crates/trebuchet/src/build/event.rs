//! What a build tells while it runs.

use std::time::Duration;

use gachette_core::debian::{PackageName, Version};
use gachette_core::missile::{PlannedPackage, Problem};
use serde::Serialize;

use super::BuiltPackage;

/// News of a build, in the order they happen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// What will be built, in this order.
    Planned {
        /// All packages of the build.
        packages: Vec<PlannedPackage>,
    },
    /// Work on a package begins.
    PackageStarted {
        /// The package.
        name: PackageName,
        /// The version it will have.
        version: Version,
        /// Its place in the build, from 0.
        index: usize,
        /// How many packages the build has.
        total: usize,
    },
    /// Something that takes time begins.
    Step {
        /// The package it is done for.
        package: PackageName,
        /// What is done.
        text: String,
    },
    /// A line that a program of the build wrote.
    Output {
        /// The package it runs for.
        package: PackageName,
        /// The line without its end.
        line: String,
    },
    /// Something in the missile that is probably not meant so; `trebuchet lint` shows it with its line.
    RecipeWarning {
        /// What, where, and what to do.
        problem: Problem,
    },
    /// Something that does not stop the build and that somebody should know.
    Warning {
        /// The package it is about.
        package: PackageName,
        /// What it is.
        text: String,
    },
    /// A package file is finished.
    PackageBuilt {
        /// The package.
        #[serde(flatten)]
        package: BuiltPackage,
        /// How long it took.
        #[serde(skip)]
        duration: Duration,
    },
    /// The web callback of a package was not accepted; the build goes on.
    CallbackFailed {
        /// The package.
        package: PackageName,
        /// What went wrong.
        reason: String,
        /// How often it was tried so far.
        attempt: u32,
        /// Whether it will be tried again.
        again: bool,
    },
}
