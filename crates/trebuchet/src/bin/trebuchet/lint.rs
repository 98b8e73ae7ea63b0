//! `trebuchet lint`.

use std::io::{Write as _, stderr, stdout};

use trebuchet::lint::{LintReport, lint};

use crate::arguments::{Format, Lint};
use crate::exit_code;
use crate::failure::Failure;
use crate::place::Place;
use crate::show::counted;

/// Shows the findings, and the packages when a build would make them.
pub(crate) fn run(task: &Lint) -> Result<u8, Failure> {
    let place = Place::of(&task.source)?;
    let report = lint(&place.project, &place.missile)?;
    match task.source.format {
        Format::Text => show(&report)?,
        Format::Json => {
            let text =
                serde_json::to_string(&report).map_err(|error| Failure::fault("the report", &error))?;
            writeln!(stdout(), "{text}")?;
        }
    }
    // The same as building it would give.
    Ok(if report.errors() == 0 { exit_code::DONE } else { exit_code::BUILD })
}

fn show(report: &LintReport) -> Result<(), Failure> {
    let mut error = stderr().lock();
    for finding in &report.findings {
        let _ = writeln!(error, "{finding}");
    }
    if !report.findings.is_empty() {
        let errors = counted(report.errors(), "error");
        let _ = writeln!(error, "{errors}, {}", counted(report.warnings(), "warning"));
    }
    if report.errors() == 0 {
        let names: Vec<&str> = report.packages.iter().map(|name| name.as_str()).collect();
        writeln!(stdout(), "Packages to be built: {}", names.join(","))?;
    }
    Ok(())
}
