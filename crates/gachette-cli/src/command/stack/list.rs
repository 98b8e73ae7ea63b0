//! `gachette stack list`

use clap::Args;
use gachette_core::stack::Domain;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::table;
use crate::session::Session;

/// List stacks
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    /// Of this domain alone
    #[arg(long)]
    domain: Option<Domain>,
}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let domain = self.domain;
        let errand = Errand::look("list the stacks");
        let domains = match &domain {
            Some(domain) => vec![domain.clone()],
            None => session.client(&errand).await?.domains().await?,
        };
        let (mut stacks, mut damaged) = (Vec::new(), false);
        for domain in &domains {
            let listed = session.client(&errand).await?.stacks(domain).await?;
            session.output.warn_of_damage(&listed.damaged);
            damaged |= !listed.damaged.is_empty();
            stacks.extend(listed.found);
        }
        if stacks.is_empty() && !damaged {
            let place = domain.map_or_else(String::new, |domain| format!(" in the domain {domain}"));
            let text = format!("there are no stacks{place} yet; `gachette stack create NAME` makes one");
            session.output.note(&text);
        }
        session.output.result(&stacks, |stacks| {
            if stacks.is_empty() {
                return String::new();
            }
            let rows = stacks.iter().map(|stack| {
                vec![
                    stack.stack.to_string(),
                    stack.revision.to_string(),
                    stack.packages.to_string(),
                    if stack.sealed { "sealed" } else { "open" }.to_owned(),
                    crate::output::moment(stack.time),
                    stack.author.clone(),
                ]
            });
            table(&["stack", "revision", "packages", "state", "changed", "by"], rows)
        })
    }
}
