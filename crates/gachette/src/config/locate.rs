//! Finds the configuration file: the first that exists of the places of old and new.

use std::path::{Path, PathBuf};

use super::ConfigError;

/// Where a configuration file is looked for when none is named.
#[derive(Debug, Clone, Default)]
pub struct SearchPath {
    /// The folder of `./gachette.yml`.
    pub current: Option<PathBuf>,
    /// The folder of `.gachetterc` and `.config/gachette/config.yml`.
    pub home: Option<PathBuf>,
    /// The folder of the machine's `gachette.yml`.
    pub system: Option<PathBuf>,
}

impl SearchPath {
    /// The places of this process: its folder, its user's home, and `/etc`.
    pub fn of_this_process() -> Self {
        Self {
            current: std::env::current_dir().ok(),
            home: std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
            system: Some(PathBuf::from("/etc")),
        }
    }

    /// The files that are looked for, first to last.
    pub fn candidates(&self) -> Vec<PathBuf> {
        let place = |folder: &Option<PathBuf>, file: &str| Some(folder.as_ref()?.join(file));
        [
            place(&self.current, "gachette.yml"),
            place(&self.home, ".gachetterc"),
            place(&self.home, ".config/gachette/config.yml"),
            place(&self.system, "gachette.yml"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The file to read: `named`, which must exist, or the first candidate that does, or none.
    pub fn find(&self, named: Option<&Path>) -> Result<Option<PathBuf>, ConfigError> {
        match named {
            Some(file) if file.exists() => Ok(Some(file.to_owned())),
            Some(file) => Err(ConfigError::Missing { file: file.to_owned() }),
            None => Ok(self.candidates().into_iter().find(|file| file.exists())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_that_exists_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let search = SearchPath {
            current: Some(place("here")),
            home: Some(place("home")),
            system: Some(place("etc")),
        };
        assert_eq!(search.find(None).unwrap(), None);
        for file in
            ["etc/gachette.yml", "home/.config/gachette/config.yml", "home/.gachetterc", "here/gachette.yml"]
        {
            std::fs::create_dir_all(place(file).parent().unwrap()).unwrap();
            std::fs::write(place(file), "").unwrap();
            assert_eq!(search.find(None).unwrap(), Some(place(file)));
        }
    }

    #[test]
    fn a_named_file_that_is_missing_is_an_error() {
        let message = SearchPath::default().find(Some(Path::new("/nowhere/g.yml"))).unwrap_err().to_string();
        assert!(message.contains("/nowhere/g.yml"));
    }
}
