//! `gachette host check`

use anstyle::{AnsiColor, Style};
use clap::Args;
use gachette::Cancel;
use gachette_core::host_check::{Finding, Verdict, unreachable};
use gachette_http::Problem;
use gachette_http::wire::HostReport;

use crate::errand::Errand;
use crate::error::Failure;
use crate::exit_code;
use crate::output::{plural, table};
use crate::session::{Session, unless_interrupted};

/// Check whether hosts are fit for builds
///
/// Looks at the connection, the programs that builds and deployment need, free disk space, the clock, the authentication agent,
/// and whether each configured project can be fetched. Nothing is changed there. The exit code is 6 when a host cannot be
/// reached, or lacks what builds need; warnings do not count.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArgs {
    /// The hosts, as for `-H` [default: those of `-H`, else the configured ones, else this machine]
    #[arg(value_name = "HOST")]
    pub(super) names: Vec<String>,
}

impl CheckArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let cancel = Cancel::new();
        let report = unless_interrupted(looked_at(session, &cancel)).await;
        if report.as_ref().is_err_and(Failure::is_interrupt) {
            cancel.cancel();
            trebuchet::process::kill_all();
        }
        let report = report?;
        if report.verdict < Verdict::Failure {
            return session.output.coloured_result(&report, text, coloured);
        }
        let host = session.host().map_or_else(|| "this machine".to_owned(), ToString::to_string);
        let failed = report.findings.iter().filter(|finding| finding.verdict == Verdict::Failure).map(what);
        let message = format!("{host} is not fit for builds: {}", failed.collect::<Vec<_>>().join(", "));
        Err(session.output.failed_coloured_result(&report, text, coloured, Failure::host(message)))
    }
}

/// The report about the session's host; a host that does not answer is a finding too.
async fn looked_at(session: &Session, cancel: &Cancel) -> Result<HostReport, Failure> {
    let errand = Errand::look("look at the host");
    let asked = async {
        let link = session.link(&errand).await?;
        Ok::<_, Failure>(session.client(&errand).await?.check_host(&session.config, link, cancel).await?)
    };
    match asked.await {
        Err(failure) if [exit_code::HOST, exit_code::REFUSED].contains(&failure.code()) => {
            let Problem { title, lines, hint, .. } = *failure.problem;
            let findings = unreachable(&title, &lines, hint.as_deref());
            Ok(HostReport::new(findings, None))
        }
        outcome => outcome,
    }
}

/// The kind of thing and its name.
fn what(finding: &Finding) -> String {
    match &finding.name {
        Some(name) => format!("{} {name}", finding.subject),
        None => finding.subject.to_string(),
    }
}

fn text(report: &HostReport) -> String {
    let rows = report.findings.iter().flat_map(|finding| {
        let more = |text: String| vec![String::new(), String::new(), text];
        let lines = finding.lines.iter().map(move |line| more(format!("  {line}")));
        let hint = finding.hint.iter().map(move |hint| more(format!("→ {hint}")));
        let first = vec![finding.verdict.to_string(), what(finding), finding.found.clone()];
        std::iter::once(first).chain(lines).chain(hint)
    });
    let count = |verdict| report.findings.iter().filter(|finding| finding.verdict == verdict).count();
    let summary = format!(
        "{} ok, {}, {}",
        count(Verdict::Ok),
        plural(count(Verdict::Warning), "warning"),
        plural(count(Verdict::Failure), "failure")
    );
    format!("{}\n\n{summary}", table(&["", "checked", "found"], rows))
}

fn coloured(line: &str) -> String {
    let style = match line.split(' ').next() {
        Some("ok") => AnsiColor::Green.on_default(),
        Some("warning") => AnsiColor::Yellow.on_default(),
        Some("failure") => AnsiColor::Red.on_default(),
        _ => Style::new(),
    };
    match line.split_once(' ') {
        Some((verdict @ ("ok" | "warning" | "failure"), rest)) => format!("{style}{verdict}{style:#} {rest}"),
        _ => line.to_owned(),
    }
}
