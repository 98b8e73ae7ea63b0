//! The files of one suite, written in the order that clients rely on.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gachette_core::apt::{IndexEntry, Indices, Suite};

use super::super::disk::{at, can_sync_file_system, open_folder, sync_file_system, sync_folder_of};
use super::super::error::RepositoryError;
use super::super::lock::{self, Hold};
use super::super::{inside, key};
use super::index::Index;
use super::release_files::ReleaseFiles;
use crate::signing::Signed;

/// How the names of unfinished files begin.
const UNFINISHED: &str = ".new-";
/// There from the first change on until what is known of the suite is written: of a publisher that was killed between.
const BEGUN: &str = ".new-begun";

/// How long another publisher is waited for: somebody may be looking for a token and typing its PIN.
const PATIENCE: Duration = Duration::from_secs(150);

/// What of an index is read, in bytes: of some million packages.
pub(crate) const LARGEST_INDEX: u64 = 1 << 31;

/// A suite's folder.
pub(super) struct SuiteFolder {
    /// That of the repository.
    root: PathBuf,
    path: PathBuf,
    /// Nobody else publishes this suite while it is there.
    _turn: Option<File>,
    was_interrupted: bool,
}

impl SuiteFolder {
    /// The folder of this suite, made when it is not there, for nobody else to change. What a killed publisher left
    /// unfinished goes.
    pub(super) fn hold(root: &Path, suite: &Suite) -> Result<Self, RepositoryError> {
        let path = path_of(root, suite);
        let turn = loop {
            inside::make_folder(root, key::suite(suite))?;
            let turn = open_folder(&path).map_err(at(&path))?;
            if !lock::wait(&turn, Hold::Alone, PATIENCE) {
                return Err(RepositoryError::Busy { path, waited: PATIENCE });
            }
            // Whoever took the suite away meanwhile took the folder that was waited for.
            let inode = |found: Metadata| (found.dev(), found.ino());
            let held = turn.metadata().map_err(at(&path))?;
            if fs::metadata(&path).is_ok_and(|now| inode(now) == inode(held)) {
                break turn;
            }
        };
        let mut folder = Self { root: root.to_owned(), path, _turn: Some(turn), was_interrupted: false };
        for unfinished in folder.files_in("")?.iter().filter(|name| name.starts_with(UNFINISHED)) {
            if unfinished == BEGUN {
                folder.was_interrupted = true;
            } else {
                folder.remove(unfinished)?;
            }
        }
        Ok(folder)
    }

    /// The folder of a suite that is only looked at.
    pub(super) fn look(root: &Path, suite: &Suite) -> Self {
        let path = path_of(root, suite);
        Self { root: root.to_owned(), path, _turn: None, was_interrupted: false }
    }

    /// Whether a publisher was killed in the middle: some files may be of his state, which nothing tells of.
    pub(super) fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

    /// Marks the suite as changing, until [`SuiteFolder::end`].
    pub(super) fn begin(&self) -> Result<(), RepositoryError> {
        let begun = self.path.join(BEGUN);
        match File::create_new(&begun) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(at(&begun)(error)),
            _ => Ok(()),
        }
    }

    /// Says that what is known of the suite is written.
    pub(super) fn end(&self) -> Result<(), RepositoryError> {
        self.remove(BEGUN)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The files above the indices, as they are now.
    pub(super) fn release_files(&self) -> ReleaseFiles {
        ReleaseFiles::read(&self.path)
    }

    /// Puts an index there under the names of its hashes, and says how many bytes had to be written.
    pub(super) fn put(&self, index: &Index, folder: &str) -> Result<u64, RepositoryError> {
        let mut written = 0;
        for file in &index.files {
            let path = format!("{folder}/{}", file.name);
            let hashed = self.path.join(file.entry.by_hash(&path));
            // What has the name of its hash may still have suffered since.
            let there = trebuchet::read_regular(&hashed, file.entry.size.saturating_add(1));
            if !there.is_ok_and(|there| there == file.bytes) {
                self.write(&hashed, &file.bytes)?;
                written += file.bytes.len() as u64;
            }
        }
        Ok(written)
    }

    /// Puts the same files into another folder of this suite.
    pub(super) fn link(&self, files: &Indices, folder: &str) -> Result<Indices, RepositoryError> {
        self.link_from(self, files, folder)
    }

    /// Puts files of another suite into a folder of this one.
    pub(super) fn link_from(
        &self,
        donor: &Self,
        files: &Indices,
        folder: &str,
    ) -> Result<Indices, RepositoryError> {
        let mut linked = BTreeMap::new();
        for (theirs, entry) in files {
            let name = theirs.rsplit('/').next().unwrap_or(theirs);
            let path = format!("{folder}/{name}");
            self.link_one(donor, theirs, &path, entry)?;
            linked.insert(path, *entry);
        }
        Ok(linked)
    }

    /// Puts all of these files of another suite here, in the same folders.
    pub(super) fn link_all(&self, donor: &Self, files: Indices) -> Result<Indices, RepositoryError> {
        files.iter().try_for_each(|(path, entry)| self.link_one(donor, path, path, entry))?;
        Ok(files)
    }

    fn link_one(
        &self,
        donor: &Self,
        theirs: &str,
        path: &str,
        entry: &IndexEntry,
    ) -> Result<(), RepositoryError> {
        let from = donor.path.join(entry.by_hash(theirs));
        self.join(&from, &self.path.join(entry.by_hash(path)))
    }

    /// Gives indices their plain names.
    pub(super) fn name_all(&self, indices: &Indices) -> Result<(), RepositoryError> {
        indices.iter().try_for_each(|(path, entry)| self.name(&self.path.join(entry.by_hash(path)), path))
    }

    /// Gives the indices their plain names, and writes the files above them, which become what clients see with the last
    /// step. Says how many bytes these have.
    pub(super) fn finish(
        &self,
        indices: &Indices,
        release: &str,
        signed: Option<&Signed>,
    ) -> Result<u64, RepositoryError> {
        let mut files = vec![("Release", release.as_bytes())];
        if let Some(signed) = signed {
            files.extend([("Release.gpg", &*signed.release_gpg), ("InRelease", &*signed.in_release)]);
        }
        let staged = |name: &str| self.path.join(format!("{UNFINISHED}{name}"));
        let modified = self.next_modified();
        for (name, bytes) in &files {
            let mut file = self.create(&staged(name))?;
            let mut write = || {
                file.write_all(bytes)?;
                file.set_modified(modified)
            };
            write().map_err(at(&staged(name)))?;
        }
        self.name_all(indices)?;
        // All is on the disk before the first of them can be seen.
        self.sync()?;
        for (name, _) in &files {
            fs::rename(staged(name), self.path.join(name)).map_err(at(&self.path))?;
        }
        if signed.is_none() {
            self.remove("Release.gpg")?;
            self.remove("InRelease")?;
        }
        sync_folder_of(&self.path.join("Release"))?;
        Ok(files.iter().map(|(_, bytes)| bytes.len() as u64).sum())
    }

    /// The time that the next Release files shall bear. HTTP and apt know times of files to the second: two of one second
    /// would be taken for the same.
    fn next_modified(&self) -> SystemTime {
        let of = |name: &str| fs::metadata(self.path.join(name)).and_then(|found| found.modified()).ok();
        let last = ["InRelease", "Release"].into_iter().filter_map(of).max();
        let now = SystemTime::now();
        last.map_or(now, |last| now.max(last + Duration::from_secs(1)))
    }

    /// Takes the suite away: first what clients begin with. The caller holds it, and has taken its state away.
    pub(super) fn take_down(self) -> Result<(), RepositoryError> {
        for name in ["InRelease", "Release.gpg", "Release"] {
            self.remove(name)?;
        }
        inside::remove_all(&self.root, self.below(&self.path)?)
    }

    /// Every file of the suite.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>, RepositoryError> {
        let mut files = walk(&self.path).map_err(at(&self.path))?;
        files.retain(|path| path.is_file());
        Ok(files)
    }

    /// Gives a file that is named by its hash its plain name, in one step.
    fn name(&self, hashed: &Path, path: &str) -> Result<(), RepositoryError> {
        let plain = self.path.join(path);
        if are_one(hashed, &plain) {
            return Ok(());
        }
        let unfinished = self.unfinished();
        self.make_parent(&plain)?;
        self.remove(&unfinished)?;
        fs::hard_link(hashed, &unfinished).map_err(at(&unfinished))?;
        fs::rename(&unfinished, &plain).map_err(at(&plain))?;
        // Of two names of one file rename(2) leaves both.
        self.remove(&unfinished)
    }

    /// Makes `to` the same file as `from`, or a copy where there can be no second name.
    fn join(&self, from: &Path, to: &Path) -> Result<(), RepositoryError> {
        self.make_parent(to)?;
        match fs::hard_link(from, to) {
            Ok(()) => Ok(()),
            Err(_) if are_one(from, to) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // What cannot be read makes way.
                let length = |path| fs::metadata(path).map(|found| found.len()).ok();
                let is_same = length(to) == length(from)
                    && bytes_of(to).is_ok_and(|there| bytes_of(from).is_ok_and(|ours| ours == there));
                if is_same { Ok(()) } else { self.copy(from, to) }
            }
            Err(_) => self.copy(from, to),
        }
    }

    fn copy(&self, from: &Path, to: &Path) -> Result<(), RepositoryError> {
        self.write(to, &bytes_of(from).map_err(at(from))?)
    }

    /// Writes a file in one step.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RepositoryError> {
        self.make_parent(path)?;
        let unfinished = self.unfinished();
        let mut file = self.create(&unfinished)?;
        file.write_all(bytes).map_err(at(&unfinished))?;
        fs::rename(&unfinished, path).map_err(at(path))
    }

    /// Makes durable what was written.
    fn sync(&self) -> Result<(), RepositoryError> {
        if can_sync_file_system(&self.path) {
            return sync_file_system(&self.path);
        }
        for entry in walk(&self.path).map_err(at(&self.path))? {
            let opened = if entry.is_dir() { open_folder(&entry) } else { trebuchet::open_regular(&entry) };
            opened.and_then(|file| file.sync_all()).map_err(at(&entry))?;
        }
        Ok(())
    }

    /// A new file of the suite, to be written, in place of whatever lies there.
    fn create(&self, path: &Path) -> Result<File, RepositoryError> {
        inside::create(&self.root, self.below(path)?)
    }

    /// Removes a file of the suite, by its path from there or from the root on.
    pub(super) fn remove(&self, path: impl AsRef<Path>) -> Result<(), RepositoryError> {
        let path = self.path.join(path);
        inside::remove_file(&self.root, self.below(&path)?)
    }

    fn make_parent(&self, path: &Path) -> Result<(), RepositoryError> {
        let parent = self.below(path)?.parent();
        parent.map_or(Ok(()), |parent| inside::make_folder(&self.root, parent))
    }

    /// A path of the suite from the repository's folder on.
    fn below<'p>(&self, path: &'p Path) -> Result<&'p Path, RepositoryError> {
        path.strip_prefix(&self.root).map_err(|_| at(path)(ErrorKind::InvalidInput.into()))
    }

    fn unfinished(&self) -> PathBuf {
        self.path.join(format!("{UNFINISHED}{}", std::process::id()))
    }

    pub(super) fn files_in(&self, folder: &str) -> Result<Vec<String>, RepositoryError> {
        let folder = self.path.join(folder);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(at(&folder))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(at(&folder))?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }
}

/// Whether two names are of one file.
pub(super) fn are_one(one: &Path, other: &Path) -> bool {
    let inode = |path| fs::symlink_metadata(path).map(|found| (found.dev(), found.ino())).ok();
    inode(one).is_some_and(|one| inode(other) == Some(one))
}

fn path_of(root: &Path, suite: &Suite) -> PathBuf {
    root.join(key::suite(suite))
}

/// What a file holds; a pipe in its place keeps nobody waiting.
fn bytes_of(path: &Path) -> std::io::Result<Vec<u8>> {
    trebuchet::read_regular(path, u64::MAX)
}

/// A folder with all that is in it. Links to folders are not followed, which might lead back here.
fn walk(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (vec![folder.to_path_buf()], vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    Ok(found)
}
