//! What a host is asked for, in words: when it fails, its user is told what was being done, and in which state things were left.

use gachette_core::host::HostTarget;
use gachette_core::stack::StackName;
use gachette_http::wire::StartBuild;
use gachette_http::{BuildId, ProblemKind, Unfinished};

/// What is asked for.
pub(crate) struct Errand {
    /// What is done, as in "in the middle of: seal stack default/124".
    doing: String,
    /// How things are left when the host is lost in the middle of it. Commands in it name no host yet.
    left: String,
}

impl Errand {
    /// Something that changes nothing.
    pub(crate) fn look(doing: impl Into<String>) -> Self {
        Self::parts(doing, "it changes nothing there")
    }

    /// Something that is done in one step; `shows`, a command, shows whether it is.
    pub(crate) fn step(doing: impl Into<String>, shows: impl AsRef<str>) -> Self {
        let shows = shows.as_ref();
        Self::parts(
            doing,
            format!("it is done or it is not, nothing in between: `gachette {shows}` shows which"),
        )
    }

    /// A change of a stack, which is one revision.
    pub(crate) fn on_stack(verb: &str, stack: &StackName) -> Self {
        Self::step(format!("{verb} stack {stack}"), format!("stack log {stack}"))
    }

    /// Something of several steps, which leaves things so.
    pub(crate) fn parts(doing: impl Into<String>, left: impl Into<String>) -> Self {
        Self { doing: doing.into(), left: left.into() }
    }

    /// A build.
    pub(crate) fn build(order: &StartBuild) -> Self {
        match order {
            StartBuild::Prepare { name, .. } => {
                Self::parts(format!("prepare {name}"), "the next run brings the working copy in order")
            }
            StartBuild::Build(order) => {
                Self::parts(format!("build {}", order.name), "the packages that were finished are there")
            }
            StartBuild::Make(order) => {
                Self::parts(format!("build {}", order.project), "nothing of it is in the repository")
            }
            StartBuild::Import(order) => Self::parts(
                format!("import {}", order.from.name()),
                "what was taken in is there; the next run goes on from there",
            ),
            StartBuild::Quick { stack, project, .. } => Self::parts(
                format!("quick {project} into {stack}"),
                "the stack has got all of its packages or none",
            ),
        }
    }

    /// A build that goes by this name there.
    pub(crate) fn started_build(order: &StartBuild, id: &BuildId) -> Self {
        let Self { doing, left } = Self::build(order);
        Self { doing, left: format!("{left}; `gachette builds show {id}` shows what became of it") }
    }

    /// A build that ended in order, with this kind of problem.
    pub(crate) fn ended_build(order: &StartBuild, kind: ProblemKind) -> Self {
        let errand = Self::build(order);
        match order {
            StartBuild::Quick { stack, .. } if kind == ProblemKind::BuildFailed => {
                Self { left: format!("nothing was added to stack {stack}"), ..errand }
            }
            _ => errand,
        }
    }

    /// What is told when this host fails in the middle of it.
    pub(crate) fn unfinished_on(&self, host: &HostTarget) -> Unfinished {
        let left = self.left.replace("`gachette ", &format!("`gachette -H {host} "));
        Unfinished { host: host.to_string(), doing: self.doing.clone(), begun: true, left }
    }
}
