//! `gachette man`

use clap::{Args, CommandFactory};

use super::CommandLine;
use crate::error::Failure;

/// Print the manual page, in the format of man(1)
///
/// To read it: `gachette man | man -l -`
#[derive(Debug, Args)]
pub(crate) struct ManArgs {}

impl ManArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut text = Vec::new();
        let command = CommandLine::command();
        clap_mangen::Man::new(command.clone()).render(&mut text)?;
        for sub in command.get_subcommands() {
            clap_mangen::Man::new(sub.clone()).render_description_section(&mut text)?;
            clap_mangen::Man::new(sub.clone()).render_options_section(&mut text)?;
        }
        crate::output::raw(&text)
    }
}
