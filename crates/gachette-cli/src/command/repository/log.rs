//! `gachette repository log`

use clap::Args;
use gachette::repository::RepositoryLog;
use gachette_core::log::{Ledger, LogEntry, LogRequest, When};
use gachette_core::stack::Domain;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{deed, moment, plural, table};
use crate::session::Session;

/// Show all that was done with stacks and channels, by whom and why, newest first
///
/// Stacks that were deleted are among them. Days and times are in UTC. Ten thousand entries are shown at the most. The exit code is 5
/// when a ledger is damaged; what can be read is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// Of this domain alone
    #[arg(long)]
    domain: Option<Domain>,
    /// By this author alone, from whichever machine: `ada` is `ada@build1` too
    #[arg(long, value_name = "AUTHOR")]
    by: Option<String>,
    /// Of this day or time and later: 2026-10-01, or 2026-10-01T12:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<When>,
    /// Of this day or time and earlier
    #[arg(long, value_name = "WHEN")]
    until: Option<When>,
    /// Show this many entries at the most
    #[arg(short = 'n', long)]
    limit: Option<usize>,
}

impl LogArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { domain, by, since, until, limit } = self;
        let errand = Errand::look("show the log of the repository");
        let wanted = LogRequest { domain, by, since, until, limit };
        let log = session.client(&errand).await?.repository_log(&wanted).await?;
        let output = &session.output;
        if let Some(last) = log.entries.last().filter(|_| log.cut)
            && limit.is_none_or(|limit| log.entries.len() < limit)
        {
            let (count, until) = (log.entries.len(), last.time.strftime("%Y-%m-%dT%H:%M:%SZ"));
            output.warn(&format!("these are the newest {count}; `--until {until}` goes on from there"));
        }
        if log.entries.is_empty() && !log.cut {
            output.note("nothing that was done is like that");
        }
        if log.damaged.is_empty() {
            return output.result(&log, text);
        }
        for damaged in &log.damaged {
            output.warn(&format!("{}: {}", damaged.ledger, damaged.reason));
        }
        let message = format!("the log is not whole: {}", plural(log.damaged.len(), "fault"));
        let failure = Failure::refused(message).with_hint("see what else is with `gachette repository fsck`");
        Err(output.failed_result(&log, text, failure))
    }
}

fn text(log: &RepositoryLog) -> String {
    if log.entries.is_empty() {
        return String::new();
    }
    table(&["time", "by", "what", "change", "reason"], log.entries.iter().map(row))
}

fn row(entry: &LogEntry) -> Vec<String> {
    let what = match &entry.ledger {
        Ledger::Stack(stack) => format!("stack {}", stack.at(entry.number)),
        channel @ Ledger::Channel(_) => channel.to_string(),
    };
    vec![moment(entry.time), entry.author.clone(), what, deed(entry), entry.reason.clone()]
}
