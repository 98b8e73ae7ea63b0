//! How long the chain takes, side by side with what people do by hand, in one run. Prints medians and ratios.
//!
//! `cargo bench --package gachette-cli --bench chain`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gachette_testkit::GitRepository;

const ROUNDS: usize = 15;

fn main() {
    let bench = Bench::new();
    let start = bench.median("gachette version", |_| bench.gachette(&["version"]));
    let git = bench.median("git --version", |_| run(Command::new("git").arg("--version")));
    println!("  → starting gachette takes {:.2} of starting git\n", ratio(start, git));

    let first = bench.median("quick, a new commit (4 packages)", |round| {
        bench.source.commit_file("round", round.to_string());
        Measured::only(|| bench.gachette(&["quick", "124", "config"]))
    });
    let hand = bench.median("by hand: git fetch, git checkout, 4 × dpkg-deb --build", |round| {
        bench.source.commit_file("round", format!("hand {round}"));
        Measured::only(|| bench.by_hand())
    });
    println!(
        "  → quick takes {:.2} of the work by hand, and knows afterwards what it did\n",
        ratio(first, hand)
    );

    let again = bench.median("quick, nothing changed", |_| bench.gachette(&["quick", "124", "config"]));
    let remote =
        bench.median("git ls-remote", |_| run(Command::new("git").arg("ls-remote").arg(bench.source.path())));
    println!("  → recognising a commit takes {:.2} of asking git for it\n", ratio(again, remote));

    let build = bench.median("build of the same recipe alone", |_| bench.gachette(&["build", "config"]));
    let pack = bench.median("4 × dpkg-deb --build of its packages", |_| bench.pack_by_hand());
    println!("  → building from the recipe takes {:.2} of packing what is finished\n", ratio(build, pack));

    let (first, again) = (
        memory(&bench, &["quick", "124", "config", "--rebuild"]),
        memory(&bench, &["quick", "124", "config"]),
    );
    println!("memory: {first:.1} MiB to build, {again:.1} MiB to recognise (git included)");
}

/// The most memory that one of our runs had, in MiB: read by a child of its own, so that only its runs count.
fn memory(bench: &Bench, words: &[&str]) -> f64 {
    const MEASURE: &str = "import resource, subprocess, sys\n\
        subprocess.check_call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n\
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", MEASURE, env!("CARGO_BIN_EXE_gachette")]).args(words);
    let output = python.current_dir(bench.folder.path()).env("HOME", bench.folder.path()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse::<f64>().unwrap() / 1024.0
}

/// A configuration recipe with four packages, in a git repository, configured.
struct Bench {
    folder: tempfile::TempDir,
    source: GitRepository,
}

/// What a round took; `()` means: all of it.
struct Measured(Option<Duration>);

impl Measured {
    /// Measures this part of the round alone.
    fn only(part: impl FnOnce()) -> Self {
        let began = Instant::now();
        part();
        Self(Some(began.elapsed()))
    }
}

impl From<()> for Measured {
    fn from((): ()) -> Self {
        Self(None)
    }
}

const RECIPE: &str = "
default:
  name: shop_config
  type: configuration
  shop: {title: Shop, workers: 4}
  extra_files: [{name: shop, type: nginx, template: nginx.conf}]
  static_files: [{name: shop_pages, folders: [{path: srv}]}]
live:
  name_suffix: _live
  shop: {workers: 40}
";

impl Bench {
    fn new() -> Self {
        let source = GitRepository::new();
        source.write("config.yml", RECIPE).write("nginx.conf", "server { server_name {{ shop.title }}; }\n");
        for page in 0..20 {
            source.write(&format!("srv/{page}.html"), "<h1>open</h1>\n".repeat(100));
        }
        source.commit("Open");
        let folder = tempfile::tempdir().unwrap();
        let url = source.path().display();
        let text = format!(
            "meta_path: repository\nworking_copies: working_copies\n\
             projects.config: {{url: {url}, path_to_missile: config.yml}}\n"
        );
        std::fs::write(folder.path().join("gachette.yml"), text).unwrap();
        let bench = Self { folder, source };
        bench.gachette(&["stack", "create", "124"]);
        bench.gachette(&["quick", "124", "config"]);
        bench.unpack();
        bench
    }

    fn gachette(&self, words: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gachette"));
        run(command.args(words).current_dir(self.folder.path()).env("HOME", self.folder.path()));
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// The trees of the packages and a clone, for the work by hand.
    fn unpack(&self) {
        run(Command::new("git")
            .args(["clone", "--quiet", "--depth=100"])
            .arg(self.source.url())
            .arg(self.path("clone")));
        for (number, file) in std::fs::read_dir(self.path("repository/debs")).unwrap().enumerate() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "deb") {
                run(Command::new("dpkg-deb").arg("-R").arg(&file).arg(self.path(&format!("tree{number}"))));
            }
        }
    }

    fn by_hand(&self) {
        let clone = self.path("clone");
        let git = |words: &[&str]| run(Command::new("git").arg("-C").arg(&clone).args(words));
        git(&["fetch", "--quiet", "--depth=100", "origin", "main"]);
        git(&["checkout", "--quiet", "--force", "FETCH_HEAD"]);
        self.pack_by_hand();
    }

    fn pack_by_hand(&self) {
        for entry in std::fs::read_dir(self.folder.path()).unwrap().map(Result::unwrap) {
            if entry.file_name().to_string_lossy().starts_with("tree") {
                let mut build = Command::new("dpkg-deb");
                run(build
                    .args(["--build", "--root-owner-group"])
                    .arg(entry.path())
                    .arg(self.path("by-hand.deb")));
            }
        }
    }

    fn median<M: Into<Measured>>(&self, name: &str, round: impl Fn(usize) -> M) -> Duration {
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|number| {
                let began = Instant::now();
                let Measured(part) = round(number).into();
                part.unwrap_or_else(|| began.elapsed())
            })
            .collect();
        times.sort_unstable();
        println!("{name:60} {:8.1} ms", times[ROUNDS / 2].as_secs_f64() * 1000.0);
        times[ROUNDS / 2]
    }
}

fn ratio(ours: Duration, theirs: Duration) -> f64 {
    ours.as_secs_f64() / theirs.as_secs_f64()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
