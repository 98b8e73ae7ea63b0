//! Work that waits for disks and programs, where `tokio` is not known.
//!
//! Where it is, `object_store` hands each access to a repository to another thread and waits for that, which takes longer than most
//! of them.

use std::cell::OnceCell;
use std::panic::resume_unwind;
use std::thread;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

thread_local! {
    /// The runtime that had this thread started.
    static STARTED_BY: OnceCell<Handle> = const { OnceCell::new() };
}

/// The runtime, also on threads that [`spawn_outside`] started. It must be one of the two.
pub(crate) fn runtime() -> Handle {
    STARTED_BY.with(|started_by| started_by.get().cloned()).unwrap_or_else(Handle::current)
}

/// Does it on a thread of its own, and awaits that as [`tokio::task::spawn_blocking`] does.
pub(crate) fn spawn_outside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let runtime = runtime();
    runtime.clone().spawn_blocking(|| {
        let work = || {
            STARTED_BY.with(|started_by| drop(started_by.set(runtime)));
            work()
        };
        let done = thread::scope(|scope| scope.spawn(work).join());
        done.unwrap_or_else(|panic| resume_unwind(panic))
    })
}
