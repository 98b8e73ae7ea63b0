//! The `environment` of a recipe: a virtual environment in a package of its own.

use super::fields::Fields;
use super::naming::Naming;
use super::{Problem, values};
use serde::Serialize;

use super::{MaintainerLines, RecipeName};
use crate::debian::PackageName;
use crate::yaml::{Content, Node, Problems};

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

impl Environment {
    /// The keys it knows.
    pub(super) const KEYS: [&'static str; 6] =
        ["name", "type", "binary", "requirements", "post_environment", "debian_scripts"];

    pub(super) fn read(node: &Node, naming: &Naming, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::of(node, "environment", &Self::KEYS, problems)?;
        if let Some(kind) = fields.get("type") {
            values::one_of(kind, &[("python", ())], problems);
        }
        let requirements = fields.get("requirements").map(|node| paths(node, problems)).unwrap_or_default();
        let binary = fields.get("binary").and_then(|node| binary(node, problems));
        let named = naming.named(&fields, problems)?;
        Some(Self {
            name: named.name,
            full_name: named.full_name,
            package: named.package,
            binary,
            requirements,
            post_environment: fields.texts("post_environment", problems),
            debian_scripts: MaintainerLines::read(&fields, problems),
        })
    }
}

fn paths(node: &Node, problems: &mut Problems) -> Vec<String> {
    let items = match &node.content {
        Content::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    values::each(items, problems, values::project_path)
}

/// A program's name or path; it is run, so it cannot be mistaken for an option. Empty means none, as in the original.
fn binary(node: &Node, problems: &mut Problems) -> Option<String> {
    let binary = values::line(node, problems)?;
    if binary.starts_with('-') || binary.contains(char::is_whitespace) {
        let message = format!("`{}` is no program", values::shown(&binary));
        let hint = "name an interpreter such as `python3.11`, without options";
        problems.push(Problem::error(node.place, message).with_hint(hint));
        return None;
    }
    (!binary.is_empty()).then_some(binary)
}
