//! `gachette channel log`

use clap::Args;
use gachette::repository::{ChannelLog, ChannelLogRange};
use gachette_core::channel::ChannelEntry;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{channel_change, moment, plural, table};
use crate::session::Session;

/// Show all that was done with a channel, newest first
///
/// Ten thousand entries are shown at the most, and fewer where they say much; `--before` goes on from there. The exit code is 5 when
/// an entry is lost or was edited; what can be read is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// The channel
    channel: String,
    /// Show this many entries at the most
    #[arg(short = 'n', long)]
    limit: Option<usize>,
    /// Show those before the entry of this number
    #[arg(long, value_name = "ENTRY")]
    before: Option<u64>,
}

impl LogArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let channel = session.channel(&self.channel)?;
        let errand = Errand::look(format!("show the log of channel {channel}"));
        let range = ChannelLogRange { before: self.before, limit: self.limit };
        let log = session.client(&errand).await?.log_channel(&channel, &range).await?;
        if let Some(last) = log.entries.last().filter(|_| log.cut)
            && self.limit.is_none_or(|limit| log.entries.len() < limit)
        {
            let (count, last) = (log.entries.len(), last.number);
            let said = format!("these are {count}; `--before {last}` goes on from there");
            session.output.warn(&said);
        }
        let rows = |log: &ChannelLog| {
            table(&["entry", "time", "by", "change", "reason"], log.entries.iter().map(row))
        };
        if log.damaged.is_empty() {
            return session.output.result(&log, rows);
        }
        for damaged in &log.damaged {
            session.output.warn(damaged);
        }
        let message = format!("the log is not whole: {}", plural(log.damaged.len(), "fault"));
        let failure = Failure::refused(message).with_hint("see what else is with `gachette repository fsck`");
        Err(session.output.failed_result(&log, rows, failure))
    }
}

fn row(entry: &ChannelEntry) -> Vec<String> {
    let change = channel_change(&entry.change);
    vec![entry.number.to_string(), moment(entry.time), entry.author.clone(), change, entry.reason.clone()]
}
