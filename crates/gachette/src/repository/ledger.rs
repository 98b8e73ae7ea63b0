//! A stack's ledger in the store: finding its newest revision, and appending the next.

use std::fs::File;

use gachette_core::Sha256Digest;
use gachette_core::stack::{
    Attribution, By, Content, Deletion, Entry, FormatError, Head, Next, StackName, StackRef,
};
use jiff::Timestamp;

use super::error::RepositoryError;
use super::store::Created;
use super::{Repository, key, lock, writer};

/// What became of a change.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The stack's newest revision: the one that was written, or the one that already was as wished.
    pub entry: Entry,
    /// Whether a revision was written.
    pub changed: bool,
}

impl Repository {
    /// A turn among the writers of this machine on one stack, which spares them the work of losing races.
    pub(crate) fn turn(&self, stack: &StackName) -> Option<File> {
        self.store.root().and_then(|root| lock::turn(&root.join(key::stack(stack))))
    }

    /// The newest revision of a ledger, whether or not the stack still exists by it.
    ///
    /// The mark of the derived files is read first: it says where to begin to look, and betrays a lost end of the
    /// ledger, which nothing in the ledger itself could.
    pub(crate) fn newest(&self, stack: &StackName) -> Result<Option<Entry>, RepositoryError> {
        match self.last_number(stack)? {
            0 => Ok(None),
            number => self.read_revision(stack, number)?.map(Some).ok_or_else(|| lost(stack, number)),
        }
    }

    /// The number of the newest revision, which may be lost; 0 without any.
    pub(crate) fn last_number(&self, stack: &StackName) -> Result<u64, RepositoryError> {
        let shown = self.shown(stack)?.map_or(0, |shown| shown.revision);
        self.newest_number(stack, shown)
    }

    /// The highest number of a revision there is, which is at least `known`; 0 without any.
    pub(crate) fn newest_number(&self, stack: &StackName, known: u64) -> Result<u64, RepositoryError> {
        last_number(known, |number| self.store.exists(&key::revision(stack, number)))
    }

    /// One revision, when it is there.
    ///
    /// # Errors
    /// When it is not sound in itself: nothing is built upon a damaged one.
    pub(crate) fn read_revision(
        &self,
        stack: &StackName,
        number: u64,
    ) -> Result<Option<Entry>, RepositoryError> {
        let key = key::revision(stack, number);
        let Some(bytes) = self.store.read(&key)? else { return Ok(None) };
        parse_revision(key, &bytes, stack, number).map(Some)
    }

    /// The same without what it holds, for much less where its bytes are `known` to be sound by their hash.
    pub(crate) fn read_head(
        &self,
        stack: &StackName,
        number: u64,
        known: &[Sha256Digest],
    ) -> Result<Option<Head>, RepositoryError> {
        let key = key::revision(stack, number);
        let is_it = |head: &Head| (&head.stack, head.number) == (stack, number);
        let usable = |head: &Head| known.contains(&head.hash) && is_it(head);
        self.found_in(&stack.clone().into(), &key, usable, || {
            let Some(bytes) = self.store.read(&key)? else { return Ok(None) };
            let hash = Sha256Digest::of(&bytes);
            let head = known.contains(&hash).then(|| Head::parse(&bytes, hash).ok()).flatten();
            if let Some(head) = head.filter(is_it) {
                return Ok(Some(head));
            }
            parse_revision(key.clone(), &bytes, stack, number).map(|entry| Some(Head::from(&entry)))
        })
    }

    /// The revision that is meant, of a stack that exists, or once did when a number is given.
    pub(crate) fn resolve(&self, reference: &StackRef) -> Result<Entry, RepositoryError> {
        let newest = self.last_number(&reference.stack)?;
        let number = number_meant(reference, newest)?;
        let entry = self.read_revision(&reference.stack, number)?;
        let deleted = entry.as_ref().and_then(|entry| entry.revision.deletion());
        entry.filter(|_| deleted.is_none()).ok_or_else(|| not_there(reference, newest, deleted))
    }

    /// The same without what it holds. Its bytes are sound if they have the `known` hash, or that of which derived files were
    /// written.
    pub(crate) fn resolve_head(
        &self,
        reference: &StackRef,
        known: Option<Sha256Digest>,
    ) -> Result<Head, RepositoryError> {
        let shown = self.shown(&reference.stack)?;
        let newest =
            self.newest_number(&reference.stack, shown.as_ref().map_or(0, |shown| shown.revision))?;
        let number = number_meant(reference, newest)?;
        let by_mark = shown.filter(|shown| shown.revision == number).map(|shown| shown.hash);
        let known: Vec<Sha256Digest> = known.into_iter().chain(by_mark).collect();
        let head = self.read_head(&reference.stack, number, &known)?;
        let deleted = head.as_ref().and_then(Head::deletion);
        head.filter(|_| deleted.is_none()).ok_or_else(|| not_there(reference, newest, deleted))
    }

    /// What the revision holds that this is the head of.
    pub(crate) fn content_of(&self, head: &Head) -> Result<Content, RepositoryError> {
        let (stack, number) = (&head.stack, head.number);
        let entry = self.read_revision(stack, number)?.ok_or_else(|| lost(stack, number))?;
        if entry.hash != head.hash {
            let reason = "it was changed while it was read".to_owned();
            return Err(RepositoryError::Damaged { key: key::revision(stack, number), reason });
        }
        Ok(entry.revision.packages)
    }

    /// Asks for the next revision until it is written, or not wanted, or refused. Whoever loses the race for a number
    /// asks again with the winner's revision.
    pub(crate) fn append(
        &self,
        stack: &StackName,
        by: &By,
        wish: impl Fn(Option<&Entry>, Attribution) -> Result<Next, RepositoryError>,
    ) -> Result<Committed, RepositoryError> {
        let _turn = self.turn(stack);
        let newest = match self.newest(stack)? {
            None => self.adopt_stack(stack)?,
            newest => newest,
        };
        self.append_after(newest, stack, by, wish)
    }

    /// What was expected must still be so when the next revision is asked for; and that is committed after no other.
    fn check_expected(&self, stack: &StackName, newest: Option<&Entry>) -> Result<(), RepositoryError> {
        match (&self.expected, newest) {
            (Some(expected), Some(newest)) if !expected.contains(&newest.hash) => {
                Err(RepositoryError::Changed { stack: stack.clone(), newest: newest.revision.number })
            }
            _ => Ok(()),
        }
    }

    /// The same, beginning with what is believed to be the newest revision. The caller has the stack's turn.
    pub(crate) fn append_after(
        &self,
        mut newest: Option<Entry>,
        stack: &StackName,
        by: &By,
        wish: impl Fn(Option<&Entry>, Attribution) -> Result<Next, RepositoryError>,
    ) -> Result<Committed, RepositoryError> {
        loop {
            self.check_expected(stack, newest.as_ref())?;
            let next = match wish(newest.as_ref(), by.at(Timestamp::now(), writer::id()))? {
                Next::Revision(next) => next,
                Next::Unchanged => {
                    let entry = newest.ok_or_else(|| missing(stack, None))?;
                    self.derive_stack(None, &entry).map_err(lagging(&entry))?;
                    return Ok(Committed { entry, changed: false });
                }
            };
            let key = key::revision(stack, next.number);
            check_number(next.number, || key::revision(stack, key::LAST_REVISION))?;
            let bytes = next.to_bytes().map_err(|error| unreadable(key.clone(), &error))?;
            let entry = Entry::of(*next, &bytes);
            match self.store.create(&key, bytes)? {
                Created::New => {
                    self.derive_stack(newest.as_ref(), &entry).map_err(lagging(&entry))?;
                    return Ok(Committed { entry, changed: true });
                }
                Created::Taken(_) => {
                    let number = self.newest_number(stack, entry.revision.number)?;
                    newest = Some(self.read_revision(stack, number)?.ok_or_else(|| lost(stack, number))?);
                }
            }
        }
    }
}

/// The highest number of a ledger that is there, which is at least `known`; 0 without any.
///
/// Numbers are dense, so leaps of growing length and then a search between them find the end in a few looks.
pub(crate) fn last_number(
    known: u64,
    there: impl Fn(u64) -> Result<bool, RepositoryError>,
) -> Result<u64, RepositoryError> {
    // A file whose name has more digits is of no ledger.
    let there = |number| Ok::<_, RepositoryError>(number <= key::LAST_REVISION && there(number)?);
    let (mut low, mut leap) = (known, 1);
    while there(low + leap)? {
        low += leap;
        leap *= 2;
    }
    let mut high = low + leap;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if there(middle)? { low = middle } else { high = middle }
    }
    Ok(low)
}

/// Refuses the number of an entry that could not be found again. No ledger comes so far: somebody wrote the `last` one.
pub(crate) fn check_number(number: u64, last: impl FnOnce() -> String) -> Result<(), RepositoryError> {
    if number <= key::LAST_REVISION {
        return Ok(());
    }
    let reason = "its number is the last there is, so that nothing can come after it".to_owned();
    Err(RepositoryError::Damaged { key: last(), reason })
}

/// The number of the entry of a ledger that a file of this name holds.
pub(crate) fn number_of(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(".json").filter(|digits| digits.len() == 10)?;
    let digits = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?;
    digits.parse().ok().filter(|number| *number > 0)
}

/// Reads one revision, and refuses it when it is not sound in itself.
fn parse_revision(
    key: String,
    bytes: &[u8],
    stack: &StackName,
    number: u64,
) -> Result<Entry, RepositoryError> {
    let entry = Entry::parse(bytes).map_err(|error| unreadable(key.clone(), &error))?;
    match entry.check_place(stack, number) {
        Ok(()) => Ok(entry),
        Err(fault) => Err(RepositoryError::Damaged { key, reason: fault.to_string() }),
    }
}

/// The number of the revision that is meant in a ledger whose newest is this, if it has any.
fn number_meant(reference: &StackRef, newest: u64) -> Result<u64, RepositoryError> {
    if newest == 0 { Err(missing(&reference.stack, None)) } else { Ok(reference.revision.unwrap_or(newest)) }
}

/// The error for a revision that cannot be meant, in a ledger whose newest is this.
fn not_there(reference: &StackRef, newest: u64, deleted: Option<Deletion>) -> RepositoryError {
    let (stack, number) = (&reference.stack, reference.revision.unwrap_or(newest));
    if deleted.is_some() {
        missing(stack, deleted)
    } else if (1..=newest).contains(&number) {
        lost(stack, number)
    } else {
        RepositoryError::MissingRevision { stack: stack.clone(), number, newest }
    }
}

/// The error for a revision that was there once.
pub(crate) fn lost(stack: &StackName, number: u64) -> RepositoryError {
    RepositoryError::Damaged { key: key::revision(stack, number), reason: "the file is lost".to_owned() }
}

/// The error for a revision that is written, and derived files that are not.
fn lagging(entry: &Entry) -> impl FnOnce(RepositoryError) -> RepositoryError {
    let (stack, revision) = (entry.revision.stack.clone(), entry.revision.number);
    move |source| RepositoryError::Lagging { stack, revision, source: Box::new(source) }
}

pub(crate) fn missing(stack: &StackName, deleted: Option<Deletion>) -> RepositoryError {
    gachette_core::stack::Refusal::Missing { stack: stack.clone(), deleted }.into()
}

/// The error for stored bytes that cannot be read.
pub(crate) fn unreadable(key: String, error: &FormatError) -> RepositoryError {
    let reason = error.to_string();
    match error {
        FormatError::Newer { .. } => RepositoryError::Newer { key, reason },
        FormatError::Malformed(_) => RepositoryError::Damaged { key, reason },
    }
}
