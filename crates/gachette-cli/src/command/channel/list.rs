//! `gachette channel list`

use clap::Args;
use gachette_core::channel::ChannelEntry;
use gachette_core::stack::Domain;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, plural, table};
use crate::session::Session;

/// List channels, and what they show
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    /// Of this domain alone
    #[arg(long)]
    domain: Option<Domain>,
}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let errand = Errand::look("list the channels");
        let domains = match self.domain {
            Some(domain) => vec![domain],
            None => session.client(&errand).await?.domains().await?,
        };
        let mut channels = Vec::new();
        for domain in &domains {
            channels.extend(session.client(&errand).await?.channels(domain).await?);
        }
        if channels.is_empty() {
            session.output.note("there are no channels yet; `gachette promote STACK --to NAME` makes one");
        }
        session.output.result(&channels, |channels| {
            if channels.is_empty() {
                return String::new();
            }
            table(&["channel", "shows", "changed", "by", "state"], channels.iter().map(row))
        })
    }
}

fn row(channel: &ChannelEntry) -> Vec<String> {
    let state = &channel.state;
    let shows = state.shows.as_ref().map_or("-".to_owned(), |pin| pin.stack.at(pin.revision).to_string());
    let held = state.held.as_ref().map(|hold| format!("held by {}: {}", hold.author, hold.reason));
    let waiting = (!state.approvals.is_empty()).then(|| plural(state.approvals.len(), "approval"));
    let state = held.or(waiting).unwrap_or_default();
    vec![channel.channel.to_string(), shows, moment(channel.time), channel.author.clone(), state]
}
