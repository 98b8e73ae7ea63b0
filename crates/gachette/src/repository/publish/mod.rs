//! Publishing: what a stack holds becomes an APT suite, `dists/DOMAIN/NAME`, that any web server can serve.
//!
//! The order of writes is what clients rely on: package files are there before, indices come under the name of their hash,
//! then under their plain names, and the signed file that names them last, in one step. A client at any moment sees one
//! whole state, since indices of earlier states stay for a while under their hashes.
//!
//! What it costs follows the change: indices are made of parts that are kept compressed ([`gachette_core::apt::Listing`]).

mod contents;
mod donors;
mod index;
mod on_disk;
mod package_files;
mod part;
mod parts;
mod release_files;
mod request;
mod retire;
mod review;
mod sound;
mod state;
mod suite_folder;
mod wish;
mod write;

use std::io::ErrorKind;
use std::path::Path;

use gachette_core::apt::Suite;
use gachette_core::channel::Pin;
use gachette_core::stack::StackRef;
use jiff::Timestamp;

use super::disk::at;
use super::error::RepositoryError;
use super::stat_cache::StatCache;
use super::{Repository, key};
use crate::signing::Signers;
use state::{SuiteState, unknown};
use suite_folder::SuiteFolder;
use wish::{Shown, Wish};

pub(crate) use index::is_packed;
pub(crate) use on_disk::SuiteOnDisk;
pub use request::{PublishRequest, PublishSubject, PublishedSuite, SuiteSettings, SuiteSummary};
pub(crate) use suite_folder::LARGEST_INDEX;

impl Repository {
    /// Makes the suite of a stack, or of a channel, show what that holds now. One that does already is left as it is.
    ///
    /// # Errors
    /// When there is no such stack or channel, a package file of it is lost, the suite's files cannot be written, or signing fails.
    pub fn publish(&self, request: &PublishRequest<'_>) -> Result<PublishedSuite, RepositoryError> {
        let suite = request.subject.suite();
        let nowhere = || unpublishable(&suite, "the repository is in no folder of this machine");
        let root = self.store.root().ok_or_else(nowhere)?;
        let _kept = self.keeping()?;
        // Nothing is made for what is not there.
        if !SuiteFolder::look(root, &suite).path().exists() {
            match &request.subject {
                PublishSubject::AsItIs(suite) => return Err(unknown(suite)),
                PublishSubject::Channel(channel) => drop(self.promoted_to(channel)?),
                subject => drop(self.shown_by(subject)?),
            };
        }
        self.link_pool(root, &suite)?;
        let folder = SuiteFolder::hold(root, &suite)?;
        let mut last = SuiteState::read(self, &suite)?;
        let cache = self.stat_cache(&suite, last.as_ref().map_or(0, |last| last.packages));
        let as_it_is;
        let request = match &request.subject {
            PublishSubject::AsItIs(suite) => {
                as_it_is = self.as_it_is(request, suite, last.as_ref())?;
                &as_it_is
            }
            _ => request,
        };
        // Looked at in our turn: a publisher that was slow must not bring back what was before.
        if let Some(same) = &last
            && self.still_shows(request, same, &folder, &cache).unwrap_or_default()
            && self.check_shown_files(request, same, same.hash, &folder, &cache)?
        {
            cache.keep();
            return Ok(same.clone().unchanged(suite));
        }
        if let Some(last) = &last {
            self.check_knows_what_was_shown(&suite, last)?;
        }
        let shown = self.shown_by(&request.subject)?;
        let wish = Wish::of(request, &shown, &folder, last.as_ref())?;
        if folder.was_interrupted() {
            // Clients may have read the Release file of the one who was killed: what is out of use, is so from now on.
            last.iter_mut().for_each(|last| last.retired.clear());
        } else if let Some(same) = &last
            && wish.is_shown_by(same, &folder, &cache)
            && self.check_shown_files(request, same, shown.head.hash, &folder, &cache)?
        {
            let same = same.clone().by(&shown.head);
            same.write(self, &suite)?;
            cache.keep();
            return Ok(same.unchanged(suite));
        }
        self.write_suite(&folder, &wish, last, &cache)
    }

    /// What is to be published for a suite to stay as it is: what it shows now, or where its channel is.
    fn as_it_is<'a>(
        &self,
        request: &PublishRequest<'a>,
        suite: &Suite,
        last: Option<&SuiteState>,
    ) -> Result<PublishRequest<'a>, RepositoryError> {
        let last = last.ok_or_else(|| unknown(suite))?;
        // What another user says of it was looked at before, and nobody takes a signature away for that.
        let is_believed = last.signed || last.is_ours || !self.marks.are_asked_for();
        if last.signed != request.signers.is_some() || !is_believed {
            return Err(unpublishable(suite, "it was published otherwise just now; try again"));
        }
        if let Some(signers) = request.signers {
            self.check_was_shown(suite, last, signers)?;
        }
        let subject = if Suite::from(last.stack.clone()) == *suite {
            PublishSubject::Stack(last.stack.at(last.revision))
        } else {
            PublishSubject::Channel(suite.clone())
        };
        Ok(PublishRequest {
            subject,
            settings: request.settings.clone(),
            signers: request.signers,
            looked_for: None,
        })
    }

    /// Refuses to sign a revision again of which nothing but what is known of its suite says that it was published: that can be edited.
    fn check_was_shown(
        &self,
        suite: &Suite,
        last: &SuiteState,
        signers: &Signers,
    ) -> Result<(), RepositoryError> {
        if last.is_ours {
            return Ok(());
        }
        // Where a channel is by now, its ledger says; of a stack it is this revision that is signed again.
        let content = if Suite::from(last.stack.clone()) == *suite {
            self.read_head(&last.stack, last.revision, &[last.hash])?.map(|head| head.content)
        } else {
            Some(last.content)
        };
        let files = self.store.root().map(|root| SuiteFolder::look(root, suite).release_files());
        let now = Timestamp::now();
        let is_known = content
            .zip(files)
            .is_some_and(|(content, files)| !files.signed_by(signers, suite, content, now).is_empty());
        if is_known {
            return Ok(());
        }
        let reason = "neither this user nor a key that signs now made it what it is said to be; publish it by its name";
        Err(unpublishable(suite, reason))
    }

    /// Refuses to publish a suite as it is where that is lost.
    pub(crate) fn check_knows_published(&self, suite: &Suite) -> Result<(), RepositoryError> {
        let last = SuiteState::read(self, suite)?;
        last.map_or(Ok(()), |last| self.check_knows_what_was_shown(suite, &last))
    }

    /// What says that the end of a channel's ledger is lost: its suite was published from what no entry knows of.
    pub(crate) fn lost_end_of_channel(
        &self,
        suite: &Suite,
    ) -> Result<Option<RepositoryError>, RepositoryError> {
        let last = SuiteState::read(self, suite)?.filter(|last| Suite::from(last.stack.clone()) != *suite);
        match last.map_or(Ok(()), |last| self.check_knows_what_was_shown(suite, &last)) {
            Err(error @ RepositoryError::Damaged { .. }) => Ok(Some(error)),
            other => other.map(|()| None),
        }
    }

    /// Refuses to show something older because what the suite was published from is lost: hosts have it.
    fn check_knows_what_was_shown(&self, suite: &Suite, last: &SuiteState) -> Result<(), RepositoryError> {
        let (stack, revision) = (&last.stack, last.revision);
        if Suite::from(stack.clone()) != *suite {
            return self.check_knows(suite, (stack, revision, last.hash));
        }
        let key = key::revision(stack, revision);
        // Without any ledger there is no such stack.
        if self.store.exists(&key)? || self.last_number(stack)? == 0 {
            return Ok(());
        }
        let state = state_key(suite);
        let reason = format!(
            "the file is lost, and suite {suite} was published from it; bring it back from a backup, or delete `{state}` if it is \
             gone for good"
        );
        Err(RepositoryError::Damaged { key, reason })
    }

    /// Whether a suite was published as it is wished, by the very revision that it is to show now: so much is known without
    /// reading what that holds.
    fn still_shows(
        &self,
        request: &PublishRequest<'_>,
        last: &SuiteState,
        folder: &SuiteFolder,
        cache: &StatCache,
    ) -> Result<bool, RepositoryError> {
        let (stack, revision, hash) = match &request.subject {
            PublishSubject::Stack(StackRef { stack, revision }) => {
                let newest = self.last_number(stack)?;
                if revision.is_some_and(|number| number != newest) {
                    return Ok(false);
                }
                (stack.clone(), newest, last.hash)
            }
            PublishSubject::Channel(channel) => match self.channel(channel)?.entry.state.shows {
                Some(pin) => (pin.stack, pin.revision, pin.hash),
                None => return Ok(false),
            },
            PublishSubject::AsItIs(_) => return Ok(false),
        };
        let is_it = (&stack, revision, hash) == (&last.stack, last.revision, last.hash);
        if folder.was_interrupted() || !is_it || !last.suits(request, Timestamp::now()) {
            return Ok(false);
        }
        let head = self.read_head(&stack, revision, &[hash])?;
        let is_same = head.is_some_and(|head| head.hash == hash && head.content == last.content);
        Ok(is_same && last.is_in(folder, request, &request.subject.suite(), Timestamp::now(), cache))
    }

    /// What a suite is to show, as of now.
    fn shown_by(&self, subject: &PublishSubject) -> Result<Shown, RepositoryError> {
        let suite = subject.suite();
        match subject {
            PublishSubject::Stack(stack) => {
                let newest = self.resolve_head(&stack.stack.clone().into(), None)?;
                let shown = match stack.revision {
                    // What a deleted stack held is collected, whoever shows it.
                    Some(_) => Shown::whole(self.resolve_whole(stack)?),
                    None => Shown::new(suite, newest.time, newest),
                };
                self.check_unedited(&shown.head)?;
                Ok(shown)
            }
            PublishSubject::Channel(channel) => {
                let (pin, time) = self.promoted_to(channel)?;
                Ok(Shown::new(suite, time, self.pinned_head(&pin)?))
            }
            PublishSubject::AsItIs(suite) => Err(unknown(suite)),
        }
    }

    /// What a channel shows, and when that was last decided about.
    fn promoted_to(&self, channel: &Suite) -> Result<(Pin, Timestamp), RepositoryError> {
        let newest = self.channel(channel)?.entry;
        let pin = newest.state.shows.ok_or_else(|| unpublishable(channel, "nothing was promoted to it"))?;
        Ok((pin, newest.time))
    }

    /// Package files are found below the repository's folder, wherever they lie.
    fn link_pool(&self, root: &Path, suite: &Suite) -> Result<(), RepositoryError> {
        let pool = root.join(gachette_core::apt::POOL);
        let is_it = || {
            let found = pool.canonicalize().ok();
            found.is_some() && found == self.debs.canonicalize().ok()
        };
        if self.debs == pool || is_it() {
            return Ok(());
        }
        // An empty folder is in nobody's way; anything else stays.
        let _ = std::fs::remove_dir(&pool);
        match std::os::unix::fs::symlink(&self.debs, &pool) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && !is_it() => {
                let (pool, debs) = (pool.display(), self.debs.display());
                let reason =
                    format!("{pool} is something else than a link to {debs}, where its packages are");
                Err(unpublishable(suite, reason))
            }
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(at(&pool)(error)),
            _ => Ok(()),
        }
    }
}

fn unpublishable(suite: &Suite, reason: impl ToString) -> RepositoryError {
    RepositoryError::Unpublishable { suite: suite.clone(), reason: reason.to_string() }
}

/// Where the state of a suite is kept.
fn state_key(suite: &Suite) -> String {
    key::suite_state(suite)
}
