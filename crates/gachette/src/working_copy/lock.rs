//! One at a time in a working copy: a lock on a file, which tells those who wait whom they wait for.
//!
//! The lock is the kernel's (flock(2)), so it ends with its holder, even by `kill -9`. Programs that the holder started
//! share it ([`trebuchet::process::Process::hold`]), so that it does not end before they do.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trebuchet::process::Cancel;

use super::error::io;
use super::{Event, WorkingCopyError};
use crate::git::GitError;

/// How often a lock that another one holds is tried.
const PAUSE: Duration = Duration::from_millis(50);

/// The most that is read of what a holder says, in bytes.
const LONGEST: u64 = 64 << 10;

/// Who works in a working copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The machine it runs on.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
    /// What it does: `prepare web at master`.
    pub what: String,
    /// Whether it is gone, and only programs that it started still work.
    #[serde(skip)]
    pub is_gone: bool,
}

impl Holder {
    fn ourselves(what: &str) -> Self {
        let (pid, since, what) = (std::process::id(), Timestamp::now(), what.to_owned());
        Self { pid, host: host(), since, what, is_gone: false }
    }

    /// Reads who signed a lock; `None` while nobody did.
    fn read(path: &Path) -> Option<Self> {
        let holder: Self = serde_json::from_slice(&trebuchet::read_regular(path, LONGEST).ok()?).ok()?;
        // Of other machines, nothing is known.
        let is_here = holder.host == host() && Path::new("/proc/self").exists();
        let is_gone = is_here && !Path::new("/proc").join(holder.pid.to_string()).exists();
        Some(Self { is_gone, ..holder })
    }
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, host, since, what, is_gone } = self;
        match is_gone {
            false => write!(f, "process {pid} on {host}, which does `{what}` since {since:.0}"),
            true => write!(
                f,
                "programs that process {pid} on {host} started for `{what}` at {since:.0}; it is gone, they are not"
            ),
        }
    }
}

/// A lock that is held, until it is dropped and all programs it was lent to have ended.
#[derive(Debug)]
pub(super) struct Lock {
    file: Arc<File>,
}

impl Lock {
    /// Takes the lock `lock` in `folder`, which is made; waits until it is free, and says for whom.
    pub(super) fn take(
        folder: &Path,
        what: &str,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<Self, WorkingCopyError> {
        let path = folder.join("lock");
        let mut told = None;
        loop {
            if let Some(lock) = Self::take_if_free(folder, what)? {
                return Ok(lock);
            }
            // The holder writes its name after it has the lock, so for a moment there may be none, or the last one's.
            if let Some(holder) = Holder::read(&path).filter(|holder| told.as_ref() != Some(holder)) {
                on_event(Event::Waiting(holder.clone()));
                told = Some(holder);
            }
            if cancel.is_cancelled() {
                return Err(GitError::Cancelled.into());
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Takes the lock `lock` in `folder`, which is made; `None` when somebody has it.
    pub(super) fn take_if_free(folder: &Path, what: &str) -> Result<Option<Self>, WorkingCopyError> {
        let path = folder.join("lock");
        let lock = Self::attempt(folder, &path).map_err(io("lock", &path))?;
        if let Some(lock) = &lock {
            lock.sign(&Holder::ourselves(what)).map_err(io("write", &path))?;
        }
        Ok(lock)
    }

    /// Who had the lock in this folder last, and whether he has it now.
    pub(super) fn last_holder(folder: &Path) -> (Option<Holder>, bool) {
        let path = folder.join("lock");
        let is_held = trebuchet::open_regular(&path).is_ok_and(|file| {
            let is_held = flock(&file, FlockOperation::NonBlockingLockShared).is_err();
            // In so many words, since a program that is started just now may have the file too.
            let _ = flock(&file, FlockOperation::Unlock);
            is_held
        });
        (Holder::read(&path), is_held)
    }

    /// The file that has the lock on it, to be lent to programs that work in the working copy.
    pub(super) fn file(&self) -> &Arc<File> {
        &self.file
    }

    fn attempt(folder: &Path, path: &Path) -> io::Result<Option<Self>> {
        match std::fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        let file = match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path) {
            // The folder was taken away since: the holder before us removed the working copy.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => return Ok(None),
            locked => locked?,
        }
        let same = path.metadata().is_ok_and(|there| {
            file.metadata().is_ok_and(|ours| (there.dev(), there.ino()) == (ours.dev(), ours.ino()))
        });
        Ok(same.then(|| Self { file: Arc::new(file) }))
    }

    /// Leaves the position at the end of the file: programs that get it as their standard input find nothing there.
    fn sign(&self, holder: &Holder) -> io::Result<()> {
        let mut file: &File = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        let mut text = serde_json::to_vec(holder)?;
        text.push(b'\n');
        file.write_all(&text)?;
        let rest = file.read(&mut [0; 1])?;
        debug_assert_eq!(rest, 0, "nothing is left to read");
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // In so many words, since a program that left the group we ended, such as a credential cache, may live on.
        let _ = flock(&*self.file, FlockOperation::Unlock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_knows_for_whom_and_goes_on_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("web");
        let first = Lock::take(&place, "prepare web at master", &Cancel::new(), &mut |_| {}).unwrap();
        let mut first = Some(first);
        let mut waited_for = Vec::new();
        let second = Lock::take(&place, "build web", &Cancel::new(), &mut |event| {
            waited_for.push(event);
            first = None;
        });
        second.unwrap();
        let [Event::Waiting(holder)] = &waited_for[..] else { panic!("{waited_for:?}") };
        assert_eq!((holder.pid, holder.what.as_str()), (std::process::id(), "prepare web at master"));
        assert!(holder.to_string().contains("`prepare web at master`"), "{holder}");
    }

    #[test]
    fn waiting_ends_when_the_user_wants_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("web");
        let _first = Lock::take(&place, "a", &Cancel::new(), &mut |_| {}).unwrap();
        let cancel = Cancel::new();
        let second = Lock::take(&place, "b", &cancel, &mut |_| cancel.cancel());
        assert!(second.unwrap_err().is_cancelled());
    }

    #[test]
    fn a_lock_whose_folder_was_removed_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("web");
        let first = Lock::take(&place, "remove", &Cancel::new(), &mut |_| {}).unwrap();
        std::fs::remove_dir_all(&place).unwrap();
        let second =
            Lock::take(&place, "prepare", &Cancel::new(), &mut |_| panic!("nobody is there")).unwrap();
        drop((first, second));
    }
}
