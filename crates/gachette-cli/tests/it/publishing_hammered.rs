//! Machines that update all the time, while what they look at changes and who changes it is killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use gachette_testkit::AptRoot;

use crate::chain::Chain;
use crate::publishing::{two_stacks, version};
use crate::serving::Serving;

/// How often the channel is moved, and how often the stack is published with something else in it.
const ROUNDS: u32 = 100;
/// One of so many writers is killed.
const KILLED: u32 = 3;

/// A web server that knows nothing of gachette: it hands out files.
struct WebServer {
    python: Child,
    port: String,
}

impl WebServer {
    fn start(chain: &Chain) -> Self {
        let mut python = Command::new("python3");
        python.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory"]);
        python.arg(chain.playground.path("repository")).arg("0");
        let mut python = python.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(python.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let port = said.split_whitespace().skip_while(|word| *word != "port").nth(1).unwrap().to_owned();
        Self { python, port }
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = self.python.kill();
        let _ = self.python.wait();
    }
}

/// Runs the program to its death at some moment of its work, from its first steps to beyond its end.
fn kill(chain: &Chain, line: &str, round: u32) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = chain.playground.command(&words);
    let mut writer = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::park_timeout(Duration::from_millis(u64::from(round)));
    let _ = writer.kill();
    writer.wait().unwrap();
}

/// Does it, and some times is killed before and has to do it again.
fn change(chain: &Chain, line: &str, round: u32) {
    if round.is_multiple_of(KILLED) {
        kill(chain, line, round);
    }
    chain.playground.ok(line);
}

/// Updates until it is done, ten times at least, and fetches what it would install when it is one that does.
fn update(apt: &AptRoot, fetches: bool, done: &AtomicBool) {
    let mut updates = 0;
    while !done.load(Relaxed) || updates < 10 {
        apt.check(&["update"]);
        if fetches {
            apt.check(&["clean"]);
            apt.check(&["install", "--download-only", "dh-shop"]);
        }
        updates += 1;
    }
}

#[test]
fn clients_see_one_whole_state_through_200_changes_whose_makers_are_killed() {
    let chain = two_stacks();
    let playground = &chain.playground;
    let till = format!("dh-shop-till-{}-all.deb", version(&chain, "125", "dh-shop-till"));
    playground.ok("stack create 126 --from 125");
    let configuration = std::fs::read_to_string(playground.path("gachette.yml")).unwrap();
    let keys = "signing: {keys: [archive], folder: keys}\n";
    playground.write("gachette.yml", &format!("{configuration}{keys}"));
    playground.ok("key generate archive");
    let (serving, files) = (Serving::start(playground, &["--no-auth"]), WebServer::start(&chain));
    let source = |port: &str, line: &str| {
        let url = format!("--set publish.url=http://127.0.0.1:{port} --format json");
        let said: serde_json::Value = serde_json::from_str(&playground.ok(&format!("{url} {line}"))).unwrap();
        let published = said.get("published").unwrap_or(&said);
        published["source"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (serving.port.to_string(), files.port.clone());
    let looked_at = [
        (source(&ours, "promote 124 --to live"), true),
        (source(&ours, "publish 126"), false),
        (source(&theirs, "promote 124 --to live"), false),
        (source(&theirs, "publish 126"), true),
    ];
    let machines = looked_at.map(|(source, fetches)| {
        let apt = AptRoot::new();
        apt.source(&source);
        (apt, fetches)
    });
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let updates = machines.each_ref().map(|(apt, fetches)| scope.spawn(|| update(apt, *fetches, &done)));
        for round in 0..ROUNDS {
            let stack = if round % 2 == 0 { "125" } else { "124" };
            change(&chain, &format!("promote {stack} --to live"), round);
            match round % 2 {
                0 => playground.ok("stack remove 126 dh-shop-till"),
                _ => playground.ok(&format!("stack add 126 {till}")),
            };
            change(&chain, "publish 126", round + 1);
        }
        done.store(true, Relaxed);
        updates.into_iter().for_each(|client| client.join().unwrap());
    });
    let moves = &playground.json("channel log live")["entries"];
    assert_eq!(moves.as_array().map(Vec::len), Some(1 + ROUNDS as usize), "each was done, and once: {moves}");
    playground.ok("promote 125 --to live");
    for (apt, _) in &machines {
        apt.check(&["update"]);
        apt.check(&["install", "dh-shop"]);
        assert_eq!(apt.installed("dh-shop"), Some(version(&chain, "125", "dh-shop")));
    }
    playground.ok("repository fsck");
    playground.ok("verify 126");
    playground.ok("verify live");
}
