//! The log of each build, kept in a file of its own, so that a failure can be read about later.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::event::Event;

/// How many logs a folder keeps; the oldest make way.
const KEPT: usize = 200;

/// The folder that logs are kept in.
#[derive(Debug, Clone)]
pub struct LogFolder(PathBuf);

/// The log of one build, being written.
#[derive(Debug)]
pub struct BuildLog {
    path: PathBuf,
    file: File,
}

/// A log that cannot be begun.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the build log {}: {source}", path.display())]
pub struct LogError {
    path: PathBuf,
    source: std::io::Error,
}

impl LogFolder {
    /// Logs in this folder, which is made when the first one is written.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// In the user's folder for state of programs.
    pub fn of_this_user() -> Self {
        Self::new(crate::state::folder().join("builds"))
    }

    /// Begins the log of a build.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn create(&self, id: &str) -> Result<BuildLog, LogError> {
        let path = self.0.join(format!("{id}.log"));
        let open = || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
            self.sweep();
            File::options().create_new(true).append(true).mode(0o600).open(&path)
        };
        match open() {
            Ok(file) => Ok(BuildLog { path, file }),
            Err(source) => Err(LogError { path, source }),
        }
    }

    /// Makes room; a log that cannot be removed is left for the next time.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        let mut logs: Vec<_> =
            entries.flatten().map(|entry| entry.path()).filter(|path| is_log(path)).collect();
        // Names begin with the time.
        logs.sort_unstable();
        let surplus = (logs.len() + 1).saturating_sub(KEPT);
        for log in logs.iter().take(surplus) {
            let _ = fs::remove_file(log);
        }
    }
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "log")
}

impl BuildLog {
    /// The log's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds an event. A log that cannot be written any more must not fail the build.
    pub fn write(&mut self, event: &Event) {
        self.line(&event.to_string());
    }

    /// Adds a line, with the time.
    pub fn line(&mut self, text: &str) {
        let now = Timestamp::now().strftime("%H:%M:%S%.3f").to_string();
        // Logs are read on terminals.
        let safe: String =
            text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
        let _ = self.file.write_all(format!("{now} {safe}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_holds_every_event_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = LogFolder::new(folder.path().join("logs")).create("20260101T000000Z-1").unwrap();
        log.write(&Event::Output { line: "hello".to_owned() });
        let text = fs::read_to_string(log.path()).unwrap();
        assert!(text.ends_with(" hello\n") && text.starts_with(|c: char| c.is_ascii_digit()), "{text}");
    }

    #[test]
    fn the_oldest_logs_make_way() {
        let folder = tempfile::tempdir().unwrap();
        let logs = LogFolder::new(folder.path());
        for number in 0..KEPT + 5 {
            logs.create(&format!("{number:05}")).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), KEPT);
        assert!(!folder.path().join("00004.log").exists() && folder.path().join("00005.log").exists());
    }
}
