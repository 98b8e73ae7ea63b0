//! Entity tags (RFC 9110, 8.8.3) of stacks: the hash of the revision, in quotes.

use gachette_core::Sha256Digest;
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName};

/// The header with the tag of a revision.
pub(super) fn of(hash: &Sha256Digest) -> (HeaderName, String) {
    (ETAG, format!("\"{hash}\""))
}

/// Whether the client has this revision already.
pub(super) fn is_known(headers: &HeaderMap, hash: &Sha256Digest) -> bool {
    let hash = hash.to_string();
    // Weak tags count here: they are of the same bytes.
    tags(headers, &IF_NONE_MATCH)
        .any(|tag| tag == "*" || unquoted(tag.trim_start_matches("W/")) == Some(&hash))
}

/// The revisions of which one must be the newest, if the client says so. A tag that is none of ours is no revision's.
pub(super) fn expected(headers: &HeaderMap) -> Option<Vec<Sha256Digest>> {
    let mut said = tags(headers, &IF_MATCH).peekable();
    said.peek()?;
    let tags: Vec<&str> = said.collect();
    if tags.contains(&"*") {
        return None;
    }
    Some(tags.into_iter().filter_map(|tag| unquoted(tag)?.parse().ok()).collect())
}

fn tags<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    // What is no text holds no tag of ours, and still is a condition.
    let lines = headers.get_all(name).into_iter().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

fn unquoted(tag: &str) -> Option<&str> {
    tag.strip_prefix('"')?.strip_suffix('"')
}
