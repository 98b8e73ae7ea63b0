//! Files that belong to package records, and to none that is there: of builds that found their packages made by another one
//! meanwhile, and of collectors that were killed.

use std::collections::HashSet;

use gachette_core::Sha256Digest;
use gachette_core::statement::{Envelope, STACK_BUILD};

use super::super::error::RepositoryError;
use super::super::{inside, key};
use super::packages::Known;
use super::{Gc, GcReport, Marks};

impl Gc<'_> {
    pub(super) fn collect_orphans(
        &self,
        known: &[Known],
        marks: &mut Marks,
        report: &mut GcReport,
    ) -> Result<(), RepositoryError> {
        let mut orphans = self.orphans(known, marks)?;
        if self.removes() && !orphans.is_empty() {
            // Who brings one for a record holds the packages until that is there.
            let _alone = self.alone()?;
            marks.catch_up(self.repository)?;
            orphans = self.orphans(&self.known_packages()?, marks)?;
            orphans.iter().try_for_each(|(path, _)| inside::remove_file(self.root, path))?;
        }
        orphans.iter().for_each(|(_, size)| report.orphans.add(*size));
        Ok(())
    }

    /// Those that are old, by their keys, with their sizes; none while a record cannot be read or is lost, which may be theirs.
    fn orphans(&self, known: &[Known], marks: &Marks) -> Result<Vec<(String, u64)>, RepositoryError> {
        let mut orphans = Vec::new();
        let with_records: HashSet<(&str, &str)> =
            known.iter().filter(|package| package.has_records()).map(Known::spelled).collect();
        if known.iter().any(Known::is_damaged) || !marks.named().all(|named| with_records.contains(&named)) {
            return Ok(orphans);
        }
        let named: HashSet<Sha256Digest> = known.iter().flat_map(Known::digests).collect();
        let store = &self.repository.store;
        for top in [key::BUILDINFO, key::STATEMENTS, key::FILE_LISTS] {
            for folder in store.children(top)?.folders {
                let folder = format!("{top}/{folder}");
                for name in store.children(&folder)?.files {
                    let digest = name.split('.').next().and_then(|digest| digest.parse().ok());
                    let Some(digest) = digest.filter(|digest| !named.contains(digest)) else { continue };
                    let path = format!("{folder}/{name}");
                    let Ok(found) = self.root.join(&path).symlink_metadata() else { continue };
                    let is_old = found.modified().is_ok_and(|modified| self.is_old(modified));
                    if is_old && (top != key::STATEMENTS || self.is_about_a_package(&digest)) {
                        orphans.push((path, found.len()));
                    }
                }
            }
        }
        Ok(orphans)
    }

    /// Whether a statement is about no stack: the ledgers of those stay. What cannot be read is for `fsck`.
    fn is_about_a_package(&self, digest: &Sha256Digest) -> bool {
        let envelope = self.repository.signed_statement(digest).ok().flatten();
        let kind = envelope.as_ref().and_then(Envelope::build_type);
        kind.is_some_and(|kind| kind != STACK_BUILD)
    }
}
