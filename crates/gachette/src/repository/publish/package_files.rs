//! Whether the package files of a suite are there: looked at before anything shows them to clients.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::apt::{Indices, Listed, Listing, POOL, Release, Suite, files_of};
use gachette_core::debian::Architecture;
use gachette_core::stack::{Content, Head, PackageRecord};
use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;

use super::super::Repository;
use super::super::disk::{at, open_folder};
use super::super::error::RepositoryError;
use super::super::key;
use super::super::spread::{Worth, gather};
use super::super::stat_cache::StatCache;
use super::index::PLAIN;
use super::part::Part;
use super::request::PublishRequest;
use super::state::SuiteState;
use super::suite_folder::SuiteFolder;
use super::unpublishable;
use super::wish::{Shown, Wish};
use crate::file_stat::FileStat;

/// Of how much of an index one processor looks for the files at a time, in bytes.
const PIECE: usize = 1 << 15;

/// From how many packages on it is worth to remember that their files were there.
const MANY: usize = 500;

/// A look for the package files of one content: as what their folder was then. Where that is as it was, none was added, removed or
/// replaced.
pub(super) struct Look {
    stat: Option<FileStat>,
    content: Sha256Digest,
}

impl Look {
    /// Whether they were all there when the folder was as it is now.
    fn was_had(&self, cache: &StatCache) -> bool {
        cache.says(POOL, self.stat) == Some(self.content)
    }

    /// Remembers that they were all there.
    fn remember(&self, cache: &StatCache) {
        cache.remember(POOL, self.stat, &self.content);
    }
}

/// The folder of package files, from where each is found by its name alone: paths are what looking at thousands costs.
struct Pool<'a> {
    folder: File,
    path: &'a Path,
    suite: &'a Suite,
}

impl Repository {
    /// Refuses a suite that would show this revision when a package file of it is lost, or not as long as it was. The indices of
    /// the stack's own suite say which files there are, or else what is kept of indices, so that few records are read.
    ///
    /// # Errors
    /// When one is, or a record is lost.
    pub(crate) fn check_package_files(&self, head: &Head, suite: &Suite) -> Result<(), RepositoryError> {
        let pool = self.pool(suite)?;
        let cache = self.cache_of_stack(head);
        let look = pool.look(head.content);
        if look.was_had(&cache) {
            return Ok(());
        }
        if !self.check_by_indices(&pool, head)? {
            self.check_by_parts(&pool, head)?;
        }
        look.remember(&cache);
        cache.keep();
        Ok(())
    }

    /// Does so by what is kept of indices.
    fn check_by_parts(&self, pool: &Pool<'_>, head: &Head) -> Result<(), RepositoryError> {
        let suite = pool.suite;
        let content = self.content_of(head)?;
        self.refuse_without_files(&content, suite)?;
        for architecture in each(Listing::architectures(&content, &[])) {
            gather(Worth::Files, &Listing::of(&content, &architecture).parts(), |part| {
                let key = key::index_part(&part.key());
                let kept = self.store.read_derived(&key)?;
                match kept.as_ref().and_then(|bytes| Part::plain_of(self.marks.unmarked(&key, bytes).0)) {
                    Some(plain) => pool.check_index(plain),
                    None => part.packages().iter().try_for_each(|listed| {
                        let record = self.listed_record(listed, suite)?;
                        pool.check(&record.file, record.size)
                    }),
                }
            })?;
        }
        Ok(())
    }

    /// Refuses packages that are names only, as a tree of the original tool may have them.
    pub(super) fn refuse_without_files(
        &self,
        content: &Content,
        suite: &Suite,
    ) -> Result<(), RepositoryError> {
        let Some(package) = content.iter().find(|package| package.files.is_empty()) else { return Ok(()) };
        let (name, version) = (&package.name, &package.version);
        let lost = match self.lost_reference(name, version)? {
            Some(file) => {
                format!(": `{}`, which {} names, is lost", file.escape_debug(), key::file(name, version))
            }
            None => String::new(),
        };
        Err(unpublishable(suite, format!("package `{name}` has no file{lost}")))
    }

    /// Does so by the indices of the stack's own suite, and says whether that could be done.
    fn check_by_indices(&self, pool: &Pool<'_>, head: &Head) -> Result<bool, RepositoryError> {
        let Some((folder, state)) = self.suite_with(head, None)? else { return Ok(false) };
        for architecture in each(state.architectures.into_iter().collect()) {
            let path = format!("{}/{PLAIN}", Release::folder_of(&architecture));
            let plain = state.indices.get(&path).and_then(|entry| folder.read_sound(&path, entry));
            let Some(plain) = plain else { return Ok(false) };
            pool.check_index(&plain)?;
        }
        Ok(true)
    }

    /// The same for indices of another suite that would be shown, unless it was looked just now.
    pub(super) fn check_listed_files(
        &self,
        wish: &Wish<'_>,
        donor: &SuiteFolder,
        indices: &Indices,
    ) -> Result<(), RepositoryError> {
        let Shown { suite, head, .. } = wish.shown;
        let pool = self.pool(suite)?;
        let was_had = || pool.look(head.content).was_had(&self.cache_of_stack(head));
        if wish.request.looked_for == Some(head.hash) || was_had() {
            return Ok(());
        }
        let mut looked = BTreeSet::new();
        for (path, entry) in indices {
            // What is the same for several architectures is looked at once.
            if path.ends_with(PLAIN) && looked.insert(entry.sha256) {
                let changed = || unpublishable(suite, format!("{path} was changed while it was read"));
                pool.check_index(&donor.read_sound(path, entry).ok_or_else(changed)?)?;
            }
        }
        Ok(())
    }

    /// The same for a suite that is left as it is, whose indices were found sound just now.
    pub(super) fn check_shown_files(
        &self,
        request: &PublishRequest<'_>,
        state: &SuiteState,
        folder: &SuiteFolder,
        cache: &StatCache,
    ) -> Result<(), RepositoryError> {
        let suite = request.subject.suite();
        let pool = self.pool(&suite)?;
        let look = pool.look(state.content);
        if request.looked_for == Some(state.hash) || look.was_had(cache) {
            return Ok(());
        }
        for architecture in each(state.architectures.iter().cloned().collect()) {
            let path = format!("{}/{PLAIN}", Release::folder_of(&architecture));
            let plain = state.indices.get(&path).and_then(|entry| folder.read(&path, entry));
            plain.map_or(Ok(()), |plain| pool.check_index(&plain))?;
        }
        look.remember(cache);
        Ok(())
    }

    /// A look for the package files of what is to be shown, which is to be had from now on.
    pub(super) fn begin_look(&self, wish: &Wish<'_>) -> Result<Look, RepositoryError> {
        Ok(self.pool(&wish.shown.suite)?.look(wish.content()))
    }

    /// Remembers of a suite that was written just now as what its files were, and that all package files were there since this look
    /// began.
    pub(super) fn remember_suite(
        &self,
        wish: &Wish<'_>,
        folder: &SuiteFolder,
        state: &SuiteState,
        look: &Look,
    ) {
        let Shown { suite, head, .. } = wish.shown;
        let stack = Suite::from(head.stack.clone());
        let cache = self.stat_cache(suite, state.is_large());
        let of_stack = self.stat_cache(&stack, state.is_large() && stack != *suite);
        let theirs = SuiteFolder::look(folder.root(), &stack);
        folder.remember(&state.indices, &cache, &theirs, &of_stack);
        // Whoever looked for them before may have remembered it.
        if wish.request.looked_for != Some(head.hash) || look.was_had(&of_stack) {
            look.remember(&cache);
        }
        cache.keep();
        of_stack.keep();
    }

    /// What is known of the files of a stack.
    pub(super) fn cache_of_stack(&self, head: &Head) -> StatCache {
        self.stat_cache(&head.stack.clone().into(), head.packages >= MANY)
    }

    /// The same for the parts of an index that would be shown.
    pub(super) fn check_files_of_parts(&self, parts: &[Part], suite: &Suite) -> Result<(), RepositoryError> {
        let pool = self.pool(suite)?;
        gather(Worth::Files, parts, |part| pool.check_index(&part.plain)).map(drop)
    }

    fn pool<'a>(&'a self, suite: &'a Suite) -> Result<Pool<'a>, RepositoryError> {
        let folder = open_folder(&self.debs).map_err(at(&self.debs))?;
        Ok(Pool { folder, path: &self.debs, suite })
    }

    /// The record that a stack means.
    pub(super) fn listed_record(
        &self,
        listed: &Listed<'_>,
        suite: &Suite,
    ) -> Result<PackageRecord, RepositoryError> {
        let Listed { name, version, architecture, file } = listed;
        let record = self.record(name, version, architecture)?;
        record.filter(|record| record.sha256 == *file).ok_or_else(|| {
            let named = format!("{name} {version} ({architecture})");
            unpublishable(suite, format!("the package record of {named} is lost, or of another file"))
        })
    }
}

impl Pool<'_> {
    fn look(&self, content: Sha256Digest) -> Look {
        Look { stat: FileStat::of(&self.folder), content }
    }

    /// Refuses an index of which a file is lost, or not as long as it was.
    fn check_index(&self, plain: &[u8]) -> Result<(), RepositoryError> {
        let text = String::from_utf8_lossy(plain);
        let check = |some: &&str| files_of(some).try_for_each(|(file, size)| self.check(file, size));
        gather(Worth::Files, &pieces(&text), check).map(drop)
    }

    fn check(&self, file: &str, size: u64) -> Result<(), RepositoryError> {
        let path = || self.path.join(file);
        let found = match statat(&self.folder, file, AtFlags::empty()) {
            Err(Errno::NOENT) => None,
            Err(error) => return Err(at(&path())(error.into())),
            Ok(found) => Some(found).filter(|found| FileType::from_raw_mode(found.st_mode).is_file()),
        };
        let found = found.and_then(|found| u64::try_from(found.st_size).ok());
        if found == Some(size) {
            return Ok(());
        }
        Err(RepositoryError::LostFile { suite: self.suite.clone(), path: path(), size, found })
    }
}

/// An index in pieces of whole paragraphs.
fn pieces(index: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::with_capacity(index.len() / PIECE + 1), index);
    while let Some(end) = rest.get(rest.ceil_char_boundary(PIECE)..).and_then(|after| after.find("\n\n")) {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(PIECE) + end + 2);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// The architectures whose indices list everything: what is for all of them is in the index of each.
fn each(mut architectures: BTreeSet<Architecture>) -> BTreeSet<Architecture> {
    if architectures.len() > 1 {
        architectures.remove(&Architecture::all());
    }
    architectures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_looked_through_in_whole_paragraphs_and_to_its_end() {
        for (paragraphs, more) in [(0, ""), (1, ""), (5_000, ""), (5_000, "Package: é\n"), (900, "\n\n\n")] {
            let index =
                format!("Package: dh-web\nDescription: {}\n\n", "né".repeat(20)).repeat(paragraphs) + more;
            let pieces = pieces(&index);
            assert_eq!(pieces.concat(), index);
            let (last, whole) = pieces.split_last().unwrap();
            assert!(whole.iter().all(|piece| piece.ends_with("\n\n") && piece.len() < PIECE + 200));
            assert!(last.len() < PIECE + 200);
        }
    }
}
