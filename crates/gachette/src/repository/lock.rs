//! Turns between processes on one machine, by flock(2), which the kernel ends with the process.
//!
//! The ledger needs none of this: it is for derived files and for package files.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

/// How long a turn is waited for. A process that was stopped while it had its turn must not stop all others; what goes
/// wrong without a turn is a derived file, which `fsck` mends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits for a turn on this folder, and gives it back when dropped. `None` when there is none to be had.
pub(crate) fn turn(folder: &Path) -> Option<File> {
    let file = File::open(folder).ok()?;
    let begun = Instant::now();
    let mut pause = Duration::from_micros(100);
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        if begun.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
    Some(file)
}
