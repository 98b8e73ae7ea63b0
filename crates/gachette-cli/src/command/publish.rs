//! `gachette publish`

use clap::Args;
use gachette::operation::{Published, SuiteSignature};
use gachette::repository::SuiteSummary;
use gachette_http::ProblemKind;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{bytes, plural};
use crate::session::Session;

/// Publish a stack or channel as an APT suite, and print what goes into a `.sources` file to install from it
///
/// apt then installs exactly the stack's versions. What changed since the last time is written, and nothing else; clients
/// see the old state or the new one, never something in between.
#[derive(Debug, Clone, Args)]
pub(crate) struct PublishArgs {
    /// The stack, NAME or DOMAIN/NAME; NAME@7 is its revision 7. Or a channel, whose suite is written and signed again
    #[arg(required_unless_present = "all")]
    stack: Option<String>,
    /// Write and sign again every suite that was published, as it is: for other keys or settings. One that nobody signed stays so
    #[arg(long, conflicts_with_all = ["stack", "unsigned"])]
    all: bool,
    /// Do not sign it: clients have to be told to trust it
    #[arg(long)]
    unsigned: bool,
}

impl PublishArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Some(stack) = self.stack.filter(|_| !self.all) else { return all(session).await };
        let stack = session.stack_ref(&stack)?;
        let signature = if self.unsigned { SuiteSignature::Unsigned } else { SuiteSignature::Signed };
        let errand = Errand::parts(format!("publish stack {stack}"), LEFT);
        let published = session.client(&errand).await?.publish(&stack, signature).await?;
        tell(session, &published);
        session.output.result(&published, |published| published.source.trim_end().to_owned())
    }
}

/// How suites are left whose machine is lost: of each, the file that names the rest comes last.
const LEFT: &str =
    "clients see each suite whole, as it was or as it is to be; the same command again does what is not done";

/// Publishes what is published, each as it is: of an open stack that has changed since, what clients see stays. One that cannot
/// be published keeps no other from it, unless it is for the keys or the configuration, which are those of all.
async fn all(session: &Session) -> Result<(), Failure> {
    let errand = Errand::parts("publish all suites again", LEFT);
    let client = session.client(&errand).await?;
    let (mut published, mut left, mut failed) = (Vec::new(), 0, None);
    'all: for domain in client.domains().await? {
        for SuiteSummary { suite, .. } in client.suites(&domain).await? {
            match client.publish_as_it_is(&suite).await {
                Ok(done) => {
                    tell(session, &done);
                    published.push(done);
                }
                Err(problem) if problem.kind == ProblemKind::NotFound => {
                    left += 1;
                    session.output.warn(&format!(
                        "suite {suite} is left as it is, with the signature that it has: {}; `gachette repository gc` takes it away",
                        problem.title
                    ));
                }
                Err(problem) => {
                    session.output.warn(&format!("suite {suite} is left as it is: {}", problem.title));
                    // A key that cannot be used signs no other suite either, and each try of a token's PIN counts.
                    let is_for_all =
                        matches!(problem.kind, ProblemKind::Configuration | ProblemKind::Cancelled);
                    failed.get_or_insert(problem);
                    if is_for_all {
                        session.output.note("  suites that would come after it are not tried for that");
                        break 'all;
                    }
                }
            }
        }
    }
    if let Some(problem) = failed {
        return Err(problem.into());
    }
    if published.is_empty() && left == 0 {
        session.output.note("no suite is published yet; `gachette publish STACK` makes one");
    }
    session.output.result(&published, |published| {
        published.iter().map(|published| published.suite.suite.to_string()).collect::<Vec<_>>().join("\n")
    })
}

/// Says what was done, and what should be soon.
fn tell(session: &Session, published: &Published) {
    session.output.note(&summary(published));
    if !published.suite.dropped.is_empty() {
        let dropped: Vec<String> = published.suite.dropped.iter().map(ToString::to_string).collect();
        session.output.note(&format!(
            "  nothing in it is for {} any more, which has no index of its own now; `publish.architectures` gives it one",
            dropped.join(" or ")
        ));
    }
    published.warnings.iter().for_each(|warning| session.output.warn(warning));
}

/// What was done and what was avoided.
fn summary(published: &Published) -> String {
    let suite = &published.suite;
    let shown = format!("{} revision {}, {}", suite.stack, suite.revision, plural(suite.packages, "package"));
    if !suite.changed {
        return format!("suite {} shows {shown} already", suite.suite);
    }
    let signed = if published.signed_by.is_empty() { "not signed" } else { "signed" };
    let parts = match suite.parts_made + suite.parts_kept {
        0 => "indices as they were".to_owned(),
        parts => format!("{} of {} new", suite.parts_made, plural(parts, "index part")),
    };
    format!("suite {} shows {shown}: {signed}, {parts}, {} written", suite.suite, bytes(suite.bytes_written))
}
