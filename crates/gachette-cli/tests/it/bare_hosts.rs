//! Hosts that have nothing but what the README asks of them: sshd, git and dpkg, in a root of their own. They are in a network of
//! their own, so these tests need root and network namespaces.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use gachette_testkit::{GitRepository, Network, NetworkHost, SshAgent};

use crate::hosts::project;
use crate::playground::{Playground, Said, program};

/// A network with one bare host, `build1`, which keeps the repository too.
struct Bare {
    network: Network,
    host: NetworkHost,
    playground: Playground,
    agent: SshAgent,
}

impl Bare {
    fn new(more: &str) -> Self {
        let network = Network::start();
        let host = network.bare_host("build1");
        let configuration = format!(
            "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: /home/repository\nhosts: build1\n{more}",
            network.ssh_config().display(),
        );
        let agent = SshAgent::start();
        agent.add(&network.client_key());
        Self { playground: Playground::with_configuration(&configuration), network, host, agent }
    }

    fn run(&self, line: &str) -> Said {
        let words: Vec<&str> = line.split_whitespace().collect();
        let program = self.network.command(program().to_str().unwrap());
        let mut command = self.playground.as_user(program, &words);
        let output = command.env("SSH_AUTH_SOCK", self.agent.socket()).output().unwrap();
        self.playground.said(&words, output)
    }

    fn ok(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, 0, "gachette {line}\n{}{}", said.stdout, said.stderr);
        said.stdout
    }

    fn json(&self, line: &str) -> serde_json::Value {
        serde_json::from_str(&self.ok(&format!("--format json {line}"))).unwrap()
    }

    /// What these words of a shell print on the host, where they must succeed.
    fn there(&self, words: &str) -> String {
        let mut ssh = self.network.command("ssh");
        ssh.arg("-F").arg(self.network.ssh_config()).args(["-oBatchMode=yes", "build1", words]);
        printed(&mut ssh)
    }

    /// The package files of the repository, as this process sees them.
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(self.host.home().join("repository/debs"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
            .collect();
        files.sort();
        files
    }

    /// Puts a copy of the repository on the host, and says where it is there.
    fn put(&self, source: &GitRepository) -> String {
        let path = self.host.home().join("source.git");
        source.git(&["clone", "--quiet", "--bare", ".", path.to_str().unwrap()]);
        self.host.home_there().join("source.git").display().to_string()
    }
}

/// What a program prints that must succeed.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What dpkg-deb of this machine says of a field of the package file.
fn field(file: &PathBuf, name: &str) -> String {
    printed(Command::new("dpkg-deb").arg("--field").arg(file).arg(name)).trim().to_owned()
}

#[test]
fn sshd_git_and_dpkg_are_enough_for_a_host_that_builds_and_keeps() {
    let source = project("sed -i s/hello/built/ index.html");
    let bare = Bare::new(&format!(
        "projects.web: {{url: {}, source: push}}\nprojects.copy.url: /home/source.git\n",
        source.path().display()
    ));
    assert_eq!(bare.put(&source), "/home/source.git");
    let checked = bare.json("host check");
    assert_eq!(checked["verdict"], "warning", "nothing that builds need is missing: {checked:#}");
    bare.ok("stack create 124");
    let built = bare.ok("quick 124 web");
    assert!(built.contains("1 package built") && built.contains("revision 2"), "{built}");
    let [file] = bare.files().try_into().unwrap();
    let (version, short) = (field(&file, "Version"), &source.head()[..7]);
    assert_eq!(
        (field(&file, "Package").as_str(), version.as_str()),
        ("dh-web", &*format!("0.0.1rev{short}"))
    );
    let contents = printed(Command::new("dpkg-deb").arg("--contents").arg(&file));
    assert!(contents.contains("./opt/trebuchet/web/code/index.html"), "{contents}");

    // Its own dpkg takes it, and gives it back.
    let path = format!("/home/repository/debs/{}", file.file_name().unwrap().to_str().unwrap());
    bare.there(&format!("dpkg --install {path}"));
    assert_eq!(bare.there("dpkg-query --show dh-web"), format!("dh-web\t{version}\n"));
    assert_eq!(bare.there("cat /opt/trebuchet/web/code/index.html"), "built\n");
    bare.there("dpkg --purge dh-web && ! ls /opt/trebuchet/web");

    // The words of old scripts do the same, with what the host clones itself.
    assert_eq!(bare.ok("prepare:copy").trim(), source.head());
    bare.ok("build:copy,app_version=2.0,path_to_missile=.missile.yml");
    bare.ok("add_to_stack:dh-web,2.0,dh-web-2.0-all.deb,/home/repository,124");
    let shown = bare.json("stack show 124");
    assert_eq!(shown["packages"][0]["version"], "2.0", "{shown:#}");
    let [_, added] = bare.files().try_into().unwrap();
    assert_eq!(field(&added, "Version"), "2.0");
    bare.ok("repository fsck");

    bare.ok("stack remove 124 dh-web");
    bare.ok("stack delete 124 --yes");
    bare.ok("repository gc --apply --keep-for 1ms");
    assert_eq!(bare.files(), Vec::<PathBuf>::new());
    bare.ok("working-copy remove web");
    bare.ok("working-copy remove copy");
}

#[test]
fn a_bare_host_clones_by_ssh_what_the_forwarded_agent_may() {
    let source = project("true");
    let bare = Bare::new("");
    let forge = bare.network.host("forge");
    let known = fs::read_to_string(bare.network.ssh_config().with_file_name("known_hosts")).unwrap();
    fs::create_dir(bare.host.home().join(".ssh")).unwrap();
    fs::write(bare.host.home().join(".ssh/known_hosts"), known).unwrap();
    bare.ok("stack create 124");
    let url = format!("ssh://{}{}", forge.address(), source.path().display());
    let built = bare.ok(&format!("--set projects.web.url={url} quick 124 web"));
    assert!(built.contains("1 package built"), "{built}");
    let [file] = bare.files().try_into().unwrap();
    assert_eq!(field(&file, "Package"), "dh-web");
}

#[test]
fn what_a_recipe_needs_and_a_bare_host_has_not_is_named_with_what_to_do() {
    let bare = Bare::new("projects.web: {url: /home/source.git, path_to_missile: step.yml}\n");
    let source = project("true");
    source.write("step.yml", "name: web\ntype: application\nbuild_assets: [make assets]\n");
    let environment = "environment: {name: web_env, type: python, binary: python3}";
    source.write("python.yml", format!("name: web\ntype: application\n{environment}\n")).commit("recipes");
    bare.put(&source);
    bare.ok("stack create 124");
    for (recipe, parts) in [
        (
            "step.yml",
            ["make: not found", "hint: a program was not found, as exit status 127 says: install it "],
        ),
        ("python.yml", ["the interpreter `python3` is not installed", "hint: install it "]),
    ] {
        let said = bare.run(&format!("--set projects.web.path_to_missile={recipe} quick 124 web"));
        assert_eq!(said.code, 4, "{}", said.stderr);
        for part in parts {
            assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
        }
    }
    // Before any build it is found by looking.
    let checked = bare.ok("host check");
    assert!(checked.contains("install the package python3;"), "{checked}");
}

#[test]
fn the_program_is_sent_compressed_where_gzip_is_and_as_it_is_elsewhere() {
    let bare = Bare::new("");
    let size = fs::metadata(program()).unwrap().len();
    let sent = || {
        let before = bare.host.received();
        bare.ok("stack create 124");
        bare.host.received() - before
    };
    let packed = sent();
    assert!(packed < size / 3 * 2, "{packed} bytes of {size}");
    bare.there("rm -r ~/.cache ~/repository $(command -v gzip)");
    let plain = sent();
    assert!(plain >= size, "{plain} bytes of {size}");
    let known = sent();
    assert!(known < 1 << 20, "{known} bytes, of which the program is none");
}
