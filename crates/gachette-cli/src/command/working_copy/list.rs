//! `gachette working-copy list`

use clap::Args;
use gachette::operation::WorkingCopyState;

use super::condition;
use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// List the working copies that were prepared
///
/// They are those in `working_copies` of the configuration, on the machine that builds.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let copies = session.client(&Errand::look("list the working copies")).await?.working_copies().await?;
        if copies.is_empty() {
            session.output.note("there are no working copies yet; `gachette prepare` makes one");
        }
        session.output.result(&copies, |copies| {
            if copies.is_empty() {
                return String::new();
            }
            table(&["working copy", "project", "ref", "commit", "last used", "state"], copies.iter().map(row))
        })
    }
}

fn row(copy: &WorkingCopyState) -> Vec<String> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let commit = copy.commit.as_ref().map(|commit| commit.chars().take(12).collect());
    let used = copy.last_use.as_ref().map(|holder| moment(holder.since));
    vec![
        copy.name.to_string(),
        or_none(&copy.project),
        or_none(&copy.reference),
        or_none(&commit),
        or_none(&used),
        condition(copy).to_owned(),
    ]
}
