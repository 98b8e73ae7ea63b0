//! Where things lie that can be made again.

use std::env;
use std::path::PathBuf;

/// gachette's folder in the user's folder for what can be made again (XDG Base Directory Specification); none without a
/// home.
pub(crate) fn folder() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    cache.map(|cache| cache.join("gachette"))
}
