//! Who packs the tree, and how it is measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gachette_core::debian::Control;
use trebuchet::deb::{Compression, DebPackage, FolderModes, Tree, WriteOptions, write};
use trebuchet::process::Cancel;

/// A way to make a package of the tree: commands that are run one after the other.
pub(crate) struct Contestant {
    pub(crate) name: String,
    commands: Vec<Vec<String>>,
    output: PathBuf,
}

/// What a run took and gave.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    pub(crate) processor_seconds: f64,
    pub(crate) size: u64,
    pub(crate) peak_kib: u64,
}

/// Runs its arguments, and prints the seconds they took by the clock and of processors' time, and the most memory, in KiB,
/// that one of the processes had.
const MEASURE: &str = "\
import resource, subprocess, sys, time
start = time.monotonic()
subprocess.check_call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds, used = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss)";

/// The checksums as debhelper takes them; the arguments are those of `sh -c`.
const CHECKSUMS: &str = "cd \"$1\" && find opt -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums";

impl Measured {
    /// The quicker of two runs, with the higher memory of both.
    pub(crate) fn better(self, other: Self) -> Self {
        Self {
            seconds: self.seconds.min(other.seconds),
            processor_seconds: self.processor_seconds.min(other.processor_seconds),
            size: self.size,
            peak_kib: self.peak_kib.max(other.peak_kib),
        }
    }
}

fn command(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Contestant {
    /// This very program, started again to pack.
    pub(crate) fn ours(tree: &Path, folder: &Path, format: &str, level: u32) -> Self {
        let (output, level) = (folder.join("ours.deb"), level.to_string());
        let program = std::env::current_exe().unwrap();
        let words = [&program, Path::new("--pack"), Path::new(format), Path::new(&level), tree, &output];
        let words = words.map(|word| word.to_str().unwrap());
        Self { name: "trebuchet".to_owned(), commands: vec![command(&words)], output }
    }

    /// `dpkg-deb --build` alone, without checksums.
    pub(crate) fn dpkg_deb(tree: &Path, folder: &Path, format: &str, level: u32) -> Self {
        let output = folder.join("theirs.deb");
        let (format, level) = (format!("-Z{format}"), format!("-z{level}"));
        let (tree, target) = (tree.to_str().unwrap(), output.to_str().unwrap());
        let options = ["dpkg-deb", "--root-owner-group", "--threads-max=2", &format, &level, "--build"];
        let words = [&options[..], &[tree, target]].concat();
        Self { name: "dpkg-deb, no checksums".to_owned(), commands: vec![command(&words)], output }
    }

    /// `md5sum` over the tree, then `dpkg-deb --build`.
    pub(crate) fn debhelper(tree: &Path, folder: &Path, format: &str, level: u32) -> Self {
        let mut both = Self::dpkg_deb(tree, folder, format, level);
        both.name = "md5sum and dpkg-deb".to_owned();
        both.commands.insert(0, command(&["sh", "-c", CHECKSUMS, "sh", tree.to_str().unwrap()]));
        both
    }

    /// nfpm, if it is installed.
    pub(crate) fn nfpm(tree: &Path, folder: &Path, format: &str, level: u32) -> Option<Self> {
        Command::new("nfpm").arg("--version").stdout(Stdio::null()).status().ok()?;
        let (output, config) = (folder.join("nfpm.deb"), folder.join(format!("nfpm-{format}.yaml")));
        // It has one level of xz, its own.
        let compression = if format == "xz" { format.to_owned() } else { format!("{format}:{level}") };
        let text = format!(
            "name: dh-bench\narch: all\nversion: 1.0.0\nmaintainer: A <a@example.org>\ndescription: bench\n\
             deb:\n  compression: {compression}\ncontents:\n  - src: {}\n    dst: /opt\n    type: tree\n",
            tree.join("opt").display()
        );
        std::fs::write(&config, text).unwrap();
        let words = ["nfpm", "package", "--packager", "deb", "--config"];
        let words = [&words[..], &[config.to_str().unwrap(), "--target", output.to_str().unwrap()]].concat();
        Some(Self { name: "nfpm".to_owned(), commands: vec![command(&words)], output })
    }

    pub(crate) fn run(&self) -> Measured {
        let mut measured = Measured { seconds: 0.0, processor_seconds: 0.0, size: 0, peak_kib: 0 };
        for words in &self.commands {
            let output = Command::new("python3").args(["-c", MEASURE]).args(words).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
            let numbers: Vec<f64> = said.split_whitespace().map(|number| number.parse().unwrap()).collect();
            measured.seconds += numbers[0];
            measured.processor_seconds += numbers[1];
            measured.peak_kib = measured.peak_kib.max(numbers[2] as u64);
        }
        measured.size = self.output.metadata().unwrap().len();
        measured
    }
}

/// What the process does that [`Contestant::ours`] starts.
pub(crate) fn pack(arguments: &[String]) {
    let [format, level, tree, output] = arguments else { panic!("--pack FORMAT LEVEL TREE OUTPUT") };
    let compression = match format.as_str() {
        "zstd" => Compression::Zstd { level: level.parse().unwrap() },
        "xz" => Compression::Xz { level: level.parse().unwrap() },
        _ => Compression::Gzip,
    };
    let mut control =
        Control::new("dh-bench".parse().unwrap(), "1.0.0".parse().unwrap(), "all".parse().unwrap());
    control.maintainer = "A <a@example.org>".to_owned();
    control.description = "bench".to_owned();
    let mut entries = Tree::new();
    let opt = "opt".parse().unwrap();
    entries.add_folder(&Path::new(tree).join("opt"), Some(&opt), FolderModes::Sane).unwrap();
    let package = DebPackage { entries: entries.into_entries(), ..DebPackage::new(control) };
    let options = WriteOptions { compression, threads: 2, mtime: 1_700_000_000 };
    write(&package, Path::new(output), &options, &Cancel::new()).unwrap();
}
