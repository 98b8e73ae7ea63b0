//! `gachette builds show`

use clap::Args;
use gachette_http::{Build, BuildId};
use serde::Serialize;

use super::{took, work};
use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{built_table, moment, one_line};
use crate::session::Session;

/// Show what became of a build, and the end of its log
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The build
    id: BuildId,
    /// Show so many lines of its log
    #[arg(short = 'n', long, value_name = "N", default_value = "20")]
    lines: usize,
}

/// A build and the end of its log.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    build: Build,
    log_end: Vec<String>,
}

impl ShowArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let client = session.client(&Errand::look(format!("show build {}", self.id))).await?;
        let build = client.build(&self.id).await?;
        let log = match build.log {
            Some(_) => client.end_of_log(&self.id, self.lines).await?,
            None => String::new(),
        };
        let shown = Shown { build, log_end: log.lines().map(str::to_owned).collect() };
        session.output.result(&shown, text)
    }
}

fn text(shown: &Shown) -> String {
    let build = &shown.build;
    let mut lines = vec![format!("{}: {}", build.id, work(build))];
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("{name:<9}{}", one_line(value)));
        }
    };
    line("state", &build.state.to_string());
    line("by", &build.by);
    line("ordered", &moment(build.started));
    line("took", &took(build));
    if let Some(copy) = build.outcome.as_ref().and_then(|outcome| outcome.working_copy.as_ref()) {
        line("commit", &copy.commit);
    }
    if let Some(problem) = &build.problem {
        line("error", &problem.title);
        problem.lines.iter().for_each(|more| line("", more));
        line("hint", problem.hint.as_deref().unwrap_or_default());
    }
    line("log", build.log.as_deref().unwrap_or_default());
    if build.outcome.as_ref().is_some_and(|outcome| !outcome.packages.is_empty()) {
        lines.push(format!("\n{}", built_table(build)));
    }
    if !shown.log_end.is_empty() {
        lines.push(format!("\n{}", shown.log_end.join("\n")));
    }
    lines.join("\n")
}
