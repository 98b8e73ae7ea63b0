//! Answers whether stacks can be installed, that nobody was given for a while. Asked again, they are found out again.

use super::super::error::RepositoryError;
use super::super::key;
use super::super::place::remove;
use super::{Gc, GcReport};

impl Gc<'_> {
    pub(super) fn collect_answers(&self, report: &mut GcReport) -> Result<(), RepositoryError> {
        for folder in self.repository.store.children(key::CHECKS)?.folders {
            let folder = format!("{}/{folder}", key::CHECKS);
            for name in self.repository.store.children(&folder)?.files {
                let path = self.root.join(&folder).join(&name);
                let Ok(found) = path.symlink_metadata() else { continue };
                if found.modified().is_ok_and(|modified| self.is_old(modified)) {
                    report.answers.add(found.len());
                    if self.removes() {
                        remove(&path)?;
                    }
                }
            }
        }
        Ok(())
    }
}
