//! Paths of the recipe, kept inside of the project even when the project's own symbolic links lead out of it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::StageError;

/// The path of something in the project, where no folder on the way is a symbolic link. The last component may be one;
/// it is then to be taken as a link.
pub(crate) fn inside(project: &Path, relative: &str) -> Result<PathBuf, StageError> {
    let mut path = project.to_owned();
    let mut components = Path::new(relative).components().peekable();
    while let Some(component) = components.next() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => path.push(name),
            _ => return Err(StageError::Outside { path: relative.to_owned() }),
        }
        let is_last = components.peek().is_none();
        if !is_last && fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(StageError::ThroughLink { path: relative.to_owned(), link: path });
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_path_leads_out_of_the_project() {
        let project = tempfile::tempdir().unwrap();
        fs::create_dir(project.path().join("a")).unwrap();
        symlink("/etc", project.path().join("out")).unwrap();
        assert_eq!(inside(project.path(), "./a/b").unwrap(), project.path().join("a/b"));
        assert_eq!(inside(project.path(), "out").unwrap(), project.path().join("out"));
        for path in ["../x", "/etc/passwd", "a/../../x", "out/passwd"] {
            assert!(inside(project.path(), path).is_err(), "{path}");
        }
    }
}
