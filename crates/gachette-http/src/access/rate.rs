//! How many requests a caller may make: so many a second, and twice as many at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How many callers are remembered. When there are more, those who have all of their requests again are forgotten, and newcomers wait.
const REMEMBERED: usize = 10_000;

/// How many requests every caller may still make.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    left: Mutex<HashMap<String, Left>>,
}

/// How many requests were left at some moment.
#[derive(Debug, Clone, Copy)]
struct Left {
    requests: f64,
    at: Instant,
}

impl Rate {
    /// So many requests a second for everybody.
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second.max(1)), left: Mutex::default() }
    }

    /// Whether this caller may make another request now; otherwise after how many seconds.
    pub(super) fn take(&self, caller: &str, now: Instant) -> Result<(), u64> {
        let most = self.per_second * 2.0;
        let mut callers = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= REMEMBERED && !callers.contains_key(caller) {
            // Who has been quiet for so long that all requests are his again, need not be known.
            callers.retain(|_, left| self.refilled(*left, now) < most);
            if callers.len() >= REMEMBERED {
                return Err(1);
            }
        }
        let left = callers.entry(caller.to_owned()).or_insert(Left { requests: most, at: now });
        let requests = self.refilled(*left, now);
        *left = Left { requests: if requests >= 1.0 { requests - 1.0 } else { requests }, at: now };
        if requests >= 1.0 { Ok(()) } else { Err(((1.0 - requests) / self.per_second).ceil() as u64) }
    }

    fn refilled(&self, left: Left, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(left.at).as_secs_f64() * self.per_second;
        (left.requests + gained).min(self.per_second * 2.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_caller_who_asks_too_often_waits_and_others_do_not() {
        let (rate, start) = (Rate::new(5), Instant::now());
        let at_once = (0..20).filter(|_| rate.take("ada", start).is_ok()).count();
        assert_eq!(at_once, 10);
        assert_eq!(rate.take("ada", start), Err(1));
        assert!(rate.take("ben", start).is_ok());
        let later = start + Duration::from_secs(1);
        assert_eq!((0..20).filter(|_| rate.take("ada", later).is_ok()).count(), 5);
    }
}
