//! Commands that are run and measured.

use std::path::Path;
use std::process::{Command, Stdio};

/// What a command took.
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    /// The most memory that one of its processes had.
    pub(crate) mebibytes: f64,
}

/// Runs a command in a folder from a process of its own, so that only it counts.
pub(crate) fn run(folder: &Path, program: &str, words: &[&str]) -> Measured {
    const MEASURE: &str = "import resource, subprocess, sys, time\n\
        began = time.perf_counter()\n\
        done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n\
        took = time.perf_counter() - began\n\
        sys.stderr.buffer.write(done.stderr)\n\
        print(took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n\
        sys.exit(done.returncode)";
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", MEASURE, program]).args(words).current_dir(folder);
    python.env("HOME", folder).env("GNUPGHOME", folder.join("gnupg")).stdin(Stdio::null());
    let output = python.output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (seconds, mebibytes) = text.trim().split_once(' ').unwrap();
    Measured { seconds: seconds.parse().unwrap(), mebibytes: mebibytes.parse().unwrap() }
}
