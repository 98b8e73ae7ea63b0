//! Tells a web address about each finished package, beside the build: a slow or failing address costs the build nothing but
//! a bounded wait at its end.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use gachette_core::address_without_secrets;
use gachette_core::debian::PackageName;
use serde_json::{Value, json};
use url::Url;

use super::{BuiltPackage, Event};
use crate::process::Cancel;

/// How much a failing address may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How often a package is announced before it is given up.
    attempts: u32,
    /// How long one attempt may take.
    attempt: Duration,
    /// How long to wait before the next attempt, times the number of attempts so far.
    pause: Duration,
    /// How long the end of a build waits for what is still to be announced.
    end: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let (attempt, end) = (Duration::from_secs(5), Duration::from_secs(10));
        Self { attempts: 3, attempt, pause: Duration::from_millis(200), end }
    }
}

/// Announcements that are on their way.
pub(super) struct Callbacks {
    packages: Option<Sender<(PackageName, Value)>>,
    failures: Receiver<Event>,
    patience: Patience,
}

impl Callbacks {
    pub(super) fn start(url: Option<&Url>, patience: Patience) -> Self {
        let (news, failures) = channel();
        let packages = url.cloned().map(|url| {
            let (packages, announced) = channel::<(PackageName, Value)>();
            thread::spawn(move || {
                for (package, text) in announced {
                    announce(&url, &package, &text, &news, patience);
                }
            });
            packages
        });
        Self { packages, failures, patience }
    }

    /// Announces a package, later.
    pub(super) fn send(&self, built: &BuiltPackage) {
        let text = json!({"name": built.name, "version": built.version, "file_name": built.file_name});
        self.send_text(&built.name, text);
    }

    fn send_text(&self, package: &PackageName, text: Value) {
        if let Some(packages) = &self.packages {
            // The other side ends only after this sender.
            let _ = packages.send((package.clone(), text));
        }
    }

    /// Tells what failed so far.
    pub(super) fn report(&self, on_event: &mut dyn FnMut(Event)) {
        self.failures.try_iter().for_each(on_event);
    }

    /// Waits until all is announced or given up, but not for ever.
    pub(super) fn finish(mut self, cancel: &Cancel, on_event: &mut dyn FnMut(Event)) {
        self.packages = None;
        let end = Instant::now() + self.patience.end;
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

fn announce(url: &Url, package: &PackageName, text: &Value, news: &Sender<Event>, patience: Patience) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(patience.attempt)).build().into();
    for attempt in 1..=patience.attempts {
        let post = agent.post(url.as_str()).content_type("application/json");
        let Err(error) = post.send(text.to_string()) else { return };
        let again = attempt < patience.attempts;
        let reason = format!("{} did not accept it: {error}", address_without_secrets(url.as_str()));
        let failed = Event::CallbackFailed { package: package.clone(), reason, attempt, again };
        if news.send(failed).is_err() {
            // The build is over, and nobody waits any more.
            return;
        }
        if again {
            thread::sleep(patience.pause * attempt);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    const QUICK: Patience = Patience {
        attempts: 2,
        attempt: Duration::from_millis(300),
        pause: Duration::ZERO,
        end: Duration::from_millis(800),
    };

    fn announced(port: u16, count: usize) -> Vec<Event> {
        let url: Url = format!("http://user:secret@127.0.0.1:{port}/built?token=secret").parse().unwrap();
        let callbacks = Callbacks::start(Some(&url), QUICK);
        let package: PackageName = "dh-web".parse().unwrap();
        (0..count).for_each(|_| callbacks.send_text(&package, json!({"name": "dh-web"})));
        let mut events = Vec::new();
        callbacks.finish(&Cancel::new(), &mut |event| events.push(event));
        events
    }

    fn attempts(events: &[Event]) -> Vec<(u32, bool)> {
        let attempt = |event: &Event| match event {
            Event::CallbackFailed { attempt, again, reason, .. } => {
                assert!(!reason.contains("secret"), "{reason}");
                (*attempt, *again)
            }
            other => panic!("{other:?}"),
        };
        events.iter().map(attempt).collect()
    }

    #[test]
    fn a_refusing_address_is_tried_again_and_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert_eq!(attempts(&announced(port, 2)), [(1, true), (2, false), (1, true), (2, false)]);
    }

    #[test]
    fn an_address_that_never_answers_costs_a_bounded_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let start = Instant::now();
        let events = announced(listener.local_addr().unwrap().port(), 100);
        assert!(!events.is_empty() && start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn an_error_answer_is_a_failure_and_success_says_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            for answer in ["500 No", "204 Yes"] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"}") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
                assert!(request.starts_with(b"POST /built?token=secret HTTP/1.1\r\n"));
            }
        });
        assert_eq!(attempts(&announced(port, 1)), [(1, true)]);
        server.join().unwrap();
    }
}
