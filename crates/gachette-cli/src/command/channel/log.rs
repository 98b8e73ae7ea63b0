//! `gachette channel log`

use clap::Args;
use gachette_core::channel::{ChannelChange, ChannelEntry};

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{checks_text, moment, table};
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
    let change = match &entry.change {
        ChannelChange::Promote { to } => format!("moved to {}", to.stack.at(to.revision)),
        ChannelChange::Approve { pin } => format!("approved {}", pin.stack.at(pin.revision)),
        ChannelChange::Check { pin, results } => {
            let said = checks_text(results.iter().map(|(check, outcome)| (check, *outcome)));
            format!("{said} for {}", pin.stack.at(pin.revision))
        }
        ChannelChange::Hold {} => "held".to_owned(),
        ChannelChange::Release {} => "released".to_owned(),
    };
    vec![entry.number.to_string(), moment(entry.time), entry.author.clone(), change, entry.reason.clone()]
}
