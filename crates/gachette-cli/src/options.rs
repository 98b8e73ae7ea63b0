//! The options that every task and subcommand takes, in Fabric's letters.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gachette::config::{Connection, Reader};
use gachette_core::host::UserName;

use crate::error::Failure;

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

    /// Do it on these machines: `[user@]host[:port]`, `unix:///SOCKET` or `https://SERVER`, separated by commas
    /// [default: the configured hosts, else this machine]
    #[arg(short = 'H', long = "hosts", value_name = "HOST,…", value_delimiter = ',', global = true)]
    pub(crate) hosts: Vec<String>,

    /// Log in as this user on hosts that name none
    #[arg(short = 'u', long = "user", value_name = "USER", global = true)]
    pub(crate) user: Option<UserName>,

    /// Offer this private key
    #[arg(short = 'i', long = "key-file", value_name = "FILE", global = true)]
    pub(crate) key_files: Vec<PathBuf>,

    /// Forward the authentication agent, as is the default
    #[arg(short = 'A', long = "forward-agent", global = true, overrides_with = "no_agent")]
    pub(crate) forward_agent: bool,

    /// Do not forward the authentication agent
    #[arg(short = 'a', long = "no-agent", global = true)]
    pub(crate) no_agent: bool,

    /// Work on all hosts at the same time
    #[arg(short = 'P', long = "parallel", global = true)]
    pub(crate) parallel: bool,

    /// Work on so many hosts at the same time, at most
    #[arg(short = 'z', long = "pool-size", value_name = "N", global = true)]
    pub(crate) pool_size: Option<usize>,

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
    /// Lays what was said about hosts over the configuration.
    pub(crate) fn lay_over(&self, connection: &mut Connection) -> Result<(), Failure> {
        let named: Vec<_> =
            self.hosts.iter().map(|host| host.trim()).filter(|host| !host.is_empty()).collect();
        // An empty variable in a script must not turn work on a host into work on this machine.
        if named.is_empty() && !self.hosts.is_empty() {
            return Err(Failure::usage("`-H` names no host"));
        }
        if !named.is_empty() {
            let hosts = named.into_iter().map(str::parse).collect::<Result<_, _>>();
            connection.hosts = hosts.map_err(Failure::usage)?;
        }
        if self.user.is_some() {
            connection.user.clone_from(&self.user);
        }
        if !self.key_files.is_empty() {
            connection.key_filename.clone_from(&self.key_files);
        }
        connection.forward_agent = (connection.forward_agent || self.forward_agent) && !self.no_agent;
        connection.parallel |= self.parallel;
        connection.pool_size = self.pool_size.or(connection.pool_size);
        connection.warn_only |= self.warn_only;
        Ok(())
    }

    /// The first word that says how hosts are reached by `ssh`.
    pub(crate) fn for_ssh(&self) -> Option<String> {
        let options =
            [("-u", self.user.is_some()), ("-i", !self.key_files.is_empty()), ("-A", self.forward_agent)];
        let option = options.iter().find(|(_, given)| *given).map(|(option, _)| (*option).to_owned());
        let set = || self.settings().into_iter().find(|(key, _)| Reader::of(key) == Reader::Ssh);
        option.or_else(|| set().map(|(key, _)| format!("--set {key}")))
    }

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
