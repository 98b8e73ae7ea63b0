//! `gachette stack diff`

use anstyle::{AnsiColor, Style};
use clap::Args;
use gachette::operation::{CommitRange, CommitSubject};
use gachette_core::debian::PackageName;
use gachette_core::stack::PackageChange;
use gachette_http::wire::Diff;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{one_line, plural, table};
use crate::session::Session;

/// Show what differs between two stacks, or two revisions of one
///
/// Where a working copy or a mirror on the machine that has the repository holds the commits that packages were built from, the
/// subjects of those between the two versions are shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct DiffArgs {
    /// The old stack: NAME, DOMAIN/NAME, NAME@7; or a channel, for the stack that it shows
    from: String,
    /// The new stack, or a channel
    to: String,
    /// How many commits between two versions are shown at most
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    log: u16,
    /// Show no commits
    #[arg(long, conflicts_with = "log")]
    no_log: bool,
}

impl DiffArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let (from, to) = (session.stack_ref(&self.from)?, session.stack_ref(&self.to)?);
        let most = if self.no_log { 0 } else { self.log };
        let errand = Errand::look(format!("compare stacks {from} and {to}"));
        let diff = session.client(&errand).await?.diff(&from, &to, most).await?;
        session.note_shown(&from, &diff.from);
        session.note_shown(&to, &diff.to);
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
    let commits: String = diff.commits.iter().map(commits).collect();
    format!("{head}\n{rows}\n{commits}\n{} {verb}, {same} the same", plural(diff.packages.len(), "package"))
}

/// The commits between two versions, and the packages that they concern.
fn commits(range: &CommitRange) -> String {
    let names: Vec<&str> = range.packages.iter().map(PackageName::as_str).collect();
    let (from, to) = (short(&range.from), short(&range.to));
    if range.elsewhere {
        return format!("\n{}: {from} → {to}, which no working copy or mirror here has\n", names.join(", "));
    }
    let (number, undone) = (plural(range.number, "commit"), if range.undone { " undone" } else { "" });
    let mut text = format!("\n{}: {number}{undone}, {from} → {to}\n", names.join(", "));
    for CommitSubject { commit, subject } in &range.commits {
        text.push_str(&format!("* {} {}\n", short(commit), one_line(subject)));
    }
    if range.number > range.commits.len() {
        text.push_str(&format!("* and {} more\n", range.number - range.commits.len()));
    }
    text
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
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
