//! `gachette stack log`

use clap::Args;
use gachette_core::stack::{Change, PackageChange, PackageDiff};
use gachette_http::wire::RevisionSummary;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, stack_change, table};
use crate::session::Session;

/// Show a stack's history, newest revision first
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// The stack
    stack: String,
    /// Show this many revisions at the most
    #[arg(short = 'n', long)]
    limit: Option<usize>,
}

impl LogArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack(&self.stack)?;
        let errand = Errand::look(format!("show the log of stack {stack}"));
        let log = session.client(&errand).await?.log(&stack, self.limit).await?;
        session.output.warn_of_damage(&log.damaged);
        session.output.result(&log.found, |log| {
            let rows = log.iter().flat_map(rows);
            table(&["revision", "time", "by", "packages", "change", "reason"], rows)
        })
    }
}

/// A row for the revision; each further change has a row of its own below it.
fn rows(revision: &RevisionSummary) -> Vec<Vec<String>> {
    let mut changes = describe(revision).into_iter();
    let first = vec![
        revision.number.to_string(),
        moment(revision.time),
        revision.author.clone(),
        revision.packages.to_string(),
        changes.next().unwrap_or_default(),
        revision.reason.clone(),
    ];
    let below = changes.map(|change| {
        let blank = String::new;
        vec![blank(), blank(), blank(), blank(), change, blank()]
    });
    std::iter::once(first).chain(below).collect()
}

fn describe(revision: &RevisionSummary) -> Vec<String> {
    match &revision.change {
        Change::Add { .. } | Change::Remove { .. } => few(&revision.differences),
        change => vec![stack_change(change, 0)],
    }
}

/// The first packages that differ, and how many more there are.
fn few(differences: &[PackageDiff]) -> Vec<String> {
    let mut shown: Vec<String> = differences.iter().take(10).map(one).collect();
    if differences.len() > shown.len() {
        shown.push(format!("and {} more", differences.len() - shown.len()));
    }
    shown
}

fn one(difference: &PackageDiff) -> String {
    let name = &difference.name;
    match &difference.change {
        PackageChange::Added { version } => format!("+ {name} {version}"),
        PackageChange::Removed { version } => format!("- {name} {version}"),
        PackageChange::Upgraded { from, to } | PackageChange::Downgraded { from, to } => {
            format!("{name} {from} → {to}")
        }
        PackageChange::Refiled { version } => format!("{name} {version} with other files"),
    }
}
