//! What work costs: seconds of processors, of this process and of those it waited for.

/// What work gives, and the seconds of processors it took.
pub(crate) fn cost_of<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let before = used();
    let outcome = work();
    (outcome, used() - before)
}

/// proc_pid_stat(5): utime, stime, cutime and cstime, in ticks of which Linux shows 100 a second.
fn used() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let ticks = after_name.split(' ').skip(11).take(4).map(|field| field.parse::<u64>().unwrap());
    ticks.sum::<u64>() as f64 / 100.0
}
