//! The `environment` of a recipe: a virtual environment in a package of its own.

use serde::Serialize;

use super::{MaintainerLines, RecipeName};
use crate::debian::PackageName;

/// A python virtual environment below `/opt/trebuchet/NAME/env`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// As written in the recipe.
    pub name: RecipeName,
    /// With the variant's suffix.
    pub full_name: String,
    /// Its package.
    pub package: PackageName,
    /// The interpreter, a program's name or path such as `python3.11`; the host's `python3` when not given.
    pub binary: Option<String>,
    /// Requirements files, relative to the project.
    pub requirements: Vec<String>,
    /// Shell steps run in the finished environment.
    pub post_environment: Vec<String>,
    /// Lines for its maintainer scripts.
    pub debian_scripts: MaintainerLines,
}

impl Environment {
    /// Where it is installed, such as `/opt/trebuchet/web/env`.
    pub fn path(&self) -> String {
        format!("/opt/trebuchet/{}/env", self.full_name)
    }
}
