//! The globs of a recipe: which paths they mean.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::StageError;

/// Paths that are left out of the code tree, `exclude_folders`.
///
/// As in `.gitignore`: a glob with a `/` at its start or within means that place in the project, one without means that
/// name anywhere. What lies below an excluded folder is left out with it. So are the folders that builds themselves write
/// to, when they lie in the project: else every build would pack the one before.
pub(crate) struct Exclusions {
    globs: GlobSet,
    folders: Vec<PathBuf>,
}

impl Exclusions {
    /// The recipe's globs, and folders relative to the project.
    pub(crate) fn new(globs: &[String], folders: Vec<PathBuf>) -> Result<Self, StageError> {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            let plain = glob.strip_prefix("./").unwrap_or(glob).trim_end_matches('/');
            match plain.strip_prefix('/') {
                Some(anchored) => set.add(path_glob(anchored, glob)?),
                None if plain.contains('/') => set.add(path_glob(plain, glob)?),
                None => set.add(path_glob(&format!("**/{plain}"), glob)?),
            };
        }
        Ok(Self { globs: built(set)?, folders })
    }

    /// Whether a path, relative to the project, is left out; its parents are asked about before.
    pub(crate) fn contains(&self, relative: &Path) -> bool {
        self.globs.is_match(relative) || self.folders.iter().any(|folder| folder == relative)
    }
}

/// Globs of a static entry. A glob means a file's name as well as its path below the folder, and `*` crosses folders.
pub(crate) struct Selection {
    includes: GlobSet,
    excludes: GlobSet,
    takes_all: bool,
}

impl Selection {
    pub(crate) fn new(includes: &[String], excludes: &[String]) -> Result<Self, StageError> {
        let set = |globs: &[String]| {
            let mut set = GlobSetBuilder::new();
            for glob in globs {
                set.add(Glob::new(glob.trim_matches('/')).map_err(|source| bad(glob, source))?);
            }
            built(set)
        };
        Ok(Self { includes: set(includes)?, excludes: set(excludes)?, takes_all: includes.is_empty() })
    }

    /// Whether the file of this path, relative to the folder, is taken. An exclusion of a folder holds for all in it.
    pub(crate) fn takes(&self, relative: &Path) -> bool {
        let name = |path: &Path| path.file_name().map(PathBuf::from).unwrap_or_default();
        let included =
            self.takes_all || self.includes.is_match(relative) || self.includes.is_match(name(relative));
        let excluded = relative
            .ancestors()
            .filter(|path| !path.as_os_str().is_empty())
            .any(|path| self.excludes.is_match(path) || self.excludes.is_match(name(path)));
        included && !excluded
    }
}

fn path_glob(text: &str, written: &str) -> Result<Glob, StageError> {
    GlobBuilder::new(text).literal_separator(true).build().map_err(|source| bad(written, source))
}

fn built(set: GlobSetBuilder) -> Result<GlobSet, StageError> {
    set.build().map_err(|source| bad("", source))
}

fn bad(glob: &str, source: globset::Error) -> StageError {
    StageError::Glob { glob: glob.to_owned(), reason: source.kind().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(glob: &str, path: &str) -> bool {
        Exclusions::new(&[glob.to_owned()], Vec::new()).unwrap().contains(Path::new(path))
    }

    #[test]
    fn an_exclusion_without_slash_means_the_name_anywhere() {
        assert!(excluded("docs", "docs") && excluded("docs", "a/docs") && excluded("docs/", "docs"));
        assert!(excluded("*.tmp", "a/b.tmp") && excluded("node_*", "node_modules"));
        assert!(!excluded("docs", "mydocs"));
    }

    #[test]
    fn an_exclusion_with_slash_means_one_place() {
        assert!(excluded("a/docs", "a/docs") && excluded("/docs", "docs") && excluded("./a/docs/", "a/docs"));
        assert!(!excluded("a/docs", "b/a/docs") && !excluded("/docs", "a/docs"));
        assert!(excluded("a/*/c", "a/b/c") && !excluded("a/*/c", "a/b/b/c"));
    }

    fn takes(includes: &[&str], excludes: &[&str], path: &str) -> bool {
        let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
        Selection::new(&owned(includes), &owned(excludes)).unwrap().takes(Path::new(path))
    }

    #[test]
    fn a_static_folder_without_globs_takes_everything() {
        assert!(takes(&[], &[], "a") && takes(&[], &[], "a/b.css"));
    }

    #[test]
    fn two_exclusions_both_hold() {
        assert!(!takes(&[], &["*.map", "*.tmp"], "a.map") && !takes(&[], &["*.map", "*.tmp"], "b/a.tmp"));
        assert!(takes(&[], &["*.map", "*.tmp"], "a.css"));
    }

    #[test]
    fn folders_are_descended_whatever_is_included() {
        assert!(takes(&["*.css"], &[], "deep/down/a.css") && takes(&["logo.png"], &[], "img/logo.png"));
        assert!(!takes(&["*.css"], &[], "a.js"));
        assert!(!takes(&["*.css"], &["drafts"], "drafts/a.css") && takes(&["css/*"], &[], "css/a/b"));
    }

    #[test]
    fn a_glob_that_cannot_be_read_is_named() {
        let error = Exclusions::new(&["a[".to_owned()], Vec::new()).err().unwrap().to_string();
        assert!(error.contains("`a[`"), "{error}");
    }
}
