//! A server of private git repositories, and a project there whose submodules are as private.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use gachette_testkit::{GitRepository, SshAgent, Sshd, hermetic_git};
use tempfile::TempDir;

use crate::hosts::{Hosts, project};
use crate::playground::Said;

/// A server of git repositories that lets in only who has its key, and a host that has not got it.
pub(crate) struct Forge {
    pub(crate) sshd: Sshd,
    repositories: TempDir,
    /// The variable by which the program has access.
    access: (&'static str, OsString),
}

impl Forge {
    /// Whoever runs the program has the key in a file.
    pub(crate) fn new() -> Self {
        let sshd = Sshd::start();
        let access = ("GIT_SSH_COMMAND", sshd.ssh_command().into());
        Self { sshd, repositories: tempfile::tempdir().unwrap(), access }
    }

    /// From now on, whoever runs the program has the keys of this agent and no others.
    pub(crate) fn access_by(&mut self, agent: &SshAgent) {
        self.access = ("SSH_AUTH_SOCK", agent.socket().into());
    }

    /// Makes git on the hosts know this server's key, and offer no key of the machine's own.
    pub(crate) fn introduce_to(&self, hosts: &Hosts) {
        let ssh = "ssh -F none -o IdentityFile=none -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile=";
        let known_hosts = self.sshd.known_hosts();
        let configuration = format!("[core]\n  sshCommand = {ssh}{}\n", known_hosts.display());
        std::fs::write(hosts.home().join(".gitconfig"), configuration).unwrap();
    }

    /// Where a repository lies.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.repositories.path().join(name)
    }

    /// The address of a repository.
    pub(crate) fn url(&self, name: &str) -> String {
        self.sshd.url(&self.folder(name))
    }

    /// Takes the branches of a repository over, exactly as they are.
    pub(crate) fn publish(&self, name: &str, source: &GitRepository) {
        let folder = self.folder(name);
        if !folder.exists() {
            let words = ["init", "--quiet", "--bare", "--initial-branch=main", name];
            git(self, self.repositories.path(), &words);
        }
        source.git(&["push", "--quiet", "--force", "--mirror", folder.to_str().unwrap()]);
    }

    /// Runs the program with access to the repositories.
    pub(crate) fn run(&self, hosts: &Hosts, line: &str) -> Said {
        let (variable, value) = &self.access;
        let output = hosts.command(line).env(variable, value).output().unwrap();
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .replace(&self.repositories.path().display().to_string(), "[repositories]")
        };
        Said {
            code: output.status.code().unwrap(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Runs the program with access to the repositories; it must succeed.
    pub(crate) fn ok(&self, hosts: &Hosts, line: &str) -> String {
        let said = self.run(hosts, line);
        assert_eq!(said.code, 0, "gachette {line}\n{}{}", said.stdout, said.stderr);
        said.stdout
    }
}

/// What git prints, run by somebody with access to the repositories.
fn git(forge: &Forge, folder: &Path, words: &[&str]) -> String {
    let command = forge.sshd.ssh_command();
    let output =
        hermetic_git().args(words).current_dir(folder).env("GIT_SSH_COMMAND", command).output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `app` with the submodule `vendor/lib`, which has the submodule `deep/leaf`: one address is whole, the other relative.
pub(crate) struct Family {
    pub(crate) forge: Forge,
    pub(crate) app: GitRepository,
    pub(crate) lib: GitRepository,
    pub(crate) hosts: Hosts,
}

impl Family {
    /// The project `web` of hosts that fetch it in this way, and a stack on one of them.
    pub(crate) fn new(source: &str) -> Self {
        let (forge, leaf, lib, app) =
            (Forge::new(), GitRepository::new(), GitRepository::new(), project("true"));
        leaf.commit_file("leaf.txt", "leaf");
        forge.publish("leaf.git", &leaf);
        lib.commit_file("lib.txt", "lib");
        name_submodule(&lib, "deep/leaf", "../leaf.git", &leaf.head());
        forge.publish("lib.git", &lib);
        name_submodule(&app, "vendor/lib", &forge.url("lib.git"), &lib.head());
        forge.publish("app.git", &app);
        let hosts =
            Hosts::visited(&format!("projects.web: {{url: '{}', source: {source}}}\n", forge.url("app.git")));
        hosts.ok("-H build1 stack create 124");
        Self { forge, app, lib, hosts }
    }

    /// Prepares a working copy on the host, and compares it with a clone of git's own, made by somebody with access.
    pub(crate) fn assert_prepared(&self, reference: &str) {
        let said =
            self.forge.ok(&self.hosts, &format!("-H build1 --format json prepare web --ref {reference}"));
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let copy = Path::new(said["path"].as_str().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let clone = folder.path().join("clone");
        let words = ["clone", "--quiet", &self.forge.url("app.git"), clone.to_str().unwrap()];
        git(&self.forge, folder.path(), &words);
        git(&self.forge, &clone, &["fetch", "--quiet", "origin", reference]);
        git(&self.forge, &clone, &["checkout", "--quiet", "FETCH_HEAD"]);
        git(&self.forge, &clone, &["submodule", "--quiet", "update", "--init", "--recursive"]);
        let state =
            |folder| git(&self.forge, folder, &["submodule", "--quiet", "foreach", "--recursive", STATE]);
        assert_eq!(state(copy), state(&clone));
        assert_eq!(
            git(&self.forge, copy, &["rev-parse", "HEAD"]),
            git(&self.forge, &clone, &["rev-parse", "HEAD"])
        );
        assert_eq!(git(&self.forge, copy, &["status", "--porcelain", "--ignored"]), "");
    }
}

/// What a submodule is at.
const STATE: &str =
    "echo $displaypath $(git rev-parse HEAD) && git ls-files --stage && git status --porcelain --ignored";

/// Names a submodule, with whatever address, and commits.
pub(crate) fn name_submodule(repository: &GitRepository, path: &str, address: &str, commit: &str) {
    for (key, value) in [("path", path), ("url", address)] {
        repository.git(&["config", "--file", ".gitmodules", &format!("submodule.{path}.{key}"), value]);
    }
    repository.git(&["add", ".gitmodules"]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
    repository.git(&["commit", "--quiet", "-m", "a submodule"]);
}
