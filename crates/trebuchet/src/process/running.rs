//! The process groups of all programs that run, so that a process which ends at once can take them with it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

/// The leaders of the groups that run; `None` once all of them were killed.
static LEADERS: Mutex<Option<BTreeSet<i32>>> = Mutex::new(Some(BTreeSet::new()));

/// Kills every program that was started here and still runs, with all its descendants. None is started from then on:
/// it is for a process that is about to end, and cannot wait for its programs to end in order.
pub fn kill_all() {
    for leader in leaders().take().unwrap_or_default() {
        if let Some(leader) = Pid::from_raw(leader) {
            // That nobody is left in it is no error.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Starts a program that leads a group, unless all of them were killed.
pub(super) fn start<T, E>(
    spawn: impl FnOnce() -> Result<T, E>,
    leader: impl FnOnce(&T) -> Pid,
) -> Option<Result<T, E>> {
    // Held meanwhile: what is being started must not be missed by those who kill.
    let mut leaders = leaders();
    let known = leaders.as_mut()?;
    let spawned = spawn();
    if let Ok(child) = &spawned {
        known.insert(leader(child).as_raw_nonzero().get());
    }
    Some(spawned)
}

/// Forgets a group, which must not be reaped before: its number could be another's then.
pub(super) fn forget(leader: Pid) {
    if let Some(known) = leaders().as_mut() {
        known.remove(&leader.as_raw_nonzero().get());
    }
}

fn leaders() -> MutexGuard<'static, Option<BTreeSet<i32>>> {
    // A set is as whole after a panic as before.
    LEADERS.lock().unwrap_or_else(PoisonError::into_inner)
}
