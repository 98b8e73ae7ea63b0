//! Reads single values of a recipe as the types that known keys have.

use super::Problem;
pub(super) use crate::yaml::values::*;
use crate::yaml::{Node, Problems};

/// A path that stays below where it begins: no `..`, no control characters; a leading `/` or `./` is dropped.
pub(super) fn inner_path(node: &Node, problems: &mut Problems) -> Option<String> {
    let written = line(node, problems)?;
    let parts: Vec<&str> = written.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        let message = format!("the path `{}` leads out with `..`", shown(&written));
        problems.push(Problem::error(node.place, message));
        return None;
    }
    Some(parts.join("/"))
}

/// A path inside the project: like [`inner_path`], and neither absolute nor empty.
pub(super) fn project_path(node: &Node, problems: &mut Problems) -> Option<String> {
    let written = text(node, problems)?;
    if written.starts_with('/') {
        let message =
            format!("`{}` is an absolute path; it must be relative to the project", shown(&written));
        problems.push(Problem::error(node.place, message));
        return None;
    }
    let path = inner_path(node, problems)?;
    if path.is_empty() {
        problems.push(Problem::error(node.place, "a path is expected here"));
        return None;
    }
    Some(path)
}
