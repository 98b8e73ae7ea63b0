//! Where the files that a recipe names one by one are installed, found without building: lint asks.

use std::path::Path;

use gachette_core::missile::{ExtraFileTarget, Recipe, RecipeKind};

use super::main_contents::Collected;
use super::{StageError, custom_files};
use crate::deb::{Content, Entry, PackagePath};

/// The paths that a recipe's `extra_files` and `files` become.
#[derive(Default)]
pub(crate) struct Shipped {
    /// Each path, folders left out, with the path of the recipe's key that it comes from.
    pub(crate) paths: Vec<(PackagePath, String)>,
    /// What a build would refuse, with the path of the key to blame.
    pub(crate) faults: Vec<(String, StageError)>,
    /// What a build would warn of, likewise.
    pub(crate) doubts: Vec<(String, String)>,
}

impl Shipped {
    /// The paths of this recipe in the project in this folder, which is absolute and without symbolic links.
    pub(crate) fn of(project: &Path, recipe: &Recipe) -> Self {
        let mut shipped = Self::default();
        let mut collected = Collected::default();
        if recipe.kind == RecipeKind::Configuration {
            let own = written(&recipe.configuration_path(), "");
            shipped.take("name", own.map(|entry| vec![entry]), &mut collected);
        }
        for (index, file) in recipe.extra_files.iter().enumerate() {
            let ExtraFileTarget::Path(path) = file.target() else { continue };
            // Two extra files of one path are the recipe's own problem.
            if recipe.extra_files.iter().take(index).all(|other| other.path() != path) {
                let entry = written(&path, file.name.as_str());
                let key = format!("extra_files[{index}].name");
                shipped.take(&key, entry.map(|entry| vec![entry]), &mut collected);
            }
        }
        for (index, file) in recipe.files.iter().enumerate() {
            let source = format!("files[{index}].source");
            match custom_files::find(project, file) {
                Ok(found) => {
                    shipped.doubts.extend(found.doubts.into_iter().map(|doubt| (source.clone(), doubt)));
                    shipped.take(&format!("files[{index}].target"), Ok(found.entries), &mut collected);
                }
                Err(fault @ StageError::Path(_)) => {
                    shipped.take(&format!("files[{index}].target"), Err(fault), &mut collected);
                }
                Err(fault) => shipped.take(&source, Err(fault), &mut collected),
            }
        }
        shipped
    }

    /// Notes where the entries of a key are installed, or why they cannot be.
    fn take(&mut self, key: &str, entries: Result<Vec<Entry>, StageError>, collected: &mut Collected) {
        let paths = &mut self.paths;
        let added = entries.and_then(|entries| {
            for entry in entries {
                if entry.content != Content::Directory {
                    paths.push((entry.path.clone(), key.to_owned()));
                }
                collected.tree.add(entry)?;
            }
            Ok(())
        });
        match added {
            // A file that is not there has its own finding.
            Ok(()) | Err(StageError::Io(_)) => {}
            Err(fault) => self.faults.push((key.to_owned(), fault)),
        }
    }
}

fn written(path: &str, text: &str) -> Result<Entry, StageError> {
    Ok(Entry::file(PackagePath::from_installed(path)?, text))
}
