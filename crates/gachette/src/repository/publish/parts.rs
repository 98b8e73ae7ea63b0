//! The parts of an index: those that are kept, and those that have to be made from package records.

use std::path::Path;

use gachette_core::apt::{Listed, Listing, Suite, stanza};

use super::super::Repository;
use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::key;
use super::super::spread::{Worth, gather};
use super::part::Part;
use super::unpublishable;

/// The parts of one index, in order.
pub(super) struct Parts {
    pub(super) kept: Vec<Part>,
    /// How many of them were not there yet.
    pub(super) made: usize,
}

impl Repository {
    /// The parts of this listing.
    pub(super) fn parts(&self, listing: &Listing<'_>, suite: &Suite) -> Result<Parts, RepositoryError> {
        let parts = gather(Worth::Files, &listing.parts(), |part| {
            let key = key::index_part(&part.key());
            if let Some(kept) = self.store.read(&key)?.and_then(|bytes| Part::parse(&bytes)) {
                return Ok((kept, false));
            }
            let mut text = String::new();
            for (at, listed) in part.packages().iter().enumerate() {
                if at > 0 {
                    text.push('\n');
                }
                text.push_str(&self.stanza(listed, suite)?);
            }
            // Paragraphs are parted by an empty line, also from those of the next part.
            text.push('\n');
            let made = Part::pack(text.into_bytes()).map_err(at(Path::new(&key)))?;
            self.store.replace(&key, made.to_bytes())?;
            Ok::<_, RepositoryError>((made, true))
        })?;
        let made = parts.iter().filter(|(_, new)| *new).count();
        Ok(Parts { kept: parts.into_iter().map(|(part, _)| part).collect(), made })
    }

    /// A package's paragraph, of the record that the stack means.
    fn stanza(&self, listed: &Listed<'_>, suite: &Suite) -> Result<String, RepositoryError> {
        let record = self.listed_record(listed, suite)?;
        stanza(&record).map_err(|error| unpublishable(suite, format!("{}: {error}", record.file)))
    }
}
