//! Points in time as people write them.

use jiff::Timestamp;

/// In UTC, to the second.
pub(crate) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
