//! Push webhooks of GitHub, GitLab and Gitea: a push to the configured branch of a project is built into its stack. Who knows
//! the project's secret is believed; the same delivery is carried out once.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use gachette::config::Project;
use gachette_core::Sha256Digest;
use gachette_core::git::GitRef;
use gachette_core::stack::StackName;
use hmac::{Hmac, KeyInit, Mac};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::extract::{Json, Path};
use super::journal::{Journal, ServerFolder};
use super::{Api, builds, on_disk};
use crate::access::{Caller, Role};
use crate::run::Attachment;
use crate::wire::StartBuild;
use crate::{Problem, ProblemKind};

/// How many marks of deliveries are remembered; each has at most two.
const REMEMBERED: usize = 20_000;
/// What the hooks of the three call a push; GitLab has hooks of the whole server too.
const PUSHES: [(&str, &[&str]); 3] = [
    ("x-github-event", &["push"]),
    ("x-gitea-event", &["push"]),
    ("x-gitlab-event", &["Push Hook", "System Hook"]),
];
/// How GitHub sends JSON when a hook is set to forms: in this field of one.
const FORM: (&str, &str) = ("application/x-www-form-urlencoded", "payload");
/// How the refs of branches begin.
const BRANCH: &str = "refs/heads/";

/// The deliveries that were carried out: their ids, and digests of what they said, since ids are not signed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deliveries(Arc<Mutex<Seen>>);

/// The marks of deliveries, the oldest first, and where they are written down.
#[derive(Debug, Default)]
struct Seen {
    marks: VecDeque<String>,
    journal: Option<Journal<String>>,
}

/// What a push says, in the words that all three have in common.
#[derive(Debug, Deserialize)]
struct Push {
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// The commit after it; zeros when the branch is gone.
    after: Option<String>,
    #[serde(alias = "project")]
    repository: Option<Pushed>,
}

/// What was pushed to.
#[derive(Debug, Deserialize)]
struct Pushed {
    default_branch: Option<String>,
}

/// That nothing was to be done.
#[derive(Serialize, JsonSchema)]
pub(super) struct Ignored {
    ignored: &'static str,
}

pub(super) async fn receive(
    State(api): State<Api>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    // Strangers are not told which hooks there are.
    let missing = || {
        let title =
            "there is no such hook, or the signature is missing, or not made with the secret of this hook";
        Problem::new(ProblemKind::Unauthenticated, title)
    };
    let project = api.config.projects.get(&name).cloned().ok_or_else(missing)?;
    let (stack, secret_file) =
        project.hook_stack.clone().zip(project.hook_secret_file.clone()).ok_or_else(missing)?;
    let secret = on_disk(move || {
        let unreadable = |error| format!("the secret of this hook cannot be read: {error}");
        std::fs::read(&secret_file)
            .map_err(|error| Problem::new(ProblemKind::Configuration, unreadable(error)))
    });
    let secret = secret.await?;
    let secret = secret.trim_ascii_end();
    if secret.is_empty() || !is_signed(&headers, secret, &body) {
        return Err(missing());
    }
    let branch = match wanted(&project, &headers, &Push::read(&headers, &body)?) {
        Ok(branch) => branch,
        Err(ignored) => return Ok(Json(Ignored { ignored }).into_response()),
    };
    let Some(marks) = api.deliveries.take(&name, &headers, &body) else {
        return Ok(Json(Ignored { ignored: "this delivery was carried out already" }).into_response());
    };
    let caller =
        Caller { name: format!("hook-{name}@{}", gachette::identity::host()).into(), role: Role::Build };
    let order = order(name, stack, branch);
    // To its end, though who delivers may not wait for it.
    let begin = move || match builds::begin(&api, &caller, order, Attachment::Detached) {
        Ok(build) => {
            api.deliveries.write_down(&marks);
            Ok(build.into_response())
        }
        Err(problem) => {
            // It may be delivered again.
            api.deliveries.forget(&marks);
            Err(problem)
        }
    };
    on_disk(begin).await
}

fn order(project: String, stack: StackName, branch: GitRef) -> StartBuild {
    let reason = format!("push to {branch}");
    StartBuild::Quick {
        stack,
        project,
        reference: Some(branch),
        url: None,
        path_to_missile: None,
        rebuild: false,
        pushed: false,
        reason,
    }
}

impl Push {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let (form, field) = FORM;
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let json = if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(form)) {
            let found = url::form_urlencoded::parse(body).find(|(name, _)| name == field);
            let missing = || Problem::invalid(format!("the form has no field `{field}`"));
            Cow::Owned(found.ok_or_else(missing)?.1.into_owned().into_bytes())
        } else {
            Cow::Borrowed(body)
        };
        serde_json::from_slice(&json).map_err(|error| {
            Problem::invalid(format!("the body says nothing of a push: {error}"))
                .with_hint("have the hook send JSON (`application/json`)")
        })
    }
}

/// The branch to build, or why there is nothing to do.
fn wanted(project: &Project, headers: &HeaderMap, push: &Push) -> Result<GitRef, &'static str> {
    for (name, pushes) in PUSHES {
        let is_push = |event: &HeaderValue| pushes.iter().any(|push| event == push);
        if !headers.get(name).is_none_or(is_push) {
            return Err("it is no push");
        }
    }
    let reference = push.reference.as_deref().ok_or("it is no push")?;
    let branch = reference.strip_prefix(BRANCH).ok_or("it is no push to a branch")?;
    if push.after.as_deref().is_some_and(|commit| commit.bytes().all(|digit| digit == b'0')) {
        return Err("the branch was deleted");
    }
    let default = || push.repository.as_ref().and_then(|pushed| pushed.default_branch.as_deref());
    let configured = project.reference.as_ref().map(GitRef::as_str);
    let expected = configured.map(|name| name.strip_prefix("origin/").unwrap_or(name)).or_else(default);
    if expected != Some(branch) {
        return Err("it is another branch than the one that is built");
    }
    branch.parse().map_err(|_| "the branch has a name that no branch has")
}

/// Whether who sends this knows the secret.
fn is_signed(headers: &HeaderMap, secret: &[u8], body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).map(|value| value.as_bytes());
    // GitLab shows the secret itself.
    if let Some(shown) = header("x-gitlab-token") {
        return Sha256Digest::of(shown).as_bytes().ct_eq(Sha256Digest::of(secret).as_bytes()).into();
    }
    let github = header("x-hub-signature-256").and_then(|value| value.strip_prefix(b"sha256="));
    let signature = github.or_else(|| header("x-gitea-signature"));
    let signature =
        signature.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<Sha256Digest>().ok());
    let (Some(signature), Ok(mut mac)) = (signature, Hmac::<Sha256>::new_from_slice(secret)) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(signature.as_bytes()).is_ok()
}

/// By what a delivery is known again.
fn marks(project: &str, headers: &HeaderMap, body: &[u8]) -> Vec<String> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let said = Sha256Digest::of(body);
    // Of GitLab, which shows the secret itself, ids can be believed. Two pushes may say the same, when the branch was set back in
    // between; and what a hook sets off has the id of that hook.
    if let Some(id) = header("x-gitlab-event-uuid").filter(|_| headers.contains_key("x-gitlab-token")) {
        return vec![format!("{project} {id} {said}")];
    }
    let ids = ["x-github-delivery", "x-gitea-delivery"].into_iter().filter_map(header);
    ids.map(|id| format!("{project} {id}")).chain([format!("{project} {said}")]).collect()
}

impl Deliveries {
    /// The marks of this delivery, when neither its id nor what it says was there before; from now on both were.
    fn take(&self, project: &str, headers: &HeaderMap, body: &[u8]) -> Option<Vec<String>> {
        let marks = marks(project, headers, body);
        let known = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).marks;
        if marks.iter().any(|mark| known.contains(mark)) {
            return None;
        }
        known.extend(marks.iter().cloned());
        let surplus = known.len().saturating_sub(REMEMBERED);
        known.drain(..surplus);
        Some(marks)
    }

    fn forget(&self, marks: &[String]) {
        let known = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).marks;
        known.retain(|known| !marks.contains(known));
    }

    /// Remembers those that the server before carried out too, and writes all down from here on.
    pub(super) fn adopt(&self, folder: &ServerFolder) -> std::io::Result<()> {
        let (mut journal, before) = Journal::open(folder, "deliveries", |_| true)?;
        let seen = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = std::mem::take(&mut seen.marks);
        seen.marks = before.into_iter().filter(|mark| !here.contains(mark)).collect();
        seen.marks.extend(here.iter().cloned());
        here.iter().for_each(|mark| journal.add(mark, || seen.marks.iter().cloned().collect()));
        let surplus = seen.marks.len().saturating_sub(REMEMBERED);
        seen.marks.drain(..surplus);
        seen.journal = Some(journal);
        Ok(())
    }

    /// Remembers them beyond the end of this process, now that they were carried out.
    fn write_down(&self, new: &[String]) {
        let Seen { marks, journal } = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(journal) = journal else { return };
        new.iter().for_each(|mark| journal.add(mark, || marks.iter().cloned().collect()));
    }
}
