//! The contents of a configuration: its settings as a file to be sourced, and the recipe's files. Nothing of the project is
//! taken beside them, not even which commit it is, so that two variants can be installed side by side.
//!
//! Rendered files in `/etc` are not conffiles, which Debian Policy 10.7 would have them be. What a recipe renders has its
//! truth in the recipe; `/etc/trebuchet/local_override` is where a host deviates. A conffile would ask a question when
//! both changed, and nobody sits before the hosts of a stack; and it would stay behind when its package is removed, where
//! every `/etc/trebuchet/*.conf` starts a worker. `files` are conffiles when they lie in `/etc`, unless the recipe says
//! otherwise.

use gachette_core::missile::Recipe;

use super::main_contents::{Collected, MainContents};
use super::{StageError, Workshop, custom_files, extra_files};
use crate::deb::{Entry, PackagePath};
use crate::report::Report;

/// Everything that a configuration recipe installs.
pub(super) fn contents(
    workshop: &Workshop<'_>,
    recipe: &Recipe,
    report: &mut Report<'_>,
) -> Result<MainContents, StageError> {
    let mut collected = Collected::default();
    let path = PackagePath::from_installed(&recipe.configuration_path())?;
    collected.tree.add(Entry::file(path, recipe.configuration_text()))?;
    extra_files::collect(workshop, recipe, &mut collected, report)?;
    custom_files::collect(workshop, recipe, &mut collected, report)?;
    MainContents::deal(recipe, collected, report)
}
