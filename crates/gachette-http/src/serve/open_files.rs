//! How many files a process may have open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many as a server can use. Programs that go through all that they may have open take long with millions.
const ENOUGH: u64 = 1 << 16;
/// Those that connections do not get: of builds, ledgers, logs.
const RESERVED: u64 = 256;
/// The most connections at one place, whatever is allowed.
const MOST_CONNECTIONS: u64 = 1 << 24;

/// How many files this process may have open.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenFiles(u64);

impl OpenFiles {
    /// As many as it may allow itself.
    pub(super) fn raised() -> Self {
        let allowed = getrlimit(Resource::Nofile);
        let most = allowed.maximum.unwrap_or(ENOUGH).min(ENOUGH);
        let now = allowed.current.unwrap_or(u64::MAX);
        if now < most && setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..allowed }).is_ok() {
            return Self(most);
        }
        Self(now)
    }

    /// How many connections are taken at each of so many places, of those that are wanted. Who comes in at one place must not take
    /// the files of those who come in elsewhere.
    pub(super) fn connections(self, wanted: usize, places: usize) -> usize {
        let room = (self.0.saturating_sub(RESERVED).max(self.0 / 2) / places.max(1) as u64).max(1);
        let wanted = u64::try_from(wanted).unwrap_or(u64::MAX).clamp(1, MOST_CONNECTIONS);
        if room < wanted {
            tracing::warn!(wanted, room, "the limit of open files leaves room for fewer connections");
        }
        usize::try_from(wanted.min(room)).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_share_what_builds_and_ledgers_leave() {
        assert_eq!(OpenFiles(65536).connections(512, 3), 512);
        assert_eq!(OpenFiles(1024).connections(512, 3), 256);
        assert_eq!(OpenFiles(300).connections(512, 1), 150, "half of few");
        assert_eq!(OpenFiles(u64::MAX).connections(usize::MAX, 1), 1 << 24);
        assert_eq!(OpenFiles(1).connections(0, 9), 1);
    }
}
