//! `gachette verify`

use std::path::PathBuf;

use clap::Args;
use gachette::operation::{Link, Verification};
use gachette_core::stack::StackName;

use crate::error::Failure;
use crate::output::plural;
use crate::session::Session;

/// Verify a stack or channel, from the signature that machines see to the commits that its packages were built from
///
/// Each link of that chain has a line: ✓ when it holds, else what is wrong. The exit code is 5 when one does not hold.
#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyArgs {
    /// The stack or channel: NAME or DOMAIN/NAME
    name: String,
    /// Believe the keys of the certificates in this file, and not those that are configured where the repository is
    #[arg(long, value_name = "FILE")]
    certificates: Option<PathBuf>,
}

impl VerifyArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let name = StackName::parse_in(&self.name, &session.config.domain).map_err(Failure::usage)?;
        let certificates = self.certificates.map(|path| {
            let read = std::fs::read_to_string(&path);
            read.map_err(|error| {
                Failure::usage(format!("{}: {}", path.display(), gachette::io_reason(&error)))
            })
        });
        let verification = session.client().await?.verify(&name.into(), certificates.transpose()?).await?;
        session.output.result(&verification, text)?;
        let broken = verification.links.iter().filter(|link| !link.faults.is_empty()).count();
        if broken == 0 {
            return Ok(());
        }
        let (suite, broken) = (&verification.suite, plural(broken, "link"));
        // The answer is there already.
        Err(Failure::refused(format!("{suite} cannot be believed: {broken} of the chain does not hold"))
            .answered())
    }
}

fn text(verification: &Verification) -> String {
    verification.links.iter().map(line).collect()
}

fn line(link: &Link) -> String {
    let kind = link.link;
    if link.faults.is_empty() {
        return format!("✓ {kind:10}  {}\n", link.about);
    }
    link.faults.iter().map(|fault| format!("✗ {kind:10}  {fault}\n")).collect()
}
