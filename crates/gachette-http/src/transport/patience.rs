//! How long an answer is waited for.

use std::time::Duration;

/// How long the answer to a request may take to begin, as an extension of the request; else it is [`Patience::USUAL`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience(pub(crate) Duration);

impl Patience {
    /// For what is answered at once, but for the turns that writers take.
    pub(crate) const USUAL: Self = Self(Duration::from_secs(600));
    /// For what reads a whole repository, or carries a whole package there.
    pub(crate) const LONG: Self = Self(Duration::from_secs(24 * 3600));
}
