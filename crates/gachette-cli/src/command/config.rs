//! `gachette config …`

use clap::Subcommand;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// What to do with the configuration.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the configuration in force, and where it came from
    Show,
}

impl ConfigCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self::Show = self;
        show(session).await
    }
}

/// Shows the configuration that the API works with.
pub(crate) async fn show(session: &Session) -> Result<(), Failure> {
    let config = session.client(&Errand::look("show the configuration")).await?.configuration().await?;
    session.output.result(&config, |config| {
        let source = config.source.as_ref().map(|path| path.display().to_string());
        let mut value = serde_json::to_value(config).unwrap_or_default();
        if let Some(map) = value.as_object_mut() {
            map.remove("source");
        }
        let source = source.unwrap_or_else(|| "no configuration file; these are the defaults".to_owned());
        format!("# {source}\n{}", crate::output::yaml(&value))
    })
}
