//! The contents of one package, and how they become a package with a control file and scripts.

use std::collections::BTreeMap;

use gachette_core::debian::{Architecture, PackageName, Relation};
use gachette_core::missile::{PlannedArchitecture, PlannedPackage, Recipe};

use super::{StageError, Workshop, control};
use crate::deb::{ControlFile, DebPackage, Entry, MaintainerScripts, PackagePath};
use crate::process::{Cancel, Process};
use crate::scripts::ScriptPlan;

/// What one package installs and does.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub(super) entries: Vec<Entry>,
    /// Files that dpkg keeps an administrator's changes to.
    pub(super) conffiles: Vec<PackagePath>,
    /// Control members by name, from the recipe; a maintainer script among them takes the place of ours.
    pub(super) control: BTreeMap<String, String>,
    pub(super) scripts: ScriptPlan,
    /// Packages it needs beside those of its own recipe.
    pub(super) needs: Vec<PackageName>,
    /// Whether it holds files that are compiled for one architecture.
    pub(super) native: bool,
}

impl Package {
    /// The package as it will be written.
    pub(super) fn finish(
        self,
        workshop: &Workshop<'_>,
        recipe: &Recipe,
        planned: &PlannedPackage,
        cancel: &Cancel,
    ) -> Result<DebPackage, StageError> {
        let architecture = match planned.architecture {
            PlannedArchitecture::All => Architecture::all(),
            PlannedArchitecture::NativeWhenNeeded => match &workshop.request.architecture {
                Some(asked) => asked.clone(),
                None if self.native => host_architecture(cancel)?,
                None => Architecture::all(),
            },
        };
        let extra = workshop.request.extra_description.as_deref();
        let mut control = control::control(recipe, planned, architecture, extra)?;
        self.needs.into_iter().for_each(|name| control.depends.push(Relation::any(name)));
        let scripts = ScriptPlan {
            package: planned.name.to_string(),
            user: recipe.user.to_string(),
            units: units(&self.entries),
            nginx: self.entries.iter().any(|entry| entry.path.as_bytes().starts_with(b"etc/nginx/")),
            ..self.scripts
        };
        let mut package = DebPackage::new(control);
        package.scripts = scripts.scripts();
        package.entries = self.entries;
        package.conffiles = self.conffiles;
        for (name, text) in self.control {
            match script_slot(&mut package.scripts, &name) {
                Some(slot) => *slot = Some(text),
                None if name == "conffiles" => package.conffiles.extend(listed_conffiles(&text)?),
                None => {
                    let executable = text.starts_with("#!");
                    package.control_files.insert(name, ControlFile { bytes: text.into_bytes(), executable });
                }
            }
        }
        Ok(package)
    }
}

fn script_slot<'a>(scripts: &'a mut MaintainerScripts, name: &str) -> Option<&'a mut Option<String>> {
    match name {
        "preinst" => Some(&mut scripts.preinst),
        "postinst" => Some(&mut scripts.postinst),
        "prerm" => Some(&mut scripts.prerm),
        "postrm" => Some(&mut scripts.postrm),
        _ => None,
    }
}

fn listed_conffiles(text: &str) -> Result<Vec<PackagePath>, StageError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(PackagePath::from_installed).collect::<Result<_, _>>()?)
}

/// The plain systemd units among the entries. Templates and targets of ours are looked after as services.
fn units(entries: &[Entry]) -> Vec<String> {
    let unit = |entry: &Entry| {
        let path = std::str::from_utf8(entry.path.as_bytes()).ok()?;
        let name = path.strip_prefix("usr/lib/systemd/system/")?;
        let plain = !name.contains(['/', '@']) && !name.starts_with("dh_");
        let starts = [".service", ".socket", ".timer", ".path"].iter().any(|kind| name.ends_with(kind));
        (plain && starts).then(|| name.to_owned())
    };
    entries.iter().filter_map(unit).collect()
}

/// The architecture that dpkg installs on this machine.
fn host_architecture(cancel: &Cancel) -> Result<Architecture, StageError> {
    let answer = Process::new("dpkg").arg("--print-architecture").output(cancel);
    let answer = answer.map_err(StageError::Architecture)?.text();
    answer.parse().map_err(StageError::UnknownArchitecture)
}
