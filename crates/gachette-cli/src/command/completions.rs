//! `gachette completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::CommandLine;
use crate::error::Failure;

/// Print completions for a shell
///
/// For bash: `gachette completions bash > /etc/bash_completion.d/gachette`
#[derive(Debug, Clone, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut CommandLine::command(), "gachette", &mut text);
        crate::output::raw(&text)
    }
}
