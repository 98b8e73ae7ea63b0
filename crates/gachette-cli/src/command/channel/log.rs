//! `gachette channel log`

use clap::Args;
use gachette_core::channel::ChannelEntry;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{channel_change, moment, table};
use crate::session::Session;

/// Show all that was done with a channel, newest first
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// The channel
    channel: String,
    /// Show this many entries at the most
    #[arg(short = 'n', long)]
    limit: Option<usize>,
}

impl LogArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let channel = session.channel(&self.channel)?;
        let errand = Errand::look(format!("show the log of channel {channel}"));
        let log = session.client(&errand).await?.log_channel(&channel, self.limit).await?;
        session
            .output
            .result(&log, |log| table(&["entry", "time", "by", "change", "reason"], log.iter().map(row)))
    }
}

fn row(entry: &ChannelEntry) -> Vec<String> {
    let change = channel_change(&entry.change);
    vec![entry.number.to_string(), moment(entry.time), entry.author.clone(), change, entry.reason.clone()]
}
