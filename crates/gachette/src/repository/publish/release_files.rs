//! The files above the indices of a suite, read once: whatever is said of them is of the same bytes.

use std::collections::BTreeMap;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::apt::{Release, Suite};
use jiff::Timestamp;

use super::index::PLAIN;
use super::state::SuiteState;
use crate::signing::{Fingerprint, Holders, Signers};

/// What of such a file is read: more than any has that was written here, in bytes.
const LARGEST: u64 = 1 << 24;
/// What they are called.
const NAMES: [&str; 3] = ["InRelease", "Release", "Release.gpg"];

/// Those that there are.
pub(super) struct ReleaseFiles(BTreeMap<&'static str, Vec<u8>>);

impl ReleaseFiles {
    /// Those in a suite's folder.
    pub(super) fn read(folder: &Path) -> Self {
        let read = |name| Some((name, trebuchet::read_regular(&folder.join(name), LARGEST).ok()?));
        Self(NAMES.into_iter().filter_map(read).collect())
    }

    /// What is signed.
    pub(super) fn text(&self) -> Option<&str> {
        self.0.get("Release").and_then(|bytes| str::from_utf8(bytes).ok())
    }

    /// The date that they bear.
    pub(super) fn date(&self) -> Option<Timestamp> {
        self.text().and_then(Release::date_of)
    }

    /// Whether any of the keys signed them, as of this suite, whatever it shows.
    pub(super) fn have_signature(&self, signers: &Signers, suite: &Suite, now: Timestamp) -> bool {
        let content = self.text().and_then(Release::content_of);
        content.is_some_and(|content| !self.signed_by(signers, suite, content, now).is_empty())
    }

    /// Whether they are those that were written, and no others.
    pub(super) fn are_of(&self, state: &SuiteState) -> bool {
        let is = |name: &str| self.0.get(name).map(|bytes| Sha256Digest::of(bytes));
        NAMES.iter().all(|name| is(name) == state.top.get(*name).copied())
    }

    /// Whether they are, and name what the state does.
    pub(super) fn agree_with(&self, state: &SuiteState) -> bool {
        let is_plain = |path: &&String| path.rsplit_once('/').is_some_and(|(_, name)| name == PLAIN);
        let has_index = |architecture| {
            state.indices.contains_key(&format!("{}/{PLAIN}", Release::folder_of(architecture)))
        };
        self.are_of(state)
            && self.0.contains_key("InRelease") == state.signed
            && self.text().is_some_and(|text| {
                Release::indices_of(text).is_ok_and(|indices| indices == state.indices)
                    && Release::content_of(text).is_none_or(|content| content == state.content)
                    && same_second(Release::date_of(text), Some(state.date))
                    && same_second(Release::valid_until_of(text), state.valid_until)
            })
            && state.architectures.iter().all(has_index)
            && state.indices.keys().filter(is_plain).count() == state.architectures.len()
    }

    /// Whether each of the keys signed them, as of this suite and this content.
    pub(super) fn are_signed_by(
        &self,
        signers: &Signers,
        suite: &Suite,
        content: Sha256Digest,
        now: Timestamp,
    ) -> bool {
        let signed = self.signed_by(signers, suite, content, now);
        signers.held_by(Holders::All).iter().all(|key| signed.contains(key))
    }

    /// Which of the keys signed them, in both forms, as of this suite and this content.
    pub(super) fn signed_by(
        &self,
        signers: &Signers,
        suite: &Suite,
        content: Sha256Digest,
        now: Timestamp,
    ) -> Vec<Fingerprint> {
        let [in_release, release, signatures] = NAMES.map(|name| self.0.get(name));
        let (Some(in_release), Some(release), Some(signatures)) = (in_release, release, signatures) else {
            return Vec::new();
        };
        let says = self.text().map(|text| (Release::suite_of(text), Release::content_of(text)));
        if says != Some((Some(suite.to_string()), Some(content))) {
            return Vec::new();
        }
        let clear = signers.judge_in_release(in_release, now).ok().filter(|clear| clear.release == *release);
        let detached = signers.judge(release, signatures, now).unwrap_or_default();
        let mut keys: Vec<Fingerprint> = detached.iter().map(|signature| signature.key).collect();
        keys.retain(|key| clear.iter().flat_map(|clear| &clear.signatures).any(|it| it.key == *key));
        keys
    }
}

/// Whether two times are the same as Release files say them.
fn same_second(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    one.map(Timestamp::as_second) == other.map(Timestamp::as_second)
}
