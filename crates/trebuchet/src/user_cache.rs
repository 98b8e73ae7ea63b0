//! Where things lie that can be made again.

use std::env;
use std::path::PathBuf;

/// The user's folder for what can be made again (XDG Base Directory Specification); none without a home.
pub fn user_cache() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
}
