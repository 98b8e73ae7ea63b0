//! Where things lie that can be made again.

use std::path::PathBuf;

/// gachette's folder in the user's folder for what can be made again; none without a home.
pub(crate) fn folder() -> Option<PathBuf> {
    trebuchet::user_cache().map(|cache| cache.join("gachette"))
}
