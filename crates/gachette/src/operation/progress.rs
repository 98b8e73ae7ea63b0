//! What happens to a working copy, in words.

use crate::working_copy::{Event, Reason};

/// One line for an event of a working copy.
pub(super) fn describe(event: &Event) -> String {
    match event {
        Event::Waiting(holder) => format!("waiting for {holder}"),
        Event::Cloning { url, why } => match why {
            Reason::New => format!("cloning {url}"),
            Reason::UrlChanged { from } => format!("cloning {url} afresh, since it came from {from}"),
            Reason::Unfinished => format!("cloning {url} afresh, since what is there is not finished"),
            Reason::Damaged { why } => format!("cloning {url} afresh, since what is there is damaged: {why}"),
        },
        Event::Fetching { what } => format!("fetching {what}"),
        Event::Deepening { depth: Some(depth) } => format!("fetching {depth} more commits"),
        Event::Deepening { depth: None } => "fetching the whole history".to_owned(),
        Event::CheckingOut { commit } => format!("checking out {commit}"),
        Event::Submodules => "bringing submodules to their commits".to_owned(),
        Event::Output { line } => line.clone(),
    }
}
