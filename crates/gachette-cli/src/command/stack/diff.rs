//! `gachette stack diff`

use anstyle::{AnsiColor, Style};
use clap::Args;
use gachette_core::stack::PackageChange;
use gachette_http::wire::Diff;

use crate::error::Failure;
use crate::output::{plural, table};
use crate::session::Session;

/// Show what differs between two stacks, or two revisions of one
#[derive(Debug, Clone, Args)]
pub(crate) struct DiffArgs {
    /// The old stack: NAME, DOMAIN/NAME, NAME@7
    from: String,
    /// The new stack
    to: String,
}

impl DiffArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let (from, to) = (session.stack_ref(&self.from)?, session.stack_ref(&self.to)?);
        let diff = session.client().await?.diff(&from, &to).await?;
        session.output.coloured_result(&diff, text, coloured)
    }
}

fn text(diff: &Diff) -> String {
    let head = format!("{} → {}", diff.from, diff.to);
    let same = plural(diff.unchanged, "package");
    if diff.packages.is_empty() {
        return format!("{head}: no difference, {same} the same");
    }
    let rows = diff.packages.iter().map(|package| {
        let (mark, old, new, note) = match &package.change {
            PackageChange::Added { version } => ("+", String::new(), version.to_string(), "added"),
            PackageChange::Removed { version } => ("-", version.to_string(), String::new(), "removed"),
            PackageChange::Upgraded { from, to } => ("↑", from.to_string(), to.to_string(), "upgraded"),
            PackageChange::Downgraded { from, to } => ("↓", from.to_string(), to.to_string(), "downgraded"),
            PackageChange::Refiled { version } => {
                ("≠", version.to_string(), version.to_string(), "other file")
            }
        };
        vec![mark.to_owned(), package.name.to_string(), old, new, note.to_owned()]
    });
    let rows = table(&["", "package", "old", "new", "change"], rows);
    let verb = if diff.packages.len() == 1 { "differs" } else { "differ" };
    format!("{head}\n{rows}\n\n{} {verb}, {same} the same", plural(diff.packages.len(), "package"))
}

fn coloured(line: &str) -> String {
    let style = match line.chars().next() {
        Some('+' | '↑') => AnsiColor::Green.on_default(),
        Some('-' | '↓') => AnsiColor::Red.on_default(),
        Some('≠') => AnsiColor::Yellow.on_default(),
        Some(' ') => Style::new().bold(),
        _ => return line.to_owned(),
    };
    format!("{style}{line}{style:#}")
}
