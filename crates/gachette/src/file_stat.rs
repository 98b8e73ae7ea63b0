//! What tells a file from any other, and from itself after a change: by it something is known of a file that is not read again.
//!
//! No call sets the time of a file's last change but to that of the clock (inode(7)). So whoever wrote to a file, renamed it or set its
//! times left another one. But it may change again within the tick of the clock in which it was looked at, and one of another machine
//! by the clock of that; and what is written through a mapping to a page that is not on the disk yet leaves the time as it is (mmap(2)).

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;

use rustix::fs::{FsWord, fstatfs};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// File systems whose times are of this machine's clock: ext4, tmpfs, XFS, Btrfs, F2FS, bcachefs and ZFS (`linux/magic.h`; ZFS's own
/// headers). Not overlays, below which there may be any other.
const LOCAL: [FsWord; 7] =
    [0xef53, 0x0102_1994, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0xca45_1a4e, 0x2fc1_2fc1];

/// What tells a file from any other, and from itself after a change (stat(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileStat {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileStat {
    /// Of an open file or folder; none where a change could leave it as it is.
    pub(crate) fn of(file: &File) -> Option<Self> {
        // Before the file is looked at. The kernel takes the times of files from this clock, or from one that is ahead of it.
        let now = clock_gettime(ClockId::RealtimeCoarse);
        let stat = Self::unsettled(file)?;
        let (seconds, nanoseconds) = stat.changed;
        // Old formats of ext4 know seconds alone.
        let is_settled =
            seconds < now.tv_sec || (nanoseconds != 0 && stat.changed < (now.tv_sec, now.tv_nsec));
        is_settled.then_some(stat)
    }

    /// Whether it is of a file on this device.
    pub(crate) fn is_on(&self, device: u64) -> bool {
        self.device == device
    }

    fn unsettled(file: &File) -> Option<Self> {
        let kind = fstatfs(file).ok()?.f_type;
        let found = file.metadata().ok()?;
        LOCAL.contains(&kind).then(|| Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }

    /// The same of one that was changed just now, once it is to be had.
    #[cfg(test)]
    pub(crate) fn of_settled(file: &File) -> Option<Self> {
        let mut tries = (0..5_000).take_while(|_| Self::unsettled(file).is_some());
        tries.find_map(|_| {
            let stat = Self::of(file);
            if stat.is_none() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            stat
        })
    }
}

/// A folder for a test in which something is known of files; none on a machine where nothing is known in any.
#[cfg(test)]
pub(crate) fn local_folder() -> Option<tempfile::TempDir> {
    let places = [std::env::temp_dir(), "/dev/shm".into()];
    let mut folders = places.iter().filter_map(|place| tempfile::tempdir_in(place).ok());
    folders.find(|folder| File::open(folder.path()).is_ok_and(|file| FileStat::unsettled(&file).is_some()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_stat_is_had_only_when_a_change_from_now_on_would_give_another() {
        let local = local_folder();
        let is_local = local.is_some();
        let folder = local.unwrap_or_else(|| tempfile::tempdir().unwrap());
        let path = folder.path().join("file");
        for text in (0..200).map(|number| number.to_string()) {
            fs::write(&path, &text).unwrap();
            let file = File::open(&path).unwrap();
            let waits = text.ends_with('7');
            let stat = if waits { FileStat::of_settled(&file) } else { FileStat::of(&file) };
            assert!(if waits { stat.is_some() == is_local } else { stat.is_none() || is_local });
            fs::write(&path, &text).unwrap();
            assert!(stat.is_none() || FileStat::unsettled(&file) != stat);
        }
    }

    #[test]
    fn nothing_is_known_of_files_whose_times_may_be_of_another_clock() {
        for path in ["/proc/version", "/proc/self"] {
            assert_eq!(FileStat::unsettled(&File::open(path).unwrap()), None, "{path}");
        }
    }
}
