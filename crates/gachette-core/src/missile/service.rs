//! The `services` of a recipe.

use super::fields::Fields;
use super::naming::Naming;
use super::settings::is_shell_name;
use super::{Problem, values};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{MaintainerLines, RecipeName, python_text};
use crate::debian::PackageName;
use crate::yaml::{Content, Node, Problems};

/// Which init system runs a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// Upstart jobs in `/etc/init`.
    Upstart,
    /// Units in `/usr/lib/systemd/system`.
    Systemd,
}

/// A long-running program in a package of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// As written in the recipe.
    pub name: RecipeName,
    /// With the variant's suffix.
    pub full_name: String,
    /// Its package.
    pub package: PackageName,
    /// The init system.
    pub kind: ServiceKind,
    /// The entry of `extra_files` it runs, without suffix.
    pub binary_name: String,
    /// Variables of its environment, in the recipe's order.
    pub env_var: IndexMap<String, String>,
    /// Lines for its maintainer scripts.
    pub debian_scripts: MaintainerLines,
}

impl Service {
    /// The worker job or unit without extension: `dh_NAME`.
    pub fn worker(&self) -> String {
        format!("dh_{}", self.full_name)
    }
}

impl Service {
    /// The keys it knows.
    pub(super) const KEYS: [&'static str; 5] = ["name", "type", "binary_name", "env_var", "debian_scripts"];

    pub(super) fn read(node: &Node, naming: &Naming, problems: &mut Problems) -> Option<Self> {
        const KINDS: [(&str, ServiceKind); 2] =
            [("upstart", ServiceKind::Upstart), ("systemd", ServiceKind::Systemd)];
        let fields = Fields::of(node, "services entry", &Self::KEYS, problems)?;
        // The original never looked at the type: upstart was all there was.
        let kind = match fields.get("type") {
            None => ServiceKind::Upstart,
            Some(node) => values::one_of(node, &KINDS, problems)?,
        };
        let env_var = fields.get("env_var").map(|node| variables(node, problems)).unwrap_or_default();
        let binary_name =
            fields.required("binary_name", problems).and_then(|node| values::text(node, problems));
        let named = naming.named(&fields, problems)?;
        Some(Self {
            name: named.name,
            full_name: named.full_name,
            package: named.package,
            kind,
            binary_name: binary_name?,
            env_var,
            debian_scripts: MaintainerLines::read(&fields, problems),
        })
    }
}

/// Variables for jobs and units: their formats hold one line each.
fn variables(node: &Node, problems: &mut Problems) -> IndexMap<String, String> {
    let Some(entries) = node.entries() else {
        // The original's default was an empty list in some releases.
        if !matches!(&node.content, Content::List(items) if items.is_empty()) {
            let message = format!("`env_var` must be a map, not {}", node.kind());
            problems
                .push(Problem::error(node.place, message).with_hint("write `NAME: value` lines below it"));
        }
        return IndexMap::new();
    };
    let mut variables = IndexMap::new();
    for entry in entries {
        if !is_shell_name(&entry.key) {
            let message = format!("`{}` is no name of an environment variable", values::shown(&entry.key));
            let hint = "use letters, digits and `_`, not beginning with a digit";
            problems.push(Problem::error(entry.key_place, message).with_hint(hint));
            continue;
        }
        let value = match &entry.value.content {
            Content::Null => Some(String::new()),
            // As in exports, and as it always was: `DEBUG: no` and `DEBUG: false` are `False`.
            Content::Bool(flag, _) => Some(python_text(&(*flag).into())),
            _ => values::line(&entry.value, problems),
        };
        if let Some(value) = value {
            variables.insert(entry.key.clone(), value);
        }
    }
    variables
}
