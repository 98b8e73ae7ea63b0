//! Answers whether stacks can be installed, that nobody was given for a while. Asked again, they are found out again.

use super::super::error::RepositoryError;
use super::super::{inside, key};
use super::{Gc, GcReport};

impl Gc<'_> {
    pub(super) fn collect_answers(&self, report: &mut GcReport) -> Result<(), RepositoryError> {
        for folder in self.repository.store.children(key::CHECKS)?.folders {
            let folder = format!("{}/{folder}", key::CHECKS);
            for name in self.repository.store.children(&folder)?.files {
                let path = format!("{folder}/{name}");
                let Ok(found) = self.root.join(&path).symlink_metadata() else { continue };
                if found.modified().is_ok_and(|modified| self.is_old(modified)) {
                    report.answers.add(found.len());
                    if self.removes() {
                        inside::remove_file(self.root, path)?;
                    }
                }
            }
        }
        Ok(())
    }
}
