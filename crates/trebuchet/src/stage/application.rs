//! The contents of an application: its code, built if the recipe says how, the commit it is of, and the recipe's files.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use gachette_core::missile::Recipe;

use super::code_tree::{self, CodeContent, CodeEntry};
use super::globs::Exclusions;
use super::main_contents::{Collected, MainContents};
use super::{StageError, Workshop, custom_files, extra_files};
use crate::deb::{Entry, PackagePath};
use crate::environment::{PreparedEnvironment, activated};
use crate::io_error::At as _;
use crate::process::{Cancel, Process};
use crate::report::Report;
use crate::scripts::PythonFolder;

/// How many digits of a commit `GIT_VERSION` has. Always as many: what git prints depends on how much of the history is
/// there.
const SHORT_COMMIT: usize = 7;

/// Everything that an application recipe installs, services and environment aside.
pub(super) fn contents(
    workshop: &Workshop<'_>,
    recipe: &Recipe,
    environment: Option<&PreparedEnvironment>,
    cancel: &Cancel,
    report: &mut Report<'_>,
) -> Result<MainContents, StageError> {
    let exclusions = Exclusions::new(&recipe.exclude_folders, workshop.folders_in_project())?;
    let mut tree = workshop.project.clone();
    let mut code = code_tree::list(&tree, &exclusions, report)?;
    if !recipe.build_assets.is_empty() {
        tree = build_assets(workshop, recipe, &code, environment, cancel, report)?;
        code = code_tree::list(&tree, &exclusions, report)?;
    }
    let home = recipe.code_path();
    let mut collected = Collected::default();
    add_code(&tree, &code, &PackagePath::from_installed(&home)?, workshop.commit.as_deref(), &mut collected)?;
    warn_of_machine_code(&tree, &code, report)?;
    if code.iter().any(|entry| entry.relative.extension().is_some_and(|extension| extension == "py")) {
        let interpreter = match &recipe.environment {
            Some(environment) => format!("{}/bin/python", environment.path()),
            None => "python3".to_owned(),
        };
        collected.python = Some(PythonFolder { path: home, interpreter });
    }
    extra_files::collect(workshop, recipe, &mut collected, report)?;
    custom_files::collect(workshop, recipe, &mut collected, report)?;
    MainContents::deal(recipe, collected, report)
}

/// Runs the recipe's steps in a copy of the code, with the environment activated; returns the copy.
fn build_assets(
    workshop: &Workshop<'_>,
    recipe: &Recipe,
    code: &[CodeEntry],
    environment: Option<&PreparedEnvironment>,
    cancel: &Cancel,
    report: &mut Report<'_>,
) -> Result<PathBuf, StageError> {
    let folder = workshop.scratch.join(recipe.full_name());
    let (tree, home) = (folder.join("code"), folder.join("env"));
    code_tree::copy(&workshop.project, code, &tree)?;
    if let Some(environment) = environment {
        environment.placed(&home, &tree)?.copy_to(&home)?;
    }
    for (index, step) in recipe.build_assets.iter().enumerate() {
        report.step(&format!("building assets, step {} of {}", index + 1, recipe.build_assets.len()));
        let shell = Process::step(step).current_dir(&tree);
        let shell = if environment.is_some() { activated(shell, &home) } else { shell };
        let shell = shell.env("SOURCE_DATE_EPOCH", workshop.mtime.to_string());
        shell.run(cancel, &mut |_, line| report.line(line))?;
    }
    Ok(tree)
}

fn add_code(
    tree: &Path,
    code: &[CodeEntry],
    home: &PackagePath,
    commit: Option<&str>,
    collected: &mut Collected,
) -> Result<(), StageError> {
    collected.tree.add(Entry::directory(home.clone()))?;
    if let Some(commit) = commit {
        let short = commit.get(..SHORT_COMMIT).unwrap_or(commit);
        collected.tree.add(Entry::file(home.join(b"GIT_VERSION")?, format!("{short}\n")))?;
    }
    for entry in code {
        let path = home.join(entry.relative.as_os_str().as_bytes())?;
        if collected.tree.contains(&path) && commit.is_some() {
            continue;
        }
        collected.tree.add(match &entry.content {
            CodeContent::Folder => Entry::directory(path),
            CodeContent::Link(target) => Entry::symlink(path, target.as_os_str().as_bytes()),
            CodeContent::File { executable } => Entry::copy(path, tree.join(&entry.relative))
                .with_mode(if *executable { 0o755 } else { 0o644 }),
        })?;
    }
    Ok(())
}

/// Says so when an application, which installs on every architecture, holds files for one of them.
fn warn_of_machine_code(tree: &Path, code: &[CodeEntry], report: &mut Report<'_>) -> Result<(), StageError> {
    for entry in code {
        let CodeContent::File { executable } = entry.content else { continue };
        let is_library = entry.relative.to_string_lossy().contains(".so");
        if (executable || is_library) && is_elf(&tree.join(&entry.relative))? {
            report.warning(&format!(
                "`{}` is machine code, and the package of an application is for every architecture",
                entry.relative.display()
            ));
        }
    }
    Ok(())
}

fn is_elf(path: &Path) -> Result<bool, StageError> {
    use std::io::Read as _;
    let mut start = Vec::new();
    fs::File::open(path).at(path)?.take(4).read_to_end(&mut start).at(path)?;
    Ok(start == b"\x7fELF")
}
