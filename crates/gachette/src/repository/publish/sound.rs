//! Whether indices in a suite's folder are what their names say, by their bytes, or by what is known of files that did not change.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;

use gachette_core::Sha256Digest;
use gachette_core::apt::{IndexEntry, Indices};

use super::super::disk::hash;
use super::super::spread::{Worth, gather};
use super::super::stat_cache::StatCache;
use super::state::SuiteState;
use super::suite_folder::{LARGEST_INDEX, SuiteFolder, are_one};
use crate::file_stat::FileStat;

/// From how many bytes on it is worth to hash files side by side.
const WORTH_A_THREAD: u64 = 1 << 20;
/// From how many bytes on an index is compared with its hash before it is read into memory.
const COMPARED_FIRST: u64 = 1 << 24;

impl SuiteFolder {
    /// Whether all of these are there with the bytes that their names are of. What this suite's cache knows is not read.
    pub(super) fn has_sound(&self, files: &Indices, cache: &StatCache) -> bool {
        let (mut distinct, mut stats) = (BTreeMap::new(), Vec::new());
        for (path, entry) in files {
            let hashed = entry.by_hash(path);
            let opened = trebuchet::open_regular(&self.path().join(&hashed));
            let Some((found, file)) = opened.ok().and_then(|file| Some((file.metadata().ok()?, file))) else {
                return false;
            };
            if found.len() != entry.size || entry.size > LARGEST_INDEX {
                return false;
            }
            let stat = FileStat::of(&file);
            if cache.says(&hashed, stat) == Some(entry.sha256) {
                continue;
            }
            stats.push((hashed, stat, entry.sha256));
            // What is the same for several architectures is one file with several names.
            distinct.insert((found.dev(), found.ino(), entry.sha256), file);
        }
        let worth =
            if files.values().any(|it| it.size > WORTH_A_THREAD) { Worth::Megabytes } else { Worth::Files };
        let distinct: Vec<_> = distinct.into_iter().collect();
        let is_sound = |((_, _, sha256), file): &((u64, u64, Sha256Digest), File)| match hash(file) {
            Ok((found, _)) if found == *sha256 => Ok(()),
            _ => Err(()),
        };
        let are_sound = gather(worth, &distinct, is_sound).is_ok();
        if are_sound {
            stats.iter().for_each(|(hashed, stat, sha256)| cache.remember(hashed, *stat, sha256));
        } else {
            cache.forget();
        }
        are_sound
    }

    /// The bytes of an index, if they are those that its name is of. If not, what is known of this suite is forgotten.
    pub(super) fn read_known(&self, path: &str, entry: &IndexEntry, cache: &StatCache) -> Option<Vec<u8>> {
        let plain = self.read_sound(path, entry);
        if plain.is_none() {
            cache.forget();
        }
        plain
    }

    /// The bytes of an index, if they are those that its name is of.
    pub(super) fn read_sound(&self, path: &str, entry: &IndexEntry) -> Option<Vec<u8>> {
        // What is large is in memory only when it is the index: a file of nothing but a length costs whoever made it no disk.
        if entry.size > COMPARED_FIRST && !self.is_intact(&entry.by_hash(path), entry) {
            return None;
        }
        let hashed = self.path().join(entry.by_hash(path));
        let bytes = trebuchet::read_regular(&hashed, entry.size.min(LARGEST_INDEX) + 1).ok()?;
        (Sha256Digest::of(&bytes) == entry.sha256).then_some(bytes)
    }

    /// Whether a file, by its path from the suite's folder, has the length and the hash of an index. It is not kept in memory.
    pub(super) fn is_intact(&self, path: &str, entry: &IndexEntry) -> bool {
        let opened = trebuchet::open_regular(&self.path().join(path));
        let of_length = opened.ok().filter(|file| {
            file.metadata().is_ok_and(|found| found.len() == entry.size && found.len() <= LARGEST_INDEX)
        });
        of_length.and_then(|file| hash(&file).ok()).is_some_and(|(sha256, _)| sha256 == entry.sha256)
    }

    /// Whether the indices are there that this state names, under the names of their hashes and their own.
    pub(super) fn has_indices(&self, state: &SuiteState, cache: &StatCache) -> bool {
        // A publisher that was killed may have left an index of another state there, and one as long.
        let is_named = |(path, entry): (&String, &IndexEntry)| {
            are_one(&self.path().join(entry.by_hash(path)), &self.path().join(path))
        };
        self.has_sound(&state.indices, cache) && state.indices.iter().all(is_named)
    }
}
