//! Tells on standard error how far a build is.

use std::io::{Write as _, stderr};
use std::time::{Duration, Instant};

use trebuchet::{BuiltPackage, Event};

use crate::show::{counted, line, size, time};

/// Follows one build.
pub(crate) struct Progress {
    quiet: bool,
    started: Instant,
    finished: Vec<(BuiltPackage, Duration)>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, started: Instant::now(), finished: Vec::new() }
    }

    /// Shows one event.
    pub(crate) fn show(&mut self, event: &Event) {
        let mut error = stderr().lock();
        // A closed standard error must not end a build.
        let _ = match event {
            Event::PackageStarted { name, version, index, total } => {
                writeln!(error, "[{}/{total}] {name} {version}", index + 1)
            }
            Event::Step { text, .. } if !self.quiet => writeln!(error, "  {}", line(text)),
            Event::Output { line: text, .. } if !self.quiet => writeln!(error, "    {}", line(text)),
            Event::RecipeWarning { problem } => writeln!(error, "warning: {}", line(&problem.to_string())),
            Event::Warning { package, text } => writeln!(error, "warning: {package}: {}", line(text)),
            Event::CallbackFailed { package, reason, attempt, again } => {
                let next = if *again { "it is tried again" } else { "it is given up" };
                let reason = line(reason);
                writeln!(error, "warning: {package}: the callback failed ({attempt}): {reason}; {next}")
            }
            Event::PackageBuilt { package, duration } => {
                self.finished.push((package.clone(), *duration));
                Ok(())
            }
            _ => Ok(()),
        };
    }

    /// Warns of something that concerns no package alone.
    pub(crate) fn warn(&self, text: &str) {
        let _ = writeln!(stderr(), "warning: {}", line(text));
    }

    /// Shows all packages with their sizes and times.
    pub(crate) fn summary(&self) {
        let width = self.finished.iter().map(|(package, _)| package.file_name.len()).max().unwrap_or(0);
        let mut error = stderr().lock();
        for (package, duration) in &self.finished {
            let (file, size, time) = (&package.file_name, size(package.size), time(*duration));
            let _ = writeln!(error, "  {file:width$}  {size:>10}  {time:>8}");
        }
        let count = counted(self.finished.len(), "package");
        let _ = writeln!(error, "{count} in {}", time(self.started.elapsed()));
    }
}
