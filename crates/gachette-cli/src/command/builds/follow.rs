//! `gachette builds follow`

use clap::Args;
use gachette_http::{BuildId, BuildKind};

use crate::error::Failure;
use crate::output::built_table;
use crate::session::Session;

/// Follow a build from its first event to its end
///
/// The exit code is the build's own. An interrupt ends the following, and not the build.
#[derive(Debug, Clone, Args)]
pub(crate) struct FollowArgs {
    /// The build
    id: BuildId,
}

impl FollowArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let build = session.follow(&self.id).await?;
        session.output.result(&build, |build| match build.kind {
            BuildKind::Prepare => {
                let copy = build.outcome.as_ref().and_then(|outcome| outcome.working_copy.as_ref());
                copy.map(|copy| copy.commit.clone()).unwrap_or_default()
            }
            _ => built_table(build),
        })
    }
}
