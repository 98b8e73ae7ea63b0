//! Looks for the files and folders that a recipe names.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use gachette_core::missile::{Missile, Problem, Recipe, RecipeKind, Severity};
use gachette_core::nearest;

use super::{Finding, LARGEST, Lint};
use crate::deb::PackagePath;
use crate::environment::{RequirementsError, check_requirements, is_installed};
use crate::regular_file::read_regular;
use crate::stage::{Shipped, inside};

impl Lint<'_> {
    pub(super) fn check_files(&mut self, missile: &Missile) {
        for recipe in &missile.variants {
            self.check_requirements(recipe);
            for (index, file) in recipe.files.iter().enumerate() {
                self.check_file(recipe, &format!("files[{index}].source"), &file.source, "file");
            }
            self.check_static(recipe);
            self.check_interpreter(recipe);
        }
        self.check_shipped(missile);
    }

    /// Paths that no package can have, and those that packages of several variants have.
    fn check_shipped(&mut self, missile: &Missile) {
        let folder = fs::canonicalize(self.project).unwrap_or_else(|_| self.project.to_owned());
        let mut owners: HashMap<PackagePath, usize> = HashMap::new();
        for (number, recipe) in missile.variants.iter().enumerate() {
            let shipped = Shipped::of(&folder, recipe);
            for (key, fault) in shipped.faults {
                self.add(Problem::error(recipe.place(&key), fault.to_string()));
            }
            for (key, doubt) in shipped.doubts {
                self.add(Problem::warning(recipe.place(&key), doubt));
            }
            for (path, key) in shipped.paths {
                let owner = *owners.entry(path.clone()).or_insert(number);
                let replaces = recipe.metadata.conflicts.is_some() || recipe.metadata.replaces.is_some();
                let Some(other) = missile.variants.get(owner).filter(|_| owner != number && !replaces) else {
                    continue;
                };
                let message = format!(
                    "`{}` and `{}` both install `/{path}`: only one of them can be on a host",
                    recipe.package, other.package
                );
                let hint = "name it after the variant, or say so with `conflicts`";
                self.add(Problem::warning(recipe.place(&key), message).with_hint(hint));
            }
        }
    }

    /// The machine that builds may be another one, so that this is no error.
    fn check_interpreter(&mut self, recipe: &Recipe) {
        let binary = recipe.environment.as_ref().and_then(|environment| environment.binary.as_deref());
        let Some(binary) = binary.filter(|binary| !is_installed(binary)) else { return };
        let message = format!("there is no interpreter `{}` on this machine", binary.escape_debug());
        let hint = "install it where the recipe is built, or leave `binary` out to get `python3`";
        self.add(Problem::warning(recipe.place("environment.binary"), message).with_hint(hint));
    }

    fn check_requirements(&mut self, recipe: &Recipe) {
        let Some(environment) = &recipe.environment else { return };
        for (index, file) in environment.requirements.iter().enumerate() {
            let list = format!("environment.requirements[{index}]");
            if !self.check_file(recipe, &list, file, "requirements file") {
                continue;
            }
            let folder = fs::canonicalize(self.project).unwrap_or_else(|_| self.project.to_owned());
            if let Err(error) = check_requirements(&folder, file) {
                let place = recipe.place(&list);
                match in_requirements(&folder, &error) {
                    Some(finding) => self.findings.push(finding),
                    None => self.add(Problem::error(place, error.to_string())),
                }
            }
        }
    }

    /// Folders of an application's static entries that neither are there nor can be made by a step of the build, which
    /// packs what it finds.
    fn check_static(&mut self, recipe: &Recipe) {
        if recipe.kind != RecipeKind::Application || !recipe.build_assets.is_empty() {
            return;
        }
        for (index, entry) in recipe.static_files.iter().enumerate() {
            for (at, folder) in entry.folders.iter().enumerate() {
                let path = format!("static_files[{index}].folders[{at}].path");
                let problem = match inside(self.project, &folder.path) {
                    Ok(_) => self.missing(recipe, &path, &folder.path, "folder"),
                    Err(fault) => Some(Problem::error(recipe.place(&path), fault.to_string())),
                };
                if let Some(problem) = problem {
                    self.add(Problem { severity: Severity::Warning, ..problem });
                }
            }
        }
    }

    /// Reports what is not there; whether it is.
    fn check_file(&mut self, recipe: &Recipe, path: &str, name: &str, what: &str) -> bool {
        let problem = self.missing(recipe, path, name, what);
        let is_there = problem.is_none();
        problem.into_iter().for_each(|problem| self.add(problem));
        is_there
    }

    /// What is not there. A symbolic link is, wherever it leads: whether it may be followed is not asked here.
    fn missing(&self, recipe: &Recipe, path: &str, name: &str, what: &str) -> Option<Problem> {
        if fs::symlink_metadata(self.project.join(name)).is_ok() {
            return None;
        }
        let hint = match neighbour(self.project, name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "paths are relative to the project's top folder".to_owned(),
        };
        let message = format!("there is no {what} `{}` in the project", name.escape_debug());
        Some(Problem::error(recipe.place(path), message).with_hint(hint))
    }
}

/// What is wrong in a requirements file, at its line, when another requirements file is to blame.
fn in_requirements(project: &Path, error: &RequirementsError) -> Option<Finding> {
    let (named_by, message) = match error {
        RequirementsError::Unreadable { named_by, path, source } => {
            let path = path.strip_prefix(project).unwrap_or(path).display();
            (named_by, format!("the file `{path}` cannot be read: {source}"))
        }
        RequirementsError::Outside { named_by, path } => {
            (named_by, format!("`{}` lies outside the project", path.escape_debug()))
        }
    };
    let (file, line) = named_by.rsplit_once(':')?;
    let line: usize = line.parse().ok()?;
    let text = String::from_utf8(read_regular(&project.join(file), LARGEST).ok()?).ok()?;
    let excerpt = text.lines().nth(line.checked_sub(1)?)?;
    Some(Finding {
        severity: Severity::Error,
        message,
        hint: None,
        file: file.to_owned(),
        line,
        column: 1,
        width: excerpt.chars().count(),
        excerpt: Some(excerpt.to_owned()),
    })
}

/// A file beside the missing one that was probably meant.
fn neighbour(project: &Path, name: &str) -> Option<String> {
    let folder = Path::new(name).parent()?;
    let entries = fs::read_dir(project.join(folder)).ok()?.flatten().take(1000);
    let names: Vec<String> = entries
        .filter_map(|entry| folder.join(entry.file_name()).into_os_string().into_string().ok())
        .collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    nearest(name, &known).map(str::to_owned)
}
