//! `trebuchet build`.

use std::io::{Write as _, stdout};

use gachette_core::debian::Architecture;
use gachette_core::missile::{BuiltLine, PlannedArchitecture, PlannedPackage, python_repr};
use serde_json::{Value, json};
use trebuchet::{BuildProduct, BuildRequest, BuiltPackage, Event, build, buildinfo, plan};

use crate::arguments::{Build, Format};
use crate::failure::Failure;
use crate::place::Place;
use crate::progress::Progress;
use crate::{exit_code, interrupt};

/// Builds, telling each package as it is finished.
pub(crate) fn run(task: &Build) -> Result<u8, Failure> {
    let request = request(task)?;
    if task.dry_run {
        return dry_run(task, &request);
    }
    let cancel = interrupt::flag()?;
    let mut progress = Progress::new(task.quiet);
    let mut written = Ok(());
    let built = build(&request, &cancel, &mut |event| {
        progress.show(&event);
        if let Event::PackageBuilt { package, .. } = &event {
            // A reader that is gone ends nothing: the packages are what was asked for.
            let line = announce(task.source.format, package);
            if written.is_ok() {
                written = line;
            }
        }
    })?;
    if let Some(text) = describe(&request, &built) {
        progress.warn(&text);
    }
    progress.summary();
    written?;
    if task.source.format == Format::Text {
        let files: Value = built.iter().map(|package| json!(package.file_name)).collect();
        writeln!(stdout(), "{}", python_repr(&files))?;
    }
    Ok(exit_code::DONE)
}

/// Writes how it was built beside the packages; or says why not, which is no reason to be without them.
fn describe(request: &BuildRequest, built: &[BuiltPackage]) -> Option<String> {
    let product = |package: &BuiltPackage| BuildProduct {
        package: package.name.clone(),
        architecture: package.architecture.clone(),
        path: package.path.clone(),
    };
    let products: Vec<BuildProduct> = built.iter().map(product).collect();
    match buildinfo(request, &products).map(|file| file.write(&request.output)) {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(format!("no .buildinfo is written: {error}")),
        Err(error) => Some(format!("no .buildinfo is written: {error}")),
    }
}

/// What the arguments ask for.
pub(crate) fn request(task: &Build) -> Result<BuildRequest, Failure> {
    let place = Place::of(&task.source)?;
    let mut request = BuildRequest::new(place.project, place.missile, &task.output);
    request.build_dir = task.build.clone();
    request.architecture = task.arch.clone();
    request.pip_options = task.pip_options.iter().flat_map(|words| words.0.clone()).collect();
    request.versions = task.versions.versions();
    request.extra_description = task.extra_description.clone().filter(|text| !text.is_empty());
    request.web_callback = task.web_callback.clone();
    request.compression = task.compression.into();
    Ok(request)
}

fn announce(format: Format, package: &BuiltPackage) -> std::io::Result<()> {
    let line = match format {
        Format::Text => {
            let (name, version) = (package.name.to_string(), package.version.to_string());
            BuiltLine { name, version, file_name: package.file_name.clone() }.to_string()
        }
        Format::Json => serde_json::to_string(package)?,
    };
    // Callers follow along: each line has to leave at once.
    let mut output = stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

/// Says what would be built: package, version and path.
fn dry_run(task: &Build, request: &BuildRequest) -> Result<u8, Failure> {
    for package in plan(request)? {
        let path = request.output.join(file_name(&package, request.architecture.as_ref()));
        match task.source.format {
            Format::Text => writeln!(stdout(), "{} {} {}", package.name, package.version, path.display())?,
            Format::Json => {
                let mut value =
                    serde_json::to_value(&package).map_err(|error| Failure::fault("the plan", &error))?;
                value["path"] = json!(path);
                writeln!(stdout(), "{value}")?;
            }
        }
    }
    Ok(exit_code::DONE)
}

/// The file's name, as far as it is known before building: an environment becomes native when it holds native files.
fn file_name(package: &PlannedPackage, asked: Option<&Architecture>) -> String {
    let all = Architecture::all();
    match (package.architecture, asked) {
        (PlannedArchitecture::All, _) => package.file_name(&all),
        (PlannedArchitecture::NativeWhenNeeded, Some(asked)) => package.file_name(asked),
        (PlannedArchitecture::NativeWhenNeeded, None) => {
            let stem = package.file_name(&all);
            format!("{}{{all|native}}.deb", stem.trim_end_matches("all.deb"))
        }
    }
}
