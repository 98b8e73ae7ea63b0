//! `gachette repository init`

use std::path::PathBuf;

use clap::Args;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Make the repository that is configured, or one in a folder
///
/// A repository that is there is left as it is; a tree of the original tool is taken over.
#[derive(Debug, Clone, Args)]
pub(crate) struct InitArgs {
    /// The folder [default: `meta_path` of the configuration]
    folder: Option<PathBuf>,
}

impl InitArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let session = session.reconfigured(|config| {
            if let Some(folder) = self.folder {
                config.meta_path = Some(std::path::absolute(&folder).unwrap_or(folder));
            }
        });
        let errand = Errand::parts("make the repository", "the same command again makes what is missing");
        let state = session.client(&errand).await?.init_repository().await?;
        session.output.result(&state, |state| {
            let what = if state.created { "made" } else { "is there already" };
            format!("repository {} {what}; package files in {}", state.meta_path, state.debs_path)
        })
    }
}
