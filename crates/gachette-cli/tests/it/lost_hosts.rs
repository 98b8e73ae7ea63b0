//! Hosts that are lost in the middle of the work. They are in a network of their own, so these tests need root and network
//! namespaces.

use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use gachette_testkit::{GitRepository, Network, NetworkHost};

use crate::hosts::{project, visit, wait_until};
use crate::playground::{Playground, Said};

/// How long the client may take to notice that nobody is there any more.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

/// A network with one host, `build1`, which has the stack 124; the project `web`, whose only step is quick at first.
struct Lab {
    network: Network,
    host: NetworkHost,
    playground: Playground,
    source: GitRepository,
    /// What the slow step runs, once it is slow.
    slow: String,
}

impl Lab {
    fn new(disk: Option<&str>, more: &str) -> Self {
        let network = Network::start();
        let host = network.host_with("build1", disk, "");
        if disk.is_none() {
            visit(&host.home());
        }
        let (source, home) = (project("true"), host.home_there());
        let configuration = format!(
            "ssh_config_path: {}\nmeta_path: {home}/repository\nworking_copies: {home}/working_copies\n\
             projects.web.url: {}\ntimeout: 3\n{more}",
            network.ssh_config().display(),
            source.path().display(),
            home = home.display()
        );
        let slow = format!("sleep 1000.{}", std::process::id());
        Self { playground: Playground::with_configuration(&configuration), network, host, source, slow }
    }

    fn child(&self, line: &str) -> Child {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command =
            self.playground.as_user(self.network.command(env!("CARGO_BIN_EXE_gachette")), &words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn said(&self, output: Output) -> Said {
        let mut said = self.playground.said(&[], output);
        said.stderr = said.stderr.replace(&self.host.home_there().display().to_string(), "[home]");
        said
    }

    fn run(&self, line: &str) -> Said {
        self.said(self.child(line).wait_with_output().unwrap())
    }

    fn ok(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, 0, "gachette {line}\n{}{}", said.stdout, said.stderr);
        said.stdout
    }

    /// A `quick` in the middle of its slow step.
    fn in_the_middle(&self) -> Child {
        self.ok("-H build1 stack create 124");
        let recipe = format!("name: web\ntype: application\nbuild_assets: ['exec {}']\n", self.slow);
        self.source.write(".missile.yml", recipe).commit("slow");
        let child = self.child("-H build1 quick 124 web");
        wait_until("the step begins", || self.is_at_work());
        child
    }

    fn is_at_work(&self) -> bool {
        self.host.runs(&self.slow.split(' ').collect::<Vec<_>>())
    }

    /// What the client says, in time, of a host that was lost in the middle.
    fn noticed(&self, child: Child) -> Said {
        let begun = Instant::now();
        let said = self.said(child.wait_with_output().unwrap());
        let took = begun.elapsed();
        assert!(took < NOTICED_WITHIN, "noticed after {took:?}");
        assert_eq!(said.code, 6, "{}", said.stderr);
        let state =
            "in the middle of: quick web into default/124; the stack has got all of its packages or none";
        for part in ["build1: the connection was lost", state] {
            assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
        }
        said
    }

    /// The same command as before does its work.
    fn goes_on(&self) {
        self.source
            .write(".missile.yml", "name: web\ntype: application\nbuild_assets: ['true']\n")
            .commit("quick again");
        assert!(self.ok("-H build1 quick 124 web").contains("dh-web"));
        self.ok("-H build1 repository fsck");
    }
}

/// Who is not there is told of; the kernel may have found out before us.
fn is_out_of_reach(said: &Said) {
    let told = ["it did not answer", "there is no way to it"].map(|what| {
        ["build1: ", "build1: at a host on the way there: "].map(|begin| format!("{begin}{what}"))
    });
    assert!(told.iter().flatten().any(|words| said.stderr.contains(words)), "{}", said.stderr);
}

#[test]
fn a_black_hole_is_noticed_and_the_work_behind_it_ends_by_itself() {
    let lab = Lab::new(None, "reuse_connection: 0\n");
    let child = lab.in_the_middle();
    lab.host.cut();
    lab.noticed(child);
    wait_until("the far side notices too", || !lab.is_at_work());
    let said = lab.run("-H build1 stack list");
    assert_eq!(said.code, 6, "{}", said.stderr);
    is_out_of_reach(&said);
    lab.host.mend();
    assert!(lab.ok("-H build1 stack log 124").contains("created"));
    lab.goes_on();
}

#[test]
fn a_host_that_loses_its_power_is_noticed() {
    let mut lab = Lab::new(None, "reuse_connection: 0\n");
    let child = lab.in_the_middle();
    lab.host.kill();
    lab.noticed(child);
    lab.host.boot();
    lab.goes_on();
}

#[test]
fn a_connection_that_is_kept_is_noticed_to_be_gone_too() {
    let lab = Lab::new(None, "reuse_connection: 5\n");
    let child = lab.in_the_middle();
    lab.host.cut();
    lab.noticed(child);
    lab.host.mend();
    lab.goes_on();
}

#[test]
fn a_full_disk_is_named_when_the_program_arrives_and_when_it_builds() {
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_gachette")).unwrap().len() >> 20;
    let lab = Lab::new(Some(&format!("{}m", size + 24)), "reuse_connection: 0\n");
    let filler = lab.host.home().join("filler");
    std::fs::write(&filler, vec![1; 40 << 20]).unwrap();
    let said = lab.run("-H build1 stack create 124");
    assert_eq!(said.code, 6, "{}", said.stderr);
    assert!(said.stderr.contains("is the disk full?"), "{}", said.stderr);
    std::fs::remove_file(&filler).unwrap();
    lab.ok("-H build1 stack create 124");
    std::fs::write(&filler, vec![1; 16 << 20]).unwrap();
    lab.source.write("large", "no zeroes\n".repeat(2 << 20)).commit("large");
    let said = lab.run("-H build1 quick 124 web");
    assert_eq!(said.code, 4, "{}", said.stderr);
    let state = "in the middle of: quick web into default/124; nothing was added to stack default/124";
    for part in ["error: build1: ", "disk", state] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
    assert!(lab.ok("-H build1 stack log 124").contains("created"), "nothing was added");
    // Without any room left even a stack does not fit, and that is the host's fault.
    std::fs::write(&filler, vec![1; 64 << 20]).unwrap_err();
    let said = lab.run("-H build1 stack create 125");
    assert_eq!((said.code, said.stderr.contains("the disk is full")), (6, true), "{}", said.stderr);
    for part in ["error: build1: ", "in the middle of: create stack default/125; it is done or it is not"] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
    std::fs::remove_file(&filler).unwrap();
    std::fs::remove_file(lab.source.path().join("large")).unwrap();
    lab.goes_on();
}

#[test]
fn a_host_behind_another_is_reached_and_either_may_be_down() {
    let mut lab = Lab::new(None, "reuse_connection: 0\ngateway: gate\n");
    let mut gate = lab.network.host("gate");
    lab.ok("-H build1 stack create 124");
    gate.kill();
    let said = lab.run("-H build1 stack list");
    assert_eq!(said.code, 6, "{}", said.stderr);
    is_out_of_reach(&said);
    gate.boot();
    lab.host.kill();
    let said = lab.run("-H build1 quick 124 web");
    assert_eq!(said.code, 6, "{}", said.stderr);
    for part in ["error: build1: ", "not begun: quick web into default/124; nothing was changed there"] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
    lab.host.boot();
    // What the gate asked the network about it while it was down comes to its end first.
    wait_until("the gate finds it again", || lab.run("-H build1 stack list").code == 0);
    lab.goes_on();
}
