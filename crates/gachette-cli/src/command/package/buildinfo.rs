//! `gachette package buildinfo`

use clap::Args;
use serde::Serialize;

use super::choice::Choice;
use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Print how a package was built: what was installed, in which environment, and what came out (deb-buildinfo(5))
#[derive(Debug, Clone, Args)]
pub(crate) struct BuildinfoArgs {
    #[command(flatten)]
    choice: Choice,
}

/// The answer as JSON.
#[derive(Serialize)]
struct Answer {
    buildinfo: String,
}

impl BuildinfoArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let record = self.choice.record(session).await?;
        let Some(digest) = &record.provenance.buildinfo else {
            let (name, version) = (&record.name, &record.version);
            return Err(Failure::usage(format!("it is not known how {name} {version} was built")));
        };
        let errand = Errand::look(format!("show how package {} was built", record.name));
        let answer = Answer { buildinfo: session.client(&errand).await?.buildinfo(digest).await? };
        session.output.result(&answer, |answer| answer.buildinfo.clone())
    }
}
