//! What the next revision of a stack would be, or why there cannot be one.
//!
//! Pure: the newest revision and a wish go in, the next revision comes out. Whoever stores it may lose the race for its
//! number, and then asks again with the new newest revision.

use super::content::{Content, StackedPackage};
use super::ledger::Entry;
use super::name::StackName;
use super::revision::{Attribution, Change, Origin, REVISION_FORMAT, Revision};
use crate::Sha256Digest;
use crate::debian::PackageName;

/// The outcome of a wish that was not refused.
#[derive(Clone, Debug)]
pub enum Next {
    /// This revision is to be stored.
    Revision(Box<Revision>),
    /// The stack is already as wished.
    Unchanged,
}

/// Why a stack is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is sealed.
    #[error("stack {stack} is sealed")]
    Sealed {
        /// The stack.
        stack: StackName,
    },
    /// There is none of that name, or it was deleted.
    #[error("there is no stack {stack}")]
    Missing {
        /// The stack.
        stack: StackName,
        /// How it was deleted, when it once was there.
        deleted: Option<Deletion>,
    },
    /// It was to be a copy of another, and there is one of that name which is none.
    #[error("stack {stack} exists already, with other contents than {from}")]
    NotACopy {
        /// The stack.
        stack: StackName,
        /// The one that was to be copied, with its revision.
        from: String,
    },
    /// It was sealed before it was deleted, so its name means what it held.
    #[error("stack {stack} was sealed and then deleted: no other can have its name")]
    Spent {
        /// The stack.
        stack: StackName,
        /// The number of the revision that deleted it.
        deleted: u64,
    },
    /// None can be made of that name.
    #[error("no stack can be called `{}`: clients of the original tool mean another one by it", stack.name())]
    Alias {
        /// The name.
        stack: StackName,
    },
    /// A package that was to be removed is not in it.
    #[error("package `{package}` is not in stack {stack}")]
    NotInStack {
        /// The stack.
        stack: StackName,
        /// The package.
        package: PackageName,
    },
}

/// The end of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The number of the revision that deleted it.
    pub number: u64,
    /// Whether it was sealed before, so that no other can have its name.
    pub sealed: bool,
}

impl Next {
    /// The first revision of a stack, or the first after its deletion. A stack that exists is left as it is.
    ///
    /// # Errors
    /// When it was to be a copy, and exists with other contents; when one of its name was sealed and deleted.
    pub fn create(
        newest: Option<&Entry>,
        stack: &StackName,
        from: Option<&Entry>,
        by: Attribution,
    ) -> Result<Self, Refusal> {
        if let Some(existing) = newest.filter(|entry| entry.exists()) {
            let other = from.filter(|from| from.revision.content != existing.revision.content);
            return match other {
                None => Ok(Self::Unchanged),
                Some(Entry { revision, .. }) => {
                    let from = revision.stack.at(revision.number).to_string();
                    Err(Refusal::NotACopy { stack: stack.clone(), from })
                }
            };
        }
        if let Some(Entry { revision, .. }) = newest.filter(|entry| entry.revision.sealed) {
            return Err(Refusal::Spent { stack: stack.clone(), deleted: revision.number });
        }
        let (change, packages) = match from {
            None => (Change::Create {}, Content::default()),
            Some(entry) => (Change::Clone { from: entry.origin() }, entry.revision.packages.clone()),
        };
        Ok(Self::new(newest, stack, change, Hashed::of(packages), by))
    }

    /// The first revision of a stack that a tree of the original tool holds.
    pub fn adopt(stack: &StackName, packages: Content, by: Attribution) -> Self {
        Self::new(None, stack, Change::Adopt {}, Hashed::of(packages), by)
    }

    fn new(
        newest: Option<&Entry>,
        stack: &StackName,
        change: Change,
        content: Hashed,
        by: Attribution,
    ) -> Self {
        Self::Revision(Box::new(Revision {
            format: REVISION_FORMAT,
            stack: stack.clone(),
            number: newest.map_or(1, |entry| entry.revision.number + 1),
            previous: newest.map(|entry| entry.hash),
            sealed: change == Change::Seal {} || newest.is_some_and(|entry| entry.revision.sealed),
            deleted: change == Change::Delete {},
            change,
            author: by.author,
            time: by.time,
            reason: by.reason,
            writer: by.writer,
            content: content.hash,
            packages: content.packages,
        }))
    }
}

impl Revision {
    /// The end of the stack, when this is the revision that deleted it.
    pub fn deletion(&self) -> Option<Deletion> {
        self.deleted.then_some(Deletion { number: self.number, sealed: self.sealed })
    }
}

impl Entry {
    /// This revision as the origin of a copy.
    pub fn origin(&self) -> Origin {
        Origin { stack: self.revision.stack.clone(), revision: self.revision.number, hash: self.hash }
    }

    /// With these packages added, or their versions replaced.
    ///
    /// # Errors
    /// When the stack is sealed or deleted.
    pub fn add(
        &self,
        packages: impl IntoIterator<Item = StackedPackage>,
        by: Attribution,
    ) -> Result<Next, Refusal> {
        let (mut content, mut names) = (self.open()?.clone(), Vec::new());
        for package in packages {
            names.push(package.name.clone());
            content.put(package);
        }
        names.sort();
        names.dedup();
        Ok(self.changed(Change::Add { packages: names }, content, by))
    }

    /// Without these packages.
    ///
    /// # Errors
    /// When the stack is sealed or deleted, or one of them is not in it.
    pub fn remove(&self, packages: &[PackageName], by: Attribution) -> Result<Next, Refusal> {
        let mut content = self.open()?.clone();
        let mut names = packages.to_vec();
        names.sort();
        names.dedup();
        for package in &names {
            if content.take(package).is_none() {
                let stack = self.revision.stack.clone();
                return Err(Refusal::NotInStack { stack, package: package.clone() });
            }
        }
        Ok(self.changed(Change::Remove { packages: names }, content, by))
    }

    /// Sealed: nothing but its deletion follows it.
    ///
    /// # Errors
    /// When the stack is deleted.
    pub fn seal(&self, by: Attribution) -> Result<Next, Refusal> {
        if self.revision.sealed && self.exists() {
            return Ok(Next::Unchanged);
        }
        let packages = self.open()?.clone();
        Ok(Next::new(
            Some(self),
            &self.revision.stack,
            Change::Seal {},
            Hashed { packages, hash: self.revision.content },
            by,
        ))
    }

    /// With the content of an earlier revision.
    ///
    /// # Errors
    /// When the stack is sealed or deleted, or that revision is its deletion.
    pub fn rollback(&self, target: &Revision, by: Attribution) -> Result<Next, Refusal> {
        self.open()?;
        if target.deleted {
            return Err(Refusal::Missing { stack: target.stack.clone(), deleted: target.deletion() });
        }
        Ok(self.changed(Change::Rollback { to: target.number }, target.packages.clone(), by))
    }

    /// Deleted. The ledger stays, and a later revision may create the stack again, unless it was sealed. Whether somebody needs a
    /// sealed one is for the caller to know.
    ///
    /// # Errors
    /// When the stack is deleted already.
    pub fn delete(&self, by: Attribution) -> Result<Next, Refusal> {
        if !self.revision.sealed || !self.exists() {
            self.open()?;
        }
        Ok(Next::new(Some(self), &self.revision.stack, Change::Delete {}, Hashed::of(Content::default()), by))
    }

    /// The content, if it may be changed.
    fn open(&self) -> Result<&Content, Refusal> {
        let revision = &self.revision;
        if revision.deleted {
            return Err(Refusal::Missing { stack: revision.stack.clone(), deleted: revision.deletion() });
        }
        if revision.sealed {
            return Err(Refusal::Sealed { stack: revision.stack.clone() });
        }
        Ok(&revision.packages)
    }

    /// The next revision, unless the content stays the same.
    fn changed(&self, change: Change, packages: Content, by: Attribution) -> Next {
        let content = Hashed::of(packages);
        if content.hash == self.revision.content {
            return Next::Unchanged;
        }
        Next::new(Some(self), &self.revision.stack, change, content, by)
    }
}

/// A content and its hash, which is worth computing once only.
struct Hashed {
    packages: Content,
    hash: Sha256Digest,
}

impl Hashed {
    fn of(packages: Content) -> Self {
        Self { hash: packages.hash(), packages }
    }
}

#[cfg(test)]
mod tests;
