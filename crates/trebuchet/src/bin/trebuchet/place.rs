//! Where the project of a missile is.

use std::io::{Write as _, stderr};
use std::path::PathBuf;

use crate::arguments::Source;
use crate::failure::Failure;

/// A project's folder and its missile, both absolute.
pub(crate) struct Place {
    pub(crate) project: PathBuf,
    pub(crate) missile: PathBuf,
}

impl Place {
    /// The folder that was named; else the missile's own folder when git keeps that one, or when the missile lies outside
    /// of the current folder; else the current folder, in which the original was run.
    pub(crate) fn of(source: &Source) -> Result<Self, Failure> {
        let current =
            std::env::current_dir().map_err(|error| Failure::fault("the current folder", &error))?;
        let base = source.project.as_ref().map_or_else(|| current.clone(), |project| current.join(project));
        let absolute = |path: PathBuf| {
            path.canonicalize().map_err(|error| {
                let hint = "name the recipe, usually `.missile.yml`, from the project's folder";
                Failure::missing(&path, &error).with_hint(hint)
            })
        };
        let missile = absolute(base.join(&source.missile))?;
        if missile.is_dir() {
            let message = format!("`{}` is a folder, not a recipe", source.missile.display());
            return Err(Failure::usage(message).with_hint("name the recipe in it, usually `.missile.yml`"));
        }
        if !missile.is_file() {
            let message = format!("`{}` is no regular file, so no recipe", source.missile.display());
            return Err(Failure::usage(message));
        }
        if source.project.is_some() {
            return Ok(Self { project: absolute(base)?, missile });
        }
        let beside = missile.parent().map_or_else(|| current.clone(), PathBuf::from);
        let current = absolute(current)?;
        if beside == current || beside.join(".git").exists() || !missile.starts_with(&current) {
            return Ok(Self { project: beside, missile });
        }
        let note = "note: the project is the current folder; `--project` names another";
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(stderr(), "{note}");
        Ok(Self { project: current, missile })
    }
}
