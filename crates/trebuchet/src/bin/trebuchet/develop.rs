//! `trebuchet develop`.

use std::io::{Write as _, stdout};

use trebuchet::{develop, plan};

use crate::arguments::{Build, Format};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::{build, exit_code, interrupt};

/// Stages the trees, and says where they are.
pub(crate) fn run(task: &Build) -> Result<u8, Failure> {
    let request = build::request(task)?;
    if task.dry_run {
        let folder = request.build_dir.as_ref().unwrap_or(&request.output);
        for package in plan(&request)? {
            let path = folder.join(package.name.as_str());
            writeln!(stdout(), "{} {} {}", package.name, package.version, path.display())?;
        }
        return Ok(exit_code::DONE);
    }
    let cancel = interrupt::flag()?;
    let mut progress = Progress::new(task.quiet);
    for staged in develop(&request, &cancel, &mut |event| progress.show(&event))? {
        match task.source.format {
            Format::Text => writeln!(stdout(), "{} {}", staged.package.name, staged.folder.display())?,
            Format::Json => {
                let text =
                    serde_json::to_string(&staged).map_err(|error| Failure::fault("the result", &error))?;
                writeln!(stdout(), "{text}")?;
            }
        }
    }
    Ok(exit_code::DONE)
}
