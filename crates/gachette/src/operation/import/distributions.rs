//! The distributions of a repository whose pool is imported: a pool tells nothing of them.

use std::fs;
use std::path::{Path, PathBuf};

use gachette_core::debian::Paragraphs;

use super::report::Distribution;

/// The largest release file that is read, in bytes.
const LARGEST: u64 = 1 << 24;
/// How many parts a distribution's name has at most, such as `stable/updates`, and the prefix that it is published under.
const DEEPEST: usize = 3;
/// In how many folders distributions are looked for.
const MOST: usize = 1000;

/// Those whose packages are in the part of a repository's folder that is looked at, or what aptly published from there, by name.
pub(super) fn distributions(folder: &Path, looked_at: &Path) -> Vec<Distribution> {
    let published = folder.join("public");
    let mut roots = Vec::new();
    if looked_at == published.join("pool") {
        roots.push(published.clone());
    } else if looked_at == folder.join("pool") {
        roots.push(folder.to_path_buf());
        // aptly keeps there what it publishes anywhere below.
        below(&published, DEEPEST, &mut roots);
    } else {
        below(folder, DEEPEST, &mut roots);
    }
    let mut found = Vec::new();
    for root in roots.iter().filter(|root| root.join("dists").is_dir() && is_word(&root.to_string_lossy())) {
        let first = found.len();
        look(root, "", DEEPEST, &mut found);
        // As aptly calls what it publishes under a prefix.
        let prefix = root.strip_prefix(&published).or_else(|_| root.strip_prefix(folder)).unwrap_or(root);
        for distribution in found.iter_mut().skip(first) {
            distribution.name = prefix.join(&distribution.name).display().to_string();
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// Notes a folder and those below it in which a repository may be published.
fn below(folder: &Path, deeper: usize, roots: &mut Vec<PathBuf>) {
    roots.push(folder.to_path_buf());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let is_part = ["dists", "pool"].iter().any(|part| entry.file_name() == *part);
        if deeper > 0 && !is_part && roots.len() < MOST {
            below(&entry.path(), deeper - 1, roots);
        }
    }
}

/// Notes the distributions at this place below `dists`, and below it.
fn look(root: &Path, above: &str, deeper: usize, found: &mut Vec<Distribution>) {
    let entries = fs::read_dir(root.join("dists").join(above)).into_iter().flatten().flatten();
    // Links are other names of the same.
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        found.extend(of(root, &name));
        // reprepro has some below others, such as `bookworm/updates`.
        if deeper > 1 {
            look(root, &format!("{name}/"), deeper - 1, found);
        }
    }
}

/// The distribution in this folder, if there is one.
fn of(root: &Path, name: &str) -> Option<Distribution> {
    let folder = root.join("dists").join(name);
    let read = |file| trebuchet::read_regular(&folder.join(file), LARGEST).ok();
    let in_release = read("InRelease");
    let signed = in_release.is_some() || folder.join("Release.gpg").exists();
    let text = String::from_utf8(read("Release").or(in_release)?).ok()?;
    // What is signed in one file begins with lines of their own (RFC 9580, 7).
    let clear = text.starts_with("-----").then(|| text.split_once("\n\n")).flatten();
    let fields = Paragraphs::new(clear.map_or(&text, |(_, clear)| clear)).next()?.ok()?;
    let components = fields.get("Components")?;
    let components: Vec<&str> = components.split_whitespace().collect();
    if components.is_empty() || !components.iter().chain([&name]).all(|word| is_word(word)) {
        return None;
    }
    let keys = if signed { "[signed-by=KEYRING] " } else { "" };
    let sources = format!("deb {keys}file:{} {name} {}", root.display(), components.join(" "));
    Some(Distribution { name: name.to_owned(), sources, signed })
}

/// Whether it can stand in a line of sources, and in quotes of a shell.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._+~-".contains(c))
}
