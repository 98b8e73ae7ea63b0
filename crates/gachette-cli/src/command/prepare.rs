//! `gachette prepare`

use clap::Args;
use gachette_core::git::{GitRef, WorkingCopyName};
use gachette_http::wire::{CloneUrl, StartBuild};

use crate::error::Failure;
use crate::session::Session;

/// Make or refresh a working copy of a project at a ref
///
/// Afterwards the working copy holds exactly that commit, submodules included and nothing left over. The full commit is
/// printed.
#[derive(Debug, Clone, Args)]
pub(crate) struct PrepareArgs {
    /// The working copy; a configured project of this name gives what is not said
    pub(crate) name: WorkingCopyName,
    /// Where to clone from
    #[arg(long)]
    pub(crate) url: Option<CloneUrl>,
    /// The branch, tag or commit [default: the project's, else the remote's default branch]
    #[arg(long = "ref", value_name = "REF")]
    pub(crate) reference: Option<GitRef>,
    /// Do not wait for its end: it goes on when this command has ended. Its id is printed
    #[arg(long)]
    pub(crate) detach: bool,
}

impl PrepareArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { name, url, reference, detach } = self;
        let pushed = session.push(name.as_str(), url.as_ref(), reference.as_ref()).await?;
        let order = StartBuild::Prepare { name, url, reference, pushed };
        if detach {
            return session.detach(&order).await;
        }
        let build = session.carry_out(&order).await?;
        let copy = build.outcome.and_then(|outcome| outcome.working_copy);
        session.output.result(&copy, |copy| copy.as_ref().map(|copy| copy.commit.clone()).unwrap_or_default())
    }
}
