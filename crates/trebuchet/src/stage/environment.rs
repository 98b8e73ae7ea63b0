//! The environment's package.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use gachette_core::missile::{Environment, Recipe, ServiceKind};

use super::package::Package;
use super::{StageError, Workshop};
use crate::deb::{Entry, PackagePath};
use crate::environment::{EnvironmentRequest, Placed, PreparedEnvironment};
use crate::io_error::At as _;
use crate::process::Cancel;
use crate::report::Report;
use crate::scripts::{PythonFolder, ScriptPlan};

/// The environment that a recipe wants, from the cache or made now.
pub(super) fn prepare(
    workshop: &Workshop<'_>,
    wanted: &Environment,
    cancel: &Cancel,
    report: &mut Report<'_>,
) -> Result<PreparedEnvironment, StageError> {
    let request = EnvironmentRequest {
        project: &workshop.project,
        pip_options: &workshop.request.pip_options,
        cache: &workshop.cache,
    };
    Ok(PreparedEnvironment::prepare(wanted, &request, cancel, report)?)
}

/// The package of a recipe's environment.
pub(super) fn compose(
    recipe: &Recipe,
    wanted: &Environment,
    prepared: &PreparedEnvironment,
) -> Result<Package, StageError> {
    let home = wanted.path();
    let root = PackagePath::from_installed(&home)?;
    let mut entries = vec![Entry::directory(root.clone())];
    prepared.placed(Path::new(&home), Path::new(&recipe.code_path()))?.each(|relative, placed| {
        let path = root.join(relative.as_os_str().as_bytes())?;
        let entry = match placed {
            Placed::Directory => Entry::directory(path),
            Placed::Unchanged(cached) => Entry::copy(path, cached).with_mode(mode(cached)?),
            Placed::Changed(content, cached) => Entry::file(path, content).with_mode(mode(cached)?),
            Placed::Link(target) => Entry::symlink(path, target.as_os_str().as_bytes()),
        };
        entries.push(entry);
        Ok::<(), StageError>(())
    })?;
    let interpreter = prepared.interpreter_package.as_deref().map(str::parse).transpose();
    Ok(Package {
        entries,
        scripts: ScriptPlan {
            stops: stops(recipe, wanted),
            python: vec![PythonFolder { interpreter: format!("{home}/bin/python"), path: home }],
            lines: wanted.debian_scripts.clone(),
            ..ScriptPlan::default()
        },
        needs: interpreter.map_err(StageError::Interpreter)?.into_iter().collect(),
        native: prepared.is_native(),
        ..Package::default()
    })
}

/// What must not run while the environment changes. Upstart's controllers listen to the environment's own name; systemd
/// has to be told the services.
fn stops(recipe: &Recipe, wanted: &Environment) -> Vec<String> {
    let services = recipe.services.iter().filter(|service| service.kind == ServiceKind::Systemd);
    std::iter::once(&wanted.full_name).chain(services.map(|service| &service.full_name)).cloned().collect()
}

/// The permission bits a file is installed with, whatever the umask was that it was made under.
fn mode(file: &Path) -> Result<u32, StageError> {
    let mode = fs::metadata(file).at(file)?.permissions().mode();
    Ok(if mode & 0o100 != 0 { 0o755 } else { 0o644 })
}
