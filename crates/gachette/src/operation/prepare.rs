//! `prepare`: makes or refreshes a working copy at a ref.

use gachette_core::git::{GitRef, GitUrl, WorkingCopyName};

use super::{Context, OperationError, Outcome, PreparedCopy};
use crate::event::Event;
use crate::mirror::git_of_mirrors;
use crate::working_copy::{Action, Prepared, WorkingCopy};

/// What to prepare.
#[derive(Debug, Clone)]
pub struct PrepareRequest {
    /// The working copy; a configured project of this name gives what is not said.
    pub name: WorkingCopyName,
    /// Where to clone from.
    pub url: Option<GitUrl>,
    /// The branch, tag or commit.
    pub reference: Option<GitRef>,
    /// Where the commits are fetched from.
    pub origin: Origin,
}

/// Where a repository's commits are fetched from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// The repository itself.
    #[default]
    Remote,
    /// This machine's mirrors of it and its submodules, which somebody with access has pushed to.
    Mirror,
}

/// Brings a working copy to a ref, and says which commit that is.
///
/// # Errors
/// When no URL is known, or git fails.
pub fn prepare(context: &mut Context<'_>, request: &PrepareRequest) -> Result<Outcome, OperationError> {
    let project = context.config.project(request.name.as_str());
    let reference = context.chosen("the ref", request.reference.clone(), project.reference);
    let copy = WorkingCopy::new(request.name.clone(), &context.config.working_copies);
    let url = resolve_url(context, &copy, request.name.as_str(), request.url.clone())?;
    let prepared = bring(context, &copy, &url, reference.as_ref(), request.origin)?;
    Ok(Outcome { working_copy: Some(describe(&copy, &prepared)), ..Outcome::default() })
}

/// The URL that was given, else the project's, else the one the working copy was cloned from.
pub(super) fn resolve_url(
    context: &mut Context<'_>,
    copy: &WorkingCopy,
    project: &str,
    given: Option<GitUrl>,
) -> Result<GitUrl, OperationError> {
    let configured = context.config.project(project).url;
    context.chosen("url", given, configured).or_else(|| copy.known_url()).ok_or_else(|| {
        OperationError::NoUrl {
            project: project.to_owned(),
            known: context.config.projects.keys().cloned().collect(),
        }
    })
}

/// Prepares the working copy, and tells what happens.
pub(super) fn bring(
    context: &mut Context<'_>,
    copy: &WorkingCopy,
    url: &GitUrl,
    reference: Option<&GitRef>,
    origin: Origin,
) -> Result<Prepared, OperationError> {
    let name = copy.name().to_string();
    let copy = match origin {
        Origin::Remote => copy.clone(),
        Origin::Mirror => copy.clone().with_git(git_of_mirrors(url, reference, context.cancel)?),
    };
    let prepared = copy.prepare(url, reference, context.cancel, &mut context.working_copy(&copy))?;
    context.tell(Event::Prepared {
        name,
        commit: prepared.commit.to_string(),
        text: action(prepared.action).to_owned(),
    });
    Ok(prepared)
}

/// The prepared working copy, as part of an outcome.
pub(super) fn describe(copy: &WorkingCopy, prepared: &Prepared) -> PreparedCopy {
    PreparedCopy {
        name: copy.name().to_string(),
        path: prepared.path().display().to_string(),
        commit: prepared.commit.to_string(),
        action: action(prepared.action).to_owned(),
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Cloned => "cloned",
        Action::Fetched => "fetched",
        Action::AlreadyThere => "already there",
    }
}
