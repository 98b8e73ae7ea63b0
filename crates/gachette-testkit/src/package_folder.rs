//! Small real packages in a folder, with the index that Debian's own tool makes of them.

#![allow(clippy::panic, reason = "a fixture that cannot be made ends the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of packages, made by dpkg-deb.
pub struct PackageFolder {
    folder: PathBuf,
}

impl PackageFolder {
    /// Packages in this folder, which is made.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn at(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self { folder }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Makes a package of these fields, one a line, of which `Package`, `Version` and `Architecture` must be there; the name of
    /// its file.
    ///
    /// # Panics
    /// If dpkg-deb does not make it.
    pub fn add(&self, fields: &str) -> String {
        let field = |name: &str| {
            let value = fields.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.unwrap_or_else(|| panic!("{name} is missing in {fields}"))
        };
        let [name, version, architecture] = ["Package", "Version", "Architecture"].map(field);
        let file = format!("{name}-{version}-{architecture}.deb");
        let tree = self.folder.join(format!("{file}.tree"));
        fs::create_dir_all(tree.join("DEBIAN")).unwrap_or_else(|error| panic!("{error}"));
        let control = format!("{fields}\nMaintainer: Ada <ada@example.org>\nDescription: a test\n");
        fs::write(tree.join("DEBIAN/control"), control).unwrap_or_else(|error| panic!("{error}"));
        // The same fields make the same bytes.
        let mut dpkg_deb = Command::new("dpkg-deb");
        dpkg_deb.env("SOURCE_DATE_EPOCH", "0");
        run(dpkg_deb.args(["--root-owner-group", "--build"]).arg(&tree).arg(self.folder.join(&file)));
        fs::remove_dir_all(&tree).unwrap_or_else(|error| panic!("{error}"));
        file
    }

    /// Puts all that is in the folder into another one too.
    ///
    /// # Panics
    /// If it cannot be copied.
    pub fn copy_to(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        run(Command::new("cp").arg("-r").arg(self.folder.join(".")).arg(folder));
    }

    /// Writes the folder's `Packages`, as apt-ftparchive makes it, and gives its text.
    ///
    /// # Panics
    /// If that fails.
    pub fn index(&self) -> String {
        let output = run(Command::new("apt-ftparchive").args(["packages", "."]).current_dir(&self.folder));
        fs::write(self.folder.join("Packages"), &output.stdout).unwrap_or_else(|error| panic!("{error}"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}
