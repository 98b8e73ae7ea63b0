//! The distributions of a repository whose pool is imported: a pool tells nothing of them.

use std::fs;
use std::path::Path;

use gachette_core::debian::Paragraphs;

use super::report::Distribution;

/// The largest release file that is read, in bytes.
const LARGEST: u64 = 1 << 24;
/// How many parts a distribution's name has at most, such as `stable/updates`.
const DEEPEST: usize = 3;

/// Those that a repository in this folder has, or what aptly published from there, by name.
pub(super) fn distributions(folder: &Path) -> Vec<Distribution> {
    let published = folder.join("public");
    let root = [folder, &published].into_iter().find(|root| root.join("dists").is_dir());
    let mut found = Vec::new();
    if let Some(root) = root.filter(|root| is_word(&root.to_string_lossy())) {
        look(root, "", DEEPEST, &mut found);
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// Notes the distributions at this place below `dists`, and below it.
fn look(root: &Path, above: &str, deeper: usize, found: &mut Vec<Distribution>) {
    let entries = fs::read_dir(root.join("dists").join(above)).into_iter().flatten().flatten();
    // Links are other names of the same.
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        match of(root, &name) {
            Some(distribution) => found.push(distribution),
            None if deeper > 1 => look(root, &format!("{name}/"), deeper - 1, found),
            None => {}
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
