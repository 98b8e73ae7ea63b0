//! How a host was reached, and what kind of machine and which program answered.

use super::{Finding, HostFacts, Link, Subject, Verdict};

/// From how many milliseconds on a new connection counts as slow: `ssh` itself gives up after ten seconds.
const SLOW: u64 = 5000;

pub(super) fn judge(link: &Link) -> Finding {
    let finding = |verdict, found: &str| Finding::new(Subject::Connection, verdict, found);
    let (found, milliseconds) = match *link {
        Link::Process => return finding(Verdict::Ok, "none is needed: it is this machine"),
        Link::Ssh { milliseconds, was_sent, was_kept, is_kept } => {
            let kept = match (was_kept, is_kept) {
                (true, _) => "through a connection that was kept",
                (false, true) => "kept for the next command",
                (false, false) => "not kept",
            };
            if was_sent {
                let found = format!("gachette was sent there, and answered after {milliseconds} ms; {kept}");
                return finding(Verdict::Ok, &found);
            }
            (format!("gachette answered after {milliseconds} ms; {kept}"), milliseconds)
        }
        Link::Socket { milliseconds } | Link::Server { milliseconds } => {
            (format!("made in {milliseconds} ms"), milliseconds)
        }
    };
    if milliseconds < SLOW {
        return finding(Verdict::Ok, &found);
    }
    finding(Verdict::Warning, &found).with_hint(
        "see with `ssh -v` what takes long: often it is a lookup of names (`UseDNS` in sshd_config there), or a start file of the \
         login shell",
    )
}

pub(super) fn system(facts: &HostFacts) -> Finding {
    let system = &facts.system;
    let distribution =
        system.distribution.as_deref().unwrap_or("a distribution that does not say which it is");
    let found = format!("{}: {distribution}, {}, {}", facts.name, system.kernel, system.machine);
    Finding::new(Subject::System, Verdict::Ok, found)
}

pub(super) fn program(facts: &HostFacts, ours: Option<&str>) -> Finding {
    let theirs = &facts.gachette;
    match ours {
        Some(ours) if ours != theirs => {
            Finding::new(Subject::Program, Verdict::Warning, format!("{theirs}, and {ours} here"))
                .with_hint("commands that one of them does not know fail; bring both to the same version")
        }
        _ => Finding::new(Subject::Program, Verdict::Ok, theirs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_whether_a_connection_was_kept_and_that_it_is_slow() {
        let ssh = |milliseconds, was_kept, is_kept| {
            judge(&Link::Ssh { milliseconds, was_sent: false, was_kept, is_kept })
        };
        let sent = judge(&Link::Ssh { milliseconds: 9000, was_sent: true, was_kept: false, is_kept: false });
        assert_eq!(sent.verdict, Verdict::Ok, "a slow line is no fault of the host");
        assert_eq!(
            ssh(80, true, true).found,
            "gachette answered after 80 ms; through a connection that was kept"
        );
        assert!(ssh(80, false, true).found.ends_with("kept for the next command"));
        assert!(ssh(80, false, false).found.ends_with("not kept"));
        assert_eq!(
            (ssh(4999, false, true).verdict, ssh(5000, false, true).verdict),
            (Verdict::Ok, Verdict::Warning)
        );
    }
}
