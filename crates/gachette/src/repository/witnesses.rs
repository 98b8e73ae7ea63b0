//! Whether a stack's revision is the one that was written. The next one in its ledger names it. The newest is named by nothing there,
//! so those are asked that did when it was new: derived files, the suite, channels, and for a sealed stack what was stated of it.

use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::stack::{Entry, Head, StackRef};

use super::error::RepositoryError;
use super::ledger::lost;
use super::spread::{Worth, gather};
use super::{Repository, key};

/// A statement about a revision of a stack.
pub(crate) struct StatedRevision {
    /// The file.
    key: String,
    revision: StackRef,
    hash: Sha256Digest,
}

impl StatedRevision {
    /// Whether it is of the same stack, and of another revision. Only what is sealed is stated, and never changes.
    pub(crate) fn speaks_against(&self, head: &Head) -> Option<String> {
        let is_other = self.revision.stack == head.stack && self.hash != head.hash;
        is_other.then(|| format!("it is not the revision that was sealed and signed, by {}", self.key))
    }
}

impl Repository {
    /// Refuses a revision that somebody edited since it was written, by what is known of it elsewhere: it should be shown to no
    /// host.
    pub(crate) fn check_unedited(&self, head: &Head) -> Result<(), RepositoryError> {
        self.witness_against(head)?.map_or(Ok(()), |reason| Err(damaged(head, reason)))
    }

    /// The same of a sealed revision that no known key stated, by what its ledger and statements say. All of it is read.
    pub(crate) fn check_sealed(&self, head: &Head) -> Result<(), RepositoryError> {
        let (stack, number) = (&head.stack, head.number);
        let entry = self.read_revision(stack, number)?.ok_or_else(|| lost(stack, number))?;
        // One that is lost or damaged before it is for `fsck` to tell.
        if let Ok(Some(before)) = self.read_revision(stack, number - 1)
            && let Err(fault) = entry.check_after(Some(&before))
        {
            return Err(damaged(head, fault.to_string()));
        }
        let stated = self.stated_revisions()?;
        let against = stated.iter().find_map(|stated| stated.speaks_against(head));
        against.map_or(Ok(()), |reason| Err(damaged(head, reason)))
    }

    /// Refuses to build upon a revision that somebody edited since it was written, by what the next one says of it, and what is known
    /// elsewhere.
    pub(crate) fn check_source(&self, entry: &Entry) -> Result<(), RepositoryError> {
        let head = Head::from(entry);
        // A next one that is lost or damaged is for `fsck` to tell.
        let next = self.read_revision(&head.stack, head.number + 1).ok().flatten();
        if next.is_some_and(|next| next.revision.previous != Some(head.hash)) {
            return Err(damaged(
                &head,
                "it is not the revision that the next one was written behind".to_owned(),
            ));
        }
        self.check_unedited(&head)?;
        let is_stated = || self.opened_statement(&head.hash).is_ok_and(|statement| statement.is_some());
        if head.sealed && !is_stated() { self.check_sealed(&head) } else { Ok(()) }
    }

    /// What speaks against a revision: what names it by its hash, and statements about its stack, unless there is one about itself.
    pub(crate) fn all_witnesses_against(&self, head: &Head) -> Result<Option<String>, RepositoryError> {
        let against = self.witness_against(head)?;
        if against.is_some() || self.opened_statement(&head.hash).is_ok_and(|statement| statement.is_some()) {
            return Ok(against);
        }
        let stated = self.stated_revisions()?;
        // An earlier one may be looked at that was open then.
        let of_another =
            |stated: &StatedRevision| stated.revision.revision > Some(head.number) && !head.sealed;
        let mut stated = stated.iter().filter(|stated| !of_another(stated));
        Ok(stated.find_map(|stated| stated.speaks_against(head)))
    }

    /// What speaks against a revision, of that which names it by its hash.
    pub(crate) fn witness_against(&self, head: &Head) -> Result<Option<String>, RepositoryError> {
        let shown = self.shown(&head.stack)?.filter(|shown| shown.revision == head.number);
        if shown.is_some_and(|shown| shown.hash != head.hash) {
            return Ok(Some("it is not the revision that derived files were written from".to_owned()));
        }
        let suite = Suite::from(head.stack.clone());
        if let Some((published, hash, sealed)) = self.published_revision(&suite)?
            && published == head.stack.at(head.number)
            && hash != head.hash
            // One that was open may have been lost, and written again.
            && (sealed || head.sealed)
        {
            return Ok(Some("it is not the revision that its suite was published from".to_owned()));
        }
        let behind_seal = |number: u64, by: &str| {
            format!("revision {number} before it was sealed, as {by} says, and nothing can come after that")
        };
        if let Some((published, _, true)) = self.published_revision(&suite)?
            && published.stack == head.stack
            && let Some(number) = published.revision.filter(|number| *number < head.number)
        {
            return Ok(Some(behind_seal(number, "its suite")));
        }
        for name in self.channel_folders(head.stack.domain())? {
            // One that cannot be read says nothing of a stack.
            let Ok(channel) = self.channel(&name.clone().into()) else { continue };
            let state = &channel.entry.state;
            let mut pins = state.shows.iter().chain(state.approvals.iter().map(|approval| &approval.pin));
            if pins
                .any(|pin| (&pin.stack, pin.revision) == (&head.stack, head.number) && pin.hash != head.hash)
            {
                return Ok(Some(format!("it is not the revision that channel {name} knows")));
            }
            // Channels show what is sealed.
            let shows = state.shows.as_ref().filter(|pin| pin.stack == head.stack);
            if let Some(pin) = shows.filter(|pin| pin.revision < head.number) {
                return Ok(Some(behind_seal(pin.revision, &format!("channel {name}"))));
            }
        }
        Ok(None)
    }

    /// All statements about stacks. One that cannot be read says nothing.
    pub(crate) fn stated_revisions(&self) -> Result<Vec<StatedRevision>, RepositoryError> {
        let mut hashes: Vec<Sha256Digest> = Vec::new();
        for folder in self.store.children(key::STATEMENTS)?.folders {
            let files = self.store.children(&format!("{}/{folder}", key::STATEMENTS))?.files;
            hashes.extend(
                files.iter().filter_map(|file| file.strip_suffix(".json")?.parse::<Sha256Digest>().ok()),
            );
        }
        let stated = gather(Worth::Lines, &hashes, |about| {
            let opened = self.opened_statement(about).ok().flatten();
            let stated = opened.and_then(|opened| opened.revision());
            Ok::<_, RepositoryError>(stated.map(|(revision, hash)| StatedRevision {
                key: key::statement(about),
                revision,
                hash,
            }))
        })?;
        Ok(stated.into_iter().flatten().collect())
    }
}

fn damaged(head: &Head, reason: String) -> RepositoryError {
    RepositoryError::Damaged { key: key::revision(&head.stack, head.number), reason }
}
