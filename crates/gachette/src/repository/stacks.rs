//! What users do with stacks: create, look at, change, seal, delete.

use std::collections::BTreeMap;

use gachette_core::debian::PackageName;
use gachette_core::stack::{
    By, Domain, Entry, Head, Next, PackageRecord, Refusal, StackDiff, StackName, StackRef, StackedPackage,
};

use super::error::RepositoryError;
use super::ledger::{Committed, lost, missing};
use super::spread::{Worth, gather};
use super::{Readable, Repository, inside, key};

/// How many revisions in a row are told that are lost.
const MOST_GONE: usize = 1000;

impl Repository {
    /// Makes a stack: empty, or with what another one (or one revision of it) holds. One that exists is left as it is.
    ///
    /// # Errors
    /// When there is no stack to copy, or none can have that name; then nothing is made.
    pub fn create_stack(
        &self,
        stack: &StackName,
        from: Option<&StackRef>,
        by: &By,
    ) -> Result<Committed, RepositoryError> {
        // A tree of the original tool may have brought one.
        if stack.is_alias() && !self.has_stack(stack)? {
            return Err(Refusal::Alias { stack: stack.clone() }.into());
        }
        // What is copied must not be collected before the copy names it.
        let kept = self.keeping()?;
        let from = from.map(|from| kept.resolve_whole(from)).transpose()?;
        self.check_no_channel(stack)?;
        // Without its folder there is no turn to take.
        if let Some(root) = self.store.root() {
            inside::make_folder(root, key::stack(stack))?;
        }
        self.append(stack, by, |newest, by| {
            // Nobody makes a channel of this name while it is our turn.
            if newest.is_none() {
                self.check_no_channel(stack)?;
            }
            Ok(Next::create(newest, stack, from.as_ref(), by)?)
        })
    }

    /// The domains that have a stack, by name.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn domains(&self) -> Result<Vec<Domain>, RepositoryError> {
        let mut domains = Vec::new();
        for domain in self.domain_folders()? {
            // The newest first: they are the likeliest to exist.
            for stack in self.ledgers(&domain)?.iter().rev() {
                // One that cannot be read may exist: let it be listed, and told of.
                if self.has_stack(stack).unwrap_or(true) {
                    domains.push(domain);
                    break;
                }
            }
        }
        Ok(domains)
    }

    /// The newest revisions of the stacks of a domain, by name, without those that were deleted.
    ///
    /// # Errors
    /// When the domain's folder cannot be read.
    pub fn stacks(&self, domain: &Domain) -> Result<Readable<Entry>, RepositoryError> {
        let ledgers = self.ledgers(domain)?;
        let newest = gather(Worth::Files, &ledgers, |stack| {
            Ok::<_, RepositoryError>(self.newest(stack).map(|newest| newest.filter(Entry::exists)))
        })?;
        let mut stacks = Readable::new();
        ledgers.iter().zip(newest).for_each(|(stack, newest)| stacks.put(stack, newest));
        Ok(stacks)
    }

    /// The names in a domain's folder, of stacks that exist, once did, or were about to.
    pub(crate) fn ledgers(&self, domain: &Domain) -> Result<Vec<StackName>, RepositoryError> {
        let folders = self.store.children(&key::stacks(domain))?.folders;
        Ok(folders.iter().filter_map(|name| StackName::new(domain.clone(), name).ok()).collect())
    }

    /// A stack's newest revision, or the one that is named.
    ///
    /// # Errors
    /// When there is no such stack or revision.
    pub fn show_stack(&self, stack: &StackRef) -> Result<Entry, RepositoryError> {
        self.resolve(stack)
    }

    /// The same without what it holds, for much less.
    ///
    /// # Errors
    /// When there is no such stack or revision.
    pub fn stack_head(&self, stack: &StackRef) -> Result<Head, RepositoryError> {
        self.resolve_head(stack, None)
    }

    /// Whether there is a stack of this name.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn has_stack(&self, stack: &StackName) -> Result<bool, RepositoryError> {
        Ok(self.newest(stack)?.is_some_and(|entry| entry.exists()))
    }

    /// Whether a stack may be changed: for work that would be in vain if not.
    ///
    /// # Errors
    /// When there is no such stack, or it is sealed.
    pub fn check_open(&self, stack: &StackName) -> Result<(), RepositoryError> {
        let newest = self.resolve(&stack.clone().into())?;
        if newest.revision.sealed {
            return Err(Refusal::Sealed { stack: stack.clone() }.into());
        }
        Ok(())
    }

    /// A stack's revisions, newest first, at most `limit` of them. A deleted stack has a log too.
    ///
    /// # Errors
    /// When there never was such a stack.
    pub fn log_stack(
        &self,
        stack: &StackName,
        limit: Option<usize>,
    ) -> Result<Readable<Entry>, RepositoryError> {
        let shown = self.shown(stack)?.map_or(0, |shown| shown.revision);
        let newest = self.newest_number(stack, shown)?;
        if newest == 0 {
            return Err(missing(stack, None));
        }
        let mut log = Readable::new();
        let mut gone = 0;
        for number in (1..=newest).rev().take(limit.unwrap_or(usize::MAX)) {
            let revision = self.read_revision(stack, number);
            gone = if matches!(revision, Ok(None)) { gone + 1 } else { 0 };
            // Somebody wrote a number to which no ledger comes.
            if gone > MOST_GONE {
                break;
            }
            log.put(stack, revision.and_then(|entry| entry.map(Some).ok_or_else(|| lost(stack, number))));
        }
        Ok(log)
    }

    /// What leads from one stack or revision to another.
    ///
    /// # Errors
    /// When there is no such stack or revision.
    pub fn diff_stacks(&self, old: &StackRef, new: &StackRef) -> Result<StackDiff, RepositoryError> {
        let (old, new) = (self.resolve(old)?, self.resolve(new)?);
        Ok(StackDiff::between(&old.revision.packages, &new.revision.packages))
    }

    /// Adds registered packages to a stack, all in one revision, replacing other versions of them.
    ///
    /// # Errors
    /// When there is no such stack, it is sealed, or two of the packages are versions of one.
    pub fn add_to_stack(
        &self,
        stack: &StackName,
        packages: &[PackageRecord],
        by: &By,
    ) -> Result<Committed, RepositoryError> {
        let mut versions = BTreeMap::new();
        for PackageRecord { name, version, .. } in packages {
            let other = versions.insert(name, version).filter(|other| other.as_str() != version.as_str());
            if let Some(other) = other {
                let versions = [other.clone(), version.clone()];
                return Err(RepositoryError::TwoVersions { name: name.clone(), versions });
            }
        }
        self.add_each(stack, packages.iter().map(PackageRecord::stacked), by)
    }

    /// The same with packages as a stack names them, which are registered.
    pub(crate) fn add_each(
        &self,
        stack: &StackName,
        packages: impl Iterator<Item = StackedPackage> + Clone,
        by: &By,
    ) -> Result<Committed, RepositoryError> {
        self.append(stack, by, |newest, by| Ok(existing(stack, newest)?.add(packages.clone(), by)?))
    }

    /// Removes packages from a stack, all in one revision.
    ///
    /// # Errors
    /// When there is no such stack, it is sealed, or a package is not in it.
    pub fn remove_from_stack(
        &self,
        stack: &StackName,
        packages: &[PackageName],
        by: &By,
    ) -> Result<Committed, RepositoryError> {
        self.append(stack, by, |newest, by| Ok(existing(stack, newest)?.remove(packages, by)?))
    }

    /// Seals a stack: it never changes again.
    ///
    /// # Errors
    /// When there is no such stack.
    pub fn seal_stack(&self, stack: &StackName, by: &By) -> Result<Committed, RepositoryError> {
        self.append(stack, by, |newest, by| Ok(existing(stack, newest)?.seal(by)?))
    }

    /// Gives a stack the content of its revision `to` again, as a new revision.
    ///
    /// # Errors
    /// When there is no such stack or revision, or it is sealed.
    pub fn rollback_stack(&self, stack: &StackName, to: u64, by: &By) -> Result<Committed, RepositoryError> {
        let kept = self.keeping()?;
        let target = kept.resolve_whole(&stack.at(to))?;
        self.append(stack, by, |newest, by| Ok(existing(stack, newest)?.rollback(&target.revision, by)?))
    }

    /// Deletes a stack, by a revision that says so; its ledger stays, and it may be created again, unless it was sealed.
    ///
    /// # Errors
    /// When there is no such stack, or it is sealed and a channel needs it.
    pub fn delete_stack(&self, stack: &StackName, by: &By) -> Result<Committed, RepositoryError> {
        self.append(stack, by, |newest, by| {
            let newest = existing(stack, newest)?;
            if newest.revision.sealed {
                self.check_in_no_channel(stack)?;
            }
            Ok(newest.delete(by)?)
        })
    }
}

fn existing<'a>(stack: &StackName, newest: Option<&'a Entry>) -> Result<&'a Entry, RepositoryError> {
    newest.ok_or_else(|| missing(stack, None))
}
