//! APT suites: that every index is there which the signed file names, that the suite is the one that was published, and that what is
//! kept for the next publication is what the package records say.

use gachette_core::apt::Suite;
use gachette_core::stack::{Domain, StackName};

use super::super::error::RepositoryError;
use super::super::key;
use super::{Fault, Finding, Fsck, FsckMode};

impl Fsck<'_> {
    pub(super) fn check_suites(&mut self, domain: &Domain) -> Result<(), RepositoryError> {
        let path = key::suite_states(domain);
        let children = self.repository.store.children(&path)?;
        self.unknown(&path, &children.folders);
        for file in children.files {
            let name = file.strip_suffix(".json").and_then(|name| StackName::new(domain.clone(), name).ok());
            match name {
                Some(name) => {
                    let suite = Suite::from(name);
                    let checked = self.check_suite(&suite);
                    self.seen(&key::suite(&suite), checked);
                }
                None => self.unknown(&path, &[file]),
            }
        }
        Ok(())
    }

    fn check_suite(&mut self, suite: &Suite) -> Result<(), RepositoryError> {
        let Some(review) = self.repository.review_suite(suite)? else {
            self.publish_again(key::suite_state(suite), Fault::Stale, suite);
            return Ok(());
        };
        let folder = self.repository.suite_folder(suite);
        if folder.is_some_and(|folder| matches!(folder.try_exists(), Ok(false))) {
            // Who collects a suite takes its state away first. Without a folder, all that would lie in it is one thing.
            if self.repository.published_revision(suite)?.is_some() {
                self.publish_again(key::suite(suite), Fault::Missing, suite);
            }
        } else {
            if !review.release_is_intact || !review.shows_its_channel {
                self.publish_again(key::suite(suite), Fault::Stale, suite);
            }
            for path in review.damaged {
                let suite = suite.clone();
                let path = format!("{}/{path}", key::suite(&suite));
                self.mend(path, Fault::Stale, move |repository| repository.remake_indices(&suite));
            }
        }
        for key in self.repository.wrong_parts(suite, &mut self.parts)? {
            let path = key.clone();
            self.mend(path, Fault::Stale, move |repository| repository.store.delete(&key));
        }
        Ok(())
    }

    /// Notes what is wrong with a suite and takes a signature to be mended, which cannot be made here: whoever has the key publishes
    /// it again.
    fn publish_again(&mut self, path: String, fault: Fault, suite: &Suite) {
        let hint = Some(format!("`gachette publish {suite}` writes and signs it again"));
        let obstacle =
            (self.mode == FsckMode::Repair).then(|| format!("suite {suite} has to be published again"));
        self.note(Finding { path, fault, mended: false, obstacle, hint });
    }
}
