//! Copies of remote repositories, for build hosts that have no access to them.
//!
//! With `source: push`, the machine at which the command is given fetches a project's branches and tags with its own credentials
//! into a mirror, and sends what the build host's mirror lacks. The same happens to the submodules of the wanted commit, and to
//! theirs. The build host's git then reads its mirrors wherever it would ask a server.

mod error;
mod fetch;
mod forget;
mod needed;
mod refs;
mod submodules;

use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gachette_core::Sha256Digest;
use gachette_core::git::GitUrl;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use tempfile::{NamedTempFile, TempPath};
use trebuchet::process::Cancel;

use crate::cache;
use crate::git::{Git, GitError, remove_locks};

pub use error::{MirrorError, SubmoduleAddressError};
pub(crate) use forget::forget_unused;
pub use needed::{fetch_needed, git_of_mirrors};
use refs::COMMITS;
pub use refs::{MirrorRefs, MirrorRefsError};

/// What the name of a mirror's folder ends in.
const FOLDER: &str = "git";
/// What the name of its lock ends in, a file whose time is that of the mirror's last use.
const LOCK: &str = "lock";

/// What the name of a mirror's folder ends in until it is whole.
const UNFINISHED: &str = "new";
/// How often a lock that another one holds is tried.
const PAUSE: Duration = Duration::from_millis(20);

/// Everything that a mirror sends, as arguments of rev-list(1).
const EVERY_REF: [&str; 3] = ["--branches", "--tags", "--glob=refs/commits/*"];

/// Which mirror is meant: the digest of the repository's address, credentials left out.
pub type MirrorId = Sha256Digest;

/// A mirror of one repository, which nobody else works on while this is there.
#[derive(Debug)]
pub struct Mirror {
    git: Git,
    path: PathBuf,
    lock: Arc<File>,
}

/// The name by which both sides know the mirror of a repository.
pub fn id_of(url: &GitUrl) -> MirrorId {
    Sha256Digest::of(url.as_str().as_bytes())
}

/// The folder of the mirror of this name, when there is one; it may be swept at any time.
pub(crate) fn folder_of(id: &MirrorId) -> Option<PathBuf> {
    let folder = cache::mirrors()?.join(format!("{id}.{FOLDER}"));
    folder.join("HEAD").exists().then_some(folder)
}

impl Mirror {
    /// The mirror of this name, empty when there was none. Waits for whoever works on it.
    ///
    /// # Errors
    /// When it cannot be made, or is cancelled.
    pub fn open(id: &MirrorId, cancel: &Cancel) -> Result<Self, MirrorError> {
        Self::open_in(&cache::mirrors().ok_or(MirrorError::NoHome)?, id, cancel)
    }

    fn open_in(folder: &Path, id: &MirrorId, cancel: &Cancel) -> Result<Self, MirrorError> {
        // What others may read there they would read with nobody's credentials.
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(MirrorError::io(folder))?;
        let lock_path = folder.join(format!("{id}.{LOCK}"));
        let path = lock_path.with_extension(FOLDER);
        let lock = take(&lock_path, cancel)?;
        let mirror = Self { git: Git::new(), path, lock: Arc::new(lock) };
        if mirror.path.exists() {
            remove_locks(&mirror.path);
        } else {
            mirror.make(cancel)?;
        }
        Ok(mirror)
    }

    /// Makes it, empty, under another name: git does not go on with one that it was killed in the middle of making.
    fn make(&self, cancel: &Cancel) -> Result<(), MirrorError> {
        let new = self.path.with_extension(UNFINISHED);
        match fs::remove_dir_all(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(MirrorError::io(&new)(error)),
            _ => {}
        }
        let init = self.git.command("init").args(["--quiet", "--bare", "--"]).arg(&new);
        init.hold(&self.lock).output(cancel)?;
        fs::rename(&new, &self.path).map_err(MirrorError::io(&self.path))
    }

    /// The branches and tags of the mirror of this name; none when there is no such mirror. Nothing is made.
    ///
    /// # Errors
    /// When git fails.
    pub fn look(id: &MirrorId, cancel: &Cancel) -> Result<MirrorRefs, MirrorError> {
        if cache::mirrors().ok_or(MirrorError::NoHome)?.join(format!("{id}.{FOLDER}")).exists() {
            Self::open(id, cancel)?.refs(cancel)
        } else {
            Ok(MirrorRefs::default())
        }
    }

    /// The mirror of a repository that was pushed here.
    ///
    /// # Errors
    /// When nothing was.
    fn pushed(url: &GitUrl, cancel: &Cancel) -> Result<Self, MirrorError> {
        let id = id_of(url);
        match cache::mirrors().ok_or(MirrorError::NoHome)?.join(format!("{id}.{FOLDER}")).exists() {
            true => Self::open(&id, cancel),
            false => Err(MirrorError::NotPushed { url: url.to_string() }),
        }
    }

    /// The branches and tags that are here.
    ///
    /// # Errors
    /// When git fails.
    pub fn refs(&self, cancel: &Cancel) -> Result<MirrorRefs, MirrorError> {
        let list = self.git.command("for-each-ref").args(["--format=%(objectname) %(refname)", "--"]);
        let listed = list.args(["refs/heads", "refs/tags", COMMITS]).folder(&self.path).output(cancel)?;
        let head =
            self.git.command("symbolic-ref").args(["--quiet", "HEAD"]).folder(&self.path).output(cancel)?;
        Ok(MirrorRefs::read(&listed, &head)?)
    }

    /// A bundle of what is here and was not, when there were the refs `had`; none when that is nothing.
    ///
    /// # Errors
    /// When git fails.
    pub fn bundle(&self, had: &MirrorRefs, cancel: &Cancel) -> Result<Option<TempPath>, MirrorError> {
        let known: String = self.known(had, cancel)?.iter().map(|object| format!("^{object}\n")).collect();
        let file =
            NamedTempFile::new().map_err(MirrorError::io(Path::new("a temporary file")))?.into_temp_path();
        let create =
            self.git.command("bundle create").arg("--quiet").arg(&file).arg("--stdin").args(EVERY_REF);
        match create.folder(&self.path).input(file_with(&known)?).output(cancel) {
            Err(error) if error.last_lines().iter().any(|line| line.contains("create empty bundle")) => {
                Ok(None)
            }
            created => created.map(|_| Some(file)).map_err(MirrorError::from),
        }
    }

    /// Takes the objects of a bundle in, and then has exactly these refs.
    ///
    /// # Errors
    /// When the bundle is none, or objects that the refs name are not there.
    pub fn receive(
        &self,
        refs: &MirrorRefs,
        bundle: Option<&Path>,
        cancel: &Cancel,
    ) -> Result<(), MirrorError> {
        if let Some(bundle) = bundle {
            let unbundle = self.git.command("bundle unbundle").arg(bundle).folder(&self.path);
            unbundle.hold(&self.lock).output(cancel)?;
        }
        let mut orders = String::new();
        let before = self.refs(cancel)?;
        for gone in before.refs.keys().filter(|name| !refs.refs.contains_key(*name)) {
            orders.push_str(&format!("delete {gone}\n"));
        }
        for (name, object) in &refs.refs {
            orders.push_str(&format!("update {name} {object}\n"));
        }
        let update = self.git.command("update-ref").arg("--stdin").folder(&self.path);
        update.input(file_with(&orders)?).output(cancel)?;
        match &refs.head {
            Some(head) => Ok(self.set_head(head, cancel)?),
            None => Ok(()),
        }
    }

    /// Those of the objects that are here too.
    fn known(&self, had: &MirrorRefs, cancel: &Cancel) -> Result<Vec<String>, MirrorError> {
        let asked: String = had.refs.values().map(|object| format!("{object}\n")).collect();
        let check = self.git.command("cat-file").arg("--batch-check=%(objectname)").folder(&self.path);
        let found = check.input(file_with(&asked)?).output(cancel)?;
        Ok(found.lines().filter(|line| !line.ends_with(" missing")).map(str::to_owned).collect())
    }

    fn set_head(&self, branch: &str, cancel: &Cancel) -> Result<(), GitError> {
        let set = self.git.command("symbolic-ref").args(["HEAD", branch]).folder(&self.path);
        set.hold(&self.lock).output(cancel)?;
        Ok(())
    }
}

/// Waits for the lock, and marks it as used now.
fn take(path: &Path, cancel: &Cancel) -> Result<File, MirrorError> {
    loop {
        let lock = File::options().create(true).append(true).open(path).map_err(MirrorError::io(path))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if is_still_at(&lock, path) => {
                lock.set_modified(SystemTime::now()).map_err(MirrorError::io(path))?;
                return Ok(lock);
            }
            // Whoever had it before us was the sweeper.
            Ok(()) => continue,
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Err(MirrorError::io(path)(error.into())),
        }
        if cancel.is_cancelled() {
            return Err(GitError::Cancelled.into());
        }
        std::thread::sleep(PAUSE);
    }
}

/// Whether an open file is the one that has this name now.
fn is_still_at(file: &File, path: &Path) -> bool {
    let (ours, there) = (file.metadata(), path.metadata());
    ours.is_ok_and(|ours| there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())))
}

/// A file without a name, to be read from its beginning.
fn file_with(text: &str) -> Result<File, MirrorError> {
    let made = tempfile::tempfile().and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.rewind()?;
        Ok(file)
    });
    made.map_err(MirrorError::io(Path::new("a temporary file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path, cancel: &Cancel) -> Result<Mirror, MirrorError> {
        Mirror::open_in(folder, &id_of(&"https://example.org/web".parse().unwrap()), cancel)
    }

    #[test]
    fn who_waits_for_a_mirror_can_be_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let _held = open(folder.path(), &Cancel::new()).unwrap();
        let cancel = Cancel::new();
        cancel.cancel();
        let waited = open(folder.path(), &cancel);
        assert!(matches!(waited, Err(MirrorError::Git(GitError::Cancelled))), "{waited:?}");
    }

    #[test]
    fn what_git_was_killed_in_the_middle_of_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = open(folder.path(), &Cancel::new()).unwrap().path;
        let unfinished = path.with_extension(UNFINISHED);
        fs::rename(&path, &unfinished).unwrap();
        // git makes this folder last, and what it locks is a file that it does not make anew.
        fs::remove_dir_all(unfinished.join("objects")).unwrap();
        fs::write(unfinished.join("config.lock"), "").unwrap();
        let mirror = open(folder.path(), &Cancel::new()).unwrap();
        assert_eq!(mirror.refs(&Cancel::new()).unwrap().refs.len(), 0);
        fs::write(path.join("HEAD.lock"), "").unwrap();
        drop(mirror);
        let mirror = open(folder.path(), &Cancel::new()).unwrap();
        mirror.set_head("refs/heads/live", &Cancel::new()).unwrap();
        assert_eq!(fs::read_to_string(path.join("HEAD")).unwrap(), "ref: refs/heads/live\n");
    }
}
