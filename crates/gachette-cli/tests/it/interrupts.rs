//! Interrupted from the keyboard: the build's programs end with it, and nothing is half done.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::chain::Chain;
use crate::hosts::{is_running, kill, wait_until};

/// A `quick` whose build runs a step that goes on for ever.
struct Interrupted {
    chain: Chain,
    child: Child,
    /// The process of the step.
    step: String,
}

impl Interrupted {
    /// Returns when the step runs `script`, in which `$FIFO` is what [`Interrupted::hear`] reads.
    fn running(script: &str) -> Self {
        Self::running_first(&[script])
    }

    /// The same of the first of these steps.
    fn running_first(scripts: &[&str]) -> Self {
        let chain = Chain::new();
        let fifo = chain.playground.path("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let step = |script: &&str| format!("FIFO={}; echo begun; echo $$ > $FIFO; {script}", fifo.display());
        let steps: Vec<String> = scripts.iter().map(step).collect();
        let recipe = format!("name: slow\ntype: application\nbuild_assets: {}\n", serde_json::json!(steps));
        chain.source.commit_file("slow.yml", recipe);
        let mut command = chain.playground.command(&["quick", "124", "shop", "--missile", "slow.yml"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Self { chain, child, step: String::new() };
        running.step = running.hear();
        assert!(running.step_is_alive());
        running
    }

    /// Blocks until the step says something.
    fn hear(&self) -> String {
        std::fs::read_to_string(self.chain.playground.path("fifo")).unwrap().trim().to_owned()
    }

    /// Waits until the build has taken note of what so many steps say: it has told its watcher of their programs before.
    fn wait_until_watched(&self, steps: usize) {
        let folder = self.chain.playground.path("home/.local/state/gachette/builds");
        let logs = || std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let text = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let begun = || logs().filter(|path| path.extension().is_some_and(|it| it == "log")).map(text);
        let said = |text: String| text.lines().filter(|line| line.ends_with(" begun")).count();
        wait_until("what the steps say is in the log", || begun().map(said).sum::<usize>() == steps);
    }

    fn send(&self, signal: &str) {
        let kill = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// Whether it runs; who waits for a new parent to take note of his end does not.
    fn step_is_alive(&self) -> bool {
        let stat = std::fs::read_to_string(Path::new("/proc").join(&self.step).join("stat"));
        stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])))
    }

    /// Waits until the program has ended as interrupted ones do; what it said.
    fn ends(&mut self) -> String {
        let status = self.child.wait().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(status.code(), Some(130), "{said}");
        said
    }

    fn nothing_is_half_done(&self) {
        assert_eq!(self.chain.playground.json("stack show 124")["revision"], 1);
        assert_eq!(self.chain.playground.json("package list"), serde_json::json!([]));
        self.chain.playground.ok("quick 124 shop");
        self.chain.playground.ok("repository fsck");
    }
}

fn interrupted_by(signal: &str) {
    let mut running = Interrupted::running("sleep 600; true");
    running.send(signal);
    running.ends();
    assert!(!running.step_is_alive(), "the step {} goes on", running.step);
    running.nothing_is_half_done();
}

#[test]
fn an_interrupt_ends_the_build_and_its_programs() {
    interrupted_by("-INT");
}

#[test]
fn a_request_to_terminate_does_the_same() {
    interrupted_by("-TERM");
}

#[test]
fn what_a_killed_build_started_ends_with_it() {
    // With a child of its own, and deaf to all that could be ignored.
    let mark = format!("sleep 600.{}", std::process::id());
    let mut running = Interrupted::running(&format!("trap '' TERM HUP INT; {mark} & wait"));
    wait_until("the step has a child", || is_running(&mark));
    running.wait_until_watched(1);
    running.send("-KILL");
    assert_eq!(running.child.wait().unwrap().code(), None);
    wait_until("the step ends", || !running.step_is_alive());
    wait_until("its child ends", || !is_running(&mark));
    running.nothing_is_half_done();
}

#[test]
fn who_watches_over_programs_is_replaced_when_he_is_killed() {
    let mut running = Interrupted::running_first(&["cat $FIFO", "sleep 600; true"]);
    let parent = format!("PPid:\t{}\n", running.child.id());
    let is_ours = |process: &PathBuf| {
        std::fs::read_to_string(process.join("status")).is_ok_and(|status| status.contains(&parent))
    };
    let watches = |process: &PathBuf| {
        let words = std::fs::read_to_string(process.join("cmdline"));
        words.is_ok_and(|words| words.contains("watch-over-groups")) && is_ours(process)
    };
    let mut processes = std::fs::read_dir("/proc").unwrap().flatten().map(|process| process.path());
    let watcher = processes.find(watches).unwrap();
    kill(watcher.clone());
    // Until then he could still hear of a program.
    let status = || std::fs::read_to_string(watcher.join("status"));
    wait_until("he is gone", || status().map_or(true, |status| status.contains("State:\tZ")));
    std::fs::write(running.chain.playground.path("fifo"), "go on").unwrap();
    running.step = running.hear();
    assert!(running.step_is_alive());
    running.wait_until_watched(2);
    running.send("-KILL");
    running.child.wait().unwrap();
    wait_until("the step ends", || !running.step_is_alive());
}

#[test]
fn a_second_interrupt_waits_for_nobody_and_leaves_no_program_behind() {
    // Told to end, it says so and goes on.
    let stubborn = "trap 'echo told > $FIFO' TERM; while :; do sleep 600 & wait $! || :; done";
    let mut running = Interrupted::running(stubborn);
    running.send("-INT");
    assert_eq!(running.hear(), "told");
    running.send("-INT");
    let said = running.ends();
    assert!(said.contains("what was being done is not finished"), "{said}");
    wait_until("the step ends", || !running.step_is_alive());
    let report = running.chain.playground.run("repository fsck --repair");
    assert!(report.code == 0, "{}{}", report.stdout, report.stderr);
    running.nothing_is_half_done();
}
