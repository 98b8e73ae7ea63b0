//! Ends a build when the user or the system wants it: programs of the build run in groups of their own, which the
//! terminal's Ctrl-C does not reach.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use trebuchet::process::{Cancel, kill_all};

use crate::failure::Failure;

/// A flag that the first signal raises; the second one ends this program on the spot, with all it started.
pub(crate) fn flag() -> Result<Cancel, Failure> {
    let cancel = Cancel::new();
    let raised = cancel.clone();
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|error| Failure::fault("signals", &error))?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if raised.is_cancelled() {
                kill_all();
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            raised.cancel();
        }
    });
    Ok(cancel)
}
