//! Removes mirrors that nobody used for long.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};

use super::{FOLDER, LOCK, UNFINISHED, is_still_at};
use crate::cache::is_unused;

/// What a mirror's folder is called while it is removed.
const FORGOTTEN: &str = "forgotten";

/// Removes the mirrors in a folder that were not opened since then, and what a killed run left of others. One at a time; what
/// cannot be removed stays.
pub(crate) fn forget_unused(folder: &Path, since: SystemTime) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.extension().and_then(|end| end.to_str()) {
            Some(FORGOTTEN) => drop(fs::remove_dir_all(&path)),
            Some(LOCK) if entry.metadata().is_ok_and(|lock| is_unused(&lock, since)) => {
                forget_one(&path, since);
            }
            _ => {}
        }
    }
}

/// Takes the mirror's name away while nobody else has its lock, and then all that is in it.
fn forget_one(lock_path: &Path, since: SystemTime) {
    let Ok(lock) = File::options().append(true).open(lock_path) else { return };
    let is_free = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
    if !is_free || !is_still_at(&lock, lock_path) {
        return;
    }
    // Somebody may have used it since we looked.
    if !lock.metadata().is_ok_and(|lock| is_unused(&lock, since)) {
        return;
    }
    let (mirror, aside) = (lock_path.with_extension(FOLDER), lock_path.with_extension(FORGOTTEN));
    let _ = fs::remove_dir_all(lock_path.with_extension(UNFINISHED));
    match fs::rename(&mirror, &aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return,
        _ => drop(fs::remove_file(lock_path)),
    }
    drop(lock);
    let _ = fs::remove_dir_all(&aside);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gachette_core::git::GitUrl;
    use trebuchet::process::Cancel;

    use super::super::{Mirror, id_of};
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn mirror(folder: &Path, name: &str) -> Mirror {
        let url: GitUrl = format!("https://example.org/{name}").parse().unwrap();
        Mirror::open_in(folder, &id_of(&url), &Cancel::new()).unwrap()
    }

    /// The mirror was used last so long ago.
    fn age(mirror: &Mirror, days: u32) {
        mirror.lock.set_modified(SystemTime::now() - days * DAY).unwrap();
    }

    #[test]
    fn a_mirror_goes_when_it_was_not_used_for_long_and_nobody_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let [old, held, fresh] = ["old", "held", "fresh"].map(|name| mirror(folder.path(), name));
        [&old, &held].iter().for_each(|mirror| age(mirror, 31));
        age(&fresh, 29);
        let [gone, kept, young] = [&old, &held, &fresh].map(|mirror| mirror.path.clone());
        drop((old, fresh));
        fs::create_dir_all(gone.with_extension(UNFINISHED)).unwrap();
        fs::create_dir_all(folder.path().join("x.forgotten/objects")).unwrap();
        forget_unused(folder.path(), SystemTime::now() - 30 * DAY);
        assert!(!gone.exists() && kept.exists() && young.exists());
        assert!(!gone.with_extension("lock").exists() && !folder.path().join("x.forgotten").exists());
        drop(held);
        forget_unused(folder.path(), SystemTime::now() - 30 * DAY);
        assert!(!kept.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the fresh one and its lock");
    }

    #[test]
    fn opening_a_mirror_is_using_it() {
        let folder = tempfile::tempdir().unwrap();
        age(&mirror(folder.path(), "web"), 31);
        let path = mirror(folder.path(), "web").path;
        forget_unused(folder.path(), SystemTime::now() - 30 * DAY);
        assert!(path.exists());
    }

    #[test]
    fn whoever_has_opened_a_mirror_has_a_whole_one_however_often_it_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..15 {
                            let mirror = mirror(path, "web");
                            mirror.refs(&Cancel::new()).unwrap();
                            assert!(mirror.path.join("HEAD").exists());
                            age(&mirror, 31);
                        }
                    })
                })
                .collect();
            while workers.iter().any(|worker| !worker.is_finished()) {
                forget_unused(path, SystemTime::now() - 30 * DAY);
            }
        });
    }
}
