//! The process groups of all programs that run, so that a process which ends at once can take them with it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

use super::watchdog::Watchdog;

/// The groups that run; `None` once all of them were killed.
static GROUPS: Mutex<Option<Groups>> =
    Mutex::new(Some(Groups { leaders: BTreeSet::new(), watchdog: Watchdog::NotStarted }));

struct Groups {
    leaders: BTreeSet<i32>,
    watchdog: Watchdog,
}

/// Kills every program that was started here and still runs, with all its descendants. None is started from then on:
/// it is for a process that is about to end, and cannot wait for its programs to end in order.
pub fn kill_all() {
    for leader in groups().take().into_iter().flat_map(|groups| groups.leaders) {
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
    let mut groups = groups();
    let known = groups.as_mut()?;
    known.watchdog.be_ready(&known.leaders);
    let spawned = spawn();
    if let Ok(child) = &spawned {
        let leader = leader(child).as_raw_nonzero().get();
        known.leaders.insert(leader);
        known.watchdog.begins(leader, &known.leaders);
    }
    Some(spawned)
}

/// Forgets a group, which must not be reaped before: its number could be another's then.
pub(super) fn forget(leader: Pid) {
    if let Some(known) = groups().as_mut() {
        let leader = leader.as_raw_nonzero().get();
        known.leaders.remove(&leader);
        known.watchdog.ends(leader);
    }
}

fn groups() -> MutexGuard<'static, Option<Groups>> {
    // A set is as whole after a panic as before.
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}
