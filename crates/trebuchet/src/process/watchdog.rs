//! Ends what this process leaves running when it is killed with `kill -9`, and cannot end it itself.
//!
//! A process of its own, this program once more, holds the read end of a pipe on which it is told of each group that begins
//! and ends. The kernel closes the other end with whoever holds it, however he comes to his end.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process_group};

/// The first argument of the process that watches.
const ARGUMENT: &str = "trebuchet:watch-over-groups";

/// What says nothing, but finds out whether somebody hears.
const NOBODY: i32 = 0;

static WANTED: AtomicBool = AtomicBool::new(false);

/// Has the programs that this process starts ended with it, even when it is killed with `kill -9`. To be called first thing
/// in `main`, which returns what this returns: what does it is this program once more.
///
/// When a program does not call it, what it started goes on until it ends by itself or writes into a pipe of ours.
pub fn watch_over() -> Option<ExitCode> {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT) {
        watch();
        return Some(ExitCode::SUCCESS);
    }
    WANTED.store(true, Ordering::Relaxed);
    None
}

/// The watching process: takes note of groups until nobody can tell of them any more.
fn watch() {
    let (mut groups, mut told) = (BTreeSet::new(), [0; size_of::<i32>()]);
    while io::stdin().read_exact(&mut told).is_ok() {
        match i32::from_ne_bytes(told) {
            begun @ 1.. => drop(groups.insert(begun)),
            ended => drop(groups.remove(&ended.wrapping_neg())),
        }
    }
    // At once: as soon as a group is gone, its number may become another's.
    for group in groups {
        if let Some(group) = Pid::from_raw(group) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// The watching process, with our end of the pipe; started with the first group.
pub(super) enum Watchdog {
    /// Not yet, or the last one is gone.
    NotStarted,
    Watches(Child, ChildStdin),
    NotWanted,
}

impl Watchdog {
    /// Sees to it that somebody watches before a program begins: one that is quick, or a death that is, must not come between.
    pub(super) fn be_ready(&mut self, leaders: &BTreeSet<i32>) {
        self.begins(NOBODY, leaders);
    }

    /// Tells that there is a group, led by this process. When there is nobody to tell, somebody is started who is told of all
    /// `leaders`, this one among them.
    pub(super) fn begins(&mut self, leader: i32, leaders: &BTreeSet<i32>) {
        self.tell(leader);
        if matches!(self, Self::NotStarted) {
            *self = Self::start();
            leaders.iter().for_each(|leader| self.tell(*leader));
        }
    }

    /// Tells that the group ends; its number is not another's yet.
    pub(super) fn ends(&mut self, leader: i32) {
        self.tell(leader.wrapping_neg());
    }

    fn tell(&mut self, word: i32) {
        let Self::Watches(child, pipe) = self else { return };
        // All of it is written or nothing (pipe(7)). Who does not read in time must not keep us, nor act on half the truth.
        if pipe.write_all(&word.to_ne_bytes()).is_err() {
            let _ = child.kill().and_then(|()| child.wait());
            *self = Self::NotStarted;
        }
    }

    fn start() -> Self {
        if !WANTED.load(Ordering::Relaxed) {
            return Self::NotWanted;
        }
        let mut command = Command::new("/proc/self/exe");
        command.arg(ARGUMENT).current_dir("/").stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // The terminal's signals are not for it.
        let Ok(mut child) = command.process_group(0).spawn() else { return Self::NotStarted };
        match child.stdin.take() {
            Some(pipe) if does_not_block(&pipe).is_ok() => Self::Watches(child, pipe),
            _ => Self::NotStarted,
        }
    }
}

fn does_not_block(pipe: &ChildStdin) -> io::Result<()> {
    Ok(fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?)
}
