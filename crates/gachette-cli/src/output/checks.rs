//! What checks said, in words.

use gachette_core::channel::{CheckName, CheckOutcome};

/// Which passed, and which failed: `a, b passed, c failed`.
pub(crate) fn checks_text<'a>(results: impl IntoIterator<Item = (&'a CheckName, CheckOutcome)>) -> String {
    let (mut passed, mut failed) = (Vec::new(), Vec::new());
    for (check, outcome) in results {
        match outcome {
            CheckOutcome::Passed => passed.push(check.as_str()),
            CheckOutcome::Failed => failed.push(check.as_str()),
        }
    }
    let parts = [(passed, "passed"), (failed, "failed")].into_iter().filter(|(names, _)| !names.is_empty());
    parts.map(|(names, word)| format!("{} {word}", names.join(", "))).collect::<Vec<_>>().join(", ")
}
