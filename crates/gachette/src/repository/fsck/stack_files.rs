//! Checking a stack's derived files, and that every file it names has a record.

use gachette_core::stack::{Entry, StackName};

use super::super::derived::{Shown, Versions, versions};
use super::super::error::RepositoryError;
use super::super::key;
use super::{Fault, Fsck, FsckMode};

impl Fsck<'_> {
    /// `newest` is the highest number that was there when the ledger was read.
    pub(super) fn check_stack_files(
        &mut self,
        stack: &StackName,
        newest: u64,
    ) -> Result<(), RepositoryError> {
        // With the turn no writer is between its revision and its derived files.
        let _turn = self.repository.turn(stack);
        let folder = key::stack(stack);
        let children = self.repository.store.children(&folder)?;
        let strange = |names: Vec<String>, ours: &[&str]| -> Vec<String> {
            names.into_iter().filter(|name| !ours.contains(&name.as_str())).collect()
        };
        self.unknown(&folder, &strange(children.folders, &["revisions", "packages"]));
        self.unknown(&folder, &strange(children.files, &["derived.json"]));
        let newest = match self.repository.newest_number(stack, newest)? {
            0 => return self.check_without_ledger(stack),
            number => match self.repository.read_revision(stack, number) {
                Ok(Some(entry)) => entry,
                // Found already, with the ledger.
                Ok(None) | Err(_) => return Ok(()),
            },
        };
        self.check_versions(stack, &newest)?;
        if newest.exists() {
            self.check_named(&newest);
        }
        Ok(())
    }

    fn check_versions(&mut self, stack: &StackName, newest: &Entry) -> Result<(), RepositoryError> {
        let expected = versions(&newest.revision.packages);
        let shown = self.repository.read_shown(stack)?;
        let shown_now = self.show_missing(stack, &shown, newest);
        for package in newest.revision.packages.iter() {
            let fault = match shown.get(&package.name) {
                Some(version) if version == package.version.as_str() => continue,
                Some(_) => Fault::Stale,
                None => Fault::Missing,
            };
            let (name, version) = (&package.name, &package.version);
            let key = key::stacked_version(stack, name);
            let is_mended = shown_now && fault == Fault::Missing;
            self.mend(key, fault, |repository| {
                if is_mended { Ok(()) } else { repository.show_version(stack, name, version) }
            });
        }
        for name in shown.keys().filter(|name| !expected.contains_key(*name)) {
            let key = key::stacked_version(stack, name);
            self.mend(key.clone(), Fault::Extra, |repository| repository.store.delete(&key));
        }
        self.check_shown_folder(stack)?;
        let mark = self.repository.shown(stack)?;
        if mark.as_ref() != Some(&Shown::of(newest)) {
            let fault = if mark.is_some() { Fault::Stale } else { Fault::Missing };
            self.mend(key::derived(stack), fault, |repository| repository.mark_shown(newest));
        }
        Ok(())
    }

    /// Shows all at once what is not shown, where that is to be mended; whether that was done.
    fn show_missing(&self, stack: &StackName, shown: &Versions, newest: &Entry) -> bool {
        let packages = newest.revision.packages.iter();
        let missing: Vec<_> = packages.filter(|package| !shown.contains_key(&package.name)).collect();
        self.mode == FsckMode::Repair && self.repository.show_new(stack, &missing).is_ok()
    }

    /// What else lies among the versions.
    fn check_shown_folder(&mut self, stack: &StackName) -> Result<(), RepositoryError> {
        let folder = key::stacked_packages(stack);
        let children = self.repository.store.children(&folder)?;
        self.unknown(&folder, &children.files);
        for name in children.folders {
            if name.parse::<gachette_core::debian::PackageName>().is_err() {
                self.unknown(&folder, &[name]);
                continue;
            }
            let path = format!("{folder}/{name}");
            let inside = self.repository.store.children(&path)?;
            self.unknown(&path, &inside.folders);
            let strange: Vec<_> = inside.files.into_iter().filter(|file| file != "version").collect();
            self.unknown(&path, &strange);
        }
        Ok(())
    }

    /// Every file that the newest revision names has a record, and of that file.
    fn check_named(&mut self, newest: &Entry) {
        let stack = newest.revision.stack.at(newest.revision.number);
        for package in newest.revision.packages.iter() {
            for (architecture, file) in package.files.iter() {
                let key = key::record(&package.name, &package.version, architecture);
                // One that was not there when the records were read may have been registered since.
                let known = match self.known.get(&key) {
                    Some(known) => Some(*known),
                    None => match self.repository.record(&package.name, &package.version, architecture) {
                        // Found already, with the records.
                        Err(error) if error.is_unseen() => continue,
                        record => record.ok().flatten().map(|record| record.sha256),
                    },
                };
                let fault = match known {
                    Some(known) if known == *file => continue,
                    Some(_) => Fault::Changed { reason: format!("{stack} names another file") },
                    None => Fault::Lost { reason: format!("{stack} names it") },
                };
                self.found(key, fault);
            }
        }
    }

    /// A stack that only the original tool knows.
    fn check_without_ledger(&mut self, stack: &StackName) -> Result<(), RepositoryError> {
        if !self.repository.read_shown(stack)?.is_empty() {
            self.found(key::stacked_packages(stack), Fault::Unregistered);
        }
        Ok(())
    }
}
