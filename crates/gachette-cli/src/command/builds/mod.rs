//! `gachette builds …`

mod cancel;
mod follow;
mod list;
mod show;

use clap::Subcommand;
use gachette_http::Build;
use gachette_http::wire::StartBuild;
use jiff::Timestamp;

use crate::error::Failure;
use crate::output::milliseconds;
use crate::session::Session;

/// What to do with builds.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum BuildsCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Follow(follow::FollowArgs),
    Cancel(cancel::CancelArgs),
}

impl BuildsCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(args) => args.run(session).await,
            Self::Show(args) => args.run(session).await,
            Self::Follow(args) => args.run(session).await,
            Self::Cancel(args) => args.run(session).await,
        }
    }
}

/// What a build was to do.
fn work(build: &Build) -> String {
    let mut text = format!("{} {}", build.kind, build.subject);
    let (reference, stack) = match build.order.as_deref() {
        Some(StartBuild::Prepare { reference, .. }) => (reference.as_ref(), None),
        Some(StartBuild::Make(order)) => (order.reference.as_ref(), None),
        Some(StartBuild::Quick { reference, stack, .. }) => (reference.as_ref(), Some(stack)),
        Some(StartBuild::Import(order)) => (None, order.stack.as_ref()),
        Some(StartBuild::Build(_)) | None => (None, None),
    };
    if let Some(reference) = reference {
        text += &format!(" at {reference}");
    }
    if let Some(stack) = stack {
        text += &format!(" into {stack}");
    }
    text
}

/// How long a build took, or has taken so far; empty when nobody knows.
fn took(build: &Build) -> String {
    let until = match build.finished {
        Some(finished) => finished,
        None if build.state.is_under_way() => Timestamp::now(),
        None => return String::new(),
    };
    milliseconds(u64::try_from(until.duration_since(build.started).as_millis()).unwrap_or(0))
}
