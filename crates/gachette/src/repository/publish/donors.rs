//! Other suites that have the same indices, such as that of the stack which a channel is moved to.

use gachette_core::apt::{Indices, STANZA_FORMAT, Suite};
use gachette_core::stack::Head;
use jiff::Timestamp;

use super::super::Repository;
use super::super::error::RepositoryError;
use super::super::stat_cache::StatCache;
use super::state::SuiteState;
use super::suite_folder::SuiteFolder;
use super::wish::Wish;
use crate::signing::Signers;

/// Another suite that has indices of the same content.
pub(super) struct Donor {
    pub(super) folder: SuiteFolder,
    pub(super) state: SuiteState,
    /// What is known of its files.
    pub(super) cache: StatCache,
}

impl Repository {
    /// The suite of a revision's stack, when it shows what that holds, its Release file says the same as what is known of it, and all of
    /// these keys signed that.
    pub(super) fn suite_with(
        &self,
        head: &Head,
        signers: Option<&Signers>,
    ) -> Result<Option<(SuiteFolder, SuiteState)>, RepositoryError> {
        let theirs = Suite::from(head.stack.clone());
        let Some(root) = self.store.root() else { return Ok(None) };
        let state = SuiteState::read(self, &theirs)?.filter(|state| {
            let is_other = state.revision == head.number && state.hash != head.hash;
            state.content == head.content && !is_other && state.stanzas == STANZA_FORMAT
        });
        let folder = SuiteFolder::look(root, &theirs);
        let files = folder.release_files();
        let now = Timestamp::now();
        let signed = |signers: &Signers| files.are_signed_by(signers, &theirs, head.content, now);
        let is_it = |state: &SuiteState| files.agree_with(state) && signers.is_none_or(signed);
        Ok(state.filter(is_it).map(|state| (folder, state)))
    }

    /// The same of what is to be shown, when it is another suite than the one that is to show it. Its indices are signed as they are,
    /// so the keys must have signed them before, as those of this very content. `known` is what is known of the one that is to show it:
    /// where that is wrong, what is known of the other is not believed either, since files of both may be the same.
    pub(super) fn donor(&self, wish: &Wish<'_>, known: &StatCache) -> Result<Option<Donor>, RepositoryError> {
        let head = &wish.shown.head;
        if Suite::from(head.stack.clone()) == wish.shown.suite {
            return Ok(None);
        }
        let Some((folder, state)) = self.suite_with(head, wish.request.signers)? else { return Ok(None) };
        let cache = self.cache_of_stack(head);
        if known.is_wrong() {
            cache.forget();
        }
        Ok(Some(Donor { folder, state, cache }))
    }
}

impl Donor {
    /// The wanted ones of its indices, if they are sound.
    pub(super) fn sound(&self, wanted: impl Fn(&Indices) -> Option<Indices>) -> Option<Indices> {
        wanted(&self.state.indices).filter(|files| self.folder.has_sound(files, &self.cache))
    }

    /// Whether its indices are all as they are wished: what is listed in them need not even be known then.
    pub(super) fn is_twin(&self, wish: &Wish<'_>) -> bool {
        self.state.settings == wish.request.digest()
            && wish.is_served_by(&self.state.architectures)
            && self.folder.has_sound(&self.state.indices, &self.cache)
    }
}

/// Those of the indices that lie below a folder; none when there is none.
pub(super) fn indices_of(indices: &Indices, folder: &str) -> Option<Indices> {
    those(indices, |path| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

/// Those of the indices whose path is such a one; none when there is none.
pub(super) fn those(indices: &Indices, wanted: impl Fn(&&String) -> bool) -> Option<Indices> {
    let found = indices.iter().filter(|(path, _)| wanted(path)).map(|(path, entry)| (path.clone(), *entry));
    let found: Indices = found.collect();
    (!found.is_empty()).then_some(found)
}
