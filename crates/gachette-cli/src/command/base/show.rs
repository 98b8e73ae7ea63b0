//! `gachette base show`

use clap::Args;
use gachette_core::base::{BaseEntry, BaseList, BaseRef};

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// Show the lists of packages of a base
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The base, or one entry of it: NAME, NAME@3
    base: BaseRef,
}

impl ShowArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let errand = Errand::look(format!("show base {}", self.base));
        let entry = session.client(&errand).await?.base(&self.base).await?;
        session.output.result(&entry, text)
    }
}

fn text(entry: &BaseEntry) -> String {
    let time = moment(entry.time);
    let head = format!("{}@{}: {}\n{time} by {}", entry.base, entry.number, super::size(entry), entry.author);
    let head_of_table = ["list", "arch", "packages", "priority", "sha256", "source"];
    format!("{head}\n\n{}", table(&head_of_table, entry.lists.iter().map(row)))
}

fn row(list: &BaseList) -> Vec<String> {
    let sha256: String = list.source.sha256.to_string().chars().take(12).collect();
    vec![
        list.origin.clone(),
        list.architecture.as_ref().map_or("any", |architecture| architecture.as_str()).to_owned(),
        list.packages.to_string(),
        list.priority.to_string(),
        sha256,
        list.source.place.clone(),
    ]
}
