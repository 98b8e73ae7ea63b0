//! Removes what was not used for long, at most once a day, beside whatever else is done.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};

use crate::mirror;
use crate::repository::Repository;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long packages wait for somebody to bring them to their repository. Who comes later has them built again.
const BUILT_ARE_KEPT: Duration = DAY.saturating_mul(7);

/// How long a mirror that nobody fetches into or reads is kept.
const MIRRORS_ARE_KEPT: Duration = DAY.saturating_mul(30);

/// How long a stat cache is kept that nobody writes to: what is in it is believed for a day.
const STATS_ARE_KEPT: Duration = DAY.saturating_mul(2);

/// The file that says when it was last swept.
const MARKER: &str = "swept";

/// Sweeps, unless that was done today. Returns at once; should this process end before the sweep does, the next one goes on.
pub(crate) fn sweep_daily() {
    let Some(cache) = super::folder() else { return };
    let marker = cache.join(MARKER);
    let is_due = |marker: &fs::Metadata| super::is_unused(marker, SystemTime::now() - DAY);
    match marker.metadata() {
        Ok(marker) if !is_due(&marker) => {}
        Ok(_) => {
            // Without a thread, it is done another day.
            let sweep = move || sweep(&cache, SystemTime::now());
            let _ = std::thread::Builder::new().name("sweep".to_owned()).spawn(sweep);
        }
        // What is new needs no sweep yet.
        Err(_) => drop(fs::create_dir_all(&cache).and_then(|()| File::create_new(&marker))),
    }
}

/// Sweeps what was not used for long before `now`. One at a time; what cannot be removed stays until another day.
fn sweep(cache: &Path, now: SystemTime) -> io::Result<()> {
    let marker = File::options().append(true).open(cache.join(MARKER))?;
    if flock(&marker, FlockOperation::NonBlockingLockExclusive).is_err()
        || !super::is_unused(&marker.metadata()?, now - DAY)
    {
        return Ok(());
    }
    mirror::forget_unused(&cache.join("mirrors"), now - MIRRORS_ARE_KEPT);
    forget_stats(&cache.join(super::STATS), now - STATS_ARE_KEPT);
    let built = cache.join("built");
    if let Ok(repository) = Repository::open(&built, None) {
        let mut turn = || repository.collecting(Duration::ZERO).ok();
        repository.forget_unused(now - BUILT_ARE_KEPT, &mut turn);
    }
    marker.set_modified(now)
}

/// Removes the files of a folder that were not written to since then.
fn forget_stats(folder: &Path, since: SystemTime) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.metadata().is_ok_and(|found| found.is_file() && super::is_unused(&found, since)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_cache_goes_when_nobody_wrote_to_it_for_two_days() {
        let cache = tempfile::tempdir().unwrap();
        let stats = cache.path().join(crate::cache::STATS);
        fs::create_dir_all(stats.join("folder")).unwrap();
        let now = SystemTime::now();
        for (name, age) in [("new", DAY), ("just", DAY * 2 - Duration::from_secs(60)), ("old", DAY * 3)] {
            let file = File::create_new(stats.join(name)).unwrap();
            file.set_modified(now - age).unwrap();
        }
        fs::write(cache.path().join("outside"), "").unwrap();
        File::open(cache.path().join("outside")).unwrap().set_modified(now - DAY * 9).unwrap();
        std::os::unix::fs::symlink(cache.path().join("outside"), stats.join("link")).unwrap();
        let marker = File::create_new(cache.path().join(MARKER)).unwrap();
        let left = || {
            let names =
                fs::read_dir(&stats).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        };
        // Not more than once a day.
        sweep(cache.path(), now).unwrap();
        assert_eq!(left(), ["folder", "just", "link", "new", "old"]);
        marker.set_modified(now - DAY * 2).unwrap();
        sweep(cache.path(), now).unwrap();
        assert_eq!(left(), ["folder", "just", "link", "new"]);
        assert!(cache.path().join("outside").exists());
    }
}
