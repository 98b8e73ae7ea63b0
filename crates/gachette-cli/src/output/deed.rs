//! What was done with stacks and channels, in a few words.

use gachette_core::channel::ChannelChange;
use gachette_core::debian::PackageName;
use gachette_core::log::{Deed, LogEntry};
use gachette_core::stack::Change;

use super::checks::checks_text;

/// How many packages are named.
const MOST_NAMES: usize = 3;

/// What an entry of a ledger did.
pub(crate) fn deed(entry: &LogEntry) -> String {
    let done = match &entry.change {
        Deed::Stack(change) => stack_change(change, entry.unnamed),
        Deed::Channel(change) => channel_change(change),
    };
    if entry.forced { format!("{done}, forced") } else { done }
}

/// What was done with a stack, maybe with so many more packages than the change names.
pub(crate) fn stack_change(change: &Change, unnamed: usize) -> String {
    match change {
        Change::Create {} => "created".to_owned(),
        Change::Clone { from } => format!("copied from {}", from.stack.at(from.revision)),
        Change::Adopt {} => "taken over".to_owned(),
        Change::Add { packages } => format!("added {}", names(packages, unnamed)),
        Change::Remove { packages } => format!("removed {}", names(packages, unnamed)),
        Change::Seal {} => "sealed".to_owned(),
        Change::Delete {} => "deleted".to_owned(),
        Change::Rollback { to } => format!("rolled back to {to}"),
    }
}

/// What was done with a channel.
pub(crate) fn channel_change(change: &ChannelChange) -> String {
    match change {
        ChannelChange::Promote { to, .. } => format!("moved to {}", to.stack.at(to.revision)),
        ChannelChange::Approve { pin } => format!("approved {}", pin.stack.at(pin.revision)),
        ChannelChange::Check { pin, results } => {
            let said = checks_text(results.iter().map(|(check, outcome)| (check, *outcome)));
            format!("{said} for {}", pin.stack.at(pin.revision))
        }
        ChannelChange::Hold {} => "held".to_owned(),
        ChannelChange::Release {} => "released".to_owned(),
    }
}

/// The first packages, and how many more there are, with those that are not in the list.
fn names(packages: &[PackageName], unnamed: usize) -> String {
    let named = packages.len().min(MOST_NAMES);
    let names: Vec<&str> = packages[..named].iter().map(PackageName::as_str).collect();
    match packages.len() - named + unnamed {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
