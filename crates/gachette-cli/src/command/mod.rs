//! The subcommands: one file for each, whose argument struct is its help.

mod base;
mod build;
mod builds;
mod channel;
mod completions;
mod config;
mod demo;
mod host;
mod key;
mod lifetime;
mod man;
mod package;
mod prepare;
mod promote;
mod publish;
mod quick;
mod repository;
mod serve;
mod stack;
mod token;
mod verify;
mod working_copy;

pub(crate) use build::BuildArgs;
pub(crate) use config::show as show_config;
pub(crate) use prepare::PrepareArgs;
pub(crate) use quick::QuickArgs;
pub(crate) use stack::{CreateArgs, add_files};

use clap::{Parser, Subcommand};

use crate::error::Failure;
use crate::fleet::Fleet;
use crate::options::Options;
use crate::session::Session;

/// From a git ref to packages in a stack, ready for deployment.
///
/// A stack lists packages, each in one exact version, and is itself versioned; only stacks are ever deployed.
#[derive(Debug, Parser)]
#[command(name = "gachette", version, disable_version_flag = true, arg_required_else_help = true)]
#[command(
    after_help = "Tasks of the original tool work too: `gachette -l` lists them, `gachette -d TASK` explains one."
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) options: Options,

    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,

    /// List the tasks of the original tool
    #[arg(short = 'l', long = "list")]
    list: bool,

    /// Explain a task of the original tool
    #[arg(short = 'd', long = "display", value_name = "TASK")]
    display: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Create, inspect and change stacks
    #[command(subcommand)]
    Stack(stack::StackCommand),
    Prepare(PrepareArgs),
    Build(BuildArgs),
    Quick(QuickArgs),
    /// Look at builds, follow them and end them, whoever started them
    #[command(subcommand)]
    Builds(builds::BuildsCommand),
    /// Look at working copies, and remove them
    #[command(subcommand)]
    WorkingCopy(working_copy::WorkingCopyCommand),
    Publish(publish::PublishArgs),
    Promote(promote::PromoteArgs),
    Verify(verify::VerifyArgs),
    /// Look at channels
    #[command(subcommand)]
    Channel(channel::ChannelCommand),
    /// Take and look at the distributions that stacks are meant for
    #[command(subcommand)]
    Base(base::BaseCommand),
    /// List and inspect packages
    #[command(subcommand)]
    Package(package::PackageCommand),
    /// Inspect the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Check the machines that build
    #[command(subcommand)]
    Host(host::HostCommand),
    /// Make and check the repository, and see all that was done in it
    #[command(subcommand)]
    Repository(repository::RepositoryCommand),
    /// Make, back up and extend the keys that suites are signed with, and hand out their certificates
    #[command(subcommand)]
    Key(key::KeyCommand),
    Serve(serve::ServeArgs),
    /// Make and revoke the tokens that a server knows its clients by
    #[command(subcommand)]
    Token(token::TokenCommand),
    Demo(demo::DemoArgs),
    Completions(completions::CompletionsArgs),
    /// Serve the API to the one client at the other end of the standard streams
    #[command(hide = true)]
    DialStdio,
    Man(man::ManArgs),
}

impl CommandLine {
    /// Carries the command out.
    pub(crate) async fn run(mut self) -> Result<(), Failure> {
        match self.command {
            Command::Completions(args) => args.run(),
            Command::Man(args) => args.run(),
            Command::Demo(args) => args.run(&self.options).await,
            Command::Serve(args) => args.run(&self.options).await,
            Command::DialStdio => Ok(gachette_http::serve_stdio().await?),
            Command::Host(command) => {
                match command.hosts() {
                    [] => {}
                    _ if !self.options.hosts.is_empty() => {
                        return Err(Failure::usage(
                            "hosts are named twice: by `-H`, and behind `host check`",
                        ));
                    }
                    names => self.options.hosts = names.to_vec(),
                }
                let fleet = Fleet::of(Session::open(&self.options)?)?.without_stopping();
                fleet.each(async |session| command.clone().run(session).await).await
            }
            command => {
                let session = Session::open(&self.options)?;
                if matches!(command, Command::Config(_)) {
                    return command.run(&session).await;
                }
                let fleet = match command {
                    Command::Stack(_)
                    | Command::Publish(_)
                    | Command::Promote(_)
                    | Command::Channel(_)
                    | Command::Verify(_)
                    | Command::Base(_)
                    | Command::Package(_)
                    | Command::Key(_)
                    | Command::Repository(_) => Fleet::of_repository(session)?,
                    _ => Fleet::of(session)?,
                };
                fleet.each(async |session| command.clone().run(session).await).await
            }
        }
    }
}

impl Command {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Stack(command) => command.run(session).await,
            Self::Prepare(args) => args.run(session).await,
            Self::Build(args) => args.run(session).await,
            Self::Quick(args) => args.run(session).await,
            Self::WorkingCopy(command) => command.run(session).await,
            Self::Publish(args) => args.run(session).await,
            Self::Builds(command) => command.run(session).await,
            Self::Promote(args) => args.run(session).await,
            Self::Channel(command) => command.run(session).await,
            Self::Verify(args) => args.run(session).await,
            Self::Base(command) => command.run(session).await,
            Self::Package(command) => command.run(session).await,
            Self::Config(command) => command.run(session).await,
            Self::Repository(command) => command.run(session).await,
            Self::Key(command) => command.run(session).await,
            Self::Token(command) => command.run(session).await,
            Self::Host(command) => command.run(session).await,
            Self::Serve(_) | Self::Demo(_) | Self::DialStdio | Self::Completions(_) | Self::Man(_) => Ok(()),
        }
    }
}
