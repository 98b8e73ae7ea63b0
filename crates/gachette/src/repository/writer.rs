//! Names that no two writers share, on one machine or on many.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

/// A new name: 32 hexadecimal digits from the system's random numbers, the time, the process and a counter.
pub fn id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = Timestamp::now().as_nanosecond();
    let this = (now, std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    // Each RandomState has keys of its own, drawn from the system.
    let half = || RandomState::new().hash_one(this);
    format!("{:016x}{:016x}", half(), half())
}
