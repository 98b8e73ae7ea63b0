//! `gachette demo`: the main job on a project made for it, with real git, real builds and a real repository.

mod project;

use std::path::PathBuf;

use anstyle::Style;
use clap::{Args, Parser};

use super::CommandLine;
use crate::error::Failure;
use crate::options::{Format, Options};
use crate::output::Output;
use project::Project;

/// Do the main job on a small project made for it, and leave a folder to explore
///
/// Makes a git project with an application, its service and a configuration in two variants; builds it into a stack;
/// changes a line; builds it again into a second stack; and shows what differs.
#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// The folder to make [default: gachette-demo, or the next free name like it]
    folder: Option<PathBuf>,
}

impl DemoArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<(), Failure> {
        if !options.hosts.is_empty() {
            return Err(Failure::usage("the demo happens on this machine; leave `-H` out"));
        }
        if options.format == Format::Json {
            return Err(Failure::usage("the demo is there to be read; leave `--format json` out"));
        }
        let folder = match self.folder {
            Some(folder) => folder,
            None => free_name()?,
        };
        let folder = std::path::absolute(&folder)?;
        let project = Project::make(&folder)?;
        let demo = Demo { config: folder.join("gachette.yml"), output: Output::new(options) };

        demo.say("a git project with an application, its service, and a configuration in two variants")?;
        demo.shell("ls -A hello", &project.files())?;
        demo.say("a stack is created, and the project is built into it")?;
        demo.run("stack create 1").await?;
        demo.run("quick 1 hello").await?;
        demo.run("quick 1 hello_config").await?;
        demo.run("quick 1 hello").await?;
        demo.say("a line is changed, and the next stack is made from the first")?;
        demo.shell("git -C hello commit -a -m 'Greet with more joy'", &project.change_a_line()?)?;
        demo.run("stack create 2 --from 1").await?;
        demo.run("quick 2 hello").await?;
        demo.run("stack diff 1 2").await?;
        demo.run("stack seal 1").await?;
        demo.run("stack list").await?;
        demo.epilogue(&folder)
    }
}

struct Demo {
    config: PathBuf,
    output: Output,
}

impl Demo {
    fn say(&self, text: &str) -> Result<(), Failure> {
        self.output.line(&format!("\n# {text}"))
    }

    fn prompt(&self, command: &str) -> Result<(), Failure> {
        let bold = Style::new().bold();
        self.output.line(&format!("{bold}$ {command}{bold:#}"))
    }

    fn shell(&self, command: &str, result: &str) -> Result<(), Failure> {
        self.prompt(command)?;
        self.output.line(result)
    }

    /// Shows a command, and runs it just as the command line would.
    async fn run(&self, command: &str) -> Result<(), Failure> {
        self.prompt(&format!("gachette {command}"))?;
        let config = self.config.display().to_string();
        let words = ["gachette", "--config", &config].into_iter().chain(command.split(' '));
        let line = CommandLine::try_parse_from(words).map_err(Failure::usage)?;
        Box::pin(line.run()).await
    }

    fn epilogue(&self, folder: &std::path::Path) -> Result<(), Failure> {
        let folder = folder.display();
        let program =
            std::env::current_exe().map_or_else(|_| "gachette".to_owned(), |path| path.display().to_string());
        self.output.line(&format!(
            "\n# everything is in {folder}; to go on:\n\
             cd {folder}\n\
             alias gachette={program}\n\
             gachette stack show 2\n\
             gachette stack log 2\n\
             gachette package show dh-hello\n\
             gachette repository fsck\n\
             dpkg-deb --contents repository/debs/dh-hello-config-live-*.deb"
        ))
    }
}

fn free_name() -> Result<PathBuf, Failure> {
    let names =
        std::iter::once("gachette-demo".to_owned()).chain((2..1000).map(|n| format!("gachette-demo-{n}")));
    let free = names.map(PathBuf::from).find(|name| !name.exists());
    free.ok_or_else(|| Failure::usage("gachette-demo and all names like it are taken; name a folder"))
}
