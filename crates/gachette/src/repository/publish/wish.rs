//! How a suite shall be: decided before anything is written.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use gachette_core::Sha256Digest;
use gachette_core::apt::{Indices, Listing, Release, Suite};
use gachette_core::debian::Architecture;
use gachette_core::stack::{Content, Entry, Head};
use jiff::{SignedDuration, Timestamp};

use super::super::Repository;
use super::super::error::RepositoryError;
use super::super::stat_cache::StatCache;
use super::request::{PublishRequest, PublishSubject};
use super::state::SuiteState;
use super::suite_folder::SuiteFolder;
use super::unpublishable;

/// How far a clock may be wrong before a date that it gave is dropped.
const WRONG_CLOCK: SignedDuration = SignedDuration::from_hours(24);

/// What a suite is to show.
pub(super) struct Shown {
    pub(super) suite: Suite,
    pub(super) head: Head,
    /// When its ledger last changed.
    pub(super) date: Timestamp,
    /// What it holds, once that was needed.
    content: OnceCell<Content>,
}

impl Shown {
    pub(super) fn new(suite: Suite, date: Timestamp, head: Head) -> Self {
        Self { suite, head, date, content: OnceCell::new() }
    }

    /// A stack at a revision, all of which is read already.
    pub(super) fn whole(entry: Entry) -> Self {
        let head = Head::from(&entry);
        let (suite, date) = (head.stack.clone().into(), head.time);
        Self { suite, head, date, content: entry.revision.packages.into() }
    }

    /// What it holds, which is read when it is asked for first.
    pub(super) fn content(&self, repository: &Repository) -> Result<&Content, RepositoryError> {
        if let Some(content) = self.content.get() {
            return Ok(content);
        }
        let content = repository.content_of(&self.head)?;
        Ok(self.content.get_or_init(|| content))
    }
}

/// How a suite shall be, and the time at which it was wished.
pub(super) struct Wish<'a> {
    pub(super) request: &'a PublishRequest<'a>,
    pub(super) shown: &'a Shown,
    pub(super) now: Timestamp,
    date: Timestamp,
    /// The architectures that have an index now.
    before: BTreeSet<Architecture>,
}

impl<'a> Wish<'a> {
    /// A wish for a suite, of which the `last` state is known.
    pub(super) fn of(
        request: &'a PublishRequest<'a>,
        shown: &'a Shown,
        folder: &SuiteFolder,
        last: Option<&SuiteState>,
    ) -> Result<Self, RepositoryError> {
        let now = Timestamp::now();
        let (last, before) = before(request, shown, folder, last, now);
        // What expires must be made anew now and then; what does not, is as old as what it shows.
        let of_ledger = request.settings.valid_for.is_none().then_some(shown.date);
        let asked = request.source_date();
        let wished = asked.or(of_ledger).filter(|date| is_possible(*date, now)).unwrap_or(now);
        // apt takes no Release file that is older than the one it has.
        let date = last.filter(|date| is_possible(*date, now)).map_or(wished, |last| wished.max(last));
        let wish = Self { request, shown, now, date, before };
        wish.check(asked)?;
        Ok(wish)
    }

    /// Refuses a date that is asked for and by which no client would believe the suite.
    fn check(&self, asked: Option<Timestamp>) -> Result<(), RepositoryError> {
        let refused = |reason: String| Err(unpublishable(&self.shown.suite, reason));
        match (asked, self.valid_until()) {
            (Some(asked), _) if asked > self.now => {
                refused(format!("SOURCE_DATE_EPOCH says {asked}, and apt takes no date to come"))
            }
            (Some(_), Some(until)) if until <= self.now => refused(format!(
                "with its date of {}, by SOURCE_DATE_EPOCH, no client would believe it since {until}: unset that, or `publish.valid_for`",
                self.date
            )),
            _ => Ok(()),
        }
    }

    fn valid_until(&self) -> Option<Timestamp> {
        self.request.settings.valid_for.and_then(|valid_for| self.date.checked_add(valid_for).ok())
    }

    pub(super) fn content(&self) -> Sha256Digest {
        self.shown.head.content
    }

    /// The architectures, each with one before it whose index is the same, if there is one.
    pub(super) fn indices(&self, content: &Content) -> Vec<(Architecture, Option<Architecture>)> {
        let own =
            |of: &Architecture| content.iter().any(|package| package.files.contains_key(of)) && !of.is_all();
        let mut architectures = Listing::architectures(content, &self.request.settings.architectures);
        architectures.extend(self.kept().cloned());
        let same = |of: &Architecture| (!of.is_all() && !own(of)).then(Architecture::all);
        // `all` comes first by its name.
        architectures
            .into_iter()
            .map(|of| {
                let same = same(&of);
                (of, same)
            })
            .collect()
    }

    /// The architectures of before that a channel keeps: whoever mirrors it for them finds their index, whatever it is moved to. That of
    /// a stack depends on nothing but the stack and settings.
    fn kept(&self) -> impl Iterator<Item = &Architecture> {
        let is_channels = matches!(self.request.subject, PublishSubject::Channel(_));
        self.before.iter().filter(move |_| is_channels)
    }

    /// Whether these are all architectures that have to have an index.
    pub(super) fn is_served_by(&self, architectures: &[Architecture]) -> bool {
        self.kept().all(|kept| architectures.contains(kept))
    }

    /// The architectures that had an index and are not among these.
    pub(super) fn dropped(&self, architectures: &[Architecture]) -> Vec<Architecture> {
        self.before.iter().filter(|before| !architectures.contains(before)).cloned().collect()
    }

    pub(super) fn release(&self, indices: Indices, architectures: Vec<Architecture>) -> Release {
        let settings = &self.request.settings;
        let suite = self.shown.suite.clone();
        Release {
            origin: settings.origin.clone().unwrap_or_else(|| "gachette".to_owned()),
            label: settings.label.clone().unwrap_or_else(|| suite.domain().to_string()),
            description: settings
                .description
                .clone()
                .unwrap_or_else(|| format!("Stack {}", self.shown.head.stack)),
            content: self.content(),
            date: self.date,
            valid_until: self.valid_until(),
            architectures,
            indices,
            suite,
        }
    }

    pub(super) fn is_shown_by(&self, last: &SuiteState, folder: &SuiteFolder, cache: &StatCache) -> bool {
        last.content == self.content()
            && last.stack == self.shown.head.stack
            && last.suits(self.request, self.now)
            && last.is_in(folder, self.request, &self.shown.suite, self.now, cache)
    }
}

/// The date that a suite bears, and the architectures that it has an index for, as far as they are signed again. A date to come is that
/// of a wrong clock of ours when a key that signs now signed it, or this user wrote it; of any other nobody knows who gave it, and it
/// counts up to now. Architectures that somebody without a key wrote do not count at all.
fn before(
    request: &PublishRequest<'_>,
    shown: &Shown,
    folder: &SuiteFolder,
    last: Option<&SuiteState>,
    now: Timestamp,
) -> (Option<Timestamp>, BTreeSet<Architecture>) {
    let files = folder.release_files();
    let is_signed = request.signers.is_none_or(|signers| files.have_signature(signers, &shown.suite, now));
    let is_ours = |last: &SuiteState| request.signers.is_none() || last.is_ours;
    let of_files = files.date().map(|date| if is_signed { date } else { date.min(now) });
    let of_state = last.map(|last| if is_ours(last) { last.date } else { last.date.min(now) });
    let architectures = if is_signed {
        files.text().map(Release::architectures_of).unwrap_or_default()
    } else {
        let ours = last.filter(|last| is_ours(last)).into_iter();
        ours.flat_map(|last| last.architectures.iter().cloned()).collect()
    };
    (of_files.max(of_state), architectures)
}

/// apt takes no date to come (apt.conf(5), `Acquire::Max-FutureTime`), so one that a wrong clock gave must not stay.
pub(super) fn is_possible(date: Timestamp, now: Timestamp) -> bool {
    date.duration_since(now) <= WRONG_CLOCK
}
