//! `gachette builds cancel`

use clap::Args;
use gachette_http::{BuildId, BuildState};

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::{Session, unless_interrupted};

/// End a build and its programs, and wait until they have ended
#[derive(Debug, Clone, Args)]
pub(crate) struct CancelArgs {
    /// The build
    id: BuildId,
}

impl CancelArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let errand = Errand::step(format!("cancel build {}", self.id), format!("builds show {}", self.id));
        let client = session.client(&errand).await?;
        let asked = client.cancel(&self.id).await?;
        let ended = unless_interrupted(async { Ok(client.follow(&self.id, |_| ()).await?) });
        let build = if asked.state.is_under_way() { ended.await? } else { asked.clone() };
        session.output.result(&build, |build| match build.state {
            BuildState::Cancelled if asked.state.is_under_way() => {
                format!("build {} is cancelled", build.id)
            }
            state => format!("build {} had ended: it is {state}", build.id),
        })
    }
}
