//! `gachette repository gc`

use clap::Args;
use gachette::config::Period;
use gachette::repository::{CollectedFile, GcReport, Keeper, KeptPackage, Tally};
use gachette_http::wire::GcOrder;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{bytes, counted, moment, plural, table};
use crate::session::Session;

/// Remove packages and indices that nothing names any more
///
/// Says what would go; with `--apply` it goes. What any revision of a stack, a channel or a published index names stays, and so
/// does what was brought or used not long ago. What a stack held goes some time after it was deleted; its history stays. Builds
/// may go on meanwhile.
#[derive(Debug, Clone, Args)]
pub(crate) struct GcArgs {
    /// Remove it
    #[arg(long)]
    apply: bool,

    /// How long packages stay that nothing names, and what a stack held after it was deleted [default: 14d]
    #[arg(long, value_name = "TIME")]
    keep_for: Option<Period>,

    /// Leave package files that were never registered
    #[arg(long)]
    keep_unregistered: bool,

    /// Say of each package that stays why it does
    #[arg(long)]
    explain: bool,
}

impl GcArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { apply, keep_for, keep_unregistered, explain } = self;
        let order = GcOrder { apply, keep_for, keep_unregistered, explain };
        let errand = match apply {
            false => Errand::look("see what nothing names"),
            true => Errand::parts(
                "remove what nothing names",
                "what is named is all there; the same command again removes the rest",
            ),
        };
        let report = session.client(&errand).await?.gc(&order).await?;
        if !report.applied && !report.is_empty() {
            session.output.note("nothing was removed yet; say `--apply` to do so");
        }
        session.output.result(&report, text)
    }
}

fn text(report: &GcReport) -> String {
    let mut lines = Vec::new();
    if !report.kept.is_empty() {
        lines.push(table(&["package", "version", "kept by"], report.kept.iter().map(kept_row)));
        lines.push(String::new());
    }
    let row = |what: &str, version: String, size: u64| vec![what.to_owned(), version, bytes(size)];
    let packages = report.packages.iter().map(|package| {
        let size = package.files.iter().map(|file| file.bytes).sum();
        row(package.name.as_str(), package.version.to_string(), size)
    });
    let unregistered = |file: &CollectedFile| row(&file.file, "not registered".to_owned(), file.bytes);
    let rows: Vec<_> = packages.chain(report.files.iter().map(unregistered)).collect();
    if !rows.is_empty() {
        lines.push(table(&["package", "version", "size"], rows));
        lines.push(String::new());
    }
    lines.extend(report.suites.iter().map(|suite| format!("suite {suite}, whose stack was deleted")));
    let mut tally = |tally: Tally, one: &str, many: &str| {
        if tally.number > 0 {
            lines.push(format!("{} ({})", counted(tally.number, one, many), bytes(tally.bytes)));
        }
    };
    tally(report.indices, "replaced index file", "replaced index files");
    tally(report.index_parts, "unused index part", "unused index parts");
    tally(report.answers, "old answer of a check", "old answers of checks");
    tally(report.orphans, "file of a package that is gone", "files of packages that are gone");
    tally(
        report.vouched,
        "file with what is remembered of packages that are gone",
        "files with what is remembered of packages that are gone",
    );
    let kept = versions(report.kept_packages);
    lines.push(if report.is_empty() {
        format!("nothing to remove; {kept} kept")
    } else {
        let done = if report.applied { "removed" } else { "would be removed" };
        let files = match report.files.len() {
            0 => String::new(),
            number => format!(" and {} that no record names", plural(number, "file")),
        };
        let packages = versions(report.packages.len());
        format!("{packages}{files} {done}, {} in all; {kept} kept", bytes(report.bytes))
    });
    lines.join("\n")
}

/// What is counted are packages in their versions.
fn versions(number: usize) -> String {
    counted(number, "version of a package", "versions of packages")
}

fn kept_row(kept: &KeptPackage) -> Vec<String> {
    let kept_by = match &kept.kept_by {
        Keeper::Channel { channel } => format!("channel {channel}"),
        Keeper::Stack { stack } => format!("stack {stack}"),
        Keeper::OriginalTool { stack } => format!("stack {stack}, of the original tool"),
        Keeper::Suite { suite } => format!("suite {suite}, which clients may have fetched"),
        Keeper::Age { since } => format!("its age: brought or used {}", moment(*since)),
        Keeper::Damage { reason } => format!("damage: {reason}"),
    };
    vec![kept.name.to_string(), kept.version.to_string(), kept_by]
}
