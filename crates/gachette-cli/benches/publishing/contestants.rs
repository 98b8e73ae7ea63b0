//! Who makes packages an APT repository.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::measured::{Measured, Place, run};

/// One that takes packages in and publishes them, signed by the same kind of key.
pub(crate) trait Contestant {
    fn name(&self) -> &'static str;

    /// Takes package files in, which stay where they are.
    fn take_in(&self, folder: &Path, files: &[PathBuf]) -> Option<Measured>;

    /// Publishes what was taken in.
    fn publish(&self) -> Option<Measured>;

    /// Ends all changes to what was taken in, so that it can be promoted; none where there is no such step.
    fn seal(&self) -> Option<Measured> {
        None
    }

    /// Has another suite show what is published.
    fn promote(&self) -> Option<Measured>;
}

/// The program that is benched.
pub(crate) struct Ours(Place);

impl Ours {
    pub(crate) fn new(place: Place) -> Self {
        let text = "meta_path: gachette\nsigning: {keys: [bench], folder: keys}\n";
        std::fs::write(place.path("gachette.yml"), text).unwrap();
        let ours = Self(place);
        ours.run(&["key", "generate", "bench"]);
        ours.run(&["stack", "create", "124"]);
        ours
    }

    fn run(&self, words: &[&str]) -> Measured {
        run(&self.0, env!("CARGO_BIN_EXE_gachette"), words)
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "gachette"
    }

    fn take_in(&self, folder: &Path, _: &[PathBuf]) -> Option<Measured> {
        Some(self.run(&["repository", "import", &folder.display().to_string(), "--to", "124"]))
    }

    fn publish(&self) -> Option<Measured> {
        Some(self.run(&["publish", "124"]))
    }

    fn seal(&self) -> Option<Measured> {
        Some(self.run(&["stack", "seal", "124"]))
    }

    fn promote(&self) -> Option<Measured> {
        // What the channel shows before, for the promotion to have something to replace.
        self.run(&["stack", "create", "123"]);
        self.run(&["stack", "seal", "123"]);
        self.run(&["promote", "123", "--to", "live"]);
        Some(self.run(&["promote", "124", "--to", "live"]))
    }
}

/// aptly, with a database of its own.
pub(crate) struct Aptly {
    place: Place,
    published: Cell<bool>,
}

impl Aptly {
    pub(crate) fn new(place: Place) -> Self {
        let text = format!(r#"{{"rootDir": "{}", "gpgProvider": "gpg"}}"#, place.path("aptly").display());
        std::fs::write(place.path("aptly.conf"), text).unwrap();
        let aptly = Self { place, published: Cell::new(false) };
        aptly.run(&["repo", "create", "-distribution=stack", "bench"]);
        aptly
    }

    fn run(&self, words: &[&str]) -> Measured {
        run(&self.place, "aptly", &[&["-config=aptly.conf"], words].concat())
    }
}

impl Contestant for Aptly {
    fn name(&self) -> &'static str {
        "aptly"
    }

    fn take_in(&self, folder: &Path, _: &[PathBuf]) -> Option<Measured> {
        Some(self.run(&["repo", "add", "-force-replace", "bench", &folder.display().to_string()]))
    }

    fn publish(&self) -> Option<Measured> {
        Some(if self.published.replace(true) {
            self.run(&["publish", "update", "-batch", "stack"])
        } else {
            self.run(&["publish", "repo", "-batch", "-architectures=amd64,all", "bench"])
        })
    }

    fn seal(&self) -> Option<Measured> {
        Some(self.run(&["snapshot", "create", "now", "from", "repo", "bench"]))
    }

    fn promote(&self) -> Option<Measured> {
        // A suite that shows the state before, for the switch to have something to replace.
        self.run(&["snapshot", "create", "before", "empty"]);
        self.run(&[
            "publish",
            "snapshot",
            "-batch",
            "-distribution=live",
            "-architectures=amd64,all",
            "before",
        ]);
        Some(self.run(&["publish", "switch", "-batch", "live", "now"]))
    }
}

/// reprepro.
pub(crate) struct Reprepro(Place);

const DISTRIBUTIONS: &str = "\
Codename: stack
Architectures: amd64
Components: main
SignWith: bench

Codename: live
Architectures: amd64
Components: main
SignWith: bench
Pull: stack
";

impl Reprepro {
    pub(crate) fn new(place: Place) -> Self {
        let conf = place.path("reprepro/conf");
        std::fs::create_dir_all(&conf).unwrap();
        std::fs::write(conf.join("distributions"), DISTRIBUTIONS).unwrap();
        std::fs::write(conf.join("pulls"), "Name: stack\nFrom: stack\n").unwrap();
        Self(place)
    }

    fn run(&self, words: &[&str]) -> Measured {
        run(&self.0, "reprepro", &[&["--silent", "--basedir", "reprepro"], words].concat())
    }
}

impl Contestant for Reprepro {
    fn name(&self) -> &'static str {
        "reprepro"
    }

    fn take_in(&self, _: &Path, files: &[PathBuf]) -> Option<Measured> {
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let words = ["--export=never", "--section=misc", "--priority=optional", "includedeb", "stack"];
        Some(self.run(&[&words, files.as_slice()].concat()))
    }

    fn publish(&self) -> Option<Measured> {
        Some(self.run(&["export", "stack"]))
    }

    fn promote(&self) -> Option<Measured> {
        Some(self.run(&["pull", "live"]))
    }
}

/// apt-ftparchive with its cache, xz, gzip and gpg, as people put them into a script.
pub(crate) struct AptFtparchive(Place);

const SCRIPT: &str = "set -e; cd ftparchive; I=dists/stack/main/binary-amd64; mkdir -p $I
apt-ftparchive --db cache.db packages pool > $I/Packages
gzip -9 -k -n -f $I/Packages; xz -k -f $I/Packages
apt-ftparchive release dists/stack > Release; mv Release dists/stack/Release
gpg --batch --yes --quiet --clearsign --output dists/stack/InRelease dists/stack/Release";

impl AptFtparchive {
    pub(crate) fn new(place: Place) -> Self {
        std::fs::create_dir_all(place.path("ftparchive/pool")).unwrap();
        Self(place)
    }
}

impl Contestant for AptFtparchive {
    fn name(&self) -> &'static str {
        "apt-ftparchive"
    }

    fn take_in(&self, folder: &Path, _: &[PathBuf]) -> Option<Measured> {
        Some(run(&self.0, "cp", &["--recursive", &format!("{}/.", folder.display()), "ftparchive/pool"]))
    }

    fn publish(&self) -> Option<Measured> {
        Some(run(&self.0, "sh", &["-c", SCRIPT]))
    }

    fn promote(&self) -> Option<Measured> {
        None
    }
}
