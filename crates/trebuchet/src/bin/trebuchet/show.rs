//! How counts, sizes and times are written for people.

use std::time::Duration;

/// A number with its noun: `1 error`, `2 errors`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// A size in the unit that suits it.
pub(crate) fn size(bytes: u64) -> String {
    let in_units = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", in_units(1024)),
        _ => format!("{} MiB", in_units(1_048_576)),
    }
}

/// A time in seconds.
pub(crate) fn time(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Text of a program or file without what would move the cursor.
pub(crate) fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\t').collect()
}
