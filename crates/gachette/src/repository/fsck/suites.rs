//! APT suites: that every index is there which the signed file names, that the suite is the one that was published, that what is
//! kept for the next publication is what the package records say, and that nothing is served of which nothing is known.

use gachette_core::apt::Suite;
use gachette_core::stack::{Domain, Entry, StackName};

use super::super::error::RepositoryError;
use super::super::key;
use super::{Fault, Finding, Fsck, FsckMode};

/// What to do about a suite of which nothing is known and that nobody can publish again.
const NOBODYS: &str = "no stack or channel has that name, and clients can fetch what lies there: remove it, unless somebody needs it";
/// The same of a stack that was deleted.
const DELETED: &str = "its stack was deleted: `gachette repository gc --apply` removes it in time";

impl Fsck<'_> {
    /// Folders below `dists`, which clients can fetch: each is of a suite that was published.
    pub(super) fn check_served(&mut self) -> Result<(), RepositoryError> {
        let domains = self.repository.store.children(key::DISTS)?;
        self.unknown(key::DISTS, &domains.files);
        for folder in domains.folders {
            let path = format!("{}/{folder}", key::DISTS);
            let Ok(domain) = folder.parse::<Domain>() else {
                self.nobodys(&path, NOBODYS);
                continue;
            };
            let suites = self.repository.store.children(&path);
            let Some(suites) = self.seen(&path, suites) else { continue };
            self.unknown(&path, &suites.files);
            for name in suites.folders {
                match StackName::new(domain.clone(), &name) {
                    Ok(name) => {
                        let checked = self.check_is_known(&name);
                        self.seen(&key::suite(&name.into()), checked);
                    }
                    Err(_) => self.nobodys(&format!("{path}/{name}"), NOBODYS),
                }
            }
        }
        Ok(())
    }

    fn check_is_known(&mut self, name: &StackName) -> Result<(), RepositoryError> {
        let suite = Suite::from(name.clone());
        if !self.repository.is_served_unknown(&suite)? {
            return Ok(());
        }
        let is_channels =
            self.repository.channel(&suite).is_ok_and(|channel| channel.entry.state.shows.is_some());
        // A ledger that cannot be read is told by itself.
        let newest = self.repository.newest(name).ok();
        if is_channels || newest.as_ref().is_none_or(|newest| newest.as_ref().is_some_and(Entry::exists)) {
            self.publish_again(key::suite_state(&suite), Fault::Missing, &suite);
        } else {
            let was_deleted = newest.flatten().is_some();
            self.nobodys(&key::suite(&suite), if was_deleted { DELETED } else { NOBODYS });
        }
        Ok(())
    }

    /// Notes what nobody published that is known here.
    fn nobodys(&mut self, path: &str, hint: &str) {
        let (path, hint) = (path.escape_debug().to_string(), Some(hint.to_owned()));
        self.note(Finding { path, fault: Fault::Unknown, mended: false, obstacle: None, hint });
    }

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
        let lost = self.repository.lost_end_of_channel(suite)?;
        let end_is_lost = lost.is_some();
        if let Some(RepositoryError::Damaged { key, reason }) = lost {
            self.found(key, Fault::Lost { reason });
        }
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
            // Where entries are lost it shows what the channel did last, and nothing else is published.
            if !review.release_is_intact || (!review.shows_its_channel && !end_is_lost) {
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
