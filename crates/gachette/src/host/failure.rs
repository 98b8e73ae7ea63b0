//! What `ssh` says when it fails, and what its user can do about it.

use gachette_core::host::HostAddress;

use super::Ssh;

/// A failure of `ssh`, in one line, with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshFault {
    /// What happened, with the host's name.
    pub title: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What a failed `ssh` meant, judged by what it said on standard error; OpenSSH has no other code than 255 for all of it.
/// None when it said nothing of the kind.
pub fn explain(ssh: &Ssh, stderr: &str) -> Option<SshFault> {
    let known = KNOWN.iter().find(|known| known.signs.iter().any(|sign| stderr.contains(sign)))?;
    let (mut fault, host) = (known.fault(ssh), ssh.host());
    if stderr.contains(ENDED_ON_THE_WAY)
        && !known.signs.iter().any(|sign| [ENDED_ON_THE_WAY, NOT_FORWARDED].contains(sign))
    {
        fault.title = format!("{host}: at a host on the way there: {}", known.title);
    }
    Some(fault)
}

/// What it means when a connection that worked has ended.
pub fn lost(ssh: &Ssh) -> SshFault {
    LOST.fault(ssh)
}

/// What to do about a host that says nothing once it was logged in to.
pub fn silent(ssh: &Ssh) -> String {
    let look = format!(
        "see with `ssh -v {} true` what takes long: often a start file of the login shell waits",
        ssh.typed()
    );
    match ssh.typed_to_end_it() {
        None => look,
        Some(end) => format!(
            "{look}; a kept connection may be dead: end it with `{end}`, or do without with `--set reuse_connection=0`"
        ),
    }
}

struct Known {
    /// Parts of what `ssh` says, any of them.
    signs: &'static [&'static str],
    title: &'static str,
    hint: &'static str,
}

impl Known {
    fn fault(&self, ssh: &Ssh) -> SshFault {
        let host: &HostAddress = ssh.host();
        let known = match host.port() {
            Some(port) if port != 22 => format!("'[{}]:{port}'", host.host()),
            _ => host.host().to_owned(),
        };
        let hint = self.hint.replace("{host}", host.host()).replace("{address}", ssh.typed());
        let hint = hint.replace("{known}", &known);
        SshFault { title: format!("{host}: {}", self.title), hint: Some(hint) }
    }
}

/// Said when what a connection goes through (`ProxyJump`, `ProxyCommand`) ended before the host itself answered.
const ENDED_ON_THE_WAY: &str = "Connection closed by UNKNOWN port 65535";
/// Said by a jump host that lets us in, and does not reach the host behind it.
const NOT_FORWARDED: &str = "stdio forwarding failed";

const LOST: Known = Known {
    signs: &["not responding", "Broken pipe", "Connection reset", "closed by remote host"],
    title: "the connection was lost",
    hint: "what was at work there ends by itself; the same command again goes on from what is there",
};

/// The more particular ones first: a failure at a jump host ends in a general line too.
const KNOWN: [Known; 14] = [
    Known {
        signs: &["REMOTE HOST IDENTIFICATION HAS CHANGED"],
        title: "its host key is not the one that is known",
        hint: "either somebody is in between, or the host was installed anew; ask who runs it, and only then forget the \
               old key with `ssh-keygen -R {known}`",
    },
    Known {
        signs: &["Host key verification failed", "No matching host key fingerprint"],
        title: "its host key is not known",
        hint: "connect once with `ssh {address}`, compare the fingerprint, and accept the key",
    },
    Known {
        signs: &["Could not resolve hostname"],
        title: "there is no host of this name",
        hint: "see whether the name is spelt right, with `getent hosts {host}`",
    },
    Known {
        signs: &[NOT_FORWARDED],
        title: "the jump host could not connect to it",
        hint: "see whether the jump host reaches it: `ssh -v {address}`",
    },
    Known {
        signs: &["channel 0: open failed"],
        title: "sshd there lets us in, and opens no session",
        hint: "see `MaxSessions` in its sshd_config, which counts those of one connection",
    },
    Known {
        signs: &["Connection refused"],
        title: "it refused the connection",
        hint: "see whether sshd runs there, and at this port",
    },
    Known {
        signs: &["No route to host", "Network is unreachable"],
        title: "there is no way to it",
        hint: "see whether the host is up, and this machine on the right network",
    },
    Known {
        signs: &["Connection timed out", "timed out during banner exchange", "Operation timed out"],
        title: "it did not answer",
        hint: "see whether the host is up; `timeout` in the configuration says how many seconds are waited",
    },
    Known {
        signs: &["Too many authentication failures"],
        title: "sshd there hung up after too many keys that are not the right one",
        hint: "name the right one with `-i FILE`, then no others are offered; or let `IdentityFile` and `IdentitiesOnly yes` in your ssh \
               configuration do so",
    },
    Known {
        signs: &["Permission denied (", "no mutual signature"],
        title: "it let nobody in with the keys that were offered",
        hint: "see which are offered with `ssh -v {address} true`; name the right one with `-i FILE`, which leaves \
               out the agent's others, or add it with `ssh-add`",
    },
    Known {
        signs: &[ENDED_ON_THE_WAY],
        title: "the connection, which goes through another host or program, ended before anybody answered",
        hint: "see with `ssh -v {address}` whether it is what is on the way (`ProxyJump`, `ProxyCommand`), or sshd behind it",
    },
    Known {
        signs: &["Exceeded MaxStartups", "kex_exchange_identification"],
        title: "sshd there hung up before anybody could log in",
        hint: "it may have too many logins at once (`MaxStartups` in its sshd_config) or lock this machine out; try again in a \
               minute",
    },
    LOST,
    Known {
        signs: &["Bad configuration option", "Bad owner or permissions", "terminating, "],
        title: "`ssh` does not accept its configuration",
        hint: "see what it says with `ssh -G {address}`",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Connection;

    fn ssh(host: &str) -> Ssh {
        let connection = Connection { use_ssh_config: Some(false), ..Connection::default() };
        Ssh::new(host.parse().unwrap(), &connection).unwrap()
    }

    #[test]
    fn what_ssh_says_is_told_with_a_way_out() {
        let host = ssh("ada@build1:2222");
        let fault = explain(&host, "ssh: connect to host build1 port 2222: Connection refused\r\n").unwrap();
        assert_eq!(fault.title, "ada@build1:2222: it refused the connection");
        let fault =
            explain(&host, "No ED25519 host key is known\nHost key verification failed.\r\n").unwrap();
        assert_eq!(
            fault.hint.as_deref(),
            Some(
                "connect once with `ssh -F none -p 2222 ada@build1`, compare the fingerprint, and accept the key"
            )
        );
        assert_eq!(explain(&host, "motd: welcome\n"), None);
    }

    #[test]
    fn who_failed_on_the_way_is_told_from_the_host() {
        let host = ssh("build1");
        let title = |said: &str| {
            let end = "kex_exchange_identification: Connection closed by remote host\r\n\
                       Connection closed by UNKNOWN port 65535\r\n";
            explain(&host, &format!("{said}\r\n{end}")).unwrap().title
        };
        assert_eq!(
            title("ssh: connect to host gate port 22: Connection refused"),
            "build1: at a host on the way there: it refused the connection"
        );
        assert_eq!(
            title("channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed"),
            "build1: the jump host could not connect to it"
        );
        assert!(title("").ends_with("ended before anybody answered"));
    }
}
