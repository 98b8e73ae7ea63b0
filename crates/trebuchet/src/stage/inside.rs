//! Paths of the recipe, kept inside of the project even when the project's own symbolic links lead out of it.
//!
//! A link itself may be packed, wherever it leads: Debian Policy 10.5 asks only that it lead somewhere on the host. What it
//! leads to on the machine that builds is never read.

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

/// What is doubtful about a symbolic link of a tree, the project or its code, that by its text points at something
/// outside of it.
pub(super) fn way_out(link: &Path, target: &Path, tree: &str) -> Option<String> {
    leads_out(link, target).then(|| {
        let (link, target) = (link.display().to_string(), target.display().to_string());
        let (link, target) = (link.escape_debug(), target.escape_debug());
        format!("the symbolic link `{link}` leads out of the {tree}, to `{target}`; it is packed as it is")
    })
}

fn leads_out(link: &Path, target: &Path) -> bool {
    let mut depth = link.components().count() as isize - 1;
    for component in target.components() {
        match component {
            Component::RootDir | Component::Prefix(_) => return true,
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
        }
        if depth < 0 {
            return true;
        }
    }
    false
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

    #[test]
    fn links_that_lead_out_are_told_from_those_that_stay() {
        let out = |link: &str, target: &str| leads_out(Path::new(link), Path::new(target));
        assert!(out("a", "/etc") && out("a", "../x") && out("d/a", "../../x") && out("d/a", "x/../../../d"));
        assert!(!out("a", "b") && !out("d/a", "../b") && !out("d/a", "./b/../c"));
    }
}
