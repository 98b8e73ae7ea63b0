//! `gachette quick`

mod across;

use clap::Args;
use gachette_core::git::GitRef;
use gachette_core::stack::StackName;
use gachette_http::wire::{CloneUrl, StartBuild};

use crate::error::Failure;
use crate::output::built_table;
use crate::session::Session;

/// Prepare, build and add all packages to a stack, in one revision
///
/// Every package gets a version made from the commit. A commit that was built already from the same inputs is recognised,
/// and not built again.
#[derive(Debug, Clone, Args)]
pub(crate) struct QuickArgs {
    /// The stack, which must exist: NAME or DOMAIN/NAME
    pub(crate) stack: String,
    /// The project
    pub(crate) project: String,
    /// The branch, tag or commit [default: the project's, else the remote's default branch]
    #[arg(long = "ref", value_name = "REF")]
    pub(crate) reference: Option<GitRef>,
    /// Where to clone from
    #[arg(long)]
    pub(crate) url: Option<CloneUrl>,
    /// The recipe's path in the working copy [default: the project's, else .missile.yml]
    #[arg(long = "missile", value_name = "PATH")]
    pub(crate) path_to_missile: Option<String>,
    /// Build even what is there already, and say whether the bytes came out the same
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    pub(crate) reason: String,
    /// Do not wait for its end: it goes on when this command has ended. Its id is printed
    #[arg(long)]
    pub(crate) detach: bool,
}

impl QuickArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let domain = session.config.project(&self.project).domain;
        let domain = domain.as_ref().unwrap_or(&session.config.domain);
        let stack = StackName::parse_in(&self.stack, domain).map_err(Failure::usage)?;
        let build = match session.repository() {
            Some(_) if self.detach => {
                let refusal =
                    "`--detach` is not for a repository elsewhere: the packages go there over this machine";
                return Err(Failure::usage(refusal)
                    .with_hint("keep the repository on the host, or run a `gachette serve` there"));
            }
            Some(repository) => across::quick(session, repository, &stack, self).await?,
            None => {
                let pushed = session.push(&self.project, self.url.as_ref(), self.reference.as_ref()).await?;
                let (detach, order) = (self.detach, self.order(stack, pushed));
                if detach {
                    return session.detach(&order).await;
                }
                session.carry_out(&order).await?
            }
        };
        session.output.result(&build, built_table)
    }

    fn order(self, stack: StackName, pushed: bool) -> StartBuild {
        StartBuild::Quick {
            stack,
            project: self.project,
            reference: self.reference,
            url: self.url,
            path_to_missile: self.path_to_missile,
            rebuild: self.rebuild,
            pushed,
            reason: self.reason,
        }
    }
}
