//! How far a host's clock is from that of whoever asks.

use jiff::SignedDuration;

use super::{AskerClock, Finding, HostClock, Subject, Verdict};

/// From how much on a difference is warned about. Files that seem to come from the future, and signatures that do, are refused by
/// apt and rebuilt by make; below this, nobody notices.
const MOST: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn judge(asker: AskerClock, host: HostClock) -> Finding {
    let (offset, within) = offset(asker, host);
    let seconds = |span: SignedDuration| format!("{:.1} s", span.abs().as_secs_f64());
    if offset.abs() <= MOST.saturating_add(within) {
        let found = format!("as here, within {}", seconds(offset.abs().saturating_add(within)));
        return Finding::new(Subject::Clock, Verdict::Ok, found);
    }
    let side = if offset.is_negative() { "behind" } else { "ahead of" };
    let found = format!("{} {side} the clock here (to within {})", seconds(offset), seconds(within));
    Finding::new(Subject::Clock, Verdict::Warning, found).with_hint(
        "set one of them right, best by NTP: `timedatectl set-ntp true`, or install the package chrony",
    )
}

/// By how much the host's clock is ahead, and how wrong this may be: the offset and half of the delay of RFC 5905, section 8.
fn offset(asker: AskerClock, host: HostClock) -> (SignedDuration, SignedDuration) {
    let there = host.received.duration_since(asker.sent);
    let back = host.answered.duration_since(asker.back);
    (there.saturating_add(back) / 2, round_trip(asker, host) / 2)
}

/// How long the question and the answer were on their way; how long the host took for its answer does not count.
pub fn round_trip(asker: AskerClock, host: HostClock) -> SignedDuration {
    let passed = asker.back.duration_since(asker.sent);
    passed.saturating_sub(host.answered.duration_since(host.received)).max(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    /// A host whose clock is ahead, asked at the second 1000; the way there, its work and the way back take so long.
    fn asked(ahead: f64, [there, work, back]: [f64; 3]) -> (AskerClock, HostClock) {
        let at = |seconds: f64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(seconds);
        let asker = AskerClock { sent: at(1000.0), back: at(1000.0 + there + work + back) };
        let host =
            HostClock { received: at(1000.0 + ahead + there), answered: at(1000.0 + ahead + there + work) };
        (asker, host)
    }

    #[test]
    fn the_way_and_the_work_are_no_difference_of_clocks() {
        for ahead in [0.0, 3.0, -3.0, 3600.0, -86_400.0 * 365.0] {
            for ways in [[0.0, 0.0, 0.0], [0.5, 30.0, 0.5], [2.0, 0.1, 0.0], [0.0, 600.0, 4.0]] {
                let (asker, host) = asked(ahead, ways);
                let (offset, within) = offset(asker, host);
                let wrong = (offset.as_secs_f64() - ahead).abs();
                assert!(wrong <= within.as_secs_f64() + 1e-6, "{ahead} {ways:?}: {offset:?} {within:?}");
            }
        }
    }

    #[test]
    fn a_difference_of_some_seconds_is_warned_about_with_its_side() {
        let found = |ahead, ways| {
            let (asker, host) = asked(ahead, ways);
            let finding = judge(asker, host);
            (finding.verdict, finding.found)
        };
        let way = [0.1, 20.0, 0.1];
        assert_eq!(found(0.0, way), (Verdict::Ok, "as here, within 0.1 s".to_owned()));
        assert_eq!(found(-4.9, way).0, Verdict::Ok);
        let ahead = "7200.0 s ahead of the clock here (to within 0.1 s)";
        assert_eq!(found(7200.0, way), (Verdict::Warning, ahead.to_owned()));
        assert_eq!(
            found(-6.0, way),
            (Verdict::Warning, "6.0 s behind the clock here (to within 0.1 s)".to_owned())
        );
        // What a slow way may explain is not held against the clock.
        assert_eq!(found(6.0, [0.0, 0.0, 8.0]).0, Verdict::Ok);
    }

    #[test]
    fn a_host_that_lies_about_its_time_overflows_nothing() {
        let asker = AskerClock { sent: Timestamp::MAX, back: Timestamp::MIN };
        let host = HostClock { received: Timestamp::MIN, answered: Timestamp::MAX };
        assert_eq!(judge(asker, host).subject, Subject::Clock);
        let (asker, _) = asked(0.0, [0.0; 3]);
        assert_eq!(judge(asker, host).verdict, Verdict::Warning);
        let late = HostClock { received: Timestamp::MAX, answered: Timestamp::MAX };
        assert_eq!(judge(asker, late).verdict, Verdict::Warning);
    }
}
