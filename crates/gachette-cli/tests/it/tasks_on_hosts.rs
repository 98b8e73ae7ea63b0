//! Every task on a host, in the form of the original tool and as a subcommand: the same is said, and the same is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gachette_testkit::{GitRepository, Network, NetworkHost};

use crate::documents::normal;
use crate::hosts::{project, visit};
use crate::playground::Playground;

/// Each task, and the subcommand that does the same, in an order in which they follow from one another. `META` is the repository,
/// `DEBS` a folder beside it, `URL` where the project is cloned from, and at `CALLBACK` somebody listens.
const TASKS: [[&str; 2]; 20] = [
    ["stack_create:124", "stack create 124"],
    ["stack_create:124", "stack create 124"],
    ["stack_create:prod,7", "stack create prod/7"],
    ["stack_create:125,META,124", "stack create 125 --from 124"],
    ["stack_create:126,from_stack=nowhere", "stack create 126 --from nowhere"],
    ["prepare:web", "prepare web"],
    ["prepare:web_side,URL,side", "prepare web_side --url URL --ref side"],
    ["build:web,app_version=2.0", "build web --app-version 2.0"],
    [
        "build:web,path_to_missile=more.yml,app_version=3.0,env_version=3.1,service_version=3.2,webcallback=CALLBACK",
        "build web --missile more.yml --app-version 3.0 --env-version 3.1 --service-version 3.2 --web-callback CALLBACK",
    ],
    [
        "build:web,DEBS,more.yml,4.0,4.1,4.2,CALLBACK",
        "--set debs_path=DEBS build web --missile more.yml --app-version 4.0 --env-version 4.1 --service-version 4.2 --web-callback CALLBACK",
    ],
    ["build:nothing,app_version=2.0", "build nothing --app-version 2.0"],
    ["add_to_stack:dh-web,2.0,dh-web-2.0-all.deb,META,124", "stack add 124 dh-web-2.0-all.deb"],
    ["add_to_stack:prod,dh-web,2.0,dh-web-2.0-all.deb,META,7", "stack add prod/7 dh-web-2.0-all.deb"],
    ["quick:125,web", "quick 125 web"],
    ["quick:prod,7,web,side", "quick prod/7 web --ref side"],
    [
        "quick:125,web,apart,URL,more.yml,DEBS,META",
        "--set debs_path=DEBS,meta_path=META quick 125 web --ref apart --url URL --missile more.yml",
    ],
    ["quick:125,web,alone,meta_path=META", "--set meta_path=META quick 125 web --ref alone"],
    ["quick:999,web", "quick 999 web"],
    ["show_config", "config show"],
    ["version", "--version"],
];

/// Another recipe of the project, whose service is a package too.
const MORE: &str = "name: web\ntype: application\nextra_files:\n  - name: serve\n    type: binary\n    template: serve\nservices:\n  - name: web_server\n    type: systemd\n    binary_name: serve\n";

/// Takes what is posted, at a port of its own that it names, and writes a line for each into the file that is named.
const RECEIVER: &str = "import http.server, sys\n\
    class Receiver(http.server.BaseHTTPRequestHandler):\n\
    \x20   def do_POST(self):\n\
    \x20       body = self.rfile.read(int(self.headers['Content-Length']))\n\
    \x20       open(sys.argv[1], 'ab').write(self.client_address[0].encode() + b' ' + body.replace(b'\\n', b' ') + b'\\n')\n\
    \x20       self.send_response(204)\n\
    \x20       self.end_headers()\n\
    \x20   def log_message(self, *_):\n\
    \x20       pass\n\
    server = http.server.HTTPServer(('10.77.0.1', 0), Receiver)\n\
    print(server.server_port, flush=True)\n\
    server.serve_forever()\n";

/// Somebody in a network to whom builds post what they made.
struct Receiver {
    process: Child,
    address: String,
    posted: PathBuf,
}

impl Receiver {
    fn start(network: &Network, posted: PathBuf) -> Self {
        let mut python = network.command("python3");
        let mut process = python.args(["-c", RECEIVER]).arg(&posted).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { process, address: format!("http://10.77.0.1:{}/built", port.trim()), posted }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A host with a home, a repository and working copies of its own, under the same names as those of the other.
struct Side {
    host: NetworkHost,
    /// Of whoever gives the commands.
    playground: Playground,
}

/// Two sides that differ in the form in which they are told what to do.
struct Sides {
    network: Network,
    source: GitRepository,
    sides: [Side; 2],
    receiver: Receiver,
}

impl Sides {
    fn new() -> Self {
        let (network, source) = (Network::start(), project("true"));
        source.write("serve", "#!/bin/sh\n");
        source.commit_file("more.yml", MORE);
        for branch in ["side", "apart", "alone"] {
            source.branch(branch).commit_file(&format!("{branch}.txt"), branch);
            source.checkout("main");
        }
        let sides = ["old", "new"].map(|name| {
            let host = network.host(name);
            visit(&host.home());
            let configuration = format!(
                "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: {own}/repository\nworking_copies: {own}/copies\n\
                 projects.web.url: {}\n",
                network.ssh_config().display(),
                source.path().display(),
                own = network.own().display()
            );
            Side { host, playground: Playground::with_configuration(&configuration) }
        });
        let receiver = Receiver::start(&network, sides[0].playground.path("posted"));
        Self { network, source, sides, receiver }
    }

    /// What is to be said, with the paths that are meant.
    fn words(&self, line: &str) -> String {
        let meta = self.network.own().join("repository");
        line.replace("META", &meta.display().to_string())
            .replace("DEBS", &self.network.own().join("other").display().to_string())
            .replace("CALLBACK", &self.receiver.address)
            .replace("URL", &self.source.path().display().to_string())
    }

    /// The exit code, and what was said on standard output and standard error; without what differs in every run.
    fn run(&self, side: &Side, host: &str, line: &str) -> (i32, Vec<String>, Vec<String>) {
        let line = format!("-H {host} {}", self.words(line));
        let words: Vec<&str> = line.split(' ').collect();
        let program: Command = self.network.command(env!("CARGO_BIN_EXE_gachette"));
        let said = side.playground.said(&words, side.playground.as_user(program, &words).output().unwrap());
        let text = |text: &str| {
            let text = text.replace(&side.host.home_there().display().to_string(), "[home]");
            normal(&text.replace(&format!("{host}:"), "[host]:").replace(&format!("[{host}]"), "[host]"))
        };
        (said.code, text(&said.stdout), text(&said.stderr))
    }
}

/// The files of a repository that are the same whenever they are made: packages, and the tree of the original tool.
fn lasting(repository: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![repository.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let is_lasting = path.ends_with("version")
                || path.ends_with("file")
                || path.extension().is_some_and(|end| end == "deb");
            if path.is_dir() {
                folders.push(path);
            } else if is_lasting {
                found.insert(path.strip_prefix(repository).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn every_task_happens_on_the_host_and_is_the_same_in_both_forms() {
    let sides = Sides::new();
    for forms in TASKS {
        let [old, new] = [0, 1].map(|at| {
            let side = &sides.sides[at];
            sides.run(side, side.host.name(), forms[at])
        });
        assert_eq!(old, new, "{forms:?}");
        let fails = ["nowhere", "nothing", "999"].iter().any(|word| forms[1].contains(word));
        assert_eq!(old.0 != 0, fails, "{forms:?}: {old:?}");
        assert!(!old.1.is_empty() || fails, "{forms:?} says what came of it: {old:?}");
    }
    let [old, new] = sides.sides.each_ref().map(|side| lasting(&side.host.own().join("repository")));
    assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>());
    assert!(old == new, "the same bytes");
    assert_eq!(old.keys().filter(|path| path.starts_with("debs")).count(), 6, "{:?}", old.keys());
    let posted = fs::read_to_string(&sides.receiver.posted).unwrap();
    let [by_old, by_new] = sides.sides.each_ref().map(|side| {
        let address = format!("{} ", side.host.address());
        posted.lines().filter_map(|line| line.strip_prefix(&address)).collect::<BTreeSet<_>>()
    });
    assert_eq!(by_old, by_new);
    assert_eq!(by_old.len(), 4, "{posted}");
    let other =
        sides.sides.each_ref().map(|side| fs::read_dir(side.host.own().join("other")).unwrap().count());
    assert_eq!(other[0], other[1]);
    // Nothing of it is on this machine.
    assert!(!sides.network.own().join("repository").exists() && !sides.network.own().join("copies").exists());
    for side in &sides.sides {
        assert!(!side.playground.path("home/.local").exists());
        assert!(side.host.home().join(".local/state/gachette/builds").is_dir());
    }
}

#[test]
fn what_is_about_no_host_connects_to_none() {
    let playground = Playground::new();
    for hosts in ["nowhere.invalid", "nowhere.invalid,elsewhere.invalid"] {
        for (old, new) in [("version", "--version"), ("show_config", "config show")] {
            let [old, new] = [old, new].map(|line| playground.ok(&format!("-H {hosts} {line}")));
            assert_eq!(old, new);
        }
        // Among tasks that are about hosts too.
        let said = playground.run(&format!("-H {hosts} version show_config stack_create:1"));
        assert_eq!(said.code, 6, "{}", said.stderr);
        assert!(said.stdout.starts_with("gachette ") && said.stdout.contains("meta_path"), "{}", said.stdout);
    }
}
