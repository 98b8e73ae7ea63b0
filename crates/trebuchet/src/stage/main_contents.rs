//! What a recipe's main package and its static packages hold, and which of them gets what.
//!
//! Static entries of a configuration take files away from the main package, so that all can be installed side by side. Those
//! of an application get copies below `/opt/trebuchet/NAME/static`, and the code keeps its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use gachette_core::missile::{Recipe, RecipeKind, StaticFolder};

use super::StageError;
use super::globs::Selection;
use super::package::Package;
use crate::deb::{Content, Entry, PackagePath, Tree};
use crate::report::Report;
use crate::scripts::{PythonFolder, ScriptPlan};

/// Everything of a variant but its services and its environment.
#[derive(Debug, Default)]
pub(super) struct MainContents {
    main: Vec<Entry>,
    statics: Vec<Vec<Entry>>,
    conffiles: BTreeSet<PackagePath>,
    control: BTreeMap<String, String>,
    python: Option<PythonFolder>,
}

/// What has been put together so far.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) tree: Tree,
    pub(super) conffiles: BTreeSet<PackagePath>,
    pub(super) control: BTreeMap<String, String>,
    pub(super) python: Option<PythonFolder>,
}

impl MainContents {
    /// Deals what was collected out to the packages.
    pub(super) fn deal(
        recipe: &Recipe,
        collected: Collected,
        report: &mut Report<'_>,
    ) -> Result<Self, StageError> {
        let Collected { tree, conffiles, control, python } = collected;
        let mut contents =
            Self { main: tree.into_entries(), statics: Vec::new(), conffiles, control, python };
        for entry in &recipe.static_files {
            let mut taken = Tree::new();
            for folder in &entry.folders {
                let found = contents.take(recipe, &entry.full_name, folder)?;
                if found.is_empty() {
                    report.warning(&format!(
                        "the static entry `{}` finds nothing to take in `{}`",
                        entry.name, folder.path
                    ));
                }
                found.into_iter().try_for_each(|entry| taken.add(entry))?;
            }
            contents.statics.push(taken.into_entries());
        }
        Ok(contents)
    }

    /// The main package.
    pub(super) fn main_package(&self, recipe: &Recipe) -> Package {
        let stops = match recipe.kind {
            RecipeKind::Application => {
                recipe.services.iter().map(|service| service.full_name.clone()).collect()
            }
            RecipeKind::Configuration => recipe.applications.keys().cloned().collect(),
        };
        Package {
            conffiles: self.conffiles_among(&self.main),
            entries: self.main.clone(),
            control: self.control.clone(),
            scripts: ScriptPlan {
                stops,
                configuration: configuration_in(recipe, &self.main),
                python: self.python.iter().cloned().collect(),
                lines: recipe.debian_scripts.clone(),
                ..ScriptPlan::default()
            },
            ..Package::default()
        }
    }

    /// The package of a static entry.
    pub(super) fn static_package(&self, recipe: &Recipe, index: usize) -> Package {
        let entries = self.statics.get(index).cloned().unwrap_or_default();
        let Some(entry) = recipe.static_files.get(index) else { return Package::default() };
        Package {
            conffiles: self.conffiles_among(&entries),
            scripts: ScriptPlan {
                stops: vec![entry.full_name.clone()],
                configuration: configuration_in(recipe, &entries),
                lines: entry.debian_scripts.clone(),
                ..ScriptPlan::default()
            },
            entries,
            ..Package::default()
        }
    }

    /// What one folder of a static entry takes.
    fn take(&mut self, recipe: &Recipe, name: &str, folder: &StaticFolder) -> Result<Vec<Entry>, StageError> {
        let selection = Selection::new(&folder.includes, &folder.excludes)?;
        let code = recipe.code_path();
        let top = Path::new(code.trim_start_matches('/')).join(folder.path.trim_matches('/'));
        let takes = |entry: &Entry| {
            let below = entry.path.as_path().strip_prefix(&top).ok()?;
            // A folder that is a single file is known by its name.
            let relative = if below.as_os_str().is_empty() { Path::new(top.file_name()?) } else { below };
            let wanted = match entry.content {
                Content::Directory => folder.includes.is_empty() && below != Path::new(""),
                Content::File(_) | Content::Symlink(_) => true,
            };
            (wanted && selection.takes(relative)).then(|| below.to_owned())
        };
        if recipe.kind == RecipeKind::Configuration {
            let (taken, left) = self.main.drain(..).partition(|entry| takes(entry).is_some());
            self.main = left;
            return Ok(taken);
        }
        let home = PackagePath::from_installed(&format!("/opt/trebuchet/{name}/static"))?;
        let target = |below: &Path| {
            let path = Path::new(folder.path.trim_matches('/')).join(below);
            let path = path.components().collect::<std::path::PathBuf>();
            home.join(path.as_os_str().as_bytes())
        };
        let mut taken = Vec::new();
        for entry in &self.main {
            if let Some(below) = takes(entry) {
                taken.push(Entry { path: target(&below)?, ..entry.clone() });
            }
        }
        Ok(taken)
    }

    fn conffiles_among(&self, entries: &[Entry]) -> Vec<PackagePath> {
        entries
            .iter()
            .map(|entry| &entry.path)
            .filter(|path| self.conffiles.contains(path))
            .cloned()
            .collect()
    }
}

/// The name of the recipe's configuration, when its file is among the entries.
fn configuration_in(recipe: &Recipe, entries: &[Entry]) -> Option<String> {
    let path = recipe.configuration_path();
    let is_there = recipe.kind == RecipeKind::Configuration
        && entries
            .iter()
            .any(|entry| entry.path.as_path() == Path::new(OsStr::from_bytes(&path.as_bytes()[1..])));
    is_there.then(|| recipe.full_name())
}
