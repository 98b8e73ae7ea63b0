//! Entity tags (RFC 9110, 8.8.3): the hash of a stack's revision, of the entry of a channel or base, or of a certificate, in quotes.

use axum::response::{IntoResponse, Response};
use gachette_core::Sha256Digest;
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, StatusCode};

/// The header with the tag.
pub(super) fn of(hash: &Sha256Digest) -> (HeaderName, String) {
    (ETAG, format!("\"{hash}\""))
}

/// The answer to who wants to see it: with its tag, and without the rest for a client who has that.
pub(super) fn answer(headers: &HeaderMap, hash: &Sha256Digest, content: impl IntoResponse) -> Response {
    let tag = of(hash);
    if is_known(headers, hash) {
        return (StatusCode::NOT_MODIFIED, [tag]).into_response();
    }
    ([tag], content).into_response()
}

/// Whether the client has what has this hash already.
fn is_known(headers: &HeaderMap, hash: &Sha256Digest) -> bool {
    let hash = hash.to_string();
    // Weak tags count here: they are of the same bytes.
    tags(headers, &IF_NONE_MATCH)
        .any(|tag| tag == "*" || unquoted(tag.trim_start_matches("W/")) == Some(&hash))
}

/// The hashes of which one must be the newest, if the client says so. A tag that is none of ours is of nothing.
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
