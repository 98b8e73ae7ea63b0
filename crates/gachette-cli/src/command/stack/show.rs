//! `gachette stack show`

use clap::Args;
use gachette_http::wire::StackState;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, plural, table};
use crate::session::Session;

/// Show what a stack holds
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The stack, or one revision of it: NAME, DOMAIN/NAME, NAME@7
    stack: String,
}

impl ShowArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack_ref(&self.stack)?;
        let errand = Errand::look(format!("show stack {stack}"));
        let stack = session.client(&errand).await?.stack(&stack).await?;
        session.output.result(&stack, text)
    }
}

fn text(stack: &StackState) -> String {
    let state = if stack.sealed { ", sealed" } else { "" };
    let head = format!(
        "{} revision {}{state}: {}\n{} by {}{}\ncontent {}",
        stack.stack,
        stack.revision,
        plural(stack.packages.len(), "package"),
        moment(stack.time),
        stack.author,
        if stack.reason.is_empty() { String::new() } else { format!(": {}", stack.reason) },
        stack.content,
    );
    if stack.packages.is_empty() {
        return head;
    }
    let rows = stack.packages.iter().map(|package| {
        let architectures: Vec<_> = package.files.keys().map(|arch| arch.as_str()).collect();
        let digest = package.files.values().next().map(|sha256| sha256.to_string());
        let digest = digest.map(|digest| digest.chars().take(12).collect());
        vec![
            package.name.to_string(),
            package.version.to_string(),
            architectures.join(","),
            digest.unwrap_or_default(),
        ]
    });
    format!("{head}\n\n{}", table(&["package", "version", "arch", "sha256"], rows))
}
