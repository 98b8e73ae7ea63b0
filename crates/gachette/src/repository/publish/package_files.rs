//! Whether the package files of a suite are there: looked at before anything shows them to clients.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use gachette_core::Sha256Digest;
use gachette_core::apt::{Indices, Listed, Listing, POOL, Release, Suite, files_of};
use gachette_core::debian::Architecture;
use gachette_core::stack::{Content, Head, PackageRecord};
use rustix::fs::{AtFlags, FileType, Stat, statat};
use rustix::io::Errno;

use super::super::Repository;
use super::super::disk::{at, open_folder};
use super::super::error::RepositoryError;
use super::super::key;
use super::super::spread::{Worth, gather};
use super::super::stat_cache::StatCache;
use super::donors::Donor;
use super::index::PLAIN;
use super::part::Part;
use super::request::PublishRequest;
use super::state::SuiteState;
use super::suite_folder::SuiteFolder;
use super::unpublishable;
use super::wish::Wish;
use crate::file_stat::FileStat;

/// Of how much of an index one processor looks for the files at a time, in bytes.
const PIECE: usize = 1 << 15;

/// The folder of package files, from where each is found by its name alone: paths are what looking at thousands costs.
pub(super) struct Pool<'a> {
    folder: File,
    path: &'a Path,
    suite: &'a Suite,
    /// What it was when it was opened. Where it is the same again, no file in it was added, removed or replaced.
    stat: Option<FileStat>,
    /// Whether that may not be all that the files in it depend on, or nobody of ours says which they are.
    in_doubt: AtomicBool,
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
        let own = self.suite_with(head, None)?;
        let is_shown = |(folder, state): &(SuiteFolder, SuiteState)| folder.has_sound(&state.indices, &cache);
        // That all files were there says nothing of records, which are needed where there are no indices.
        if pool.had_all(head.content, &cache) && own.as_ref().is_some_and(is_shown) {
            cache.keep();
            return Ok(());
        }
        if !own.map_or(Ok(false), |own| self.check_by_indices(&pool, own, &cache))? {
            self.check_by_parts(&pool, head)?;
        }
        pool.remember_all(head.content, &cache);
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
                let (bytes, is_ours) =
                    kept.as_ref().map(|kept| self.marks.unmarked(&key, kept)).unwrap_or_default();
                pool.doubt_unless(is_ours || !self.marks.are_asked_for());
                match Part::plain_of(bytes) {
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
    fn check_by_indices(
        &self,
        pool: &Pool<'_>,
        (folder, state): (SuiteFolder, SuiteState),
        cache: &StatCache,
    ) -> Result<bool, RepositoryError> {
        pool.doubt_unless(state.is_ours || !self.marks.are_asked_for());
        for architecture in each(state.architectures.into_iter().collect()) {
            let path = format!("{}/{PLAIN}", Release::folder_of(&architecture));
            let plain = state.indices.get(&path).and_then(|entry| folder.read_known(&path, entry, cache));
            let Some(plain) = plain else { return Ok(false) };
            pool.check_index(&plain)?;
        }
        Ok(true)
    }

    /// The same for indices of another suite that would be shown, unless it was looked just now. Says whether they are what they
    /// were taken for.
    pub(super) fn check_listed_files(
        &self,
        wish: &Wish<'_>,
        donor: &Donor,
        indices: &Indices,
        pool: &Pool<'_>,
    ) -> Result<bool, RepositoryError> {
        let (head, Donor { folder, cache, .. }) = (&wish.shown.head, donor);
        if wish.request.looked_for == Some(head.hash) || pool.had_all(head.content, cache) {
            pool.doubt_unless(false);
            return Ok(true);
        }
        let mut looked = BTreeSet::new();
        for (path, entry) in indices {
            // What is the same for several architectures is looked at once.
            if path.ends_with(PLAIN) && looked.insert(entry.sha256) {
                let Some(plain) = folder.read_known(path, entry, cache) else { return Ok(false) };
                pool.check_index(&plain)?;
            }
        }
        Ok(true)
    }

    /// The same for a suite that would be left as it is, and show this revision.
    pub(super) fn check_shown_files(
        &self,
        request: &PublishRequest<'_>,
        state: &SuiteState,
        hash: Sha256Digest,
        folder: &SuiteFolder,
        cache: &StatCache,
    ) -> Result<bool, RepositoryError> {
        let suite = request.subject.suite();
        let pool = self.pool(&suite)?;
        if request.looked_for == Some(hash) || pool.had_all(state.content, cache) {
            return Ok(true);
        }
        pool.doubt_unless(state.is_ours || !self.marks.are_asked_for());
        for architecture in each(state.architectures.iter().cloned().collect()) {
            let path = format!("{}/{PLAIN}", Release::folder_of(&architecture));
            let plain = state.indices.get(&path).and_then(|entry| folder.read_known(&path, entry, cache));
            let Some(plain) = plain else { return Ok(false) };
            pool.check_index(&plain)?;
        }
        pool.remember_all(state.content, cache);
        Ok(true)
    }

    /// The same for the parts of an index that would be shown.
    pub(super) fn check_files_of_parts(
        &self,
        parts: &[Part],
        is_signed: bool,
        pool: &Pool<'_>,
    ) -> Result<(), RepositoryError> {
        // Those that are signed are of this user, or were made anew.
        pool.doubt_unless(is_signed || !self.marks.are_asked_for());
        gather(Worth::Files, parts, |part| pool.check_index(&part.plain)).map(drop)
    }

    /// The folder of package files as it is now.
    pub(super) fn pool<'a>(&'a self, suite: &'a Suite) -> Result<Pool<'a>, RepositoryError> {
        let folder = open_folder(&self.debs).map_err(at(&self.debs))?;
        let stat = FileStat::of(&folder);
        Ok(Pool { folder, path: &self.debs, suite, stat, in_doubt: AtomicBool::new(false) })
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
    /// Whether all package files of a content were there when the folder was as it is.
    fn had_all(&self, content: Sha256Digest, cache: &StatCache) -> bool {
        cache.says(POOL, self.stat) == Some(content)
    }

    /// Remembers that they are all there, if that was looked for since the folder was opened, and may be believed.
    pub(super) fn remember_all(&self, content: Sha256Digest, cache: &StatCache) {
        if !self.in_doubt.load(Ordering::Relaxed) {
            cache.remember(POOL, self.stat, &content);
        }
    }

    fn doubt_unless(&self, is_sure: bool) {
        if !is_sure {
            self.in_doubt.store(true, Ordering::Relaxed);
        }
    }

    /// Refuses an index of which a file is lost, or not as long as it was.
    fn check_index(&self, plain: &[u8]) -> Result<(), RepositoryError> {
        let text = String::from_utf8_lossy(plain);
        let check = |some: &&str| files_of(some).try_for_each(|(file, size)| self.check(file, size));
        gather(Worth::Files, &pieces(&text), check).map(drop)
    }

    fn check(&self, file: &str, size: u64) -> Result<(), RepositoryError> {
        let path = || self.path.join(file);
        let kind = |found: &Stat| FileType::from_raw_mode(found.st_mode);
        let mut found = statat(&self.folder, file, AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|found| kind(&found).is_symlink()) {
            found = statat(&self.folder, file, AtFlags::empty());
            self.doubt_unless(false);
        }
        let found = match found {
            Err(Errno::NOENT) => None,
            Err(error) => return Err(at(&path())(error.into())),
            Ok(found) => Some(found).filter(|found| kind(found).is_file()),
        };
        let is_inside = |found: &Stat| self.stat.is_none_or(|stat| stat.is_on(found.st_dev));
        self.doubt_unless(found.as_ref().is_none_or(is_inside));
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
