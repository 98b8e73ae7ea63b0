//! Whether all packages of a stack can be installed together on the distribution it is meant for, and what comes with them.
//!
//! What is possible is decided in [`gachette_core::installability`]. Here the packages are gathered, and the answer is kept by all
//! that it depends on, so that it is found at once the next time.

mod gathered;
mod passage;
mod question;
mod report;
mod set;
mod tempted;

use gachette_core::base::{BaseEntry, BaseName, BaseRef};
use gachette_core::debian::{Architecture, PackageName};
use gachette_core::installability::GaveUp;
use gachette_core::stack::{self, By, Entry, LowerPackage, Refusal, RoleName, StackRef};

pub use question::StackPart;
pub use report::{AbsentPackages, CheckReport, CheckResult, CheckedBase, HostCommand, HostKind, Passage};

use super::OperationError;
use super::base::current_base;
use crate::Cancel;
use crate::config::{Base, Config, Roles};
use crate::repository::{Repository, RepositoryError};
use gathered::Gathered;
use question::Question;

/// What is asked.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// The stack, or a revision of it.
    pub stack: StackRef,
    /// The base, in place of the one that the stack is meant for.
    pub base: Option<BaseRef>,
    /// The architecture of hosts; each that is configured for the base when not given.
    pub architecture: Option<Architecture>,
    /// Whether nothing may be missing that they recommend, nor that anything recommends that comes with them.
    pub recommends: bool,
    /// The packages that are installed together.
    pub part: StackPart,
    /// The stack that hosts have now, and can go back to; or a channel that shows it, where no stack has that name.
    pub from: Option<StackRef>,
}

impl CheckRequest {
    /// Whether all of a stack can be installed, on the base that it is meant for.
    pub fn of(stack: StackRef) -> Self {
        Self { stack, base: None, architecture: None, recommends: false, part: StackPart::Whole, from: None }
    }
}

/// Answers whether packages of a stack can be installed together.
///
/// # Errors
/// When there is no such stack, no base is configured for it or was ever taken, a package is not in the stack or has no file, or
/// no answer can be found.
pub fn check_stack(
    config: &Config,
    request: &CheckRequest,
    by: &By,
    cancel: &Cancel,
) -> Result<CheckReport, OperationError> {
    let repository = config.repository()?;
    let stack = repository.show_stack(&request.stack)?;
    let from = request.from.as_ref().map(|from| repository.stack_or_shown(from)).transpose()?;
    let roles = config.roles_of(request.stack.stack.domain());
    let parts = parts(roles, &stack, &request.part)?;
    let (settings, base) = base_for(config, &repository, request, by, cancel)?;
    let question = Question {
        stack: &stack.revision.packages,
        from: from.as_ref().map(|entry| &entry.revision.packages),
        base: &base,
        architectures: architectures(&settings, &base, request)?,
        foreign: settings.foreign.clone(),
        recommends: request.recommends,
        takes_recommended: settings.recommends,
        parts,
        roles,
    };
    let digest = question.digest();
    let known = repository.kept_answer(&digest)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let (results, kept) = match known {
        Some(results) => (results, true),
        None => {
            let gathered = Gathered::new(&repository, &question)?;
            let results = gathered.answer(&question, cancel)?;
            // Whoever may read but not write is answered too, only not as quickly the next time.
            if let Ok(bytes) = serde_json::to_vec(&results) {
                let _ = repository.keep_answer(&digest, bytes);
            }
            (results, false)
        }
    };
    let absent = absent(&question);
    let takes_recommended = settings.recommends;
    Ok(CheckReport {
        absent,
        takes_recommended,
        ..report(request, &stack, from.as_ref(), &base, results, kept)
    })
}

fn report(
    request: &CheckRequest,
    stack: &Entry,
    from: Option<&Entry>,
    base: &BaseEntry,
    results: Vec<CheckResult>,
    kept: bool,
) -> CheckReport {
    let exact = |entry: &Entry| entry.revision.stack.at(entry.revision.number);
    let lower = |from: &Entry| {
        let stacked = stack::lower(&from.revision.packages, &stack.revision.packages);
        let hosts = results.iter().filter_map(|result| result.forth.as_ref()).flat_map(|forth| &forth.lower);
        with_lower(stacked, hosts)
    };
    CheckReport {
        stack: exact(stack),
        content: stack.revision.content,
        from: from.map(exact),
        base: CheckedBase::of(base),
        recommends: request.recommends,
        takes_recommended: true,
        part: request.part.clone(),
        installable: results.iter().all(CheckResult::is_fine),
        lower: from.map(lower).unwrap_or_default(),
        results,
        kept,
        absent: Vec::new(),
    }
}

/// Packages that go down, with others that do.
pub(super) fn with_lower<'a>(
    mut lower: Vec<LowerPackage>,
    others: impl IntoIterator<Item = &'a LowerPackage>,
) -> Vec<LowerPackage> {
    for other in others {
        if !lower.iter().any(|known| known.name == other.name) {
            lower.push(other.clone());
        }
    }
    lower.sort_by(|one, other| one.name.cmp(&other.name));
    lower
}

/// What the roles that are asked about name and the stack has not.
fn absent(question: &Question<'_>) -> Vec<AbsentPackages> {
    let of_role = |role: &RoleName| {
        let named = question.roles.get(role).into_iter().flatten();
        let packages: Vec<_> = named.filter(|name| question.stack.get(name).is_none()).cloned().collect();
        (!packages.is_empty()).then(|| AbsentPackages { role: role.clone(), packages })
    };
    question.parts.iter().filter_map(StackPart::role).filter_map(of_role).collect()
}

/// The base that is asked about: what is configured of it, and how it was kept.
fn base_for(
    config: &Config,
    repository: &Repository,
    request: &CheckRequest,
    by: &By,
    cancel: &Cancel,
) -> Result<(Base, BaseEntry), OperationError> {
    let meant = || config.base_of(request.stack.stack.domain()).cloned().map(BaseRef::from);
    let wanted = request.base.clone().or_else(meant).ok_or(OperationError::Unset { keys: vec!["base"] })?;
    let settings = configured(config, &wanted.base)?;
    let entry = match wanted.number {
        Some(_) => repository.base(&wanted)?,
        None => current_base(repository, &wanted.base, settings, by, cancel)?,
    };
    Ok((settings.clone(), entry))
}

/// The parts of the stack that are installed together.
fn parts(roles: &Roles, stack: &Entry, part: &StackPart) -> Result<Vec<StackPart>, OperationError> {
    match part {
        StackPart::Role(role) if !roles.contains_key(role) => {
            Err(OperationError::NoRole { role: role.clone(), known: roles.keys().cloned().collect() })
        }
        StackPart::Role(role)
            if part.packages(&stack.revision.packages, roles).is_some_and(|it| it.is_empty()) =>
        {
            let stack = stack.revision.stack.at(stack.revision.number);
            Err(OperationError::EmptyRole { role: role.clone(), stack })
        }
        StackPart::Only(names) => {
            let is_there = |name: &PackageName| stack.revision.packages.get(name).is_some();
            match names.iter().find(|name| !is_there(name)) {
                Some(name) => {
                    let (stack, package) = (stack.revision.stack.clone(), name.clone());
                    Err(RepositoryError::from(Refusal::NotInStack { stack, package }).into())
                }
                None => Ok(vec![part.clone()]),
            }
        }
        StackPart::Whole if !roles.is_empty() => Ok(roles.keys().cloned().map(StackPart::Role).collect()),
        _ => Ok(vec![part.clone()]),
    }
}

/// The architectures of hosts that are asked about.
fn architectures(
    settings: &Base,
    base: &BaseEntry,
    request: &CheckRequest,
) -> Result<Vec<Architecture>, OperationError> {
    match &request.architecture {
        None => Ok(settings.architectures.clone()),
        Some(one) if settings.architectures.contains(one) => Ok(vec![one.clone()]),
        Some(other) => Err(OperationError::NoArchitecture {
            base: base.base.clone(),
            architecture: other.clone(),
            known: settings.architectures.clone(),
        }),
    }
}

/// What is configured of a base.
///
/// # Errors
/// When nothing is.
pub(super) fn configured<'a>(config: &'a Config, base: &BaseName) -> Result<&'a Base, OperationError> {
    config.bases.get(base).ok_or_else(|| OperationError::NoBase {
        base: base.clone(),
        known: config.bases.keys().cloned().collect(),
    })
}

impl From<GaveUp> for OperationError {
    fn from(error: GaveUp) -> Self {
        match error {
            GaveUp::Stopped => Self::Cancelled,
            GaveUp::TooHard | GaveUp::Wrong => Self::Unanswered(error),
        }
    }
}
