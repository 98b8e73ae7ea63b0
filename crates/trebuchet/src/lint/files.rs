//! Looks for the files and folders that a recipe names.

use std::fs;
use std::path::Path;

use gachette_core::missile::{Missile, Problem, Recipe, RecipeKind, Severity};
use gachette_core::nearest;

use super::{Finding, Lint};
use crate::environment::{RequirementsError, check_requirements};

/// What a name of the recipe leads to.
enum Found {
    Yes,
    No,
    /// A symbolic link leads out of the project.
    Outside,
}

impl Lint<'_> {
    pub(super) fn check_files(&mut self, missile: &Missile) {
        for recipe in &missile.variants {
            self.check_requirements(recipe);
            for (index, file) in recipe.files.iter().enumerate() {
                self.check_file(recipe, &format!("files[{index}].source"), &file.source, "file");
            }
            self.check_static(recipe);
        }
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

    /// Folders of an application's static entries that neither are there nor can be made by a step of the build.
    fn check_static(&mut self, recipe: &Recipe) {
        if recipe.kind != RecipeKind::Application || !recipe.build_assets.is_empty() {
            return;
        }
        for (index, entry) in recipe.static_files.iter().enumerate() {
            for (at, folder) in entry.folders.iter().enumerate() {
                let path = format!("static_files[{index}].folders[{at}].path");
                self.check_file(recipe, &path, &folder.path, "folder");
            }
        }
    }

    /// Reports what is not there; whether it is.
    fn check_file(&mut self, recipe: &Recipe, path: &str, name: &str, what: &str) -> bool {
        let shown = name.escape_debug();
        let problem = match found(self.project, name) {
            Found::Yes => return true,
            Found::Outside => {
                Problem::error(recipe.place(path), format!("`{shown}` lies outside the project"))
            }
            Found::No => {
                let message = format!("there is no {what} `{shown}` in the project");
                let mut problem = Problem::error(recipe.place(path), message);
                problem.hint = neighbour(self.project, name).map(|near| format!("did you mean `{near}`?"));
                problem
            }
        };
        self.add(problem);
        false
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
    let text = fs::read_to_string(project.join(file)).ok()?;
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

fn found(project: &Path, name: &str) -> Found {
    match (fs::canonicalize(project), fs::canonicalize(project.join(name))) {
        (Ok(folder), Ok(real)) if real.starts_with(&folder) => Found::Yes,
        (Ok(_), Ok(_)) => Found::Outside,
        _ => Found::No,
    }
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
