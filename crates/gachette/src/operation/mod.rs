//! The operations that combine git, builds and the repository: one file for each verb of the user.
//!
//! What concerns a stack or a package alone is a method of [`crate::repository::Repository`].

mod attest;
mod base;
mod build;
mod check;
mod commits;
mod error;
mod external;
mod gate;
mod import;
mod inputs;
mod outcome;
mod outlook;
mod outsiders;
mod places;
mod prepare;
mod progress;
mod promote;
mod promotion;
mod publish;
mod quick;
mod sbom;
mod seal;
mod source;
mod verify;
mod working_copies;

pub use base::{BaseState, BaseUpdated, bases, update_base};
pub use build::{BuildRequest, build};
pub use check::{
    AbsentPackages, CheckReport, CheckRequest, CheckResult, CheckedBase, HostCommand, HostKind, Passage,
    StackPart, check_stack,
};
pub use commits::{CommitRange, CommitSubject, commits_between};
pub use error::{FaultKind, OperationError};
pub use gate::StackVerdict;
pub use import::{
    Compare, Distribution, ImportReport, ImportRequest, ImportSource, RefusedFile, check_sources, import,
};
pub use outcome::{BuiltPackage, Outcome, PackageState, PreparedCopy, StackedIn};
pub use outlook::{Obstacle, ObstacleKind, OutlookRequest, PromotionOutlook, promotion_outlook};
pub use prepare::{Origin, PrepareRequest, prepare};
pub use promote::{ChannelChanged, ChannelOrder, UnaskedCheck, change_channel};
pub use publish::{Published, SuiteSignature, publish, publish_as_it_is, published_as};
pub use quick::{Missing, QuickRequest, make, quick};
pub use sbom::sbom_parts;
pub use seal::{Sealed, seal_stack};
pub use source::SourceRequest;
pub use verify::{Link, LinkKind, Trusted, Verification, verify};
pub use working_copies::{WorkingCopyState, remove_working_copy, working_copies, working_copy};

use std::fmt::Display;

use crate::Cancel;
use crate::config::Config;
use crate::event::Event;
use crate::working_copy::{self, WorkingCopy};

/// What every operation needs besides its own request.
pub struct Context<'a> {
    /// The configuration in force.
    pub config: &'a Config,
    /// Ends the operation from another thread.
    pub cancel: &'a Cancel,
    /// Is told what happens.
    pub on_event: &'a mut dyn FnMut(Event),
}

impl Context<'_> {
    fn tell(&mut self, event: Event) {
        (self.on_event)(event);
    }

    /// Where a working copy tells what happens to it.
    fn working_copy(&mut self, copy: &WorkingCopy) -> impl FnMut(working_copy::Event) {
        let name = copy.name().to_string();
        move |event| {
            (self.on_event)(match event {
                working_copy::Event::Output { line } => Event::Output { line },
                event => Event::Preparing { name: name.clone(), text: progress::describe(&event) },
            });
        }
    }

    /// The value that was given, else the configured one; a notice where both are there and differ.
    fn chosen<T: PartialEq + Display>(
        &mut self,
        what: &str,
        given: Option<T>,
        configured: Option<T>,
    ) -> Option<T> {
        if let (Some(given), Some(configured)) = (&given, &configured)
            && given != configured
        {
            let text = format!("{what} {given} is used, not the configured {configured}");
            self.tell(Event::Notice { text });
        }
        given.or(configured)
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.tell(Event::Warning { text: text.into() });
    }
}
