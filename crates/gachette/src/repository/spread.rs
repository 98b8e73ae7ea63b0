//! The same small step for many things, by several threads where that is worth it.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// By how many at most, where what is waited for is the disk as much as a processor.
const THREADS: usize = 4;

/// How many processors there are, which is as many threads as can make names in one folder without waiting for each other.
static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS));

/// How many threads can be at work at once, each with folders of its own.
pub(crate) fn processors() -> usize {
    *PROCESSORS
}

/// How many of the things are worth one more thread.
#[derive(Clone, Copy)]
pub(crate) enum Worth {
    /// Many: each is a matter of microseconds, as a file of one line.
    Lines = 200,
    /// A few: each is a matter of a millisecond, as a package file or a stack.
    Files = 8,
    /// Any: each is a matter of many milliseconds, as megabytes that are hashed.
    Megabytes = 1,
}

/// Does the step for each of the things, in no order that could be relied on, and returns an error if there was one.
pub(crate) fn spread<T: Sync, E: Send>(
    things: &[T],
    step: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    gather(Worth::Lines, things, step).map(|_: Vec<()>| ())
}

/// What the step makes of each of the things, in their order; or the error of the first that has one.
pub(crate) fn gather<T: Sync, R: Send, E: Send>(
    worth: Worth,
    things: &[T],
    step: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let most = match worth {
        Worth::Lines | Worth::Megabytes => *PROCESSORS,
        Worth::Files => THREADS,
    };
    let threads = if is_one_of_many() { 1 } else { (things.len() / worth as usize).clamp(1, most) };
    if threads == 1 {
        return things.iter().map(step).collect();
    }
    // Things are begun in order, so before one that fails all are begun, and done to their end.
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(index) else { break };
            let outcome = step(thing);
            failed.fetch_or(outcome.is_err(), Ordering::Relaxed);
            done.push((index, outcome));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

thread_local! {
    /// Whether this thread is one of several that share some work, as many as there are processors.
    static ONE_OF_MANY: Cell<bool> = const { Cell::new(false) };
}

fn is_one_of_many() -> bool {
    ONE_OF_MANY.get()
}

/// Says that this thread is one of as many as there are processors: what it does by [`gather`] it does by itself.
pub(crate) fn be_one_of_many() {
    ONE_OF_MANY.set(true);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_of_many_threads_does_all_by_itself() {
        let things = [(); 1000];
        let threads = move || -> HashSet<thread::ThreadId> {
            // Long enough that others would come to it too.
            let step = |_: &()| {
                thread::yield_now();
                Ok::<_, ()>(thread::current().id())
            };
            gather(Worth::Files, &things, step).unwrap().into_iter().collect()
        };
        let alone = thread::spawn(move || {
            be_one_of_many();
            (threads(), thread::current().id())
        });
        let (threads, own) = alone.join().unwrap();
        assert_eq!(threads, HashSet::from([own]));
    }

    #[test]
    fn outcomes_come_in_order_and_of_errors_the_first() {
        let things: Vec<usize> = (0..10_000).collect();
        let doubled = gather(Worth::Files, &things, |thing| Ok::<_, usize>(thing * 2)).unwrap();
        assert!(doubled.iter().enumerate().all(|(index, double)| *double == index * 2));
        for _ in 0..20 {
            let failed = gather(Worth::Files, &things, |thing| match thing {
                thing if thing % 100 == 77 => Err(*thing),
                thing => Ok(*thing),
            });
            assert_eq!(failed, Err(77));
        }
    }
}
