//! Carries a task out, by the subcommand that does the same.

use std::path::PathBuf;
use std::str::FromStr;

use gachette_core::stack::{Domain, Provenance, StackName};
use gachette_http::wire::{AddFile, ExpectedPackage};

use super::signature::Arguments;
use crate::command::{BuildArgs, CreateArgs, PrepareArgs, QuickArgs, add_files, show_config};
use crate::error::Failure;
use crate::output::Output;
use crate::session::Session;

/// Whether a task is carried out where the repository is, and not where packages are built.
pub(super) fn is_of_repository(task: &str) -> bool {
    matches!(task, "stack_create" | "add_to_stack")
}

/// Whether a task is about the command line and what it goes by: no host is asked.
pub(super) fn is_of_no_host(task: &str) -> bool {
    matches!(task, "show_config" | "version")
}

/// Whether a task is long work, which can go on by itself.
pub(super) fn can_be_detached(task: &str) -> bool {
    matches!(task, "prepare" | "build" | "quick")
}

/// A task with its arguments.
pub(super) struct Order<'a> {
    pub(super) task: &'a str,
    pub(super) arguments: &'a Arguments,
    /// Whether its end is not waited for.
    pub(super) detach: bool,
}

/// Carries one task out.
pub(super) async fn perform(session: &Session, order: &Order<'_>) -> Result<(), Failure> {
    let Order { task, arguments, detach } = *order;
    let session = &with_paths(session, arguments)?;
    match task {
        "stack_create" => stack_create(session, arguments).await,
        "prepare" => {
            let args = PrepareArgs {
                name: parsed(arguments, "name")?,
                url: optional(arguments, "url")?,
                reference: optional(arguments, "ref")?,
                detach,
            };
            args.run(session).await
        }
        "build" => build(session, order).await,
        "add_to_stack" => add_to_stack(session, arguments).await,
        "quick" => {
            let args = QuickArgs {
                stack: stack(session, arguments, "stack", arguments.get("project"))?.to_string(),
                project: arguments.required("project").to_owned(),
                reference: optional(arguments, "ref")?,
                url: optional(arguments, "url")?,
                path_to_missile: optional(arguments, "path_to_missile")?,
                rebuild: false,
                reason: String::new(),
                detach,
            };
            args.run(session).await
        }
        "show_config" => show_config(session).await,
        _ => version(&session.output),
    }
}

/// Prints the version; needs no configuration.
pub(super) fn version(output: &Output) -> Result<(), Failure> {
    output.result(&env!("CARGO_PKG_VERSION"), |version| format!("gachette {version}"))
}

/// The session whose configuration has the paths that the call names. They win over the file; a notice says so.
fn with_paths(session: &Session, arguments: &Arguments) -> Result<Session, Failure> {
    let path = |name: &str| -> Result<Option<PathBuf>, Failure> {
        let Some(text) = arguments.get(name) else { return Ok(None) };
        if text.chars().any(char::is_control) {
            return Err(Failure::usage(format!(
                "{name} `{}` holds a control character",
                text.escape_debug()
            )));
        }
        std::path::absolute(text).map(Some).map_err(Failure::usage)
    };
    let (meta, debs) = (path("meta_path")?, path("debs_path")?);
    for (name, given, configured) in
        [("meta_path", &meta, &session.config.meta_path), ("debs_path", &debs, &session.config.debs_path)]
    {
        if let (Some(given), Some(configured)) = (given, configured)
            && given != configured
        {
            let (given, configured) = (given.display(), configured.display());
            session.output.note(&format!("note: {name} {given} is used, not the configured {configured}"));
        }
    }
    Ok(session.reconfigured(|config| {
        config.meta_path = meta.or(config.meta_path.take());
        config.debs_path = debs.or(config.debs_path.take());
    }))
}

async fn stack_create(session: &Session, arguments: &Arguments) -> Result<(), Failure> {
    let args = CreateArgs {
        stack: stack(session, arguments, "name", None)?.to_string(),
        from: arguments.get("from_stack").map(str::to_owned),
        reason: String::new(),
    };
    args.run(session).await
}

async fn build(session: &Session, order: &Order<'_>) -> Result<(), Failure> {
    let arguments = order.arguments;
    let args = BuildArgs {
        name: parsed(arguments, "name")?,
        path_to_missile: optional(arguments, "path_to_missile")?,
        app_version: optional(arguments, "app_version")?,
        env_version: optional(arguments, "env_version")?,
        service_version: optional(arguments, "service_version")?,
        static_version: None,
        web_callback: optional(arguments, "webcallback")?,
        detach: order.detach,
    };
    args.run(session).await
}

async fn add_to_stack(session: &Session, arguments: &Arguments) -> Result<(), Failure> {
    let stack = stack(session, arguments, "stack_version", None)?;
    let (name, version) = (parsed(arguments, "name")?, parsed(arguments, "version")?);
    let expected = ExpectedPackage { name, version, architecture: None };
    let file_name = arguments.required("file_name").to_owned();
    add_files(
        session,
        &stack.to_string(),
        vec![AddFile { file_name, expected: Some(expected), provenance: Provenance::default() }],
        "",
    )
    .await
}

/// The stack that the call means: in its own domain, else the project's, else the configured one.
fn stack(
    session: &Session,
    arguments: &Arguments,
    name: &str,
    project: Option<&str>,
) -> Result<StackName, Failure> {
    let given: Option<Domain> = optional(arguments, "domain")?;
    let of_project = project.and_then(|project| session.config.project(project).domain);
    let domain = given.or(of_project).unwrap_or_else(|| session.config.domain.clone());
    StackName::new(domain, arguments.required(name)).map_err(Failure::usage)
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(arguments: &Arguments, name: &str) -> Result<T, Failure> {
    read(name, arguments.required(name))
}

fn optional<T: FromStr<Err: std::fmt::Display>>(
    arguments: &Arguments,
    name: &str,
) -> Result<Option<T>, Failure> {
    arguments.get(name).map(|text| read(name, text)).transpose()
}

fn read<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, Failure> {
    let wrong =
        |error: T::Err| Failure::usage(format!("argument `{name}`, `{}`: {error}", text.escape_debug()));
    text.parse().map_err(wrong)
}
