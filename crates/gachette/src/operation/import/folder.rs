//! The package files in a folder, or in the pool of a repository that aptly or reprepro keeps there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{OperationError, RefusedFile, linked};

/// What else lies beside the pool of a repository: of reprepro, of aptly, or as it is published.
const BESIDE_POOL: [&str; 4] = ["dists", "conf", "db", "public"];

/// What is found in a folder.
pub(super) struct Found {
    /// Where they were looked for.
    pub(super) top: PathBuf,
    /// The package files, in order.
    pub(super) files: Vec<PathBuf>,
    /// The folders below it that cannot be looked into, and links to others.
    pub(super) unseen: Vec<RefusedFile>,
}

/// All files in the folder and those below it whose names end in `.deb`. Links to folders are not followed, but told; what lies
/// in `own`, the repository's own folder, is no source of anything.
pub(super) fn package_files(folder: &Path, own: &Path) -> Result<Found, OperationError> {
    let shown = folder.display().to_string();
    let shown = shown.escape_debug();
    if !folder.is_absolute() {
        return Err(OperationError::Invalid(format!("`{shown}` is no absolute path")));
    }
    if !folder.is_dir() {
        return Err(OperationError::Invalid(no_folder(folder, &shown.to_string())));
    }
    let (own, shown_own) = (own.canonicalize().ok(), own.display().to_string());
    let mut is_own_met = false;
    let top = pool_of(folder);
    let mut folders = vec![top.clone()];
    let mut found = Found { top: top.clone(), files: Vec::new(), unseen: Vec::new() };
    let mut links = Vec::new();
    while let Some(folder) = folders.pop() {
        if own.is_some() && folder.canonicalize().ok() == own {
            is_own_met = true;
            continue;
        }
        match look(&folder, &mut folders, &mut links, &mut found.files) {
            Err(source) if folder == top => {
                return Err(OperationError::Io { path: folder.display().to_string(), source });
            }
            Err(error) => {
                let (file, reason) = (folder.display().to_string(), error.to_string());
                found.unseen.push(RefusedFile { file, reason });
            }
            Ok(()) => {}
        }
    }
    let looked_at: Vec<&Path> = own.as_deref().into_iter().chain([&*top]).collect();
    found.unseen.extend(links.iter().filter_map(|link| linked::refused(link, &looked_at)));
    if found.files.is_empty() && found.unseen.is_empty() {
        if is_own_met {
            return Err(OperationError::OwnFolder { path: shown_own });
        }
        return Err(OperationError::Invalid(format!("there is no package file in `{shown}`")));
    }
    // By their text: to compare thousands of paths part by part takes long.
    found.files.sort_unstable_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
    Ok(found)
}

/// What is said of what is no folder.
fn no_folder(path: &Path, shown: &str) -> String {
    if !path.exists() {
        return format!("there is no folder `{shown}`");
    }
    let is_named = |end: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(end));
    let what = if is_named("list") {
        "of sources in lines, one is said in quotes, such as `gachette repository import 'deb ADDRESS SUITE COMPONENT'`"
    } else if is_named("deb") {
        "the name of a package file ends in `.deb`, in small letters"
    } else {
        "the name of a package file ends in `.deb`, and that of APT sources in `.sources`"
    };
    format!("`{shown}` is a file, and no folder: {what}")
}

/// These files, in order, each once. What they are is looked at by who takes them in.
pub(super) fn named_files(files: &[PathBuf]) -> Result<Vec<PathBuf>, OperationError> {
    for file in files {
        let shown = file.display().to_string();
        let shown = shown.escape_debug();
        let wrong = match file.symlink_metadata() {
            _ if !file.is_absolute() => format!("`{shown}` is no absolute path"),
            Ok(found) if found.is_dir() => format!("`{shown}` is a folder; name it alone"),
            Ok(_) => continue,
            Err(_) => format!("there is no file `{shown}`"),
        };
        return Err(OperationError::Invalid(wrong));
    }
    if files.is_empty() {
        return Err(OperationError::Invalid("no package file is named".to_owned()));
    }
    let mut files = files.to_vec();
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

/// Notes the folders, links to folders and package files that lie in a folder.
fn look(
    folder: &Path,
    folders: &mut Vec<PathBuf>,
    links: &mut Vec<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            folders.push(entry.path());
        } else if entry.file_name().to_string_lossy().ends_with(".deb") {
            files.push(entry.path());
        } else if kind.is_symlink() && entry.path().is_dir() {
            links.push(entry.path());
        }
    }
    Ok(())
}

/// The part of a repository that has each package once; the folder itself when it is none.
fn pool_of(folder: &Path) -> PathBuf {
    let is_repository = |folder: &Path| {
        folder.join("pool").is_dir() && BESIDE_POOL.iter().any(|name| folder.join(name).is_dir())
    };
    let published = folder.join("public");
    let repository = [folder, &published].into_iter().find(|folder| is_repository(folder));
    repository.map_or_else(|| folder.to_path_buf(), |repository| repository.join("pool"))
}
