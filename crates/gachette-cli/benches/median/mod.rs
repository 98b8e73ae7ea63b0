//! What a step takes in the middle of several rounds.

use std::time::{Duration, Instant};

/// The medians of what the rounds of each of these take. They take turns, so that what else the machine does hits all of them.
pub(crate) fn medians_of(rounds: usize, contestants: &[&dyn Fn()]) -> Vec<Duration> {
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..rounds {
        for (times, contestant) in times.iter_mut().zip(contestants) {
            let began = Instant::now();
            contestant();
            times.push(began.elapsed());
        }
    }
    let middle = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[rounds / 2]
    };
    times.into_iter().map(middle).collect()
}
