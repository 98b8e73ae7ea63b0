//! An id for each request: the one the client gave, when it is well-formed, else a new one.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header it stands in.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken, in bytes.
const LONGEST: usize = 128;

/// The id of the request with these headers.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    headers.get(HEADER).filter(|id| is_well_formed(id)).cloned().unwrap_or_else(fresh)
}

fn is_well_formed(id: &HeaderValue) -> bool {
    let byte = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(byte)
}

fn fresh() -> HeaderValue {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = RandomState::new().hash_one(COUNT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::from_str(&format!("{id:016x}")).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_id_is_kept_and_any_other_replaced() {
        let of_id = |id: &str| {
            let headers = HeaderMap::from_iter([(HEADER, HeaderValue::from_bytes(id.as_bytes()).unwrap())]);
            of(&headers).to_str().unwrap().to_owned()
        };
        assert_eq!(of_id("4bf92f35-77b3.4da6_a"), "4bf92f35-77b3.4da6_a");
        for wrong in ["", "a b", "a\tb", "ä", "x\"y", &"x".repeat(129)] {
            let made = of_id(wrong);
            assert!(made.len() == 16 && made != of_id(wrong), "{wrong}: {made}");
        }
    }
}
