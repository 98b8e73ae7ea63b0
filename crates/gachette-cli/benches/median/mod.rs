//! What a step takes in the middle of several rounds.

use std::time::{Duration, Instant};

/// The median of what the rounds take.
pub(crate) fn median_of(rounds: usize, round: impl Fn()) -> Duration {
    let time = |_| {
        let began = Instant::now();
        round();
        began.elapsed()
    };
    let mut times: Vec<Duration> = (0..rounds).map(time).collect();
    times.sort_unstable();
    times[rounds / 2]
}
