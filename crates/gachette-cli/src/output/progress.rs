//! Draws the events of long work: a line that moves on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use gachette::event::Event;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Output, bytes, milliseconds, one_line};
use crate::options::Volume;

/// Draws events on standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    output: Output,
}

impl Progress {
    /// Fit for this terminal, or for a pipe.
    pub(super) fn new(output: Output) -> Self {
        let alone = output.volume() == Volume::Full && !output.is_shared();
        Self { bar: (alone && std::io::stderr().is_terminal()).then(spinner), output }
    }

    /// Draws one event.
    pub(crate) fn show(&self, event: &Event) {
        let line = match event {
            Event::Warning { text } => return self.print(&format!("warning: {text}")),
            // Programs talk much; on a terminal their newest line is shown, and all of them are in the log.
            Event::Output { line } => return self.draw(line),
            Event::Preparing { .. } | Event::Step { .. } if self.bar.is_some() => {
                return self.draw(&event.to_string());
            }
            Event::Started { name, index, total } if self.bar.is_some() => {
                return self.place(format!("[{index}/{total}] {name}"));
            }
            Event::Preparing { .. } | Event::Step { .. } | Event::Started { .. } | Event::Notice { .. } => {
                format!("  {event}")
            }
            Event::Built { package } => format!(
                "  built {} {} ({}, {})",
                package.name,
                package.version,
                bytes(package.size),
                milliseconds(package.milliseconds)
            ),
            Event::Recognised { packages } => {
                format!("  {} already built from the same inputs", super::plural(packages.len(), "package"))
            }
            Event::Prepared { name, commit, text } => {
                format!("  {name} at {} ({text})", commit.get(..12).unwrap_or(commit))
            }
            _ => return,
        };
        if self.output.volume() == Volume::Full {
            self.print(&line);
        }
    }

    /// Takes the moving line away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn draw(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(one_line(text.trim()));
        }
    }

    fn place(&self, text: String) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(one_line(&text));
        }
    }

    fn print(&self, line: &str) {
        let line = &one_line(line);
        match &self.bar {
            Some(bar) => bar.println(line),
            None => self.output.say(line),
        }
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {prefix:.bold} {wide_msg:.dim}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
