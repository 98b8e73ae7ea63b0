//! What is asked of publishing, and what became of it.

use gachette_core::Sha256Digest;
use gachette_core::apt::{STANZA_FORMAT, Suite};
use gachette_core::debian::Architecture;
use gachette_core::stack::{StackName, StackRef};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wish::Shown;
use crate::signing::Signers;

/// What a Release file says besides: with another number, suites are not taken for published that were made before.
const RELEASE_FORMAT: u32 = 2;

/// What is asked for.
pub struct PublishRequest<'a> {
    /// Whose suite is to be written.
    pub subject: PublishSubject,
    /// How.
    pub settings: SuiteSettings,
    /// Who signs it; nobody when clients are to trust it without.
    pub signers: Option<&'a Signers>,
    /// The hash of a revision whose package files were looked for just now; that is not done once more then.
    pub looked_for: Option<Sha256Digest>,
}

impl PublishRequest<'_> {
    /// The date that is asked for. A channel has none but its own: that must go on with each promotion, since it is by the date that apt
    /// refuses what the channel showed before.
    pub(super) fn source_date(&self) -> Option<Timestamp> {
        let is_stack = matches!(self.subject, PublishSubject::Stack(_));
        self.settings.source_date.filter(|_| is_stack)
    }

    /// The digest of what a suite depends on besides what it shows and the time.
    pub(super) fn digest(&self) -> Sha256Digest {
        let settings = &self.settings;
        let sign = self.signers.map(Signers::parts);
        let all = (
            (RELEASE_FORMAT, STANZA_FORMAT),
            &settings.origin,
            &settings.label,
            &settings.description,
            &settings.architectures,
            settings.contents,
            settings.valid_for,
            sign,
        );
        Sha256Digest::of(format!("{all:?}").as_bytes())
    }
}

/// What has a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishSubject {
    /// A stack, now or at a revision.
    Stack(StackRef),
    /// A channel.
    Channel(Suite),
    /// Whatever a suite shows when it is its turn, by the signature that it has then or none.
    AsItIs(Suite),
}

impl PublishSubject {
    /// Its suite.
    pub fn suite(&self) -> Suite {
        match self {
            Self::Stack(stack) => stack.stack.clone().into(),
            Self::Channel(channel) | Self::AsItIs(channel) => channel.clone(),
        }
    }
}

/// What can be chosen of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteSettings {
    /// `Origin` of the Release file; `gachette` without.
    pub origin: Option<String>,
    /// `Label` of the Release file; the domain's name without.
    pub label: Option<String>,
    /// `Description` of the Release file; which stack it shows without.
    pub description: Option<String>,
    /// Architectures that have an index although the stack has nothing of theirs alone.
    pub architectures: Vec<Architecture>,
    /// Whether there are Contents indices, which say what package installs which file.
    pub contents: bool,
    /// How long clients believe a Release file; for ever without.
    pub valid_for: Option<SignedDuration>,
    /// The date of a stack's Release file, in place of that of its revision; one that bears a later date keeps that.
    pub source_date: Option<Timestamp>,
    /// How long indices stay after they were replaced, for clients that read the Release file before.
    pub keep_indices: SignedDuration,
}

/// A suite after it was published.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PublishedSuite {
    /// The suite.
    pub suite: Suite,
    /// The stack that it shows.
    pub stack: StackName,
    /// The revision of it.
    pub revision: u64,
    /// The SHA-256 that names that revision.
    pub hash: Sha256Digest,
    /// Whether the stack is sealed by it.
    pub sealed: bool,
    /// Whether anything had to be written.
    pub changed: bool,
    /// How many packages it has.
    pub packages: usize,
    /// The architectures that have an index.
    pub architectures: Vec<Architecture>,
    /// Those that had one before and have none any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Architecture>,
    /// How many parts of indices were made.
    pub parts_made: usize,
    /// How many were kept from earlier.
    pub parts_kept: usize,
    /// How many bytes of indices, and of the files that name them, were written.
    pub bytes_written: u64,
    /// The date of its Release file.
    pub date: Option<Timestamp>,
    /// Until when clients believe it; for ever without.
    pub valid_until: Option<Timestamp>,
}

/// A suite as it was published last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteSummary {
    /// The suite: that of the stack which it shows, or of a channel.
    pub suite: Suite,
    /// The stack that it shows, at a revision; none when what is known of it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<StackRef>,
    /// Whether it is signed.
    pub signed: bool,
    /// The date of its Release file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// Until when clients believe it; for ever without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl PublishedSuite {
    pub(super) fn of(shown: &Shown) -> Self {
        let head = &shown.head;
        Self {
            suite: shown.suite.clone(),
            stack: head.stack.clone(),
            revision: head.number,
            hash: head.hash,
            sealed: head.sealed,
            changed: false,
            packages: head.packages,
            architectures: Vec::new(),
            dropped: Vec::new(),
            parts_made: 0,
            parts_kept: 0,
            bytes_written: 0,
            date: None,
            valid_until: None,
        }
    }
}

impl Default for SuiteSettings {
    fn default() -> Self {
        Self {
            origin: None,
            label: None,
            description: None,
            architectures: Vec::new(),
            contents: false,
            valid_for: None,
            source_date: None,
            keep_indices: SignedDuration::from_hours(1),
        }
    }
}
