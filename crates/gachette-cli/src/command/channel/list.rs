//! `gachette channel list`

use clap::Args;
use gachette_core::channel::{ChannelEntry, ChannelState, CheckOutcome, Pin};
use gachette_core::stack::Domain;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{checks_text, moment, plural, table};
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
    let told = held.into_iter().chain(waiting).chain(checks(state)).collect::<Vec<_>>().join("; ");
    vec![channel.channel.to_string(), shows, moment(channel.time), channel.author.clone(), told]
}

/// What checks said of what may come next, the revision that one was heard of last; and which failed for what it shows.
fn checks(state: &ChannelState) -> impl Iterator<Item = String> {
    let said = |pin: &Pin, failed_alone: bool| {
        let of_pin = state.checks.iter().filter(|it| it.pin == *pin);
        let said = of_pin.filter(|it| !failed_alone || it.outcome == CheckOutcome::Failed);
        let said = checks_text(said.map(|it| (&it.check, it.outcome)));
        (!said.is_empty()).then(|| format!("{said} for {}", pin.stack.at(pin.revision)))
    };
    let next = state.checks.iter().map(|it| &it.pin).rfind(|pin| state.shows.as_ref() != Some(*pin));
    let shown = state.shows.as_ref().and_then(|pin| said(pin, true));
    next.and_then(|pin| said(pin, false)).into_iter().chain(shown)
}
