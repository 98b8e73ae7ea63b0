//! Forgetting packages that nobody used for long, in a repository that holds nothing but what can be made again.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::PackageRecord;
use trebuchet::deb;

use super::error::RepositoryError;
use super::place::remove;
use super::register::{key_of, read_package};
use super::{Repository, inside, key, staging};
use crate::cache::is_unused;

impl Repository {
    /// Removes the packages whose files were not written to since then, and what killed builders left. Each time something is
    /// removed, `turn` is asked for what keeps others away meanwhile; without it the package stays, as does what cannot be removed.
    pub(crate) fn forget_unused<T>(&self, since: SystemTime, turn: &mut dyn FnMut() -> Option<T>) {
        let is_old = |path: &Path| path.symlink_metadata().is_ok_and(|file| is_unused(&file, since));
        for record in self.package_names().into_iter().flatten().flat_map(|name| self.records_of(&name)) {
            let Ok(path) = self.package_path(&record.file) else { continue };
            if is_old(&path)
                && let Some(_turn) = turn()
                && is_old(&path)
            {
                let _ = self.forget(&record);
            }
        }
        for entry in fs::read_dir(&self.debs).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_ours = |name: &&str| name.ends_with(".deb") || name.ends_with(".buildinfo");
            let Some(name) = name.to_str().filter(|name| is_ours(name) && is_old(&path)) else {
                continue;
            };
            let found = read_package(&path, name).ok();
            if let Some(_turn) = turn()
                && is_old(&path)
                && !found.is_some_and(|found| self.is_registered(&found))
            {
                let _ = remove(&path);
            }
        }
        for (folder, _alive) in staging::abandoned(&self.debs).into_iter().flatten() {
            let _ = inside::remove_all(&self.debs, folder);
        }
    }

    /// Whether a record names this file, as far as can be read.
    pub(crate) fn is_registered(&self, found: &PackageRecord) -> bool {
        let record = self.record(&found.name, &found.version, &found.architecture);
        record.map_or(true, |record| record.is_some_and(|record| record.file == found.file))
    }

    /// Whether a file in the folder of package files is the package that a record which names it is of, by what it says itself. A record
    /// that somebody else wrote may name any file; one that cannot be read is no package that another record could mean.
    pub(crate) fn is_file_of(
        &self,
        file: &str,
        (name, version, architecture): (&PackageName, &Version, &Architecture),
    ) -> bool {
        let head = self.package_path(file).ok().and_then(|path| deb::read_head(&path).ok());
        head.is_none_or(|found| {
            (&found.package, found.version.as_str(), &found.architecture)
                == (name, version.as_str(), architecture)
        })
    }

    /// All records of a package that can be read.
    fn records_of(&self, name: &PackageName) -> Vec<PackageRecord> {
        let versions = self.package_versions(name).unwrap_or_default();
        versions.iter().flat_map(|version| self.records(name, version).unwrap_or_default()).collect()
    }

    /// Removes a record before the file that it names, with all that is derived from it.
    fn forget(&self, record: &PackageRecord) -> Result<(), RepositoryError> {
        self.forget_record(record)?;
        self.forget_buildinfo(record)?;
        if self.is_file_of(&record.file, (&record.name, &record.version, &record.architecture)) {
            remove(&self.package_path(&record.file)?)?;
        }
        self.remove_empty_folders(&record.name, &record.version);
        Ok(())
    }

    /// Removes a record with all that is derived from it.
    pub(crate) fn forget_record(&self, record: &PackageRecord) -> Result<(), RepositoryError> {
        let (name, version) = (&record.name, &record.version);
        self.store.delete(&key_of(record))?;
        if let Some(inputs) = &record.provenance.inputs {
            self.store.delete(&key::input(inputs, name, version, &record.architecture))?;
            self.remove_if_empty(&key::inputs(inputs));
        }
        self.store.delete(&key::statement(&record.sha256))?;
        match self.records(name, version)?.first() {
            Some(other) => self.derive_record(other),
            None => self.store.delete(&key::file(name, version)),
        }
    }

    /// Removes the folders of a version and its package, of which nothing is left.
    pub(crate) fn remove_empty_folders(&self, name: &PackageName, version: &Version) {
        let versions = key::versions(name);
        self.remove_if_empty(&key::version(name, version));
        self.remove_if_empty(&versions);
        if let Some((package, _)) = versions.rsplit_once('/') {
            self.remove_if_empty(package);
        }
    }

    fn remove_if_empty(&self, folder: &str) {
        // One that holds something stays.
        if let Some(root) = self.meta() {
            inside::remove_empty(root, folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;
    use std::time::Duration;

    use gachette_core::Sha256Digest;
    use gachette_core::debian::Control;
    use gachette_core::stack::Provenance;
    use trebuchet::deb::{DebPackage, WriteOptions, write};
    use trebuchet::process::Cancel;

    use super::*;
    use crate::repository::FsckMode;

    /// Builds a package for these architectures and has each file used last so many days ago.
    fn package(repository: &Repository, name: &str, architectures: &[&str], days: u32) -> Vec<PathBuf> {
        let staging = repository.staging().unwrap();
        let built = |architecture: &&str| {
            let mut control =
                Control::new(name.parse().unwrap(), "1.0".parse().unwrap(), architecture.parse().unwrap());
            control.maintainer = "Ada <ada@example.org>".to_owned();
            control.description = "an example".to_owned();
            let path = staging.path().join(format!("{name}-1.0-{architecture}.deb"));
            write(&DebPackage::new(control), &path, &WriteOptions::new(0), &Cancel::new()).unwrap();
            let inputs = Some(Sha256Digest::of(name.as_bytes()));
            let record = repository.take_in(&path, &Provenance { inputs, ..Provenance::default() }).unwrap();
            age(&repository.package_path(&record.file).unwrap(), days)
        };
        architectures.iter().map(built).collect()
    }

    fn age(path: &Path, days: u32) -> PathBuf {
        let days = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        File::open(path).unwrap().set_modified(SystemTime::now() - days).unwrap();
        path.to_owned()
    }

    fn forget(repository: &Repository, days: u32) {
        let days = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        repository.forget_unused(SystemTime::now() - days, &mut || Some(()));
    }

    /// All files and folders, but for the repository's own description.
    fn tree(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                found.push(entry.path().display().to_string());
                folders.extend(entry.file_type().unwrap().is_dir().then(|| entry.path()));
            }
        }
        found.sort();
        found
    }

    #[test]
    fn packages_go_with_all_that_is_known_of_them_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path(), None).unwrap();
        let fresh = package(&repository, "dh-fresh", &["all"], 6);
        let before = tree(folder.path());
        let old = package(&repository, "dh-old", &["all"], 8);
        forget(&repository, 7);
        assert!(fresh[0].exists() && !old[0].exists());
        let empty = ["packages/dh-old/version/1.0", "packages/dh-old/version", "packages/dh-old"];
        assert_eq!(tree(folder.path()), before, "not even {empty:?} stay");
        assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
        assert!(repository.built_from(&Sha256Digest::of(b"dh-old")).unwrap().is_empty());
        // It can be there again.
        package(&repository, "dh-old", &["all"], 0);
        assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
    }

    #[test]
    fn one_architecture_may_go_and_another_stay() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path(), None).unwrap();
        let built = package(&repository, "dh-web", &["amd64", "arm64"], 0);
        age(&built[0], 8);
        forget(&repository, 7);
        assert_eq!(built.iter().map(|path| path.exists()).collect::<Vec<_>>(), [false, true]);
        let left = repository.records(&"dh-web".parse().unwrap(), &"1.0".parse().unwrap()).unwrap();
        assert_eq!(left.len(), 1);
        assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
    }

    #[test]
    fn without_a_turn_nothing_goes_and_what_is_used_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path(), None).unwrap();
        let old = package(&repository, "dh-old", &["all"], 8);
        let week = SystemTime::now() - Duration::from_secs(7 * 24 * 60 * 60);
        repository.forget_unused(week, &mut || None::<()>);
        assert!(old[0].exists());
        // Somebody uses it while the turn is waited for.
        repository.forget_unused(week, &mut || Some(age(&old[0], 0)));
        assert!(old[0].exists());
        assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
    }

    #[test]
    fn what_has_no_record_and_what_killed_builders_left_goes_too() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path(), None).unwrap();
        let built = package(&repository, "dh-web", &["all"], 0);
        let alone = repository.debs().join("dh-alone-1.0-all.deb");
        fs::copy(&built[0], &alone).unwrap();
        let torn = repository.debs().join("torn.deb");
        fs::write(&torn, "no package").unwrap();
        [&alone, &torn].iter().for_each(|path| drop(age(path, 8)));
        let left = repository.debs().join(".staging/killed");
        fs::create_dir_all(&left).unwrap();
        let alive = repository.staging().unwrap();
        forget(&repository, 7);
        assert!(!torn.exists() && !left.exists() && alive.path().exists() && built[0].exists());
        assert!(!alone.exists(), "its record is of another file");
    }
}
