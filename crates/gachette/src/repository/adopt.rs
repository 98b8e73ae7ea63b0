//! Taking over a tree that the original tool wrote: its stacks get ledgers, its packages records.

use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{
    By, Content, Entry, Next, PackageRecord, Provenance, StackName, StackedFiles, StackedPackage,
};

use super::derived::Versions;
use super::error::RepositoryError;
use super::{Repository, identity, key};

impl Repository {
    /// Takes over all that is there. May be repeated: what has a ledger or a record keeps it.
    pub(crate) fn adopt(&self) -> Result<(), RepositoryError> {
        for name in self.package_names()? {
            for version in self.package_versions(&name)? {
                self.adopt_package(&name, &version)?;
            }
        }
        let domains = self.store.children(key::DOMAINS)?.folders;
        let stacks: Result<Vec<_>, _> = domains
            .iter()
            .filter_map(|domain| domain.parse().ok())
            .map(|domain| self.ledgers(&domain))
            .collect();
        let stacks = stacks?;
        // Whoever was here at the same time and came first took over all; what is new since then is his own.
        if identity::read(&self.store)?.is_some() {
            return Ok(());
        }
        for stack in stacks.iter().flatten() {
            let _turn = self.turn(stack);
            if self.newest_number(stack, 0)? == 0 {
                self.adopt_shown(stack)?;
            }
        }
        Ok(())
    }

    /// Gives a stack without a ledger one, if there are the original's files of it. The caller has the stack's turn.
    pub(crate) fn adopt_stack(&self, stack: &StackName) -> Result<Option<Entry>, RepositoryError> {
        // Nothing but its own folder is what a killed `create_stack` leaves.
        let folders = self.store.children(&key::stack(stack))?.folders;
        let is_whole = folders.iter().any(|folder| folder == key::PACKAGES);
        is_whole.then(|| self.adopt_shown(stack)).transpose()
    }

    /// Gives a stack of the original tool its first revision, also one that holds nothing.
    fn adopt_shown(&self, stack: &StackName) -> Result<Entry, RepositoryError> {
        let shown = self.read_shown(stack)?;
        // The original knows no channels, so it may have made one of such a name.
        self.check_no_channel(stack)?;
        let content = self.adopted_content(shown)?;
        let by = By::new("gachette").because("found in a tree of the original tool");
        let adopted = self.append_after(None, stack, &by, |newest, by| {
            Ok(if newest.is_some() { Next::Unchanged } else { Next::adopt(stack, content.clone(), by) })
        })?;
        Ok(adopted.entry)
    }

    /// What the original's files say. A package without a proper version, as the original sometimes wrote them, was
    /// never installed anywhere, and is left out.
    fn adopted_content(&self, shown: Versions) -> Result<Content, RepositoryError> {
        let mut content = Content::default();
        for (name, version) in shown {
            let Ok(version) = version.parse::<Version>() else { continue };
            let records = self.records(&name, &version)?;
            if records.is_empty() {
                content.put(StackedPackage { name, version, files: StackedFiles::default() });
            }
            records.iter().map(PackageRecord::stacked).for_each(|package| content.put(package));
        }
        Ok(content)
    }

    /// The file that the original's reference names.
    fn reference(&self, name: &PackageName, version: &Version) -> Result<Option<String>, RepositoryError> {
        let reference = self.store.read(&key::file(name, version))?.unwrap_or_default();
        let file = std::str::from_utf8(&reference).unwrap_or_default().trim_end();
        Ok(Some(file).filter(|file| !file.is_empty()).map(str::to_owned))
    }

    /// The file that the original's reference names, when it is not there.
    pub(crate) fn lost_reference(
        &self,
        name: &PackageName,
        version: &Version,
    ) -> Result<Option<String>, RepositoryError> {
        let is_there = |file: &String| self.package_path(file).is_ok_and(|path| path.is_file());
        Ok(self.reference(name, version)?.filter(|file| !is_there(file)))
    }

    /// Registers the file that the original's reference names. One that is lost, or no package, stays a reference.
    fn adopt_package(&self, name: &PackageName, version: &Version) -> Result<(), RepositoryError> {
        let Some(file) = self.reference(name, version)? else { return Ok(()) };
        if !self.records(name, version)?.is_empty() {
            return Ok(());
        }
        match self.register_as(file.as_ref(), name, version, &Provenance::default()) {
            Err(error @ (RepositoryError::Storage { .. } | RepositoryError::Io { .. })) => Err(error),
            _ => Ok(()),
        }
    }
}
