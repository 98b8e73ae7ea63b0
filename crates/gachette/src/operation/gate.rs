//! What is done with a stack only once it is known that it can be installed, or else for a reason that is written down.

use gachette_core::base::BaseRef;
use gachette_core::stack::{By, LowerPackage, is_forced};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{CheckReport, HostCommand};
use super::{FaultKind, OperationError};

/// What was known of a stack when it was sealed or promoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "known", rename_all = "snake_case")]
pub enum StackVerdict {
    /// Nothing: no base is configured for it.
    Nothing {},
    /// It can be installed.
    Installable {
        /// On this base.
        base: BaseRef,
        /// The commands that bring hosts there from what they have, where apt has to be told what it leaves out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        commands: Vec<HostCommand>,
        /// The commands that bring hosts back, where apt does not find the way by itself.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        back: Vec<HostCommand>,
        /// The packages that are lower than those that hosts have.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lower: Vec<LowerPackage>,
    },
    /// It was not known, or known that it cannot be installed, and done all the same.
    Forced {
        /// Why it would have been refused.
        refusal: String,
    },
}

impl StackVerdict {
    /// That of a stack that can be installed, and from which hosts come back at least by a command that is known.
    ///
    /// # Errors
    /// When it is not so.
    pub(super) fn of(report: CheckReport) -> Result<Self, OperationError> {
        let Some(back) = report.ways_back() else {
            return Err(OperationError::NotInstallable(Box::new(report)));
        };
        let commands = report.commands();
        let base = BaseRef { base: report.base.name, number: Some(report.base.number) };
        Ok(Self::Installable { base, commands, back, lower: report.lower })
    }
}

/// Where a stack has to be installable to go on, unless it is forced.
pub(super) struct Gate<'a> {
    force: Option<&'a str>,
    by: &'a By,
}

impl<'a> Gate<'a> {
    /// For whoever goes on `by`, in any case when there is a reason to force it.
    ///
    /// # Errors
    /// When that reason is empty.
    pub(super) fn new(force: Option<&'a str>, by: &'a By) -> Result<Self, OperationError> {
        match force {
            Some(reason) if reason.trim().is_empty() => {
                Err(OperationError::Invalid("what is forced needs a reason".to_owned()))
            }
            _ => Ok(Self { force, by }),
        }
    }

    /// Refuses a reason that says itself that something was forced: logs tell what was by that.
    ///
    /// # Errors
    /// When it does.
    pub(super) fn check_reason(by: &By) -> Result<(), OperationError> {
        let words: Vec<&str> = by.reason.split_whitespace().collect();
        if !is_forced(&words.join(" ")) {
            return Ok(());
        }
        let said = "a reason cannot say `forced (…`, which is written where something is forced; say it in other words, or force it with \
                    `--force REASON`";
        Err(OperationError::Invalid(said.to_owned()))
    }

    /// In whose name and for which reason it goes on although it would be refused, when it is forced.
    pub(super) fn over(&self, refusal: &str) -> Option<By> {
        self.force.map(|reason| self.by.clone().forcing(refusal, reason))
    }

    /// In whose name and for which reason it goes on, and what is known. Where hosts come back by a command that is known, they can go.
    ///
    /// # Errors
    /// When it cannot be installed or that cannot be found out, and it is not forced.
    pub(super) fn pass(
        &self,
        report: Result<CheckReport, OperationError>,
    ) -> Result<(By, StackVerdict), OperationError> {
        let refusal = match report.and_then(StackVerdict::of) {
            Ok(verdict) => return Ok((self.by.clone(), verdict)),
            Err(error) => error,
        };
        let said = refusal.to_string().lines().next().unwrap_or_default().to_owned();
        match self.over(&said).filter(|_| refusal.kind() != FaultKind::Cancelled) {
            Some(by) => Ok((by, StackVerdict::Forced { refusal: said })),
            None => Err(refusal),
        }
    }
}
