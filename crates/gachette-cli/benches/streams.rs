//! How the output of builds comes to those who follow it: lines a second from a step on a host to here, side by side with
//! `ssh host cat` of the same lines; and the memory of a server while many follow one build. Prints medians and ratios.
//!
//! `cargo bench --package gachette-cli --bench streams`. The host is an sshd on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod median;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures::future::join_all;
use gachette::event::Event;
use gachette_http::wire::StartBuild;
use gachette_http::{Client, ServerAccess};
use gachette_testkit::{GitRepository, Sshd};
use median::medians_of;

const ROUNDS: usize = 7;
/// Lines of a step; of more than 4 MiB of events, followers get no lines of programs any more.
const LINES: usize = 20_000;
/// How often `ssh` carries them, which is too quick for the clock else.
const TIMES: usize = 100;
const FOLLOWERS: usize = 100;
/// Lines of the step that many follow.
const FOLLOWED_LINES: usize = 10_000;

fn main() {
    lines_of_a_host();
    memory_of_a_server();
}

/// What prints so many lines as compilers do.
fn talk(lines: usize) -> String {
    format!("seq -f \"[%08.0f] compiling one of the units of some library, which is fine\" {lines}")
}

/// A project whose step runs this.
fn project(step: &str) -> GitRepository {
    let source = GitRepository::new();
    source.write(".missile.yml", format!("name: web\ntype: application\nbuild_assets:\n  - '{step}'\n"));
    source.commit("first");
    source
}

fn lines_of_a_host() {
    let (sshd, folder) = (Sshd::start(), tempfile::tempdir().unwrap());
    let log = sshd.home().join("log");
    let written = Command::new("sh").args(["-c", &talk(LINES)]).stdout(File::create(&log).unwrap()).status();
    assert!(written.unwrap().success());
    let size = std::fs::metadata(&log).unwrap().len();
    let [silent, talking] = [project("true"), project(&format!("cat {}", log.display()))];
    let config = format!(
        "ssh_config_path: {}\nmeta_path: {}\nworking_copies: {}\nreuse_connection: 120\nforward_agent: false\n\
         projects.silent.url: {}\nprojects.talking.url: {}\n",
        sshd.ssh_config().display(),
        folder.path().join("repository").display(),
        folder.path().join("working_copies").display(),
        silent.path().display(),
        talking.path().display(),
    );
    std::fs::write(folder.path().join("gachette.yml"), config).unwrap();
    let gachette = |words: &str| run(folder.path(), env!("CARGO_BIN_EXE_gachette"), words);
    let control = folder.path().join("control");
    let options = format!("-F {} -o ControlMaster=auto -o ControlPersist=120", sshd.ssh_config().display());
    let ssh = |words: &str| {
        run(folder.path(), "ssh", &format!("{options} -o ControlPath={} build1 {words}", control.display()));
    };
    gachette("-H build1 stack create 124");
    ssh("true");
    let ours = |project: &str| gachette(&format!("-H build1 quick 124 {project} --rebuild"));
    let (quiet, loud) = (median(|| ours("silent")), median(|| ours("talking")));
    let often = vec![log.display().to_string(); TIMES].join(" ");
    let (peer_quiet, peer_loud) = (median(|| ssh("true")), median(|| ssh(&format!("cat {often}"))));
    let rate = |with: Duration, without: Duration, times: usize| {
        let seconds = with.saturating_sub(without).as_secs_f64();
        ((LINES * times) as f64 / seconds, (size * times as u64) as f64 / 1e6 / seconds)
    };
    let (theirs, ours) = (rate(peer_loud, peer_quiet, TIMES), rate(loud, quiet, 1));
    let tell = |what: &str, (lines, megabytes): (f64, f64)| {
        println!("{what:60} {lines:10.0} lines/s {megabytes:8.1} MB/s");
    };
    tell("ssh host cat LOG", theirs);
    tell("cat LOG as a step of a build on the host, as events", ours);
    println!(
        "  → {:.3} of ssh; the build with {LINES} lines takes {:.2} of the one without\n",
        ours.0 / theirs.0,
        loud.as_secs_f64() / quiet.as_secs_f64()
    );
}

/// Runs a program, whose output is read and thrown away.
fn run(folder: &Path, program: &str, words: &str) {
    let mut command = Command::new(program);
    command.args(words.split(' ')).current_dir(folder).env("HOME", folder).env_remove("SSH_AUTH_SOCK");
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
}

fn median(round: impl Fn()) -> Duration {
    medians_of(ROUNDS, &[&round])[0]
}

/// A server of its own, ended when dropped.
struct Server {
    process: Child,
    url: url::Url,
    folder: tempfile::TempDir,
    _source: GitRepository,
}

fn memory_of_a_server() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = || Client::server(server.url.clone(), &ServerAccess::default()).unwrap();
    let order: StartBuild =
        serde_json::from_value(serde_json::json!({"kind": "quick", "stack": "124", "project": "web"}))
            .unwrap();
    let (before, after, counts, took) = runtime.block_on(async {
        let build = client().start(&order).await.unwrap();
        server.waits().await;
        let before = server.memory("VmRSS");
        let clients: Vec<Client> = (0..FOLLOWERS).map(|_| client()).collect();
        let follow = clients.iter().map(async |client| {
            let (mut lines, mut all) = (0, 0);
            let told = |event| {
                all += 1;
                lines += usize::from(matches!(event, Event::Output { .. }));
            };
            client.follow(&build.id, told).await.unwrap();
            (lines, all)
        });
        let go = async {
            // All of them are there before the step talks.
            server.has_followers().await;
            std::fs::write(server.path("go"), "").unwrap();
            Instant::now()
        };
        let (counts, began) = tokio::join!(join_all(follow), go);
        (before, server.memory("VmHWM"), counts, began.elapsed())
    });
    let (lines, all) = counts[0];
    // git says something too.
    assert!(lines >= FOLLOWED_LINES, "every line comes: {lines}");
    assert!(counts.iter().all(|count| *count == (lines, all)), "to each the same: {counts:?}");
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!("{:60} {:8.1} MiB", "a server with a build that waits", mib(before));
    println!("{:60} {:8.1} MiB", format!("at most, while {FOLLOWERS} follow {lines} lines"), mib(after));
    println!("  → {:.0} KiB for each follower", (after.saturating_sub(before)) as f64 / FOLLOWERS as f64);
    let events = (all * FOLLOWERS) as f64 / took.as_secs_f64();
    println!("{:60} {events:8.0} events/s", "to all of them together");
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let gate =
            format!("until [ -e {0}/go ]; do touch {0}/waits; sleep 0.05; done", folder.path().display());
        let source = project(&format!("{gate}; {}", talk(FOLLOWED_LINES)));
        let config = format!(
            "meta_path: repository\nworking_copies: working_copies\nprojects.web.url: {}\n",
            source.path().display()
        );
        std::fs::write(folder.path().join("gachette.yml"), config).unwrap();
        let gachette = |words: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gachette"));
            command.args(words).current_dir(folder.path()).env("HOME", folder.path()).stdin(Stdio::null());
            command.env("XDG_STATE_HOME", folder.path().join("state"));
            command
        };
        let made = gachette(&["--quiet", "stack", "create", "124"]).stdout(Stdio::null()).status();
        assert!(made.unwrap().success());
        let mut serve = gachette(&["serve", "--listen", "127.0.0.1:0", "--no-auth", "--rate", "1000"]);
        let mut process = serve.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        let url = loop {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "the server ended");
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                break url.parse().unwrap();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { process, url, folder, _source: source }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The step of the build has begun.
    async fn waits(&self) {
        while !self.path("waits").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// As many connections are there as followers, by the kernel's word.
    async fn has_followers(&self) {
        let port = format!(":{:04X} ", self.url.port().unwrap());
        loop {
            let connections = std::fs::read_to_string("/proc/net/tcp").unwrap();
            // `01` is an established one; the server's side has its port first.
            let ours = connections.lines().filter(|line| {
                let mut words = line.split_whitespace().skip(1);
                format!("{} ", words.next().unwrap_or_default()).ends_with(&port)
                    && words.nth(1) == Some("01")
            });
            if ours.count() >= FOLLOWERS {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A figure of /proc/PID/status, in KiB.
    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
