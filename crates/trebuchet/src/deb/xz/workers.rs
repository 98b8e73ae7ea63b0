//! The threads that pack blocks; their results come back in the order in which the blocks were given.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::block::{Packing, Segment, Settings};
use crate::process::Cancel;

/// A block to pack, and where the result goes.
struct Job {
    bytes: Vec<u8>,
    packing: Packing,
    result: SyncSender<io::Result<Segment>>,
}

/// Threads that end by themselves when this is dropped.
pub(super) struct Workers {
    jobs: Sender<Job>,
    results: VecDeque<Receiver<io::Result<Segment>>>,
    threads: usize,
    /// Raised when nobody wants the results any more.
    dropped: Cancel,
}

impl Workers {
    /// Starts `threads` threads, at least one. They fail soon after `cancel` was raised.
    pub(super) fn start(threads: usize, settings: Settings, cancel: &Cancel) -> io::Result<Self> {
        let (jobs, to_do) = channel();
        let (to_do, threads, dropped) = (Arc::new(Mutex::new(to_do)), threads.max(1), Cancel::new());
        for _ in 0..threads {
            let (to_do, cancel, dropped) = (Arc::clone(&to_do), cancel.clone(), dropped.clone());
            let stop = move || cancel.is_cancelled() || dropped.is_cancelled();
            thread::Builder::new().name("xz".to_owned()).spawn(move || work(&to_do, settings, &stop))?;
        }
        Ok(Self { jobs, results: VecDeque::new(), threads, dropped })
    }

    /// Whether each thread has a block, and one more waits: memory should not be taken for others.
    pub(super) fn are_busy(&self) -> bool {
        self.results.len() > self.threads
    }

    /// Gives a block to whichever thread is free next.
    pub(super) fn give(&mut self, bytes: Vec<u8>, packing: Packing) -> io::Result<()> {
        let (result, receiver) = sync_channel(1);
        self.results.push_back(receiver);
        self.jobs.send(Job { bytes, packing, result }).map_err(|_| died())
    }

    /// Waits for the oldest block that was given; none when there is none.
    pub(super) fn next(&mut self) -> io::Result<Option<Segment>> {
        self.results.pop_front().map(|result| result.recv().unwrap_or_else(|_| Err(died()))).transpose()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.dropped.cancel();
    }
}

fn died() -> io::Error {
    io::Error::other("a compressing thread died")
}

fn work(jobs: &Mutex<Receiver<Job>>, settings: Settings, stop: &dyn Fn() -> bool) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // When nobody waits for it any more, the result is nobody's.
        let _ = job.result.send(Segment::pack(&job.bytes, job.packing, settings, stop));
    }
}
