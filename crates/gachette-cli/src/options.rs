//! The options that every task and subcommand takes, in Fabric's letters.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(crate) enum Format {
    /// Tables and lines for people.
    #[default]
    Text,
    /// One JSON document for each command or task, for programs.
    Json,
}

/// Options that stand before or after any task or subcommand.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Options {
    /// Read this configuration file [default: the first of ./gachette.yml, ~/.gachetterc,
    /// ~/.config/gachette/config.yml, /etc/gachette.yml]
    #[arg(short = 'c', long = "config", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Set configuration keys, over the file: `--set meta_path=/srv/meta,projects.web.ref=main`
    #[arg(long = "set", value_name = "KEY=VALUE,…", global = true)]
    pub(crate) set: Vec<String>,

    /// Print results as text or as JSON
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(crate) format: Format,

    /// Say nothing but results, warnings and errors
    #[arg(short = 'q', long, global = true)]
    pub(crate) quiet: bool,

    /// Answer every question with yes
    #[arg(long, global = true)]
    pub(crate) yes: bool,

    /// Go on after a task that failed; it is reported, and the exit code is still its own
    #[arg(short = 'w', long = "warn-only", global = true)]
    pub(crate) warn_only: bool,
}

/// How much is said beside results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Volume {
    /// Warnings and errors alone.
    Quiet,
    /// Progress and notes too.
    Full,
}

impl Options {
    /// How much the user wants to be told.
    pub(crate) fn volume(&self) -> Volume {
        if self.quiet { Volume::Quiet } else { Volume::Full }
    }

    /// The pairs of all `--set`; a key without a value is set to true, as in Fabric.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        self.set
            .iter()
            .flat_map(|text| crate::task::split_settings(text))
            .map(|(key, value)| (key, value.unwrap_or_else(|| "true".to_owned())))
            .collect()
    }
}
