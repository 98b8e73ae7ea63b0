//! `gachette base log`

use clap::Args;
use gachette_core::base::{BaseEntry, BaseName};

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// Show how often a base was taken, and when
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// The base
    base: BaseName,
    /// Show this many entries at the most
    #[arg(short = 'n', long)]
    limit: Option<usize>,
}

impl LogArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let errand = Errand::look(format!("show the log of base {}", self.base));
        let log = session.client(&errand).await?.log_base(&self.base, self.limit).await?;
        session.output.result(&log, |log| table(&["entry", "time", "by", "holds"], log.iter().map(row)))
    }
}

fn row(entry: &BaseEntry) -> Vec<String> {
    vec![entry.number.to_string(), moment(entry.time), entry.author.clone(), super::size(entry)]
}
