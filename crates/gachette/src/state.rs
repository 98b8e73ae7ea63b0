//! Where programs of this user keep their state and their data (XDG Base Directory Specification).

use std::path::PathBuf;

/// The user's folder for state: `$XDG_STATE_HOME/gachette`, else `~/.local/state/gachette`; the system's when there is no
/// home.
pub fn folder() -> PathBuf {
    folder_of("XDG_STATE_HOME", ".local/state")
}

/// The user's folder for data that nothing else holds: `$XDG_DATA_HOME/gachette`, else `~/.local/share/gachette`; the
/// system's when there is no home.
pub fn data_folder() -> PathBuf {
    folder_of("XDG_DATA_HOME", ".local/share")
}

fn folder_of(variable: &str, at_home: &str) -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = named(variable).filter(|path| path.is_absolute());
    let folder = folder.or_else(|| named("HOME").map(|home| home.join(at_home)));
    folder.unwrap_or_else(|| PathBuf::from("/var/lib")).join("gachette")
}
