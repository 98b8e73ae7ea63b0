//! `gachette base list`

use clap::Args;
use gachette::operation::BaseState;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// List bases
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let bases = session.client(&Errand::look("list the bases")).await?.bases().await?;
        if bases.is_empty() {
            session.output.note("no base is configured; see `bases` in docs/configuration.md");
        }
        session.output.result(&bases, |bases| {
            if bases.is_empty() {
                return String::new();
            }
            table(&["base", "entry", "taken", "holds"], bases.iter().map(row))
        })
    }
}

fn row(base: &BaseState) -> Vec<String> {
    let holds = match (&base.newest, base.configured) {
        (Some(entry), true) => super::size(entry),
        (Some(entry), false) => format!("{}; not configured any more", super::size(entry)),
        (None, _) => format!("never taken: `gachette base update {}`", base.name),
    };
    let entry = base.newest.as_ref();
    let number = entry.map_or("-".to_owned(), |entry| entry.number.to_string());
    let taken = entry.map_or("-".to_owned(), |entry| moment(entry.time));
    vec![base.name.to_string(), number, taken, holds]
}
