//! The environment and the settings under which every git command runs.

use std::ffi::{OsStr, OsString};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use gachette_core::git::{Credentials, GitUrl};
use trebuchet::process::{Cancel, Process};

use super::Git;

/// Settings that hold for every command, above those of the user and of the repository.
const SETTINGS: [&str; 23] = [
    // What would run a program that a repository, or whoever built in it before, left there.
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "protocol.fd.allow=never",
    // What would make a checkout differ from the commit.
    "core.autocrlf=false",
    "core.fileMode=true",
    "core.symlinks=true",
    "core.sparseCheckout=false",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "fetch.prune=false",
    "fetch.pruneTags=false",
    // Nothing piles up, and nothing goes on in the background once a command has ended.
    "core.logAllRefUpdates=false",
    "gc.auto=0",
    "gc.autoDetach=false",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    // What would change the output that we read.
    "color.ui=false",
    "core.quotePath=true",
    "advice.detachedHead=false",
];

/// Variables of git that stay: they say how to reach servers and where the configuration is. All others would point
/// git to another repository, as they do in a hook.
const KEPT: [&str; 12] = [
    "GIT_SSH",
    "GIT_SSL_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_VALUE_",
    "GIT_EXEC_PATH",
    "GIT_PROXY",
    "GIT_HTTP_",
    "GIT_LFS_",
];

/// Where credentials travel: an argument could be read by everybody on this machine.
const SECRET: &str = "GACHETTE_GIT_AUTHORIZATION";

/// Asked after the user's own credential helpers for the password of a user that stands alone in an address. It may be a token, which
/// needs none; git, when it has such an address, offers it without one too.
const NO_PASSWORD: &str = "!f() { echo password=; }; f";

/// Git, with the environment it runs in.
pub(super) fn process(git: &Git, url: Option<&GitUrl>) -> Process {
    let mut process = bare(git)
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        // Empty, it keeps git from `core.askPass` and `SSH_ASKPASS`, which might open a window and wait.
        .env("GIT_ASKPASS", "")
        .env("SSH_ASKPASS", "/bin/false")
        .env("SSH_ASKPASS_REQUIRE", "never")
        .env("GCM_INTERACTIVE", "never")
        .env("GIT_NO_REPLACE_OBJECTS", "1");
    if let Some(command) = ssh_command(git) {
        process = process.env("GIT_SSH_COMMAND", command);
    }
    if let Some(Credentials { user, password }) = url.and_then(GitUrl::credentials) {
        let header = |password| BASE64_STANDARD.encode(format!("{user}:{password}"));
        let header = password.as_ref().map(|it| format!("Authorization: Basic {}", header(it)));
        process = process.env(SECRET, header.unwrap_or_else(|| user.clone()));
    }
    for (number, stand_in) in git.stand_ins.iter().enumerate() {
        process = process.env(stood_for(number), &stand_in.address);
    }
    process
}

/// The settings as arguments before the subcommand.
pub(super) fn settings(git: &Git, url: Option<&GitUrl>) -> Vec<String> {
    let mut arguments: Vec<String> = SETTINGS.iter().flat_map(|set| ["-c", set]).map(str::to_owned).collect();
    let silence = git.silence().as_secs().max(1);
    for setting in ["http.lowSpeedLimit=1".to_owned(), format!("http.lowSpeedTime={silence}")] {
        arguments.extend(["-c".to_owned(), setting]);
    }
    // Good for the submodules of the same server too, as git's own credentials are.
    let known = url.and_then(|url| Some((url.credentials()?.password.is_some(), url.origin()?)));
    match known {
        Some((true, origin)) => arguments.push(format!("--config-env=http.{origin}/.extraHeader={SECRET}")),
        Some((false, origin)) => {
            arguments.push(format!("--config-env=credential.{origin}.username={SECRET}"));
            arguments.extend(["-c".to_owned(), format!("credential.{origin}.helper={NO_PASSWORD}")]);
        }
        None => {}
    }
    for (number, stand_in) in git.stand_ins.iter().enumerate() {
        // The address, which a project wrote, may hold a password.
        let folder = stand_in.folder.display();
        arguments.push(format!("--config-env=url.{folder}.insteadOf={}", stood_for(number)));
    }
    let is_here = |url: &GitUrl| url.transport() == gachette_core::git::Transport::File;
    if url.is_some_and(is_here) || !git.stand_ins.is_empty() {
        // Whoever may read this machine's repositories may read those next to them; git refuses file submodules
        // since a stranger's repository might name them, see git-config(1), `protocol.allow`.
        arguments.extend(["-c".to_owned(), "protocol.file.allow=always".to_owned()]);
    }
    arguments
}

/// The variable that holds the address that a folder stands for.
fn stood_for(number: usize) -> String {
    format!("GACHETTE_GIT_STOOD_FOR_{number}")
}

fn bare(git: &Git) -> Process {
    let mut process = Process::new("git");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("GIT_") && !KEPT.iter().any(|kept| text.starts_with(kept)) {
            process = process.env_remove(&name);
        }
    }
    // This one goes before all settings, so ours have to go into it.
    if let Some(allowed) = variable(git, ALLOWED) {
        let allowed = allowed.to_string_lossy().into_owned();
        let safe: Vec<&str> = allowed.split(':').filter(|name| *name != "ext" && *name != "fd").collect();
        process = process.env(ALLOWED, safe.join(":"));
    }
    for (name, value) in git.environment.iter().filter(|(name, _)| name != ALLOWED) {
        process = process.env(name, value);
    }
    process
}

/// A list of transports, by which a user allows these and no others.
const ALLOWED: &str = "GIT_ALLOW_PROTOCOL";

/// The user's own ssh command, in the order git looks for it, with options that keep it from asking and from waiting
/// for the dead. Of an option that is said twice, ssh takes the first: the user's.
fn ssh_command(git: &Git) -> Option<OsString> {
    git.ssh_command
        .get_or_init(|| {
            let variant = variable(git, "GIT_SSH_VARIANT").or_else(|| configured(git, "ssh.variant"));
            if variant.is_some_and(|variant| variant != "ssh" && variant != "auto") {
                return None;
            }
            let mut command = variable(git, "GIT_SSH_COMMAND")
                .or_else(|| configured(git, "core.sshCommand"))
                .or_else(|| variable(git, "GIT_SSH").map(|program| quoted(&program)))
                .unwrap_or_else(|| "ssh".into());
            command.push(
                " -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4",
            );
            Some(command)
        })
        .clone()
}

fn variable(git: &Git, name: &str) -> Option<OsString> {
    let set = git.environment.iter().rev().find(|(set, _)| set == name).map(|(_, value)| value.clone());
    set.or_else(|| std::env::var_os(name)).filter(|value| !value.is_empty())
}

fn configured(git: &Git, key: &str) -> Option<OsString> {
    // Outside of any repository, so that only the user's and the system's configuration counts.
    let asked = bare(git).args(["config", "--get", key]).current_dir("/").output(&Cancel::new());
    asked.ok().map(|answer| answer.text()).filter(|text| !text.is_empty()).map(OsString::from)
}

/// One word for a shell.
fn quoted(word: &OsStr) -> OsString {
    format!("'{}'", word.to_string_lossy().replace('\'', "'\\''")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_ssh_command_is_kept_and_told_not_to_ask() {
        let git =
            Git::new().env("HOME", "/nonexistent").env("GIT_SSH_COMMAND", "ssh -i /key -o ConnectTimeout=3");
        let command = ssh_command(&git).unwrap().into_string().unwrap();
        assert!(command.starts_with("ssh -i /key -o ConnectTimeout=3 -o BatchMode=yes"), "{command}");
        let other = Git::new().env("GIT_SSH_COMMAND", "plink").env("GIT_SSH_VARIANT", "plink");
        assert_eq!(ssh_command(&other), None);
    }

    #[test]
    fn a_user_or_password_is_in_no_argument() {
        for (user, key) in [
            ("me:geheim", "http.https://example.org/.extraHeader"),
            ("geheim", "credential.https://example.org.username"),
        ] {
            let url: GitUrl = format!("https://{user}@example.org/a.git").parse().unwrap();
            let git = Git::new();
            let command = git.command("ls-remote").remote(&url).arg("--").arg(url.as_str());
            let shown = format!("{} {:?} {command:?}", command.process(), command.process());
            assert!(!shown.contains("geheim") && !shown.contains(&BASE64_STANDARD.encode(user)), "{shown}");
            assert!(shown.contains(&format!("--config-env={key}")), "{shown}");
        }
    }
}
