//! `gachette build`

use clap::Args;
use gachette_core::debian::Version;
use gachette_core::git::WorkingCopyName;
use gachette_http::wire::{BuildOrder, StartBuild};

use crate::error::Failure;
use crate::output::built_table;
use crate::session::Session;

/// Build the packages of a working copy into the debs folder
///
/// The working copy is built as it is; `prepare` brings it to a ref. No stack is touched.
#[derive(Debug, Clone, Args)]
pub(crate) struct BuildArgs {
    /// The working copy
    pub(crate) name: WorkingCopyName,
    /// The recipe's path in the working copy [default: the project's, else .missile.yml]
    #[arg(long = "missile", value_name = "PATH")]
    pub(crate) path_to_missile: Option<String>,
    /// The version of the main package [default: 1.0.0]
    #[arg(long, value_name = "VERSION")]
    pub(crate) app_version: Option<Version>,
    /// The version of the environment [default: 1.0.0]
    #[arg(long, value_name = "VERSION")]
    pub(crate) env_version: Option<Version>,
    /// The version of services [default: 1.0.0]
    #[arg(long, value_name = "VERSION")]
    pub(crate) service_version: Option<Version>,
    /// The version of static entries [default: 1.0.0]
    #[arg(long, value_name = "VERSION")]
    pub(crate) static_version: Option<Version>,
    /// Send a POST there for each package
    #[arg(long, value_name = "URL")]
    pub(crate) web_callback: Option<url::Url>,
    /// Do not wait for its end: it goes on when this command has ended. Its id is printed
    #[arg(long)]
    pub(crate) detach: bool,
}

impl BuildArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let order = BuildOrder {
            name: self.name,
            path_to_missile: self.path_to_missile,
            app_version: self.app_version,
            env_version: self.env_version,
            service_version: self.service_version,
            static_version: self.static_version,
            web_callback: self.web_callback,
        };
        let order = StartBuild::Build(Box::new(order));
        if self.detach {
            return session.detach(&order).await;
        }
        let build = session.carry_out(&order).await?;
        session.output.result(&build, built_table)
    }
}
