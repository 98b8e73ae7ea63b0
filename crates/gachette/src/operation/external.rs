//! Another builder than the built-in one, called as the original `trebuchet` was: its `Built:` lines say what it made.

use std::path::Path;

use gachette_core::missile::BuiltLine;
use trebuchet::process::{Process, Stream};

use super::{BuiltPackage, Context, OperationError, PackageState};
use crate::event::Event;

/// Runs the builder in the working copy, and reads back every file it names.
pub(super) fn run(
    context: &mut Context<'_>,
    builder: &Path,
    request: &trebuchet::BuildRequest,
) -> Result<Vec<BuiltPackage>, OperationError> {
    let versions = &request.versions;
    let mut process = Process::new(builder).arg("build").arg(&request.missile).current_dir(&request.project);
    process = process.arg("--output").arg(&request.output);
    process = process.args(["--app-version", versions.app.as_str(), "--env-version", versions.env.as_str()]);
    process = process.args(["--service-version", versions.service.as_str()]);
    process = process.args(["--static-version", versions.static_files.as_str()]);
    if let Some(url) = &request.web_callback {
        process = process.args(["--web-callback", url.as_str()]);
    }
    let mut named = Vec::new();
    let on_event = &mut *context.on_event;
    process.run(context.cancel, &mut |stream, line| {
        if stream == Stream::Stdout {
            named.extend(line.parse::<BuiltLine>());
        }
        on_event(Event::Output { line: line.to_owned() });
    })?;
    let packages: Result<Vec<_>, _> =
        named.into_iter().map(|line| read_back(&request.output, line)).collect();
    let packages = packages?;
    for package in &packages {
        context.tell(Event::Built { package: package.clone() });
    }
    if packages.is_empty() {
        return Err(OperationError::Builder {
            builder: builder.display().to_string(),
            problem: "it printed no `Built:` line".to_owned(),
        });
    }
    Ok(packages)
}

/// The package that the file holds, which must be the one the line names.
fn read_back(output: &Path, line: BuiltLine) -> Result<BuiltPackage, OperationError> {
    let wrong = |problem: String| OperationError::Builder { builder: line.file_name.clone(), problem };
    if Path::new(&line.file_name).file_name().and_then(|name| name.to_str()) != Some(&line.file_name) {
        return Err(wrong("it is no plain file name".to_owned()));
    }
    let file =
        trebuchet::deb::read(&output.join(&line.file_name)).map_err(|error| wrong(error.to_string()))?;
    let control = &file.control;
    if control.package.as_str() != line.name {
        return Err(wrong(format!("it holds {}, not {}", control.package, line.name)));
    }
    Ok(BuiltPackage {
        name: control.package.clone(),
        version: control.version.clone(),
        architecture: control.architecture.clone(),
        file_name: line.file_name,
        size: file.size,
        sha256: file.sha256,
        state: PackageState::Built,
        milliseconds: 0,
    })
}
