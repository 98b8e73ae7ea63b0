//! Other suites that have the same indices, such as that of the stack which a channel is moved to.

use gachette_core::apt::{Indices, Suite};
use gachette_core::stack::Head;
use jiff::Timestamp;

use super::super::Repository;
use super::super::error::RepositoryError;
use super::state::SuiteState;
use super::suite_folder::SuiteFolder;
use super::wish::Wish;
use crate::signing::Signers;

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
            state.content == head.content && !is_other
        });
        let folder = SuiteFolder::look(root, &theirs);
        let files = folder.release_files();
        let now = Timestamp::now();
        let signed = |signers: &Signers| files.are_signed_by(signers, &theirs, head.content, now);
        let is_it = |state: &SuiteState| files.agree_with(state) && signers.is_none_or(signed);
        Ok(state.filter(is_it).map(|state| (folder, state)))
    }

    /// The same of what is to be shown, when it is another suite than the one that is to show it. Its indices are signed as they are,
    /// so the keys must have signed them before, as those of this very content.
    fn other_suite(&self, wish: &Wish<'_>) -> Result<Option<(SuiteFolder, SuiteState)>, RepositoryError> {
        let is_same = Suite::from(wish.shown.head.stack.clone()) == wish.shown.suite;
        if is_same { Ok(None) } else { self.suite_with(&wish.shown.head, wish.request.signers) }
    }

    /// Another suite that has indices of the same content, such as that of the stack which a channel is moved to, and
    /// the wanted ones of it.
    pub(super) fn donor(
        &self,
        wish: &Wish<'_>,
        wanted: impl Fn(&Indices) -> Option<Indices>,
    ) -> Result<Option<(SuiteFolder, Indices)>, RepositoryError> {
        let Some((folder, state)) = self.other_suite(wish)? else { return Ok(None) };
        let Some(files) = wanted(&state.indices) else { return Ok(None) };
        let cache = self.cache_of_stack(&wish.shown.head);
        let are_sound = folder.has_sound(&files, &cache);
        cache.keep();
        Ok(are_sound.then_some((folder, files)))
    }

    /// One whose indices are all as they are wished: what is listed in them need not even be known then.
    pub(super) fn twin(&self, wish: &Wish<'_>) -> Result<Option<(SuiteFolder, SuiteState)>, RepositoryError> {
        let settings = wish.request.digest();
        let other = self.other_suite(wish)?;
        Ok(other.filter(|(folder, state)| {
            let cache = self.cache_of_stack(&wish.shown.head);
            let is_twin = state.settings == settings
                && wish.is_served_by(&state.architectures)
                && folder.has_sound(&state.indices, &cache);
            cache.keep();
            is_twin
        }))
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
