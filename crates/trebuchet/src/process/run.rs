//! The wait for a child: reads both of its pipes, watches the clock and the wish to cancel, and leaves no descendant behind.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};

use super::{Cancel, Process, ProcessError, SECRETS, Stream, running};

/// How often cancellation is looked at while nothing else happens.
const TICK: Duration = Duration::from_millis(50);
/// What a program gets to clean up after `TERM`, before `KILL`.
const GRACE: Duration = Duration::from_secs(3);
/// How long the pipes may stay open in somebody else's hands once the program itself is gone.
const DRAIN: Duration = Duration::from_millis(500);

/// What a program is that waits: when we are killed before the word, it never begins; after that it is the program, by the same
/// number, with nothing on its standard input.
const GATE: &str = "read -r go && exec \"$@\" </dev/null";

/// How a program came to its end.
#[derive(Debug)]
pub(super) enum How {
    Exited(ExitStatus),
    TimedOut(Duration),
    FellSilent(Duration),
    Cancelled,
    AskedTheTerminal,
}

/// The end of a program.
#[derive(Debug)]
pub(super) struct Ended {
    /// Of its own, or at our hand.
    pub(super) how: How,
    pub(super) duration: Duration,
}

/// Gets what a stream brings, `None` at its end.
pub(super) type OnChunk<'a> = dyn FnMut(Stream, Option<&[u8]>) -> Result<(), ProcessError> + 'a;

/// Runs a program to its end.
pub(super) fn run(
    process: &Process,
    cancel: &Cancel,
    on_chunk: &mut OnChunk<'_>,
) -> Result<Ended, ProcessError> {
    let io = |source| ProcessError::Io { command: process.to_string(), source };
    let began = Instant::now();
    let mut group = Group::start(process)?;
    let mut pipes = group.pipes();
    let mut stopped: Option<How> = None;
    // When patience with a stopped program ends, or with the heirs of one that is gone.
    let mut until = None;
    let (mut exit_seen, mut last_heard) = (false, began);
    loop {
        let now = Instant::now();
        let late = until.is_some_and(|until| now >= until);
        match group.state().map_err(io)? {
            State::Gone if pipes.is_empty() || (exit_seen && late) => break,
            State::Gone if exit_seen => {}
            State::Gone => (exit_seen, until) = (true, Some(now + DRAIN)),
            _ if stopped.is_some() && late => group.signal(Signal::KILL),
            _ if stopped.is_some() => {}
            state => {
                if let Some(reason) = reason_to_stop(process, cancel, state, now - began, now - last_heard) {
                    group.signal(Signal::TERM);
                    // A stopped process takes its TERM only when it goes on.
                    group.signal(Signal::CONT);
                    (stopped, until) = (Some(reason), Some(now + GRACE));
                }
            }
        }
        let notice = group.notice.as_ref().filter(|_| !exit_seen);
        if read_ready(&mut pipes, notice, on_chunk, &io)? {
            last_heard = Instant::now();
        }
    }
    let duration = began.elapsed();
    // Its number is still its own, since the leader is not reaped. What is to stay has left the group (setsid(2)).
    group.signal(Signal::KILL);
    let status = group.reap().map_err(io)?;
    for (stream, _) in &pipes {
        on_chunk(*stream, None)?;
    }
    Ok(Ended { how: stopped.unwrap_or(How::Exited(status)), duration })
}

/// `ENOENT` means the program or the folder it should run in.
fn not_started(process: &Process, source: io::Error) -> ProcessError {
    let missing = source.kind() == io::ErrorKind::NotFound;
    match &process.directory {
        Some(folder) if missing && !folder.is_dir() => {
            let source = io::Error::new(source.kind(), format!("there is no folder {}", folder.display()));
            ProcessError::Io { command: process.to_string(), source }
        }
        _ if missing => ProcessError::NotFound { program: process.program.to_string_lossy().into_owned() },
        _ => ProcessError::Io { command: process.to_string(), source },
    }
}

fn reason_to_stop(
    process: &Process,
    cancel: &Cancel,
    state: State,
    ran: Duration,
    silent: Duration,
) -> Option<How> {
    if cancel.is_cancelled() {
        return Some(How::Cancelled);
    }
    if state == State::AskedTheTerminal {
        return Some(How::AskedTheTerminal);
    }
    let over = |limit: Option<Duration>, spent| limit.filter(|limit| spent >= *limit);
    over(process.timeout, ran)
        .map(How::TimedOut)
        .or_else(|| over(process.silence, silent).map(How::FellSilent))
}

/// Waits, for a tick, until a pipe has something or the program ended, and passes on what is there.
fn read_ready(
    pipes: &mut Vec<(Stream, OwnedFd)>,
    notice: Option<&OwnedFd>,
    on_chunk: &mut OnChunk<'_>,
    io: &dyn Fn(io::Error) -> ProcessError,
) -> Result<bool, ProcessError> {
    let watched = pipes.iter().map(|(_, fd)| fd).chain(notice);
    let mut polled: Vec<_> = watched.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
    match poll(&mut polled, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(errno) => return Err(io(errno.into())),
    }
    let ready: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
    let (mut buffer, pipes_before) = ([0; 16 << 10], pipes.len());
    for index in (0..pipes_before).rev().filter(|&index| ready[index]) {
        let (stream, fd) = &pipes[index];
        let stream = *stream;
        match rustix::io::read(fd.as_fd(), &mut buffer) {
            Ok(0) => {
                pipes.remove(index);
                on_chunk(stream, None)?;
            }
            Ok(count) => on_chunk(stream, Some(&buffer[..count]))?,
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(errno) => return Err(io(errno.into())),
        }
    }
    Ok(ready[..pipes_before].contains(&true))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// Stopped by the system, since it wants something from the terminal of a session that is not its own.
    AskedTheTerminal,
    /// Ended, but not reaped yet: its process group's number cannot belong to anybody else.
    Gone,
}

/// A child that leads a process group. Dropped before it was reaped, it takes the whole group with it.
struct Group {
    child: Child,
    leader: Pid,
    /// Becomes readable when the child ends; absent on kernels without it.
    notice: Option<OwnedFd>,
    reaped: bool,
}

impl Group {
    fn start(process: &Process) -> Result<Self, ProcessError> {
        let held = process.held.as_ref().map(|file| file.try_clone()).transpose();
        let spawn = || held.and_then(|held| command(process, held).spawn());
        let Some(child) = running::start(spawn, Pid::from_child) else {
            return Err(ProcessError::Cancelled { command: process.to_string() });
        };
        let mut child = child.map_err(|source| not_started(process, source))?;
        if let Some(mut gate) = child.stdin.take() {
            // Who is gone by now does not begin.
            let _ = gate.write_all(b"go\n");
        }
        let leader = Pid::from_child(&child);
        let notice = pidfd_open(leader, PidfdFlags::empty()).ok();
        Ok(Self { child, leader, notice, reaped: false })
    }

    fn pipes(&mut self) -> Vec<(Stream, OwnedFd)> {
        let stdout = self.child.stdout.take().map(|pipe| (Stream::Stdout, OwnedFd::from(pipe)));
        let stderr = self.child.stderr.take().map(|pipe| (Stream::Stderr, OwnedFd::from(pipe)));
        stdout.into_iter().chain(stderr).collect()
    }

    fn state(&self) -> io::Result<State> {
        let options = WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // In one question: asked for stops alone, the kernel says of one that just ended that there is no such child.
        let change = match waitid(
            WaitId::Pid(self.leader),
            options | WaitIdOptions::EXITED | WaitIdOptions::STOPPED,
        ) {
            Err(rustix::io::Errno::INTR) => None,
            change => change?,
        };
        let Some(change) = change else { return Ok(State::Running) };
        let terminal = [Signal::TTIN.as_raw(), Signal::TTOU.as_raw()];
        Ok(match change.stopping_signal() {
            Some(signal) if terminal.contains(&signal) => State::AskedTheTerminal,
            Some(_) => State::Running,
            None => State::Gone,
        })
    }

    /// Signals the whole group; that nobody is left in it is no error.
    fn signal(&self, signal: Signal) {
        if !self.reaped {
            let _ = kill_process_group(self.leader, signal);
        }
    }

    fn reap(&mut self) -> io::Result<ExitStatus> {
        running::forget(self.leader);
        let status = self.child.wait();
        self.reaped = true;
        status
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal(Signal::KILL);
            let _ = self.reap();
        }
    }
}

fn command(process: &Process, held: Option<File>) -> Command {
    let mut command = Command::new(if process.waits { OsStr::new("sh") } else { &process.program });
    if process.waits {
        command.args(["-c", GATE, "sh"]).arg(&process.program);
    }
    command.args(&process.arguments);
    if process.environment_cleared {
        command.env_clear();
    }
    for secret in SECRETS {
        command.env_remove(secret);
    }
    for (name, value) in &process.environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(directory) = &process.directory {
        command.current_dir(directory);
    }
    let nothing = || if process.waits { Stdio::piped() } else { Stdio::null() };
    command.stdin(held.map_or_else(nothing, Stdio::from)).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0);
    command
}
