//! Looking at a suite that was published, and making its indices again: what needs no key.

use gachette_core::apt::{Contents, Listing, Release, Suite};
use gachette_core::stack::Entry;

use super::super::Repository;
use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::ledger::number_of;
use super::super::{key, lock};
use super::index::{Index, is_packed};
use super::state::SuiteState;
use super::suite_folder::SuiteFolder;
use super::unpublishable;

/// What is found of a suite.
pub(crate) struct SuiteReview {
    /// Whether the files above the indices are those that were written.
    pub(crate) release_is_intact: bool,
    /// Whether the suite of a channel shows where the channel is.
    pub(crate) shows_its_channel: bool,
    /// The indices that are not what the Release file says, by path from the suite's folder.
    pub(crate) damaged: Vec<String>,
}

impl SuiteReview {
    fn is_sound(&self) -> bool {
        self.release_is_intact && self.shows_its_channel && self.damaged.is_empty()
    }
}

impl Repository {
    /// The folder of a suite, whether or not anything was published there; none when the repository is in no folder.
    pub(crate) fn suite_folder(&self, suite: &Suite) -> Option<std::path::PathBuf> {
        Some(SuiteFolder::look(self.store.root()?, suite).path().to_owned())
    }

    /// Looks at every file of a suite; nothing when it is not known what was published.
    pub(crate) fn review_suite(&self, suite: &Suite) -> Result<Option<SuiteReview>, RepositoryError> {
        let review = self.look_at_suite(suite)?;
        let root = self.store.root().filter(|_| review.as_ref().is_some_and(|review| !review.is_sound()));
        let Some(root) = root else { return Ok(review) };
        // A publisher may have been between two steps: his end is waited for.
        let _turn = lock::turn(&root.join(key::suite(suite)));
        self.look_at_suite(suite)
    }

    /// Whether clients can fetch something in the place of a suite, and nothing is known of how it was published.
    pub(crate) fn is_served_unknown(&self, suite: &Suite) -> Result<bool, RepositoryError> {
        let Some(root) = self.store.root() else { return Ok(false) };
        let look = || {
            let is_unknown = !self.store.exists(&super::state_key(suite))?;
            Ok(is_unknown && !SuiteFolder::look(root, suite).files_in("")?.is_empty())
        };
        if !look()? {
            return Ok(false);
        }
        // One who publishes it first, or takes it away, may be between two steps; who takes longer than is waited for is at work.
        let Some(_turn) = lock::turn(&root.join(key::suite(suite))) else { return Ok(false) };
        look()
    }

    fn look_at_suite(&self, suite: &Suite) -> Result<Option<SuiteReview>, RepositoryError> {
        let Some(root) = self.store.root() else { return Ok(None) };
        let Some(state) = SuiteState::read(self, suite)? else { return Ok(None) };
        let folder = SuiteFolder::look(root, suite);
        let mut damaged = Vec::new();
        for (path, entry) in &state.indices {
            let plain = path.rsplit_once('.').and_then(|(plain, _)| Some((plain, state.indices.get(plain)?)));
            if let Some((plain, of_plain)) = plain
                && let (Some(packed), Some(plain)) =
                    (folder.read_sound(path, entry), folder.read_sound(plain, of_plain))
                && !is_packed(path, &packed, &plain)
            {
                damaged.push(path.clone());
            }
            for path in [path.clone(), entry.by_hash(path)] {
                if !folder.is_intact(&path, entry) {
                    damaged.push(path);
                }
            }
        }
        let shows_its_channel = match self.channel(suite) {
            Ok(newest) => newest
                .entry
                .state
                .shows
                .is_some_and(|pin| pin.content == state.content && pin.stack == state.stack),
            Err(RepositoryError::MissingChannel { .. }) => true,
            Err(error) => return Err(error),
        };
        let release_is_intact =
            folder.release_files().agree_with(&state) && self.is_of_its_revision(&state)?;
        Ok(Some(SuiteReview { release_is_intact, shows_its_channel, damaged }))
    }

    /// Whether what a suite shows is what the revision holds that it is said to be of.
    fn is_of_its_revision(&self, state: &SuiteState) -> Result<bool, RepositoryError> {
        let head = self.read_head(&state.stack, state.revision, &[state.hash])?;
        // One that is lost is told with its ledger.
        Ok(head.is_none_or(|head| head.content == state.content))
    }

    /// Makes the indices of a suite again, which the Release file names already.
    pub(crate) fn remake_indices(&self, suite: &Suite) -> Result<(), RepositoryError> {
        let Some(root) = self.store.root() else { return Ok(()) };
        let folder = SuiteFolder::hold(root, suite)?;
        let Some(state) = SuiteState::read(self, suite)? else { return Ok(()) };
        let entry = self.revision_with(&state)?;
        for architecture in &state.architectures {
            let listing = Listing::of(&entry.revision.packages, architecture);
            let parts = self.parts(&listing, suite, state.signed)?;
            let mut made = vec![(
                Index::join(&parts.kept).map_err(at(folder.path()))?,
                Release::folder_of(architecture),
            )];
            if state.indices.contains_key(&Contents::path_of(architecture)) {
                let contents = self.contents(&listing, architecture, suite)?;
                made.extend(contents.map(|index| (index, Release::component().to_owned())));
            }
            for (index, place) in made {
                if index.entries(&place).iter().any(|(path, entry)| state.indices.get(path) != Some(entry)) {
                    // It is not taken for published then.
                    self.store.delete(&super::state_key(suite))?;
                    return Err(unpublishable(
                        suite,
                        "its indices are made otherwise by now: publish it again",
                    ));
                }
                folder.put(&index, &place)?;
                folder.name_all(&index.entries(&place))?;
            }
        }
        Ok(())
    }

    /// The newest revision that holds what a suite shows.
    pub(super) fn revision_with(&self, state: &SuiteState) -> Result<Entry, RepositoryError> {
        // By the files that there are: whoever puts one at a high number makes nobody count down from there.
        let files = self.store.children(&key::revisions(&state.stack))?.files;
        let mut numbers: Vec<u64> = files.iter().filter_map(|file| number_of(file)).collect();
        numbers.sort_unstable();
        // What cannot be read is told with the ledger.
        let readable =
            numbers.into_iter().rev().filter_map(|number| self.read_revision(&state.stack, number).ok()?);
        let found = readable.into_iter().find(|entry| entry.revision.content == state.content);
        found.ok_or_else(|| {
            unpublishable(&state.stack.clone().into(), "what its suite shows is in no revision")
        })
    }
}
