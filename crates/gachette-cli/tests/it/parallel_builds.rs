//! Builds on several hosts at the same time: each host is one of its own, with its own disk under the same names.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use gachette_testkit::{GitRepository, Network, NetworkHost};
use serde_json::Value;

use crate::documents::normal;
use crate::hosts::{project, visit, wait_until};
use crate::playground::{Playground, Said};

const NAMES: [&str; 3] = ["one", "two", "three"];

/// Three hosts with the stack 124, and the project `web`, whose step is a script in which hosts can see one another.
struct Trio {
    network: Network,
    hosts: [NetworkHost; 3],
    playground: Playground,
    source: GitRepository,
}

impl Trio {
    fn new(step: &str) -> Self {
        let (network, source) = (Network::start(), project("sh step.sh"));
        let hosts = NAMES.map(|name| network.host(name));
        hosts.iter().for_each(|host| visit(&host.home()));
        let playground = Playground::with_configuration(&format!(
            "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: {own}/repository\nworking_copies: {own}/copies\n\
             projects.web.url: {}\n",
            network.ssh_config().display(),
            source.path().display(),
            own = network.own().display()
        ));
        let trio = Self { network, hosts, playground, source };
        std::fs::create_dir(trio.meeting()).unwrap();
        let begin = format!(
            "cd {} || exit 9\nhost=$(basename \"$(dirname \"$HOME\")\")\n\
             until_there() {{ for n in $(seq 1200); do [ -e \"$1\" ] && return; sleep 0.05; done; exit 8; }}\n",
            trio.meeting().display()
        );
        trio.source.write("step.sh", begin + step).commit("meet");
        let said = trio.run("-H one,two,three -P stack create 124");
        assert_eq!(said.code, 0, "{}", said.stderr);
        trio
    }

    /// A folder that the steps on all hosts see.
    fn meeting(&self) -> PathBuf {
        self.playground.path("meeting")
    }

    fn command(&self, line: &str) -> Command {
        let words: Vec<&str> = line.split(' ').collect();
        self.playground.as_user(self.network.command(env!("CARGO_BIN_EXE_gachette")), &words)
    }

    fn run(&self, line: &str) -> Said {
        self.playground.said(&[], self.command(line).output().unwrap())
    }

    /// How many revisions the stack has on each host.
    fn revisions(&self) -> [usize; 3] {
        self.hosts.each_ref().map(|host| {
            let ledger = host.own().join("repository/domain/default/stacks/124/revisions");
            std::fs::read_dir(ledger).unwrap().count()
        })
    }
}

/// The lines of this host, without what says so and what differs in every run.
fn of_host(text: &str, host: &str) -> Vec<String> {
    let prefix = format!("[{host}] ");
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(&prefix)).collect();
    normal(&lines.join("\n"))
}

/// The lines that are of no host in particular.
fn of_no_host(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !NAMES.iter().any(|name| line.starts_with(&format!("[{name}] ")))).collect()
}

/// The outcome of each host, as the table at the end has it.
fn outcomes(said: &Said) -> Vec<(String, String)> {
    let table = of_no_host(&said.stderr);
    assert_eq!(
        table.first().map(|line| normal(line)),
        Some(vec!["HOST OUTCOME TIME".to_owned()]),
        "{table:?}"
    );
    let row = |line: &&str| {
        let mut cells = line.split("  ").filter(|cell| !cell.is_empty()).map(|cell| cell.trim().to_owned());
        (cells.next().unwrap(), cells.next().unwrap())
    };
    let is_row = |line: &&&str| NAMES.iter().any(|name| line.starts_with(name));
    table[1..].iter().take_while(is_row).map(row).collect()
}

fn expected(of: [&str; 3]) -> Vec<(String, String)> {
    NAMES.iter().zip(of).map(|(name, outcome)| ((*name).to_owned(), outcome.to_owned())).collect()
}

/// A step that begins on all hosts before it ends on any, and fails on the second.
const MEET: &str = "touch begun.$host\nfor name in one two three; do until_there begun.$name; done\n\
                    if [ $host = two ]; then echo no luck here >&2; exit 3; fi\n";

#[test]
fn builds_on_three_hosts_are_told_apart_and_one_that_fails_hides_no_other() {
    let trio = Trio::new(MEET);
    let said = trio.run("-H one,two,three -P quick 124 web");
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert_eq!(outcomes(&said), expected(["done", "failed", "done"]), "{}", said.stderr);
    assert_eq!(of_no_host(&said.stdout), Vec::<&str>::new());
    let results = of_host(&said.stdout, "one");
    assert!(results.last().unwrap().ends_with("stack default/124 is now at revision 2"), "{results:?}");
    assert_eq!(results, of_host(&said.stdout, "three"));
    assert_eq!(of_host(&said.stdout, "two"), Vec::<String>::new());
    let events = of_host(&said.stderr, "one");
    assert!(events.iter().any(|line| line.starts_with("built dh-web ")), "{events:?}");
    assert_eq!(events, of_host(&said.stderr, "three"));
    let failure = of_host(&said.stderr, "two");
    for part in ["error: ", "no luck here", "log: "] {
        assert!(failure.iter().any(|line| line.starts_with(part)), "{part}: {failure:?}");
    }
    assert_eq!(trio.revisions(), [2, 1, 2]);
    // For programs, with what is built by now recognised.
    NAMES.iter().for_each(|name| std::fs::remove_file(trio.meeting().join(format!("begun.{name}"))).unwrap());
    let said = trio.run("-H one,two,three -P --format json quick 124 web --rebuild");
    assert_eq!(said.code, 4, "{}", said.stderr);
    let mut lines: Vec<Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["host"].as_str().map(str::to_owned));
    let [one, three, two] = lines.as_slice() else { panic!("{}", said.stdout) };
    for (line, host) in [(one, "one"), (three, "three")] {
        assert_eq!((&line["host"], &line["result"]["state"]), (&host.into(), &"succeeded".into()), "{line}");
        assert_eq!(line["result"]["outcome"]["packages"][0]["state"], "rebuilt_same", "{line}");
    }
    assert_eq!((&two["host"], &two["error"]["kind"]), (&"two".into(), &"build_failed".into()), "{two}");
    assert_eq!(two["error"]["exit_code"], 4, "{two}");
}

/// A step that notes when more than two are at it. On the first host it ends when that on the third has.
const CROWD: &str = "touch at_it.$host\n[ $(ls at_it.* | wc -l) -le 2 ] || touch crowded\n\
                     if [ $host = one ]; then until_there ended.three; fi\n\
                     rm at_it.$host\ntouch ended.$host\n[ $host != two ]\n";

#[test]
fn two_at_the_same_time_are_no_more_and_a_slow_host_keeps_no_other_waiting() {
    let trio = Trio::new(CROWD);
    let said = trio.run("-H one,two,three -P -z 2 -w quick:124,web");
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert_eq!(outcomes(&said), expected(["done", "failed", "done"]), "{}", said.stderr);
    assert!(!trio.meeting().join("crowded").exists());
    assert_eq!(trio.revisions(), [2, 1, 2]);
}

#[test]
fn a_host_that_failed_keeps_others_from_beginning() {
    let trio = Trio::new("[ $host = three ]\n");
    let said = trio.run("-H one,two,three -P -z 1 quick 124 web");
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert_eq!(outcomes(&said), expected(["failed", "not begun", "not begun"]), "{}", said.stderr);
    assert_eq!(trio.revisions(), [1, 1, 1]);
}

#[test]
fn a_host_that_is_cut_off_and_one_that_is_killed_keep_the_third_from_nothing() {
    let mut trio = Trio::new("touch begun.$host\nuntil_there go.$host\n");
    let mut client = trio.command("-H one,two,three -P quick 124 web");
    let client = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let meeting = trio.meeting();
    wait_until("all are at it", || NAMES.iter().all(|name| meeting.join(format!("begun.{name}")).exists()));
    trio.hosts[0].cut();
    trio.hosts[1].kill();
    std::fs::write(meeting.join("go.three"), "").unwrap();
    let said = trio.playground.said(&[], client.wait_with_output().unwrap());
    assert_eq!(said.code, 6, "{}", said.stderr);
    assert_eq!(outcomes(&said), expected(["failed", "failed", "done"]), "{}", said.stderr);
    for host in ["one", "two"] {
        let told = of_host(&said.stderr, host).join("\n");
        for part in [
            format!("error: {host}: the connection was lost"),
            "in the middle of: quick web into default/124; the stack has got all of its packages or none"
                .to_owned(),
        ] {
            assert!(told.contains(&part), "{part}: {told}");
        }
    }
    let results = of_host(&said.stdout, "three");
    assert!(results.last().unwrap().ends_with("stack default/124 is now at revision 2"), "{results:?}");
    assert_eq!(trio.revisions(), [1, 1, 2]);
    // Once they are back, the same command does what is left.
    trio.hosts[0].mend();
    trio.hosts[1].boot();
    for name in ["one", "two"] {
        std::fs::write(meeting.join(format!("go.{name}")), "").unwrap();
    }
    let said = trio.run("-H one,two,three -P quick 124 web");
    assert_eq!(outcomes(&said), expected(["done"; 3]), "{}", said.stderr);
    assert_eq!(trio.revisions(), [2, 2, 2]);
}

#[test]
fn three_builders_at_once_bring_the_same_packages_to_one_repository() {
    let trio = Trio::new("touch begun.$host\nfor name in one two three; do until_there begun.$name; done\n");
    let here = "--set repository=here,meta_path=kept";
    let said = trio.run(&format!("{here} stack create 124"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    let said = trio.run(&format!("{here} -H one,two,three -P quick 124 web"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(outcomes(&said), expected(["done"; 3]), "{}", said.stderr);
    let log = trio.run(&format!("{here} --format json stack log 124")).stdout;
    assert_eq!(serde_json::from_str::<Value>(&log).unwrap().as_array().unwrap().len(), 2, "{log}");
    assert!(trio.run(&format!("{here} repository fsck")).stdout.contains("clean: "));
    assert_eq!(trio.revisions(), [1, 1, 1], "nothing is kept on the builders");
}
