//! Turns between processes on one machine, by flock(2), which the kernel ends with the process.
//!
//! The ledger does not need them: whoever creates the file of a revision wins, with or without a turn. They keep writers on
//! one machine from racing in vain, and derived files from being left as a slow writer's older state had them.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::disk::open_folder;

/// How long a turn is waited for. A process that was stopped while it had its turn must not stop all others; all that can
/// go wrong without one is a derived file, which `fsck` mends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Waits for a turn on this folder, and gives it back when dropped. `None` when there is none to be had.
pub(crate) fn turn(folder: &Path) -> Option<File> {
    let file = open_folder(folder).ok()?;
    wait(&file, Hold::Alone, PATIENCE).then_some(file)
}

/// Who else may hold a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nobody.
    Alone,
    /// Those who share it too.
    Shared,
}

/// Waits until nobody holds this file who must not. `false` when that takes longer than `patience`.
pub(crate) fn wait(file: &File, hold: Hold, patience: Duration) -> bool {
    let operation = match hold {
        Hold::Alone => FlockOperation::NonBlockingLockExclusive,
        Hold::Shared => FlockOperation::NonBlockingLockShared,
    };
    let begun = Instant::now();
    let mut pause = Duration::from_micros(100);
    while flock(file, operation).is_err() {
        if begun.elapsed() > patience {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
    true
}
