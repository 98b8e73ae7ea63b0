//! A build: from a project and its missile to package files, one package after the other.
//!
//! A package file appears whole under its final name or not at all; a file of that name that was there before is replaced.
//! A failing package ends the build, and what was finished before stays.

mod buildinfo;
mod built;
mod callback;
mod error;
mod event;
mod origin;
mod request;
mod scratch;
mod session;

use std::fs;
use std::path::Path;
use std::time::Instant;

use gachette_core::missile::PlannedPackage;

pub use buildinfo::{BuildProduct, BuildinfoFile, buildinfo};
pub use built::BuiltPackage;
pub use error::BuildError;
pub use event::Event;
pub use request::BuildRequest;
pub(crate) use scratch::Scratch;
pub(crate) use session::Session;

use crate::deb::{DebPackage, WriteOptions, write};
use crate::io_error::At as _;
use crate::process::Cancel;
use callback::{Callbacks, Patience};

/// What a build of this request would make, in order, without making any of it.
///
/// # Errors
/// When the missile cannot be read or is wrong.
pub fn plan(request: &BuildRequest) -> Result<Vec<PlannedPackage>, BuildError> {
    Ok(session::missile(request)?.0.plan(&request.versions))
}

/// Builds every package of the missile, in order, and returns them.
///
/// # Errors
/// When the missile is wrong, a package cannot be put together or written, or `cancel` is raised. Packages that were
/// finished before stay where they are.
pub fn build(
    request: &BuildRequest,
    cancel: &Cancel,
    on_event: &mut dyn FnMut(Event),
) -> Result<Vec<BuiltPackage>, BuildError> {
    let output = &request.output;
    fs::create_dir_all(output).at(output)?;
    let session = Session::open(request, cancel)?;
    let callbacks = Callbacks::start(request.web_callback.as_ref(), Patience::default());
    let mut finished = Vec::new();
    session.each(cancel, on_event, |planned, package, on_event| {
        let started = Instant::now();
        let built = written(planned, &package, request, &session, cancel)?;
        callbacks.send(&built);
        on_event(Event::PackageBuilt { package: built.clone(), duration: started.elapsed() });
        callbacks.report(on_event);
        finished.push(built);
        Ok(())
    })?;
    callbacks.finish(cancel, on_event);
    Ok(finished)
}

/// Writes the package file into the output folder.
fn written(
    planned: &PlannedPackage,
    package: &DebPackage,
    request: &BuildRequest,
    session: &Session<'_>,
    cancel: &Cancel,
) -> Result<BuiltPackage, BuildError> {
    let architecture = package.control.architecture.clone();
    let file_name = planned.file_name(&architecture);
    let path = request.output.join(&file_name);
    let options = WriteOptions { compression: request.compression, ..WriteOptions::new(session.mtime()) };
    let written =
        write(package, &path, &options, cancel).map_err(|source| BuildError::write(&planned.name, source))?;
    Ok(BuiltPackage {
        name: planned.name.clone(),
        version: planned.version.clone(),
        architecture,
        kind: planned.kind,
        file_name,
        path: absolute(&path)?,
        size: written.size,
        sha256: written.sha256,
    })
}

fn absolute(path: &Path) -> Result<std::path::PathBuf, BuildError> {
    Ok(std::path::absolute(path).at(path)?)
}
