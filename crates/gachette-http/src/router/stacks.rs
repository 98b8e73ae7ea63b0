//! Stacks: list, create, show, log, change, compare.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gachette::Cancel;
use gachette::operation::{self, CheckReport, OperationError, Sealed, commits_between};
use gachette::repository::{Committed, Expected, Readable, Repository, ToRegister};
use gachette_core::stack::{By, Domain, Entry, PackageRecord, StackDiff, StackName, StackRef};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Json, Path, Query};
use super::{Answer, Api, blocking, entity_tag, while_awaited};
use crate::Problem;
use crate::access::{Caller, Role};
use crate::wire::{
    AddFile, Change, ChangeStack, Changed, CheckStack, CreateStack, Diff, ExpectedPackage, RevisionSummary,
    StackState, StackSummary,
};

/// Which revision of a stack.
#[derive(Deserialize, JsonSchema)]
pub(super) struct AtRevision {
    pub(super) revision: Option<u64>,
}

/// How much of a list whose newest comes first.
#[derive(Deserialize, JsonSchema)]
pub(super) struct LogRange {
    pub(super) limit: Option<usize>,
}

/// From where to where to compare.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DiffRange {
    revision: Option<u64>,
    to: StackRef,
    /// How many commits are shown between two versions at most; none when it is not said.
    commits: Option<u16>,
}

pub(super) async fn domains(State(api): State<Api>) -> Answer<Vec<Domain>> {
    blocking(move || Ok(api.config.repository()?.domains()?)).await.map(Json)
}

pub(super) async fn list(
    State(api): State<Api>,
    Path(domain): Path<Domain>,
) -> Answer<Readable<StackSummary>> {
    let entries = blocking(move || Ok(api.config.repository()?.stacks(&domain)?)).await?;
    Ok(Json(entries.map(|entry| StackSummary::of(&entry))))
}

pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Path(domain): Path<Domain>,
    Json(wish): Json<CreateStack>,
) -> Result<impl IntoResponse, Problem> {
    let by = caller.by(&wish.reason);
    let stack = StackName::new(domain, &wish.name).map_err(Problem::invalid)?;
    let create = move || {
        // A copy needs a repository that is there; a first stack makes one.
        let copied = wish.from.is_some();
        let repository = if copied { api.config.repository() } else { api.config.made_repository() }?;
        Ok(repository.create_stack(&stack, wish.from.as_ref(), &by)?)
    };
    Ok(answer(blocking(create).await?))
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(name): Path<(Domain, String)>,
    Query(at): Query<AtRevision>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stack = StackRef { stack: stack_name(name)?, revision: at.revision };
    let entry = blocking(move || Ok(api.config.repository()?.show_stack(&stack)?)).await?;
    let hash = entry.hash;
    Ok(entity_tag::answer(&headers, &hash, Json(StackState::from(entry))))
}

pub(super) async fn log(
    State(api): State<Api>,
    Path(name): Path<(Domain, String)>,
    Query(range): Query<LogRange>,
) -> Answer<Readable<RevisionSummary>> {
    let stack = stack_name(name)?;
    let limit = range.limit.unwrap_or(usize::MAX);
    // One more than is asked for, to compare the last of them with.
    let more = range.limit.map(|limit| limit.saturating_add(1));
    let log = blocking(move || Ok(api.config.repository()?.log_stack(&stack, more)?)).await?;
    // When the one before cannot be read, what was changed of it is not known.
    let before = |at: usize, entry| match log.found.get(at + 1) {
        Some(before) if before.revision.number + 1 == number(entry) => Some(before),
        _ => (number(entry) > 1).then_some(entry),
    };
    let entries = log.found.iter().enumerate().take(limit);
    let found = entries.map(|(at, entry)| RevisionSummary::between(before(at, entry), entry)).collect();
    Ok(Json(Readable { found, damaged: log.damaged }))
}

pub(super) async fn diff(
    State(api): State<Api>,
    Path(name): Path<(Domain, String)>,
    Query(range): Query<DiffRange>,
) -> Answer<Diff> {
    let from = StackRef { stack: stack_name(name)?, revision: range.revision };
    blocking(move || {
        let repository = api.config.repository()?;
        let revision = |named: &StackRef| Ok::<_, OperationError>(repository.stack_or_shown(named)?.revision);
        let (old, new) = (revision(&from)?, revision(&range.to)?);
        let packages = StackDiff::between(&old.packages, &new.packages).packages;
        let contents = (&old.packages, &new.packages);
        let commits = match range.commits.map_or(0, usize::from) {
            0 => Vec::new(),
            most => commits_between(&api.config, &repository, contents, &packages, most)?,
        };
        let differ = packages.iter().filter(|package| new.packages.get(&package.name).is_some()).count();
        Ok(Diff {
            from: old.stack.at(old.number),
            to: new.stack.at(new.number),
            unchanged: new.packages.len() - differ,
            packages,
            commits,
        })
    })
    .await
    .map(Json)
}

pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<(Domain, String)>,
    headers: HeaderMap,
    Json(wish): Json<ChangeStack>,
) -> Result<impl IntoResponse, Problem> {
    let (stack, by) = (stack_name(name)?, caller.by(&wish.reason));
    if matches!(wish.change, Change::Delete) && caller.role < Role::Admin {
        return Err(caller.lacks(Role::Admin));
    }
    let expected = entity_tag::expected(&headers);
    let change = move |cancel: &Cancel| {
        let repository = api.config.repository()?.expecting(expected);
        let seal = |force| operation::seal_stack(&api.config, &repository, &stack, force, &by, cancel);
        match wish.change {
            Change::Seal => seal(None),
            Change::ForceSeal(reason) => seal(Some(&reason)),
            other => {
                let committed = carry_out(&repository, &stack, other, &by)?;
                Ok(Sealed { committed, verdict: None, unsigned: None })
            }
        }
    };
    let Sealed { committed, verdict, unsigned } = while_awaited(change).await?;
    let tag = entity_tag::of(&committed.entry.hash);
    Ok(([tag], Json(Changed { check: verdict, unsigned, ..Changed::from(committed) })))
}

pub(super) async fn check(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<(Domain, String)>,
    Json(wish): Json<CheckStack>,
) -> Answer<CheckReport> {
    let (question, by) = (wish.about(stack_name(name)?), caller.by(""));
    while_awaited(move |cancel| operation::check_stack(&api.config, &question, &by, cancel)).await.map(Json)
}

/// What became of a wish, with the tag of the revision after it.
fn answer(committed: Committed) -> impl IntoResponse {
    ([entity_tag::of(&committed.entry.hash)], Json(Changed::from(committed)))
}

fn carry_out(
    repository: &Repository,
    stack: &StackName,
    change: Change,
    by: &By,
) -> Result<Committed, OperationError> {
    Ok(match change {
        Change::Add(files) => {
            repository.check_open(stack)?;
            let kept = repository.keeping()?;
            kept.add_to_stack(stack, &register(&kept, files)?, by)?
        }
        Change::Remove(packages) => repository.remove_from_stack(stack, &packages, by)?,
        // Whoever comes here with a seal has asked whether it may be.
        Change::Seal | Change::ForceSeal(_) => repository.seal_stack(stack, by)?,
        Change::Rollback(to) => repository.rollback_stack(stack, to, by)?,
        Change::Delete => repository.delete_stack(stack, by)?,
    })
}

/// Registers package files of the debs folder, after comparing each with what is said of it.
fn register(repository: &Repository, files: Vec<AddFile>) -> Result<Vec<PackageRecord>, OperationError> {
    let files = files.into_iter().map(|file| ToRegister {
        file: file.file_name.into(),
        expected: file.expected.map(|expected| {
            let ExpectedPackage { name, version, architecture } = expected;
            Expected { name, version, architecture }
        }),
        provenance: file.provenance,
    });
    Ok(repository.register_all(&files.collect::<Vec<_>>())?)
}

fn number(entry: &Entry) -> u64 {
    entry.revision.number
}

pub(super) fn stack_name((domain, name): (Domain, String)) -> Result<StackName, Problem> {
    StackName::new(domain, &name).map_err(Problem::invalid)
}

impl From<Committed> for Changed {
    fn from(committed: Committed) -> Self {
        let revision = committed.entry.revision;
        Self {
            packages: revision.packages.len(),
            stack: revision.stack,
            revision: revision.number,
            changed: committed.changed,
            check: None,
            unsigned: None,
        }
    }
}
