//! What all packages of a build share: the project, its templates, and a private folder to work in.

use std::path::{Path, PathBuf};

use crate::build::BuildRequest;
use crate::templates::Templates;

/// The place where a build's packages are put together.
pub(crate) struct Workshop<'a> {
    pub(crate) request: &'a BuildRequest,
    /// The project's folder, absolute and without symbolic links.
    pub(crate) project: PathBuf,
    pub(crate) templates: Templates,
    /// The commit that is built, when the project is a repository.
    pub(crate) commit: Option<String>,
    /// The time of everything in the packages, in seconds since 1970.
    pub(crate) mtime: i64,
    /// A folder that only this build uses, and that goes away with it.
    pub(crate) scratch: &'a Path,
    /// Where environments are kept.
    pub(crate) cache: PathBuf,
}

impl Workshop<'_> {
    /// The folders that this build writes to, as far as they lie in the project, relative to it.
    pub(super) fn folders_in_project(&self) -> Vec<PathBuf> {
        let written = [Some(&self.request.output), self.request.build_dir.as_ref(), Some(&self.cache)];
        let inside = |folder: &PathBuf| {
            let folder = folder.canonicalize().ok()?;
            let relative = folder.strip_prefix(&self.project).ok()?;
            // Who builds into the project's own folder has what is in it packed.
            (relative != Path::new("")).then(|| relative.to_owned())
        };
        written.into_iter().flatten().filter_map(inside).collect()
    }
}
