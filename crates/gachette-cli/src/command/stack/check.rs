//! `gachette stack check`

use clap::Args;
use gachette::operation::{AbsentPackages, CheckReport, CheckResult, Passage, StackPart};
use gachette_core::base::BaseRef;
use gachette_core::debian::{Architecture, PackageName};
use gachette_core::installability::{Explanation, NamedPackage};
use gachette_core::stack::RoleName;
use gachette_http::wire::CheckStack;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{lower_text, plural};
use crate::session::{Session, unless_interrupted};

/// Whether all packages of a stack can be installed together, and what comes with them, or why not
///
/// It is asked of the distribution that the stack is meant for: the base that is configured for its domain. The exit code is 5
/// when the answer is no.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArgs {
    /// The stack, or one revision of it: NAME, DOMAIN/NAME, NAME@7
    stack: String,
    /// Another base, or an earlier entry of it: NAME, NAME@3
    #[arg(long)]
    base: Option<BaseRef>,
    /// Hosts of this architecture alone
    #[arg(long, value_name = "ARCH")]
    architecture: Option<Architecture>,
    /// Whether all can be there that is recommended, by them or by what comes with them
    #[arg(long)]
    recommends: bool,
    /// These packages of the stack alone; may be given several times
    #[arg(long, value_name = "PACKAGE")]
    only: Vec<PackageName>,
    /// Hosts with this role alone; without, each role is asked about, when roles are configured
    #[arg(long, conflicts_with = "only")]
    role: Option<RoleName>,
    /// Whether hosts that have this stack can go to the new one, and back; or a channel, for the stack that it shows
    #[arg(long, value_name = "STACK")]
    from: Option<String>,
}

impl CheckArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack_ref(&self.stack)?;
        let question = CheckStack {
            revision: stack.revision,
            base: self.base,
            architecture: self.architecture,
            recommends: self.recommends,
            part: match self.role {
                Some(role) => StackPart::Role(role),
                None if self.only.is_empty() => StackPart::Whole,
                None => StackPart::Only(self.only),
            },
            from: self.from.map(|from| session.stack_ref(&from)).transpose()?,
        };
        let errand = Errand::look(format!("check stack {stack}"));
        let ask = async { Ok(session.client(&errand).await?.check_stack(&stack.stack, &question).await?) };
        let report: CheckReport = unless_interrupted(ask).await?;
        if let (Some(asked), Some(from)) = (&question.from, &report.from) {
            session.note_shown(asked, from);
        }
        for AbsentPackages { role, packages } in &report.absent {
            let names: Vec<&str> = packages.iter().map(PackageName::as_str).collect();
            session.output.warn(&format!(
                "role {role} names what is not in stack {}: {}",
                report.stack,
                names.join(", ")
            ));
        }
        if let (Some(from), false) = (&report.from, report.lower.is_empty()) {
            let lower = lower_text(&report.lower, &format!("what hosts that have stack {from} have"));
            session.output.warn(&format!("{lower}; hosts go there only with a pin (docs/publishing.md)"));
        }
        if report.installable {
            return session.output.result(&report, text);
        }
        Err(session.output.failed_result(&report, text, Failure::refused(report.verdict())))
    }
}

fn text(report: &CheckReport) -> String {
    let mut parts = vec![report.verdict()];
    parts.extend(report.results.iter().map(|result| result_text(report, result)));
    parts.join("\n\n")
}

fn result_text(report: &CheckReport, result: &CheckResult) -> String {
    let head = format!("{}: {}", result.hosts(), plural(result.packages, "package"));
    let mut lines = match result.installable {
        true => vec![format!("{head}, and apt brings {}", brings_text(report, result))],
        false if result.packages == 1 => vec![format!("{head}, which cannot be installed:")],
        false => vec![format!("{head}, which cannot be installed together:")],
    };
    lines.extend(result.brings.iter().map(|package| format!("  {package}")));
    lines.extend(result.recommended.iter().map(|package| format!("  {package}, recommended")));
    if !result.left_out.is_empty() {
        lines.push("  left out, since it cannot be there too:".to_owned());
        lines.extend(result.left_out.iter().map(|fact| format!("  - {fact}")));
        lines.extend(
            result.command().map(|command| format!("  where apt does not do so by itself: `{command}`")),
        );
    }
    lines.extend(result.reasons.iter().flat_map(reason));
    if let Some(forth) = &result.forth {
        lines.extend(passage_text("there", forth));
        lines.extend(others_text(result, forth));
    }
    lines.extend(result.back.iter().flat_map(|back| passage_text("back", back)));
    lines.join("\n")
}

/// How many more packages apt brings, and which way that was counted.
fn brings_text(report: &CheckReport, result: &CheckResult) -> String {
    let (brings, recommended) = (result.brings.len(), result.recommended.len());
    match (report.recommends, report.takes_recommended) {
        (true, _) if brings + recommended > 0 => {
            format!("{} more, with all that is recommended:", brings + recommended)
        }
        (_, false) if brings > 0 => format!("{brings} more, and nothing that is only recommended:"),
        _ if recommended == 1 => format!("{brings} more, and 1 that is recommended:"),
        _ if recommended > 1 => format!("{brings} more, and {recommended} that are recommended:"),
        _ if brings > 0 => format!("{brings} more:"),
        _ => "nothing else".to_owned(),
    }
}

fn passage_text(way: &str, passage: &Passage) -> Vec<String> {
    let mut lines = vec![match passage.possible {
        true => format!("  hosts can go {way}"),
        false => format!("  hosts cannot go {way}:"),
    }];
    lines.extend(passage.reasons.iter().flat_map(reason));
    lines.extend(passage.advice().map(|advice| format!("    {advice}")));
    if passage.possible && !passage.unmet.is_empty() {
        let command = passage.command();
        lines.push(format!("  with `{command}`; `upgrade` keeps back what is newly recommended in vain:"));
        lines.extend(passage.unmet.iter().map(|fact| format!("  - {fact}")));
    } else if passage.possible && !passage.leave_out.is_empty() {
        lines.push(format!("  with `{}`", passage.command()));
    }
    lines
}

/// What hosts get that come from the other stack, and that those do not which begin with this one.
fn others_text(result: &CheckResult, passage: &Passage) -> Option<String> {
    let is_told = |package: &&NamedPackage| {
        [&result.brings, &result.recommended].into_iter().any(|told| told.contains(package))
    };
    let others = passage.brings.iter().filter(|package| !is_told(package));
    let others: Vec<String> = others.map(ToString::to_string).collect();
    (!others.is_empty()).then(|| format!("    apt brings them {}", others.join(", ")))
}

/// A reason in lines, the first with a mark.
fn reason(reason: &Explanation) -> Vec<String> {
    let text = reason.to_string();
    let mark = |number| if number == 0 { "  - " } else { "    " };
    text.lines().enumerate().map(|(number, line)| format!("{}{line}", mark(number))).collect()
}
