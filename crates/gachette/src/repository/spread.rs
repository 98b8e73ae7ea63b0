//! The same small step for many things, by several threads where that is worth it.

use std::panic::resume_unwind;
use std::thread;

/// From how many things on.
const WORTH_THREADS: usize = 500;

/// By how many: what is waited for is the disk, more than a processor.
const THREADS: usize = 4;

/// Does the step for each of the things, in no order that could be relied on, and returns an error if there was one.
pub(crate) fn spread<T: Sync, E: Send>(
    things: &[T],
    step: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let all = |part: &[T]| part.iter().try_for_each(&step);
    let threads = if things.len() < WORTH_THREADS { 1 } else { THREADS };
    let parts: Vec<_> = things.chunks(things.len().div_ceil(threads).max(1)).collect();
    let Some((first, others)) = parts.split_first() else { return Ok(()) };
    thread::scope(|scope| {
        let others: Vec<_> = others.iter().map(|part| scope.spawn(|| all(part))).collect();
        let outcome = all(first);
        let joined =
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.fold(outcome, Result::and)
    })
}
