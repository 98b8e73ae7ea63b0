//! Where programs of this user keep their state.

use std::path::PathBuf;

/// The user's folder for state: `$XDG_STATE_HOME/gachette`, else `~/.local/state/gachette`; the system's when there is no
/// home.
pub fn folder() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| named("HOME").map(|home| home.join(".local/state")));
    state.unwrap_or_else(|| PathBuf::from("/var/lib")).join("gachette")
}
