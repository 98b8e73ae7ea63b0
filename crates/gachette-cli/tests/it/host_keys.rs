//! Host keys: whatever the configuration says, nobody is connected to whom the user's own `ssh` would not connect to; only the
//! question about an unknown host may be answered beforehand.

use std::fs;
use std::process::{Command, Stdio};

use crate::hosts::Hosts;

/// What the client has been told about the server's key.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lists {
    DoNotKnowIt,
    KnowIt,
    KnowAnother,
}

/// Whether the user's own `ssh` connects with these settings, asked nothing.
fn ssh_connects(hosts: &Hosts) -> bool {
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(hosts.sshd.ssh_config()).args(["-o", "BatchMode=yes", "build1", "true"]);
    ssh.stdin(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn a_stricter_setting_of_the_user_is_never_loosened() {
    let hosts = Hosts::visited("disable_known_hosts: true\n");
    hosts.sshd.trust_host_key();
    hosts.ok("-H build1 repository init");
    let usual = fs::read_to_string(hosts.sshd.ssh_config()).unwrap();
    for setting in [None, Some("ask"), Some("yes"), Some("accept-new"), Some("no")] {
        let line = setting.map_or_else(String::new, |it| format!("  StrictHostKeyChecking {it}\n"));
        fs::write(hosts.sshd.ssh_config(), format!("{usual}{line}")).unwrap();
        for lists in [Lists::DoNotKnowIt, Lists::KnowIt, Lists::KnowAnother] {
            let tell = || match lists {
                Lists::DoNotKnowIt => hosts.sshd.forget_host_key(),
                Lists::KnowIt => hosts.sshd.trust_host_key(),
                Lists::KnowAnother => hosts.sshd.expect_another_host_key(),
            };
            tell();
            let allowed = ssh_connects(&hosts);
            tell();
            let answered = lists == Lists::DoNotKnowIt && matches!(setting, None | Some("ask"));
            let said = hosts.run("-H build1 stack list");
            assert_eq!(said.code == 0, allowed || answered, "{setting:?} {lists:?}: {}", said.stderr);
            assert!(matches!(said.code, 0 | 6), "{setting:?} {lists:?}: {}", said.stderr);
            if said.code == 6 && lists == Lists::KnowAnother {
                assert!(said.stderr.contains("its host key is not the one that is known"), "{}", said.stderr);
            }
        }
    }
}

#[test]
fn a_key_that_was_taken_once_is_remembered() {
    let hosts = Hosts::visited("disable_known_hosts: true\n");
    hosts.sshd.forget_host_key();
    hosts.ok("-H build1 repository init");
    let list = fs::read_to_string(hosts.sshd.known_hosts()).unwrap();
    assert!(list.contains("ssh-ed25519"), "{list}");
    // By now it is known without the setting.
    hosts.ok("--set disable_known_hosts=false -H build1 stack list");
}

#[test]
fn a_host_that_is_known_by_a_key_of_another_kind_is_not_taken_for_unknown() {
    let hosts = Hosts::visited("disable_known_hosts: true\n");
    let key = hosts.path("other_kind");
    let keygen = Command::new("ssh-keygen").args(["-q", "-t", "ecdsa", "-N", "", "-f"]).arg(&key).status();
    assert!(keygen.unwrap().success());
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let line = format!("[127.0.0.1]:{} {public}", hosts.sshd.port());
    fs::write(hosts.sshd.known_hosts(), line).unwrap();
    let said = hosts.run("-H build1 stack list");
    assert_eq!(said.code, 6, "{}", said.stderr);
    assert!(said.stderr.contains("its host key is not the one that is known"), "{}", said.stderr);
}
