//! `gachette verify`

use std::path::{Path, PathBuf};

use clap::Args;
use gachette::operation::{Link, Verification};
use gachette::signing::Certificate;
use gachette_core::stack::StackName;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{counted, one_line};
use crate::session::Session;

/// The largest file of certificates that is read, in bytes.
const LARGEST: u64 = 1 << 20;

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
        let certificates = self.certificates.as_deref().map(read);
        let errand = Errand::look(format!("verify {name}"));
        let verification =
            session.client(&errand).await?.verify(&name.into(), certificates.transpose()?).await?;
        verification.warnings.iter().for_each(|warning| session.output.warn(warning));
        let broken = verification.links.iter().filter(|link| !link.faults.is_empty()).count();
        if broken == 0 {
            return session.output.result(&verification, text);
        }
        let suite = &verification.suite;
        let broken = counted(broken, "link of the chain does", "links of the chain do");
        let failure = Failure::refused(format!("{suite} cannot be believed: {broken} not hold"));
        Err(session.output.failed_result(&verification, text, failure))
    }
}

/// The certificates that are handed over, as text.
fn read(path: &Path) -> Result<String, Failure> {
    let origin = path.display().to_string();
    let bytes = trebuchet::read_handed_over(path, LARGEST);
    let bytes =
        bytes.map_err(|error| Failure::usage(format!("{origin}: {}", gachette::io_reason(&error))))?;
    let text = Certificate::text_of_all(bytes, &origin);
    text.map_err(|error| Failure::usage(error).with_hint("`gachette key export` writes such a file"))
}

fn text(verification: &Verification) -> String {
    verification.links.iter().map(line).collect()
}

fn line(link: &Link) -> String {
    let kind = link.link;
    if link.faults.is_empty() {
        return format!("✓ {kind:10}  {}\n", one_line(&link.about));
    }
    link.faults.iter().map(|fault| format!("✗ {kind:10}  {}\n", one_line(fault))).collect()
}
