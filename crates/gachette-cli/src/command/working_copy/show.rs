//! `gachette working-copy show`

use clap::Args;
use gachette::operation::WorkingCopyState;
use gachette_core::git::WorkingCopyName;

use super::condition;
use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, one_line};
use crate::session::Session;

/// Show where a working copy is, at which commit, and who works in it
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The working copy
    name: WorkingCopyName,
}

impl ShowArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let errand = Errand::look(format!("show working copy {}", self.name));
        let copy = session.client(&errand).await?.working_copy(&self.name).await?;
        session.output.result(&copy, text)
    }
}

fn text(copy: &WorkingCopyState) -> String {
    let mut lines = vec![format!("{}: {}", copy.name, copy.path)];
    let mut line = |name: &str, value: Option<&str>| {
        lines.extend(value.map(|value| format!("{name:<9}{}", one_line(value))));
    };
    line("state", Some(condition(copy)));
    line("project", copy.project.as_deref());
    line("url", copy.url.as_deref());
    line("ref", copy.reference.as_deref());
    line("commit", copy.commit.as_deref());
    if let Some(holder) = &copy.last_use {
        let who = format!("by process {} on {}: `{}`", holder.pid, holder.host, holder.what);
        line("used", Some(&format!("{} {who}", moment(holder.since))));
    }
    lines.join("\n")
}
