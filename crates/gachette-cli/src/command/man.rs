//! `gachette man`

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};

use super::CommandLine;
use crate::error::Failure;

/// Print a manual page, or write all of them
///
/// To read one: `gachette man stack create | man -l -`
#[derive(Debug, Clone, Args)]
pub(crate) struct ManArgs {
    /// The subcommand whose page is printed [default: gachette itself]
    command: Vec<String>,
    /// Write the pages of all subcommands into this folder, such as /usr/local/share/man/man1
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    output: Option<PathBuf>,
}

impl ManArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut command = CommandLine::command();
        if let Some(folder) = self.output {
            std::fs::create_dir_all(&folder)?;
            return Ok(clap_mangen::generate_to(command, folder)?);
        }
        command.build();
        let page = find(&command, &self.command)?;
        let mut text = Vec::new();
        clap_mangen::Man::new(page).render(&mut text)?;
        crate::output::raw(&text)
    }
}

/// The subcommand of this path, under the name that its page has.
fn find(root: &Command, path: &[String]) -> Result<Command, Failure> {
    let mut command = root;
    for name in path {
        command = command.find_subcommand(name).ok_or_else(|| {
            Failure::usage(format!("`{}` is no subcommand of {}", name.escape_debug(), command.get_name()))
        })?;
    }
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    Ok(command.clone().name(name))
}
