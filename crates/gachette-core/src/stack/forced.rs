//! How it is written down that something was forced: in the reason, which is shown wherever what was done is.

use super::revision::{By, LONGEST_REASON};

/// How that begins.
const MARK: &str = "forced (";

impl By {
    /// For this reason too, which forced what would have been refused. It stands last, and what was given as a reason before is
    /// shortened where there is no room for both.
    #[must_use]
    pub fn forcing(self, refusal: &str, reason: &str) -> Self {
        let forced = format!("{MARK}{refusal}): {reason}");
        let room = LONGEST_REASON.saturating_sub(forced.chars().count() + 2);
        let before: String = self.reason.chars().take(room).collect();
        let whole = if before.is_empty() { forced } else { format!("{before}; {forced}") };
        self.because(whole)
    }
}

/// Whether a reason says that something was forced.
pub fn is_forced(reason: &str) -> bool {
    reason.starts_with(MARK) || reason.contains(&format!("; {MARK}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reason_is_so_long_that_it_hides_what_was_forced() {
        for before in ["", "moved", &"x".repeat(LONGEST_REASON), &"é; ".repeat(LONGEST_REASON)] {
            let by = By::new("ada").because(before);
            assert!(!is_forced(&by.reason));
            let by = by.forcing("it cannot be installed", "it has to be");
            assert!(is_forced(&by.reason), "{}", by.reason);
            assert!(by.reason.ends_with("forced (it cannot be installed): it has to be"), "{}", by.reason);
            assert!(by.reason.chars().count() <= LONGEST_REASON);
        }
        let by = By::new("ada").because("moved").forcing("it cannot", &"y".repeat(2 * LONGEST_REASON));
        assert!(by.reason.starts_with("forced (it cannot): yyy"), "{}", by.reason);
    }
}
