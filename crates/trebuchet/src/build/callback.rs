//! Tells a web address about each finished package, beside the build: a slow or failing address costs the build nothing but
//! a bounded wait at its end.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use gachette_core::debian::PackageName;
use serde_json::{Value, json};
use url::Url;

use super::{BuiltPackage, Event};
use crate::process::Cancel;

/// How often a package is announced before it is given up.
const ATTEMPTS: u32 = 3;
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long to wait before the next attempt, times the number of attempts so far.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the end of a build waits for what is still to be announced.
const PATIENCE: Duration = Duration::from_secs(10);

/// Announcements that are on their way.
pub(super) struct Callbacks {
    packages: Option<Sender<(PackageName, Value)>>,
    failures: Receiver<Event>,
}

impl Callbacks {
    pub(super) fn start(url: Option<&Url>) -> Self {
        let (news, failures) = channel();
        let packages = url.cloned().map(|url| {
            let (packages, announced) = channel::<(PackageName, Value)>();
            thread::spawn(move || {
                for (package, text) in announced {
                    announce(&url, &package, &text, &news);
                }
            });
            packages
        });
        Self { packages, failures }
    }

    /// Announces a package, later.
    pub(super) fn send(&self, built: &BuiltPackage) {
        let text = json!({"name": built.name, "version": built.version, "file_name": built.file_name});
        if let Some(packages) = &self.packages {
            // The other side ends only after this sender.
            let _ = packages.send((built.name.clone(), text));
        }
    }

    /// Tells what failed so far.
    pub(super) fn report(&self, on_event: &mut dyn FnMut(Event)) {
        self.failures.try_iter().for_each(on_event);
    }

    /// Waits until all is announced or given up, but not for ever.
    pub(super) fn finish(mut self, cancel: &Cancel, on_event: &mut dyn FnMut(Event)) {
        self.packages = None;
        let end = Instant::now() + PATIENCE;
        while !cancel.is_cancelled() {
            let step = Duration::from_millis(100).min(end.saturating_duration_since(Instant::now()));
            match self.failures.recv_timeout(step) {
                Ok(event) => on_event(event),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) if step.is_zero() => return,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

fn announce(url: &Url, package: &PackageName, text: &Value, news: &Sender<Event>) {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(ATTEMPT)).build().into();
    for attempt in 1..=ATTEMPTS {
        let Err(error) = agent.post(url.as_str()).send_json(text) else { return };
        let again = attempt < ATTEMPTS;
        let reason = format!("{} did not accept it: {error}", shown(url));
        let failed = Event::CallbackFailed { package: package.clone(), reason, attempt, again };
        if news.send(failed).is_err() {
            // The build is over, and nobody waits any more.
            return;
        }
        if again {
            thread::sleep(PAUSE * attempt);
        }
    }
}

/// The address without what may be secret in it.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // An address that can hold no password has none to hide.
    let _ = shown.set_password(None);
    let _ = shown.set_username("");
    shown.set_query(None);
    shown.to_string()
}
