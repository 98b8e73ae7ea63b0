//! The parts of an index: those that are kept, and those that have to be made from package records.

use std::collections::BTreeSet;
use std::path::Path;

use gachette_core::apt::{Listed, Listing, Part as Names, Suite, lists, stanza};

use super::super::Repository;
use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::key;
use super::super::spread::{Worth, gather};
use super::super::vouched::Vouched;
use super::part::Part;
use super::state::SuiteState;
use super::unpublishable;

/// The parts of one index, in order.
pub(super) struct Parts {
    pub(super) kept: Vec<Part>,
    /// How many of them were not there yet.
    pub(super) made: usize,
}

impl Repository {
    /// The parts of this listing. What is to be signed is made of none that somebody else kept and nobody looked through.
    pub(super) fn parts(
        &self,
        listing: &Listing<'_>,
        suite: &Suite,
        is_signed: bool,
    ) -> Result<Parts, RepositoryError> {
        let vouched = self.vouched();
        let parts = gather(Worth::Files, &listing.parts(), |part| {
            let key = key::index_part(&part.key());
            let kept = self.store.read_derived(&key)?;
            let (kept, is_ours) = match &kept {
                Some(bytes) => {
                    let (bytes, is_ours) = self.marks.unmarked(&key, bytes);
                    (Part::parse(bytes), is_ours)
                }
                None => (None, false),
            };
            let lists =
                |kept: &Part| str::from_utf8(&kept.plain).is_ok_and(|plain| lists(plain, part.packages()));
            // It is signed as it is: what somebody else kept has to be, to the last byte, what would be made.
            let kept = match kept.filter(lists) {
                Some(kept) if is_ours || !is_signed => return Ok((kept, false)),
                kept => kept,
            };
            let text = if is_signed {
                text_of(part, |listed| self.true_stanza(listed, suite, &vouched))?
            } else {
                self.text_of_part(part, suite)?
            };
            // To the last byte of every form: one that unpacks to the same may ask of clients what they cannot do.
            let made = Part::pack(text.into_bytes()).map_err(at(Path::new(&key)))?;
            let is_same = kept.is_some_and(|kept| kept == made);
            // Our mark is for what the package files say: what nobody signs says what the records do, whoever wrote them.
            if is_signed && self.marks.are_asked_for() {
                self.store.replace(&key, self.marks.marked(&key, made.to_bytes()))?;
            } else if !is_same {
                self.store.replace(&key, made.to_bytes())?;
            }
            Ok::<_, RepositoryError>((made, !is_same))
        })?;
        vouched.keep();
        let made = parts.iter().filter(|(_, new)| *new).count();
        Ok(Parts { kept: parts.into_iter().map(|(part, _)| part).collect(), made })
    }

    /// The parts that are kept of what a suite shows, and are not what the package records say: by their keys in the repository.
    /// Those that were looked at before are not again.
    pub(crate) fn wrong_parts(
        &self,
        suite: &Suite,
        seen: &mut BTreeSet<String>,
    ) -> Result<Vec<String>, RepositoryError> {
        let Some(state) = SuiteState::read(self, suite)? else { return Ok(Vec::new()) };
        let content = self.revision_with(&state)?.revision.packages;
        let mut wrong = BTreeSet::new();
        for architecture in Listing::architectures(&content, &[]) {
            let listing = Listing::of(&content, &architecture);
            let parts = listing.parts();
            let parts: Vec<_> = parts.iter().map(|part| (key::index_part(&part.key()), part)).collect();
            let parts: Vec<_> = parts.into_iter().filter(|(key, _)| seen.insert(key.clone())).collect();
            let found = gather(Worth::Files, &parts, |(key, part)| {
                let bytes = match self.store.read(key) {
                    Err(RepositoryError::Damaged { .. }) => return Ok(Some(key.clone())),
                    bytes => bytes?,
                };
                let Some(bytes) = bytes else { return Ok(None) };
                // One that cannot be made is told with its records.
                let text = self.text_of_part(part, suite).ok();
                let is_right = |kept: Part| {
                    text.is_none_or(|text| text.as_bytes() == kept.plain) && kept.is_of_one_text()
                };
                let kept = Part::parse(self.marks.unmarked(key, &bytes).0);
                Ok::<_, RepositoryError>((!kept.is_some_and(is_right)).then(|| key.clone()))
            })?;
            wrong.extend(found.into_iter().flatten());
        }
        Ok(wrong.into_iter().collect())
    }

    /// The paragraphs of a part, as the records say them.
    pub(super) fn text_of_part(
        &self,
        part: &Names<'_, '_>,
        suite: &Suite,
    ) -> Result<String, RepositoryError> {
        text_of(part, |listed| self.stanza(listed, suite))
    }

    /// A package's paragraph as it may be signed: it says what the package file does, and every reader takes it for the one of the
    /// package that the stack means.
    fn true_stanza(
        &self,
        listed: &Listed<'_>,
        suite: &Suite,
        vouched: &Vouched<'_>,
    ) -> Result<String, RepositoryError> {
        let record = self.true_record(listed, suite, vouched)?;
        let wrong = |reason: &str| unpublishable(suite, format!("{}: {reason}", record.file));
        let text = stanza(&record).map_err(|error| wrong(&error.to_string()))?;
        if lists(&format!("{text}\n"), &[*listed]) {
            return Ok(text);
        }
        Err(wrong("its fields could be taken for those of another package, or hold a carriage return"))
    }

    /// A package's paragraph, of the record that the stack means.
    fn stanza(&self, listed: &Listed<'_>, suite: &Suite) -> Result<String, RepositoryError> {
        let record = self.listed_record(listed, suite)?;
        stanza(&record).map_err(|error| unpublishable(suite, format!("{}: {error}", record.file)))
    }
}

/// The paragraphs of a part.
fn text_of(
    part: &Names<'_, '_>,
    stanza: impl Fn(&Listed<'_>) -> Result<String, RepositoryError>,
) -> Result<String, RepositoryError> {
    let mut text = String::new();
    for (at, listed) in part.packages().iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&stanza(listed)?);
    }
    // Paragraphs are parted by an empty line, also from those of the next part.
    text.push('\n');
    Ok(text)
}
