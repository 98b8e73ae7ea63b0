//! The `static_files` of a recipe.

use super::fields::Fields;
use super::naming::Naming;
use super::values;
use serde::Serialize;

use super::{MaintainerLines, RecipeName};
use crate::debian::PackageName;
use crate::yaml::{Content, Node, Problems};

/// Folders of the staged tree that go into a package of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StaticEntry {
    /// As written in the recipe.
    pub name: RecipeName,
    /// With the variant's suffix.
    pub full_name: String,
    /// Its package.
    pub package: PackageName,
    /// What it takes.
    pub folders: Vec<StaticFolder>,
    /// Lines for its maintainer scripts.
    pub debian_scripts: MaintainerLines,
}

/// One folder of a static entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StaticFolder {
    /// Relative to the staged tree, without `..`; a leading `/` of the recipe is dropped.
    pub path: String,
    /// Globs of what is taken; everything when empty.
    pub includes: Vec<String>,
    /// Globs of what is left out again.
    pub excludes: Vec<String>,
}

impl StaticEntry {
    /// The keys it knows.
    pub(super) const KEYS: [&'static str; 3] = ["name", "folders", "debian_scripts"];

    pub(super) fn read(node: &Node, naming: &Naming, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::of(node, "static_files entry", &Self::KEYS, problems)?;
        fields.required("folders", problems);
        let folders = match fields.get("folders") {
            Some(node) if matches!(node.content, Content::Text(_)) => std::slice::from_ref(node),
            _ => fields.list("folders", problems),
        };
        let folders = values::each(folders, problems, StaticFolder::read);
        let named = naming.named(&fields, problems)?;
        Some(Self {
            name: named.name,
            full_name: named.full_name,
            package: named.package,
            folders,
            debian_scripts: MaintainerLines::read(&fields, problems),
        })
    }
}

impl StaticFolder {
    /// The keys it knows.
    pub(super) const KEYS: [&'static str; 3] = ["path", "includes", "excludes"];

    fn read(node: &Node, problems: &mut Problems) -> Option<Self> {
        if matches!(node.content, Content::Text(_)) {
            return Some(Self { path: values::inner_path(node, problems)?, ..Self::default() });
        }
        let fields = Fields::of(node, "folders entry", &Self::KEYS, problems)?;
        let path = fields.required("path", problems).and_then(|node| values::inner_path(node, problems));
        let (includes, excludes) = (fields.texts("includes", problems), fields.texts("excludes", problems));
        Some(Self { path: path?, includes, excludes })
    }
}
