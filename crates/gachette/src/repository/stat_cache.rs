//! What was found true of large files, believed for as long as they are not changed: a stat cache, as git has one in its index.
//!
//! What a large stack is published from need not be read again where nothing happened to it, as its [stat](FileStat) tells. What is
//! in a file can rot without that, so nothing is believed for longer than a day.
//!
//! The cache lies in the user's folder for what can be made again, a file for each suite. Without it everything is read.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::stack::Head;
use jiff::{SignedDuration, Timestamp};
use rustix::process::geteuid;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Repository;
use crate::file_stat::FileStat;

/// The format that is written, and the only one that is read.
const FORMAT: u32 = 1;
/// From how many packages on it is worth to remember what was found of a suite.
pub(crate) const MANY: usize = 500;
/// From how many bytes on it is worth to remember what was found in one file: those of a revision of about so many packages.
const LARGE: u64 = 1 << 16;
/// For how long it is believed.
const LASTS: SignedDuration = SignedDuration::from_hours(24);
/// About how many files of one suite something is remembered: the newest, should there be more.
const MOST: usize = 256;
/// How much of a cache is read, in bytes: many times what so many facts take.
const LARGEST: u64 = 1 << 20;

/// What was found in a file, or of a folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Fact {
    /// When.
    found: Timestamp,
    /// The file's, before it was read.
    stat: FileStat,
    says: serde_json::Value,
}

impl Fact {
    fn is_believed(&self, now: Timestamp) -> bool {
        (self.found..self.found.saturating_add(LASTS).unwrap_or(self.found)).contains(&now)
    }
}

/// What is kept of one suite.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    format: u32,
    /// By the files' keys in the repository.
    facts: BTreeMap<String, Fact>,
}

/// What is known of the files of one suite, and of the stack or channel that it shows.
#[derive(Debug, Default)]
pub(crate) struct StatCache {
    /// None where nothing is kept.
    path: Option<PathBuf>,
    /// What was kept, which is read when it is asked for first.
    facts: OnceLock<BTreeMap<String, Fact>>,
    fresh: Mutex<BTreeMap<String, Fact>>,
    /// Whether something was found to be otherwise.
    is_wrong: AtomicBool,
}

impl Repository {
    /// The same repository, with its stat caches in this folder, which is made when it is needed.
    #[must_use]
    pub(crate) fn with_stat_caches(self, folder: Option<PathBuf>) -> Self {
        Self { stat_caches: folder, ..self }
    }

    /// What is known of the files of a suite that has so many packages.
    pub(crate) fn stat_cache(&self, suite: &Suite, packages: usize) -> StatCache {
        let root = self.store.root().filter(|_| packages >= MANY).and_then(|root| root.canonicalize().ok());
        root.zip(self.stat_caches.as_ref())
            .map(|(root, folder)| StatCache::at(folder.join(name_of(&root, suite))))
            .unwrap_or_default()
    }

    /// What is known of the files of a stack's own suite.
    pub(crate) fn cache_of_stack(&self, head: &Head) -> StatCache {
        self.stat_cache(&head.stack.clone().into(), head.packages)
    }

    /// What `find` finds in a file, or found when it was the same, if that is `usable` still. What fails, or finds nothing, is not
    /// remembered.
    pub(crate) fn found_in<T: Serialize + DeserializeOwned, E>(
        &self,
        suite: &Suite,
        key: &str,
        usable: impl Fn(&T) -> bool,
        find: impl FnOnce() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        let Some(stat) = self.stat_of_large(key) else { return find() };
        let cache = self.stat_cache(suite, MANY);
        if let Some(known) = cache.says(key, Some(stat)).filter(usable) {
            return Ok(Some(known));
        }
        let found = find()?;
        // What was read by its name must be the file of this stat.
        if let Some(found) = &found
            && self.stat_of_large(key) == Some(stat)
        {
            cache.remember(key, Some(stat), found);
            cache.keep();
        }
        Ok(found)
    }

    fn stat_of_large(&self, key: &str) -> Option<FileStat> {
        self.stat_caches.as_ref()?;
        let file = trebuchet::open_regular(&self.store.root()?.join(key)).ok()?;
        let is_large = file.metadata().is_ok_and(|found| found.len() >= LARGE);
        if is_large { FileStat::of(&file) } else { None }
    }
}

impl StatCache {
    fn at(path: PathBuf) -> Self {
        Self { path: Some(path), ..Self::default() }
    }

    fn facts(&self) -> &BTreeMap<String, Fact> {
        let path = self.path.as_deref();
        self.facts.get_or_init(|| path.and_then(believable).map(|kept| kept.facts).unwrap_or_default())
    }

    /// What was found of a file when it was as it is now.
    pub(crate) fn says<T: DeserializeOwned>(&self, key: &str, stat: Option<FileStat>) -> Option<T> {
        let fact = self.facts().get(key).filter(|fact| Some(fact.stat) == stat && !self.is_wrong())?;
        fact.is_believed(Timestamp::now()).then(|| serde_json::from_value(fact.says.clone()).ok()).flatten()
    }

    /// Remembers what was read of a file after its stat was taken, once it is [kept](Self::keep). Never what is known from here: that would
    /// be believed for another day.
    pub(crate) fn remember(&self, key: &str, stat: Option<FileStat>, says: &impl Serialize) {
        let fact = stat.filter(|_| self.path.is_some()).and_then(|stat| {
            Some(Fact { found: Timestamp::now(), stat, says: serde_json::to_value(says).ok()? })
        });
        if let Some(fact) = fact {
            self.fresh.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), fact);
        }
    }

    /// Forgets what was found before, since a file is not as it should be: it may have rotted, and others with it.
    pub(crate) fn forget(&self) {
        self.is_wrong.store(true, Ordering::Relaxed);
    }

    /// Whether that was forgotten.
    pub(crate) fn is_wrong(&self) -> bool {
        self.is_wrong.load(Ordering::Relaxed)
    }

    /// Keeps what is to be remembered. What cannot be kept is found out again, and what somebody else keeps at this moment may be lost.
    pub(crate) fn keep(self) {
        let is_wrong = self.is_wrong();
        let fresh = self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = self.path.filter(|_| is_wrong || !fresh.is_empty()) else { return };
        // What was kept since this was read stays.
        let kept = believable(&path).filter(|_| !is_wrong);
        let mut facts = kept.map(|kept| kept.facts).unwrap_or_default();
        facts.extend(fresh);
        let now = Timestamp::now();
        facts.retain(|_, fact| fact.is_believed(now));
        while facts.len() > MOST {
            let oldest = facts.iter().min_by_key(|(_, fact)| fact.found).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| facts.remove(&oldest));
        }
        let _ = write(&path, &Kept { format: FORMAT, facts });
    }
}

/// What is kept in a file, if that is this user's own.
fn believable(path: &Path) -> Option<Kept> {
    let file = trebuchet::open_regular(path).ok()?;
    let found = file.metadata().ok()?;
    let is_ours = found.uid() == geteuid().as_raw() && found.mode() & 0o022 == 0;
    let bytes = trebuchet::read_open(&file, LARGEST).ok().filter(|_| is_ours)?;
    serde_json::from_slice(&bytes).ok().filter(|kept: &Kept| kept.format == FORMAT)
}

fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Files of this kind are made with mode 0600. Nobody waits for the disk: what is lost is found out again.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec(kept)?)?;
    file.persist(path)?;
    Ok(())
}

/// The name of the file for a suite of the repository in a folder.
fn name_of(root: &Path, suite: &Suite) -> String {
    let of = [root.as_os_str().as_encoded_bytes(), b"\0", suite.to_string().as_bytes()].concat();
    format!("{}.json", Sha256Digest::of(&of))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::file_stat::local_folder;

    /// A file, a cache in which something is remembered of it, and where that is kept.
    fn remembered(folder: &Path) -> (PathBuf, PathBuf) {
        let (file, path) = (folder.join("file"), folder.join("stats/cache.json"));
        fs::write(&file, "one").unwrap();
        let cache = StatCache::at(path.clone());
        cache.remember("file", FileStat::of_settled(&File::open(&file).unwrap()), &1);
        cache.keep();
        (file, path)
    }

    fn says(path: &Path, file: &Path) -> Option<u32> {
        StatCache::at(path.to_owned()).says("file", FileStat::of_settled(&File::open(file).unwrap()))
    }

    #[test]
    fn what_was_found_is_said_until_the_file_is_changed_or_another_one() {
        let Some(folder) = local_folder() else { return };
        let (file, path) = remembered(folder.path());
        assert_eq!(says(&path, &file), Some(1));
        let modified = file.metadata().unwrap().modified().unwrap();
        fs::write(&file, "two").unwrap();
        File::options().append(true).open(&file).unwrap().set_modified(modified).unwrap();
        assert_eq!(says(&path, &file), None, "it has its length and its old time");
        let (file, path) = remembered(folder.path());
        fs::rename(&file, folder.path().join("aside")).unwrap();
        fs::write(&file, "one").unwrap();
        assert_eq!(says(&path, &file), None, "it is another one");
    }

    #[test]
    fn where_something_is_otherwise_all_is_forgotten_but_what_was_found_since() {
        let Some(folder) = local_folder() else { return };
        let (file, path) = remembered(folder.path());
        let stat = FileStat::of_settled(&File::open(&file).unwrap());
        let cache = StatCache::at(path.clone());
        assert_eq!(cache.says("file", stat), Some(1));
        cache.forget();
        assert_eq!(cache.says::<u32>("file", stat), None);
        cache.remember("other", stat, &2);
        cache.keep();
        let kept = StatCache::at(path.clone());
        assert_eq!((kept.says::<u32>("file", stat), kept.says("other", stat)), (None, Some(2)));
        kept.forget();
        kept.keep();
        assert!(StatCache::at(path).facts().is_empty());
    }

    #[test]
    fn of_many_files_the_newest_are_remembered_and_what_two_find_out_is_kept_of_both() {
        let Some(folder) = local_folder() else { return };
        let (file, path) = remembered(folder.path());
        let stat = FileStat::of_settled(&File::open(&file).unwrap());
        let [one, other] = [0, 1].map(|_| StatCache::at(path.clone()));
        assert_eq!([&one, &other].map(|cache| cache.facts().len()), [1, 1]);
        (0..MOST).for_each(|number| one.remember(&number.to_string(), stat, &number));
        one.keep();
        other.remember("other", stat, &2);
        other.keep();
        let kept = StatCache::at(path);
        assert_eq!(kept.facts().len(), MOST);
        assert_eq!(kept.says("other", stat), Some(2));
        assert_eq!(kept.says("255", stat), Some(255));
        assert_eq!(kept.says::<u32>("file", stat), None, "it was the first");
    }
}
