//! The `static_files` of a recipe.

use serde::Serialize;

use super::{MaintainerLines, RecipeName};
use crate::debian::PackageName;

/// Folders of the staged tree that go into a package of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StaticEntry {
    /// As written in the recipe.
    pub name: RecipeName,
    /// With the variant's suffix.
    pub full_name: String,
    /// Its package.
    pub package: PackageName,
    /// What it takes.
    pub folders: Vec<StaticFolder>,
    /// Lines for its maintainer scripts.
    pub debian_scripts: MaintainerLines,
}

/// One folder of a static entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StaticFolder {
    /// Relative to the staged tree, without `..`; a leading `/` of the recipe is dropped.
    pub path: String,
    /// Globs of what is taken; everything when empty.
    pub includes: Vec<String>,
    /// Globs of what is left out again.
    pub excludes: Vec<String>,
}
