//! The Debian packages of this machine as the material for roots of their own: which belong together, and copies of their files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What no program needs.
const LEFT_OUT: [&str; 5] =
    ["/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/", "/usr/share/lintian/"];

/// The essential packages, these, and all they depend on, by the first alternative, as far as the machine has them; but none that
/// is left out, nor what only that depends on.
pub(crate) fn essential_and(
    these: &[&str],
    is_left_out: impl Fn(&str) -> bool,
) -> io::Result<BTreeSet<String>> {
    let format = "${Package}\t${Essential}\t${Pre-Depends}, ${Depends}\n";
    let known = lines(Command::new("dpkg-query").args(["--show", "--showformat", format]))?;
    let mut needs = BTreeMap::new();
    let mut to_visit: Vec<String> = these.iter().map(|name| (*name).to_owned()).collect();
    for line in &known {
        let mut columns = line.split('\t');
        let (name, essential, relations) =
            (columns.next(), columns.next(), columns.next().unwrap_or_default());
        let name = name.unwrap_or_default().to_owned();
        if essential == Some("yes") {
            to_visit.push(name.clone());
        }
        let word =
            |relation: &str| relation.split([' ', '|', ':']).find(|word| !word.is_empty()).map(str::to_owned);
        needs.insert(name, relations.split(',').filter_map(word).collect::<Vec<_>>());
    }
    let mut found = BTreeSet::new();
    while let Some(name) = to_visit.pop() {
        if let (Some(needed), false) = (needs.get(&name), found.contains(&name) || is_left_out(&name)) {
            to_visit.extend(needed.iter().cloned());
            found.insert(name);
        }
    }
    Ok(found)
}

/// Makes the links that lead from `/bin` and its like to where the programs are, where this machine has them.
pub(crate) fn link_folders_of_programs(root: &Path) -> io::Result<()> {
    for top in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        if let Ok(target) = fs::read_link(Path::new("/").join(top)) {
            fs::create_dir_all(root.join(&target))?;
            std::os::unix::fs::symlink(target, root.join(top))?;
        }
    }
    Ok(())
}

/// Copies the files of these packages into the root, and others that are named by their paths.
pub(crate) fn copy_files(packages: &BTreeSet<String>, others: Vec<String>, root: &Path) -> io::Result<()> {
    let mut files = lines(Command::new("dpkg-query").arg("--listfiles").args(packages))?;
    files.extend(others);
    files.retain(|file| {
        let wanted = file.starts_with('/') && !LEFT_OUT.iter().any(|folder| file.starts_with(folder));
        wanted && fs::symlink_metadata(file).is_ok_and(|metadata| !metadata.is_dir())
    });
    let mut list = tempfile::NamedTempFile::new()?;
    for file in &files {
        writeln!(list, "{}", file.trim_start_matches('/'))?;
    }
    let mut pack = Command::new("tar");
    pack.args(["--create", "--directory=/", "--no-recursion", "--ignore-failed-read", "--files-from"]);
    let mut packed = pack.arg(list.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut unpack = Command::new("tar");
    unpack.args(["--extract", "--keep-directory-symlink", "--directory"]).arg(root);
    let unpacked = run(unpack.stdin(packed.stdout.take().map_or(Stdio::null(), Stdio::from)));
    packed.wait()?;
    unpacked
}

/// Runs a program that must succeed.
pub(crate) fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

fn lines(command: &mut Command) -> io::Result<Vec<String>> {
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
