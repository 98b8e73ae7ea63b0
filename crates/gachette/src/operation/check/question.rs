//! All that an answer depends on, and its digest, by which answers are kept.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gachette_core::Sha256Digest;
use gachette_core::base::BaseEntry;
use gachette_core::debian::{Architecture, PackageName};
use gachette_core::installability::RULES;
use gachette_core::stack::{Content, RoleName, packages_of_role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Roles;

/// What is asked, with all that the answer depends on.
pub(super) struct Question<'a> {
    pub(super) stack: &'a Content,
    pub(super) from: Option<&'a Content>,
    pub(super) base: &'a BaseEntry,
    pub(super) architectures: Vec<Architecture>,
    pub(super) foreign: Vec<Architecture>,
    pub(super) recommends: bool,
    /// Whether hosts install what is recommended.
    pub(super) takes_recommended: bool,
    pub(super) parts: Vec<StackPart>,
    /// All roles that are configured for the domain.
    pub(super) roles: &'a Roles,
}

/// Which packages of a stack are installed together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StackPart {
    /// All of them, or when roles are configured those of each role.
    #[default]
    Whole,
    /// These.
    Only(Vec<PackageName>),
    /// Those of hosts with this role.
    Role(RoleName),
}

impl StackPart {
    /// The role, when it is one.
    pub(super) fn role(&self) -> Option<&RoleName> {
        match self {
            Self::Role(role) => Some(role),
            Self::Whole | Self::Only(_) => None,
        }
    }

    /// Its packages in a stack; none when it is all of them.
    pub(super) fn packages(&self, stack: &Content, roles: &Roles) -> Option<BTreeSet<PackageName>> {
        match self {
            Self::Whole => None,
            Self::Only(names) => Some(names.iter().cloned().collect()),
            Self::Role(role) => {
                let own = roles.get(role).map(Vec::as_slice).unwrap_or_default();
                Some(packages_of_role(stack, own, roles.values().map(Vec::as_slice)))
            }
        }
    }
}

impl Question<'_> {
    /// The digest of one line for each thing that it depends on, this gachette among them: another may know better.
    pub(super) fn digest(&self) -> Sha256Digest {
        let version = env!("CARGO_PKG_VERSION");
        let mut lines = format!("check {version} by rules {RULES}\nstack {}\n", self.stack.hash());
        let mut line = |words: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{words}");
        };
        if let Some(from) = self.from {
            line(format_args!("from {}", from.hash()));
        }
        for list in &self.base.lists {
            let architecture = list.architecture.as_ref().map_or("any", Architecture::as_str);
            line(format_args!("list {} {architecture} {} {}", list.sha256, list.priority, list.origin));
        }
        self.architectures.iter().for_each(|architecture| line(format_args!("on {architecture}")));
        self.foreign.iter().for_each(|architecture| line(format_args!("foreign {architecture}")));
        line(format_args!("recommends {}", self.recommends));
        line(format_args!("takes what is recommended {}", self.takes_recommended));
        for part in &self.parts {
            match part.role() {
                Some(role) => line(format_args!("role {role}")),
                None => line(format_args!("part")),
            }
            for stack in [Some(self.stack), self.from].into_iter().flatten() {
                let packages = part.packages(stack, self.roles);
                packages.iter().flatten().for_each(|name| line(format_args!("package {name}")));
            }
        }
        Sha256Digest::of(lines.as_bytes())
    }
}
