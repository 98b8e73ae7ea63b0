//! `gachette repository fsck`

use clap::Args;
use gachette::repository::{FaultClass, Finding, FsckMode, FsckReport};

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{bytes, one_line, plural};
use crate::session::Session;

/// Check the repository, and mend what can be made again
///
/// Reads every revision, record and package file. What is lost or changed is reported; derived files are made again with
/// `--repair`. The exit code is 5 when something is not as it should be.
#[derive(Debug, Clone, Args)]
pub(crate) struct FsckArgs {
    /// Make again what can be made again, and sweep what killed processes left behind
    #[arg(long)]
    repair: bool,
}

impl FsckArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let mode = if self.repair { FsckMode::Repair } else { FsckMode::Check };
        let errand = match mode {
            FsckMode::Check => Errand::look("check the repository"),
            FsckMode::Repair => Errand::parts(
                "mend the repository",
                "each thing is mended or as it was; the same command again mends the rest",
            ),
        };
        let report = session.client(&errand).await?.fsck(mode).await?;
        if report.is_clean() {
            return session.output.result(&report, text);
        }
        let damaged = report.of(FaultClass::Damage).count();
        let mendable = report.of(FaultClass::Mendable).filter(|finding| !finding.mended).count();
        let mut message = format!("{damaged} damaged, {mendable} to be mended");
        let unseen = report.of(FaultClass::Unseen).count();
        if unseen > 0 {
            message.push_str(&format!(", {unseen} that cannot be read"));
        }
        let failure = Failure::refused(message).with_hint(self.hint(&report));
        Err(session.output.failed_result(&report, text, failure))
    }

    /// What to do about all that is found: of some things it is known what, of others by their class.
    fn hint(&self, report: &FsckReport) -> String {
        let mut hints: Vec<&str> = Vec::new();
        for finding in report.findings.iter().filter(|finding| finding.matters()) {
            // What is found of one file in several places is mended at once.
            let same = |other: &&Finding| other.path == finding.path && other.hint.is_some();
            let known = finding.hint.as_deref();
            let known = known.or_else(|| report.findings.iter().find(same)?.hint.as_deref());
            let hint = known.unwrap_or(match finding.fault.class() {
                FaultClass::Damage => DAMAGED,
                FaultClass::Unseen => "make readable what is not, and check again",
                FaultClass::Mendable | FaultClass::Note if self.repair => {
                    "see above what is in the way, and run it again after that"
                }
                FaultClass::Mendable | FaultClass::Note => "mend it with `gachette repository fsck --repair`",
            });
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        if hints.len() > MOST_HINTS {
            hints.truncate(MOST_HINTS);
            hints.push("there is more to do: with `--format json` findings have their own hints");
        }
        hints.join("; ")
    }
}

/// What helps where files are damaged.
const DAMAGED: &str = "bring damaged files back from a backup; packages also with `gachette repository import FOLDER --verify`, \
                       or build them again";
/// How many hints are given at once.
const MOST_HINTS: usize = 4;

fn text(report: &FsckReport) -> String {
    let mut text: String = report.findings.iter().map(line).collect();
    let checked = &report.checked;
    let state = if report.is_clean() { "clean" } else { "not clean" };
    text.push_str(&format!(
        "{state}: {}, {}, {}, {} ({})",
        count(checked.stacks, "stack"),
        count(checked.revisions, "revision"),
        count(checked.records, "record"),
        count(checked.files, "package file"),
        bytes(checked.bytes),
    ));
    text
}

/// A finding; what to do about one of which nothing has to be done is told with it, and of others at the end.
fn line(finding: &Finding) -> String {
    let text = match &finding.hint {
        Some(hint) if !finding.matters() && !finding.mended => format!("{finding}; {hint}"),
        _ => finding.to_string(),
    };
    one_line(&text) + "\n"
}

fn count(number: u64, noun: &str) -> String {
    plural(usize::try_from(number).unwrap_or(usize::MAX), noun)
}
