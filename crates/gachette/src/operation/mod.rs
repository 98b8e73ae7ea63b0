//! The operations that combine git, builds and the repository: one file for each verb of the user.
//!
//! What concerns a stack or a package alone is a method of [`crate::repository::Repository`].

mod build;
mod error;
mod external;
mod inputs;
mod outcome;
mod prepare;
mod progress;
mod quick;
mod stack;

pub use build::{BuildRequest, build};
pub use error::{FaultKind, OperationError};
pub use outcome::{BuiltPackage, Outcome, PackageState, PreparedCopy, StackedIn};
pub use prepare::{PrepareRequest, prepare};
pub use quick::{QuickRequest, quick};
pub use stack::check_writable;

use std::path::{Path, PathBuf};

use crate::Cancel;
use crate::config::Config;
use crate::event::Event;
use crate::repository::{Repository, RepositoryError};
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
            let text = progress::describe(event);
            (self.on_event)(Event::Preparing { name: name.clone(), text });
        }
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.tell(Event::Warning { text: text.into() });
    }
}

impl Config {
    /// The repository that is configured. A tree of the original tool is taken over.
    ///
    /// # Errors
    /// When none is configured, or there is none in the folder, or it cannot be opened.
    pub fn repository(&self) -> Result<Repository, OperationError> {
        let meta = self.meta()?;
        match Repository::open(meta, self.debs_path.as_deref()) {
            Err(RepositoryError::NotThere { .. }) if meta.join("domain").is_dir() => self.made_repository(),
            outcome => Ok(outcome?),
        }
    }

    /// The repository that is configured, made when there is none.
    ///
    /// # Errors
    /// When none is configured, or it cannot be made or opened.
    pub fn made_repository(&self) -> Result<Repository, OperationError> {
        Ok(Repository::init(self.meta()?, self.debs_path.as_deref())?)
    }

    fn meta(&self) -> Result<&Path, OperationError> {
        self.meta_path.as_deref().ok_or(OperationError::Unset { keys: vec!["meta_path"] })
    }

    /// The folder that built packages land in.
    ///
    /// # Errors
    /// When neither it nor the repository is configured.
    pub fn debs_folder(&self) -> Result<PathBuf, OperationError> {
        let beside = self.meta_path.as_ref().map(|meta| meta.join("debs"));
        self.debs_path
            .clone()
            .or(beside)
            .ok_or(OperationError::Unset { keys: vec!["debs_path", "meta_path"] })
    }
}
