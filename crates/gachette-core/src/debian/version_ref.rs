//! A version that is compared where it stands, without being copied or refused: for the many of a distribution.

use std::cmp::Ordering;

/// A version in somebody else's text, with the order of deb-version(7).
///
/// Nothing is refused here: what dpkg would not take still has a place in the order, as for apt.
#[derive(Clone, Copy, Debug)]
pub struct VersionRef<'a> {
    epoch: u32,
    upstream: &'a str,
    /// Empty when there is none, which is the same (deb-version(7)).
    revision: &'a str,
}

impl<'a> VersionRef<'a> {
    pub(super) fn new(epoch: u32, upstream: &'a str, revision: &'a str) -> Self {
        Self { epoch, upstream, revision }
    }
}

impl<'a> From<&'a str> for VersionRef<'a> {
    fn from(text: &'a str) -> Self {
        let epoch = text.split_once(':').and_then(|(epoch, rest)| Some((epoch.parse().ok()?, rest)));
        let (epoch, rest) = epoch.unwrap_or((0, text));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, upstream, revision }
    }
}

impl Ord for VersionRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(self.upstream.as_bytes(), other.upstream.as_bytes()))
            .then_with(|| compare_part(self.revision.as_bytes(), other.revision.as_bytes()))
    }
}

impl PartialOrd for VersionRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for VersionRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for VersionRef<'_> {}

/// The order of one character: `~` before the end, the end before letters, letters before all else.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(b) if b.is_ascii_digit() => 0,
        Some(b) if b.is_ascii_alphabetic() => i32::from(*b),
        Some(b) => i32::from(*b) + 256,
    }
}

/// The algorithm of deb-version(7): runs of non-digits by weight, runs of digits by number, in turn.
fn compare_part(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        while left.first().is_some_and(|b| !b.is_ascii_digit())
            || right.first().is_some_and(|b| !b.is_ascii_digit())
        {
            match weight(left.first()).cmp(&weight(right.first())) {
                Ordering::Equal => (left, right) = (&left[1..], &right[1..]),
                order => return order,
            }
        }
        let (left_digits, right_digits) = (take_number(&mut left), take_number(&mut right));
        let order = left_digits.len().cmp(&right_digits.len()).then_with(|| left_digits.cmp(right_digits));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the leading digits off, and returns them without their leading zeros.
pub(super) fn take_number<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    let zeros = digits.iter().position(|b| *b != b'0').unwrap_or(digits.len());
    &digits[zeros..]
}
