//! `gachette base update`

use clap::Args;
use gachette::operation::BaseUpdated;
use gachette_core::base::BaseName;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::{Session, unless_interrupted};

/// Take bases as they are now: read their files, or have apt fetch and verify their lists of packages
///
/// What stacks are checked against from then on. Entries from before stay, so answers can be had again.
#[derive(Debug, Clone, Args)]
pub(crate) struct UpdateArgs {
    /// The bases [default: all that are configured]
    #[arg(value_name = "BASE")]
    bases: Vec<BaseName>,
}

impl UpdateArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let named: String = self.bases.iter().map(|base| format!(" {base}")).collect();
        let errand = Errand::parts(
            format!("update bases{named}"),
            "each base has its new lists or those of before; the same command again takes the rest",
        );
        let client = session.client(&errand).await?;
        let bases = match self.bases.is_empty() {
            false => self.bases,
            true => {
                let known = client.bases().await?.into_iter();
                known.filter(|base| base.configured).map(|base| base.name).collect()
            }
        };
        if bases.is_empty() {
            return Err(Failure::configuration("no base is configured")
                .with_hint("put `bases.NAME.sources: …` into gachette.yml"));
        }
        let mut updated = Vec::new();
        for base in &bases {
            updated.push(unless_interrupted(async { Ok(client.update_base(base).await?) }).await?);
        }
        for BaseUpdated { entry, missing, .. } in &updated {
            for missing in missing {
                session.output.warn(&format!("base {}: {missing}", entry.base));
            }
            for list in entry.lists.iter().filter(|list| list.packages == 0) {
                let place = &list.source.place;
                session.output.warn(&format!("base {}: {place} names no package", entry.base));
            }
        }
        session.output.result(&updated, |updated| updated.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}

fn line(BaseUpdated { entry, changed, .. }: &BaseUpdated) -> String {
    let verb = if *changed { "taken" } else { "is as it was" };
    format!("{}@{} {verb}: {}", entry.base, entry.number, super::size(entry))
}
