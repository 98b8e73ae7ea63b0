//! The submodules that a commit names, read from the commit itself: no files of it are needed.

use std::collections::HashMap;

use gachette_core::git::Commit;
use trebuchet::process::Cancel;

use super::Mirror;
use crate::git::GitError;

/// A submodule, as a commit names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// Its folder.
    pub(super) path: String,
    /// Its address, as it is written.
    pub(super) written: String,
    /// The commit that belongs there.
    pub(super) commit: Commit,
}

/// What `.gitmodules` says of one submodule.
#[derive(Debug, Default)]
struct Entry {
    path: Option<String>,
    url: Option<String>,
    unwanted: bool,
}

impl Mirror {
    /// The submodules that `git submodule update` would put in place at a commit: not those without an address, nor those
    /// that are not wanted (`update = none`).
    pub(super) fn submodules(&self, commit: &Commit, cancel: &Cancel) -> Result<Vec<Named>, GitError> {
        let git = |subcommand| self.git.command(subcommand).folder(&self.path);
        let blob = git("ls-tree").args(["-z", commit.as_str(), ".gitmodules"]).output(cancel)?;
        // A link is not followed, by git neither.
        if !blob.starts_with("100") {
            return Ok(Vec::new());
        }
        let config = git("config").args(["-z", "--blob", &format!("{commit}:.gitmodules")]);
        let said = match config.args(["--get-regexp", r"^submodule\..*\.(path|url|update)$"]).output(cancel) {
            // Nothing is said there.
            Err(error) if error.status() == Some(1) => return Ok(Vec::new()),
            said => said?,
        };
        let entries = read_entries(&said);
        let tree = git("ls-tree").args(["-r", "-z", commit.as_str()]).bytes(cancel)?;
        let links = tree.split(|byte| *byte == 0).filter_map(read_link);
        Ok(links
            .filter_map(|(path, commit)| Some(Named { written: entries.get(&path)?.clone(), path, commit }))
            .collect())
    }
}

/// The addresses of the wanted submodules, by their folders. Of what is said twice, git takes the last.
fn read_entries(said: &str) -> HashMap<String, String> {
    let mut entries: HashMap<&str, Entry> = HashMap::new();
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for (key, value) in said.split('\0').filter_map(|entry| entry.split_once('\n')) {
        let Some((name, key)) = key.strip_prefix("submodule.").and_then(|rest| rest.rsplit_once('.')) else {
            continue;
        };
        let entry = entries.entry(name).or_default();
        match key {
            "path" => {
                entry.path = Some(value.to_owned());
                owners.insert(value, name);
            }
            "url" => entry.url = Some(value.to_owned()),
            _ => entry.unwanted = value == "none",
        }
    }
    let wanted = |(path, name): (&str, &str)| {
        let entry = entries.get(name)?;
        let is_its = entry.path.as_deref() == Some(path) && !entry.unwanted;
        Some((path.to_owned(), entry.url.clone().filter(|_| is_its)?))
    };
    owners.into_iter().filter_map(wanted).collect()
}

/// Reads `160000 commit <object><tab><path>`, as `git ls-tree -z` prints it; `None` for what is no submodule.
fn read_link(entry: &[u8]) -> Option<(String, Commit)> {
    let entry = String::from_utf8_lossy(entry.strip_prefix(b"160000 commit ")?);
    let (commit, path) = entry.split_once('\t')?;
    Some((path.to_owned(), commit.parse().ok()?))
}
