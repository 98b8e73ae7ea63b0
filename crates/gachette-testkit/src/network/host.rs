//! One host of a test network.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;

use super::{Switch, await_line, bare_root, start};
use crate::git::{keygen, sshd_configuration};

/// What the first process of a host does.
const BOOT: &str = include_str!("boot.sh");

/// A host of a [`super::Network`]: it ends when dropped. Every method panics when something cannot be done.
#[derive(Debug)]
pub struct NetworkHost {
    switch: Arc<Switch>,
    name: String,
    number: u8,
    root: Root,
    process: Option<Child>,
}

/// Where a host has its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// In the root of this machine.
    Shared,
    /// In a root of its own.
    Bare,
}

/// What makes a host a special one.
#[derive(Debug)]
pub(super) struct Traits<'a> {
    pub(super) root: Root,
    /// The size of the disk that its home is, as mount(8) writes it.
    pub(super) disk: Option<&'a str>,
    /// Lines more in the configuration of sshd.
    pub(super) sshd: &'a str,
}

impl NetworkHost {
    pub(super) fn new(switch: Arc<Switch>, name: &str, number: u8, traits: &Traits) -> Self {
        // Run by root, sshd wants this empty folder, which its package makes at boot and containers never do.
        let _ = fs::create_dir("/run/sshd");
        let host = Self { switch, name: name.to_owned(), number, root: traits.root, process: None };
        if host.root == Root::Bare {
            bare_root::make(&host.path("")).expect("a root is made of the packages of this machine");
        }
        for folder in ["home", "own"] {
            fs::create_dir_all(host.path(folder)).expect("a folder is made");
        }
        if let Some(size) = traits.disk {
            let home = host.path("home").display().to_string();
            host.switch.run("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", &home]);
        }
        keygen(&host.path("host_key"));
        fs::copy(host.switch.path("client_key.pub"), host.path("authorized_keys")).expect("a file is copied");
        let configuration = sshd_configuration(&host.there(""), &host.address(), traits.sshd);
        fs::write(host.path("sshd_config"), configuration).expect("a file is written");
        host.introduce();
        let mut host = host;
        host.boot();
        host
    }

    /// Its name, for `ssh`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("10.77.0.{}", self.number)
    }

    /// The home of who logs in, as this process sees it.
    pub fn home(&self) -> PathBuf {
        self.switch.seen_from_outside(&self.path("home"))
    }

    /// The home of who logs in, as the host's programs name it.
    pub fn home_there(&self) -> PathBuf {
        self.there("home")
    }

    /// What the host has in [`super::Network::own`], as this process sees it.
    pub fn own(&self) -> PathBuf {
        self.path("own")
    }

    /// How many bytes came to it since it was plugged in, those of all protocols below together.
    pub fn received(&self) -> u64 {
        let output = self.switch.command("cat", &["/proc/net/dev"]).output().expect("nsenter is installed");
        let (text, cable) = (String::from_utf8_lossy(&output.stdout), format!("{}:", self.cable()));
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix(cable.as_str()));
        // What our end of the cable transmitted is behind eight columns of what it received (proc_pid_net(5)).
        let column = line.and_then(|line| line.split_whitespace().nth(8)).expect("it is plugged in");
        column.parse().expect("a number")
    }

    /// Makes it a black hole: nothing gets in or out any more, and nobody is told.
    pub fn cut(&self) {
        self.switch.run("ip", &["link", "set", &self.cable(), "nomaster"]);
    }

    /// Undoes [`NetworkHost::cut`].
    pub fn mend(&self) {
        self.switch.run("ip", &["link", "set", &self.cable(), "master", "br0"]);
        // Neighbours that were given up are asked for again only after a while.
        let answers =
            "for n in $(seq 200); do (: >/dev/tcp/$0/22) 2>/dev/null && exit; sleep 0.05; done; exit 1";
        self.switch.run("bash", &["-c", answers, &self.address()]);
    }

    /// Kills the whole host at once, as when its power fails. Its disk stays.
    pub fn kill(&mut self) {
        if self.process.is_some() {
            self.cut();
            self.end();
        }
    }

    /// Starts it again.
    pub fn boot(&mut self) {
        self.end();
        let log = self.path("log");
        File::create(&log).expect("a file is made");
        let mut command = Command::new("nsenter");
        command.arg("--mount").arg("--target").arg(self.switch.process.id().to_string());
        command.args(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command.args(["--propagation", "private", "sh", "-c", BOOT, "init", &self.address()]);
        let (root, own) = (self.root(), self.switch.path("own"));
        let own_there = root.join(own.strip_prefix("/").expect("the temporary folder has an absolute path"));
        fs::create_dir_all(&own_there).expect("a folder is made");
        command.args([self.there("sshd_config"), log, self.own(), own_there, root]);
        let mut process = start(command);
        await_line(&mut process, "booted");
        let (cable, number) = (self.cable(), process.id().to_string());
        // Else the neighbours would notice that nobody answers to its address any more.
        let (card, address) = (format!("02:00:00:00:00:{:02x}", self.number), self.address());
        self.switch
            .run("ip", &["neigh", "replace", &address, "lladdr", &card, "dev", "br0", "nud", "permanent"]);
        let far_end = ["peer", "name", "eth0", "address", &card, "netns", &number];
        self.switch.run("ip", &[&["link", "add", &cable, "type", "veth"], far_end.as_slice()].concat());
        self.switch.run("ip", &["link", "set", &cable, "master", "br0", "up"]);
        process.stdin.as_mut().expect("it is piped").write_all(b"\n").expect("it reads");
        self.process = Some(process);
        self.await_sshd();
    }

    /// Whether one of its programs has exactly these words on its command line.
    pub fn runs(&self, words: &[&str]) -> bool {
        let wanted: String = words.iter().map(|word| format!("{word}\0")).collect();
        self.processes()
            .any(|folder| fs::read(folder.join("cmdline")).is_ok_and(|line| line == wanted.as_bytes()))
    }

    /// The folders in /proc of its processes.
    fn processes(&self) -> impl Iterator<Item = PathBuf> {
        let namespace = |process: &str, kind: &str| fs::read_link(format!("/proc/{process}/ns/{kind}")).ok();
        let first = self.process.as_ref().map(|process| process.id().to_string()).unwrap_or_default();
        let own = namespace(&first, "pid_for_children");
        let all = fs::read_dir("/proc").expect("/proc is mounted").flatten();
        all.filter(move |entry| {
            own.is_some() && namespace(&entry.file_name().to_string_lossy(), "pid") == own
        })
        .map(|entry| entry.path())
    }

    fn await_sshd(&mut self) {
        for _ in 0..400 {
            let log = fs::read_to_string(self.path("log")).unwrap_or_default();
            if log.contains("Server listening") {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("sshd does not start: {}", fs::read_to_string(self.path("log")).unwrap_or_default());
    }

    /// Makes it known to clients.
    fn introduce(&self) {
        let append = |file: &str, text: String| {
            let mut file = File::options().append(true).open(self.switch.path(file)).expect("it was made");
            file.write_all(text.as_bytes()).expect("a file is written");
        };
        let key = fs::read_to_string(self.path("host_key.pub")).expect("the key was made");
        append("known_hosts", format!("{} {key}", self.address()));
        append(
            "ssh_config",
            format!(
                "Host {}\n  HostName {}\nHost *\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  \
                 GlobalKnownHostsFile /dev/null\n",
                self.name,
                self.address(),
                self.switch.path("client_key").display(),
                self.switch.path("known_hosts").display()
            ),
        );
    }

    /// The name of our end of its network cable.
    fn cable(&self) -> String {
        format!("cable{}", self.number)
    }

    /// A file of the host, as this process sees it.
    fn path(&self, name: &str) -> PathBuf {
        self.switch.path(&self.name).join(name)
    }

    /// The same file, as the host's programs name it.
    fn there(&self, name: &str) -> PathBuf {
        match self.root {
            Root::Shared => self.path(name),
            Root::Bare => Path::new("/").join(name),
        }
    }

    /// The root of its programs, as this process sees it.
    fn root(&self) -> PathBuf {
        match self.root {
            Root::Shared => PathBuf::from("/"),
            Root::Bare => self.path(""),
        }
    }

    /// Ends all its processes.
    fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
            // It goes with the namespace of its other end, but only some time later.
            let _ = self.switch.command("ip", &["link", "delete", &self.cable()]).output();
        }
    }
}

impl Drop for NetworkHost {
    fn drop(&mut self) {
        self.end();
    }
}
