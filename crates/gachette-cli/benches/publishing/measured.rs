//! Commands that are run and measured.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a command took.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    /// The most memory that one of its processes had.
    pub(crate) mebibytes: f64,
}

/// Where a contestant works in one round, and whose keys it signs with.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) home: PathBuf,
}

impl Place {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The middle of what the rounds took, and the most memory of them all.
pub(crate) fn middle(rounds: &[Measured]) -> Measured {
    let mut seconds: Vec<f64> = rounds.iter().map(|round| round.seconds).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    let mebibytes = rounds.iter().map(|round| round.mebibytes).fold(0.0, f64::max);
    Measured { seconds: seconds[rounds.len() / 2], mebibytes }
}

/// Runs a command in such a place from a process of its own, so that only it counts.
pub(crate) fn run(place: &Place, program: &str, words: &[&str]) -> Measured {
    const MEASURE: &str = "import resource, subprocess, sys, time\n\
        began = time.perf_counter()\n\
        done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n\
        took = time.perf_counter() - began\n\
        sys.stderr.buffer.write(done.stderr)\n\
        print(took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n\
        sys.exit(done.returncode)";
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", MEASURE, program]).args(words).current_dir(&place.folder);
    python.env("HOME", &place.folder).env("GNUPGHOME", &place.home).stdin(Stdio::null());
    let output = python.output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (seconds, mebibytes) = text.trim().split_once(' ').unwrap();
    Measured { seconds: seconds.parse().unwrap(), mebibytes: mebibytes.parse().unwrap() }
}
