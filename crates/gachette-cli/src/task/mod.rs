//! The task form of the original tool: `gachette [options] TASK[:ARG,…,key=value,…] [TASK…]`.
//!
//! Existing scripts use it; each task is carried out by the subcommand that does the same.

mod bind;
mod call;
mod catalogue;
mod form;
mod perform;
mod signature;

pub(crate) use form::{Form, form_of};

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use crate::command::CommandLine;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::options::Options;
use crate::output::{Output, table};
use crate::session::Session;
use call::TaskCall;
use perform::Order;
use signature::{Arguments, Signature};

/// The command line in its task form.
#[derive(Debug, Parser)]
#[command(name = "gachette", version, disable_version_flag = true)]
pub(crate) struct TaskLine {
    #[command(flatten)]
    pub(crate) options: Options,

    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,

    /// List the tasks
    #[arg(short = 'l', long = "list")]
    list: bool,

    /// Explain a task
    #[arg(short = 'd', long = "display", value_name = "TASK")]
    display: Option<String>,

    /// Do not wait for the end of the one task: it goes on when this command has ended. Its id is printed
    #[arg(long)]
    detach: bool,

    /// Tasks, in the order in which they run: TASK[:ARG,…,key=value,…]
    #[arg(value_name = "TASK")]
    tasks: Vec<String>,
}

impl TaskLine {
    /// Runs the tasks in order; the first failure stops the rest, unless it is only to be warned about.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let output = Output::new(&self.options);
        if self.list {
            return output.result(&catalogue::TASKS, |_| list());
        }
        if let Some(name) = &self.display {
            return output.result(known(name)?, explain);
        }
        let calls: Vec<TaskCall> = self.tasks.iter().map(|text| TaskCall::parse(text)).collect();
        // An unknown task anywhere: nothing runs.
        let tasks: Result<Vec<_>, _> = calls.iter().map(|call| known(&call.name)).collect();
        let tasks = tasks?;
        if tasks.iter().all(|task| task.name == "version") && calls.iter().all(TaskCall::has_no_arguments) {
            return tasks.iter().try_for_each(|_| perform::version(&output));
        }
        if self.detach && !matches!(tasks.as_slice(), [task] if perform::can_be_detached(task.name)) {
            let refusal = "`--detach` is for one task alone, of prepare, build and quick";
            return Err(Failure::usage(refusal).with_hint("what follows a task has to wait for its end"));
        }
        let session = Session::open(&self.options)?;
        let is_project = |name: &str| session.config.projects.contains_key(name);
        let bind = |(task, call)| bind::bind(task, call, &is_project).map_err(Failure::usage);
        let bound: Result<Vec<Arguments>, Failure> = tasks.into_iter().zip(&calls).map(bind).collect();
        let bound = bound?;
        let warn_only = session.config.connection.warn_only;
        let (here, elsewhere) = (session.clone(), session.config.repository_at.is_some());
        let repository = elsewhere.then(|| Fleet::of_repository(session.clone())).transpose()?;
        let builders = Fleet::of(session)?;
        let mut first = Ok(());
        for (call, arguments) in calls.iter().zip(bound) {
            let repository = repository.as_ref().filter(|_| perform::is_of_repository(&call.name));
            let fleet = repository.unwrap_or(&builders);
            let order = Order { task: &call.name, arguments: &arguments, detach: self.detach };
            let done = if perform::is_of_no_host(&call.name) {
                perform::perform(&here, &order).await
            } else {
                fleet.each(async |session| perform::perform(session, &order).await).await
            };
            match done {
                Ok(()) => (),
                Err(failure) if warn_only => {
                    output.warn(&format!("task {}: {}", call.name, failure.problem.title));
                    output.answer(&failure);
                    first = first.and(Err(failure.answered()));
                }
                Err(failure) => return Err(failure),
            }
        }
        first
    }
}

/// The pairs of a `--set`, separated as the arguments of a task are.
pub(crate) fn split_settings(text: &str) -> Vec<(String, Option<String>)> {
    let call = TaskCall::parse(&format!(":{text}"));
    let flags = call.positional.into_iter().filter(|key| !key.is_empty()).map(|key| (key, None));
    let pairs = call.keyword.into_iter().map(|(key, value)| (key, Some(value)));
    pairs.chain(flags).collect()
}

fn list() -> String {
    let rows = catalogue::TASKS.iter().map(|task| {
        let first = task.text.lines().next().unwrap_or_default();
        vec![task.name.to_owned(), first.to_owned()]
    });
    table(&["task", "what it does"], rows)
}

fn explain(task: &Signature) -> String {
    format!("{}\n\n{}", task.usage(), task.text)
}

fn known(name: &str) -> Result<&'static Signature, Failure> {
    let names: Vec<&str> = catalogue::TASKS.iter().map(|task| task.name).collect();
    catalogue::find(name).ok_or_else(|| {
        let hint = gachette_core::nearest(name, &names).map(|near| format!("did you mean `{near}`? "));
        Failure::usage(format!("there is no task `{}`", name.escape_debug())).with_hint(format!(
            "{}the tasks are {}",
            hint.unwrap_or_default(),
            names.join(", ")
        ))
    })
}

/// The error about a word that is neither a subcommand nor, where it is the first, a task.
pub(crate) fn unknown(word: &str, words: &[OsString]) -> Failure {
    let line = CommandLine::command();
    let (mut command, mut path) = (&line, vec!["gachette"]);
    for said in words.iter().skip(1).take_while(|said| *said.as_os_str() != *word) {
        if let Some(found) = command.find_subcommand(said) {
            command = found;
            path.push(found.get_name());
        }
    }
    let commands: Vec<&str> = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(clap::Command::get_name)
        .collect();
    let is_first = path.len() == 1;
    let tasks: Vec<&str> = catalogue::TASKS.iter().filter(|_| is_first).map(|task| task.name).collect();
    let all = [commands.as_slice(), tasks.as_slice()].concat();
    let hint = gachette_core::nearest(word, &all).map(|near| format!("did you mean `{near}`? "));
    let hint = format!("{}the subcommands are {}", hint.unwrap_or_default(), commands.join(", "));
    if !is_first {
        let title = format!("there is no subcommand `{}` of `{}`", word.escape_debug(), path.join(" "));
        return Failure::usage(title).with_hint(hint);
    }
    Failure::usage(format!("there is no subcommand and no task `{}`", word.escape_debug()))
        .with_hint(format!("{hint}; the tasks are {}", tasks.join(", ")))
}

#[cfg(test)]
#[path = "../../../../fuzz/entry/task.rs"]
mod entry;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gachette_testkit::Mutations;

    #[test]
    fn no_text_breaks_the_reading_of_tasks() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/task_line");
        Mutations::of(&corpus).feed(20_000, super::entry::task_line);
    }
}
