//! The place that holds packages and stacks: plain files, of which the ledgers of stacks are the truth.
//!
//! No daemon, no database, and no lock that anything depends on: a revision is committed by creating a file that must not
//! exist yet. The order of writes is always package file, package record, revision, derived files, so that a crash at any
//! point leaves the old state or the new one. Which revision comes next is decided by [`gachette_core::stack`]; the files
//! are described in `docs/repository.md`.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (meta, built) = (folder.path().join("meta"), folder.path().join("dh-web-1.0-all.deb"));
//! # build(&built)?;
//! use gachette::repository::{FsckMode, Repository};
//! use gachette_core::stack::{By, Provenance};
//!
//! let repository = Repository::init(&meta, None)?;
//! let by = By::new("ada@build1").because("first release");
//! let (old, new) = ("124".parse()?, "125".parse()?);
//! repository.create_stack(&old, None, &by)?;
//! repository.create_stack(&new, Some(&"124@1".parse()?), &by)?;
//!
//! // A package file is moved into the repository, registered, and added: one revision for all that are given.
//! let record = repository.take_in(&built, &Provenance::default())?;
//! let committed = repository.add_to_stack(&new, &[record], &by)?;
//! assert_eq!(committed.entry.revision.number, 2);
//!
//! let diff = repository.diff_stacks(&"124".parse()?, &"125".parse()?)?;
//! assert_eq!(diff.packages.len(), 1);
//! repository.seal_stack(&new, &by)?;
//! let refused = repository.rollback_stack(&new, 1, &by).unwrap_err();
//! assert_eq!(refused.to_string(), "stack default/125 is sealed");
//! assert!(repository.fsck(FsckMode::Check)?.is_clean());
//! # Ok(())
//! # }
//! # fn build(output: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
//! #     use trebuchet::deb::{DebPackage, WriteOptions, write};
//! #     use trebuchet::process::Cancel;
//! #     let name = "dh-web".parse()?;
//! #     let mut control = gachette_core::debian::Control::new(name, "1.0".parse()?, "all".parse()?);
//! #     control.maintainer = "Ada <ada@example.org>".to_owned();
//! #     control.description = "an example".to_owned();
//! #     write(&DebPackage::new(control), output, &WriteOptions::new(0), &Cancel::new())?;
//! #     Ok(())
//! # }
//! ```

mod adopt;
mod aside;
mod bases;
mod buildinfo;
mod channel_history;
mod channel_wish;
mod channels;
mod checks;
mod conflict;
mod create_all;
mod derived;
mod disk;
mod error;
mod file_lists;
mod forget;
mod fsck;
mod gc;
mod identity;
mod inside;
mod keep;
mod key;
mod ledger;
pub(crate) mod lock;
mod log;
mod noted_checks;
mod own_marks;
mod package_file;
mod packages;
mod place;
mod publish;
mod readable;
mod register;
mod register_all;
mod spread;
mod stacks;
mod staging;
mod stat_cache;
mod statements;
mod store;
mod take_in;
mod vacant;
mod vouched;
mod whereabouts;
mod witnesses;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use gachette_core::Sha256Digest;
use gachette_core::apt::POOL;

pub(crate) use bases::LARGEST_LIST;
pub use bases::{BaseCommitted, KeptList};
pub use channel_history::{ChannelLog, ChannelLogRange};
pub use channel_wish::ChannelWish;
pub use channels::ChannelCommitted;
pub use conflict::Conflict;
pub(crate) use disk::hash;
pub use error::{FailureKind, RepositoryError};
pub use file_lists::FileList;
pub use fsck::{Checked, Fault, FaultClass, Finding, FsckMode, FsckReport};
pub use gc::{
    CollectedFile, CollectedPackage, GcMode, GcReport, GcRequest, KEEP_FOR, Keeper, KeptPackage, Tally,
};
pub use identity::Identity;
pub use ledger::Committed;
pub use log::{DamagedLedger, RepositoryLog};
pub(crate) use noted_checks::LedgerOutlook;
use own_marks::OwnMarks;
pub(crate) use place::Unregistered;
pub use place::{Placed, Placement};
pub(crate) use publish::{LARGEST_INDEX, is_packed};
pub use publish::{PublishRequest, PublishSubject, PublishedSuite, SuiteSettings, SuiteSummary};
pub use readable::{DamagedStack, Readable};
pub use register_all::{Expected, ToRegister};
pub(crate) use spread::{Worth, be_one_of_many, gather, processors};
pub use staging::Staging;
pub use store::Store;
pub(crate) use take_in::Staged;
pub use whereabouts::{ChannelWithPackage, Span, StackWithPackage, Standing};
pub(crate) use witnesses::StatedRevision;
pub use writer::id as writer_id;

use crate::signing::KeyFolder;

/// A repository of packages and stacks.
#[derive(Clone, Debug)]
pub struct Repository {
    store: Store,
    debs: PathBuf,
    /// Whether they lie in the repository's own folder because nobody said otherwise.
    has_own_debs: bool,
    identity: Identity,
    /// The revisions or entries of which one must be the newest of a ledger, for it to be changed.
    expected: Option<Vec<Sha256Digest>>,
    /// While it is there, nothing is collected.
    kept: Option<Arc<File>>,
    /// By which what is kept is known to be this user's.
    marks: OwnMarks,
    /// The records that are to be vouched for at the end of what writes many.
    unvouched: Option<Arc<Mutex<Vec<Sha256Digest>>>>,
    /// Where it is remembered what was found in large files, if anywhere.
    stat_caches: Option<PathBuf>,
}

impl Repository {
    /// Opens the repository in the folder `meta`, with its package files in `debs` or else in `meta/debs`, and makes one
    /// when there is none. A tree that the original tool wrote there is kept.
    ///
    /// # Errors
    /// When the folders cannot be made, something else lies in the folder, or a newer gachette made the repository.
    pub fn init(meta: &Path, debs: Option<&Path>) -> Result<Self, RepositoryError> {
        Self::init_beside(meta, debs, &[])
    }

    /// The same in a folder in which these paths may lie too, or what they lie in.
    pub(crate) fn init_beside(
        meta: &Path,
        debs: Option<&Path>,
        own: &[PathBuf],
    ) -> Result<Self, RepositoryError> {
        let has_own_debs = debs.is_none();
        let debs = debs.map_or_else(|| meta.join(POOL), Path::to_path_buf);
        if !disk::is_folder(meta)? {
            disk::make_folder(meta)?;
        }
        let store = Store::local(meta)?;
        if !store.exists(key::IDENTITY)? {
            let own: Vec<PathBuf> = own.iter().chain([&debs]).cloned().collect();
            vacant::check(meta, &own)?;
        }
        Ok(Self { has_own_debs, ..Self::with_store(store, debs)? })
    }

    /// Opens the repository in the folder `meta`, which must be one already.
    ///
    /// # Errors
    /// When it is none, or a newer gachette made it.
    pub fn open(meta: &Path, debs: Option<&Path>) -> Result<Self, RepositoryError> {
        let has_own_debs = debs.is_none();
        let debs = debs.map_or_else(|| meta.join(POOL), Path::to_path_buf);
        let not_there = || RepositoryError::NotThere { path: meta.to_path_buf() };
        let file = meta.join(key::IDENTITY);
        if !disk::is_folder(meta)? || !file.try_exists().map_err(disk::at(&file))? {
            return Err(not_there());
        }
        let store = Store::local(meta)?;
        let identity = identity::read(&store)?.ok_or_else(not_there)?;
        let marks = OwnMarks::default();
        Ok(Self {
            store,
            debs,
            has_own_debs,
            identity,
            expected: None,
            kept: None,
            marks,
            unvouched: None,
            stat_caches: None,
        })
    }

    /// The repository in any store, made when there is none; its package files are in the folder `debs`.
    ///
    /// # Errors
    /// When the store fails, or a newer gachette made the repository.
    pub fn with_store(store: Store, debs: PathBuf) -> Result<Self, RepositoryError> {
        disk::make_folder(&debs)?;
        if let Some(identity) = identity::read(&store)? {
            return Ok(Self {
                store,
                debs,
                has_own_debs: false,
                identity,
                expected: None,
                kept: None,
                marks: OwnMarks::default(),
                unvouched: None,
                stat_caches: None,
            });
        }
        // The identity comes last: should this be killed in between, the next one takes over what is left to take over.
        let fresh = Self {
            store,
            debs,
            has_own_debs: false,
            identity: Identity::new(),
            expected: None,
            kept: None,
            marks: OwnMarks::default(),
            unvouched: None,
            stat_caches: None,
        };
        fresh.adopt()?;
        let identity = identity::write(&fresh.store, fresh.identity.clone())?;
        Ok(Self { identity, ..fresh })
    }

    /// The same repository, in which a stack, channel or base is changed only while one of these is its newest revision or
    /// entry, if any are named.
    #[must_use]
    pub fn expecting(self, newest: Option<Vec<Sha256Digest>>) -> Self {
        Self { expected: newest, ..self }
    }

    /// The same repository, of which what is kept is only believed when this user kept it, by a secret in this folder of keys.
    #[must_use]
    pub(crate) fn marked_beside(self, keys: KeyFolder) -> Self {
        Self { marks: OwnMarks::beside_keys(keys), ..self }
    }

    /// The same repository, in which a stack is changed only while this is its newest revision, and one of those that were
    /// expected before, if any were.
    #[must_use]
    pub(crate) fn expecting_exactly(self, newest: Sha256Digest) -> Self {
        match &self.expected {
            Some(expected) if !expected.contains(&newest) => self,
            _ => self.expecting(Some(vec![newest])),
        }
    }

    /// Refuses to change a channel or base whose newest entry, with its number, is none that was expected.
    fn check_newest(
        &self,
        ledger: String,
        newest: Option<(u64, &Sha256Digest)>,
    ) -> Result<(), RepositoryError> {
        match &self.expected {
            Some(expected) if !newest.is_some_and(|(_, hash)| expected.contains(hash)) => {
                Err(RepositoryError::EntryChanged { ledger, newest: newest.map_or(0, |(number, _)| number) })
            }
            _ => Ok(()),
        }
    }

    /// What makes this repository this one.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The folder of package files.
    pub fn debs(&self) -> &Path {
        &self.debs
    }

    /// Refuses a link in place of the folder of package files, unless it was said where that is: whoever may write into the repository
    /// can have put it there, and it can lead to the package files of another.
    pub(crate) fn check_debs(&self) -> Result<(), RepositoryError> {
        let root = self.store.root().filter(|_| self.has_own_debs);
        root.map_or(Ok(()), |root| inside::check(root, POOL))
    }

    /// Removes a package file, when it is there.
    pub(crate) fn remove_package_file(&self, file: &str) -> Result<(), RepositoryError> {
        let path = self.package_path(file)?;
        match self.store.root().filter(|_| self.has_own_debs) {
            Some(root) => inside::remove_file(root, Path::new(POOL).join(file)),
            None => place::remove(&path),
        }
    }

    /// The folder of everything else, when it is one of this machine.
    pub fn meta(&self) -> Option<&Path> {
        self.store.root()
    }
}
