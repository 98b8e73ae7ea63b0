//! What is known about a finished environment: which of its files name the folder it was made in, so that they can be
//! made to name another one wherever it is put.
//!
//! Taking a snapshot also removes what must not be shipped: compiled python files, which hold build paths and are
//! compiled again on the target host, and notes that installers leave about where a distribution came from on this
//! machine. A binary file that names a folder of this machine cannot be mended and is an error.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::EnvironmentError;
use super::record::{self, Fate};
use super::relocation::{find, is_text};
use crate::io_error::{At as _, IoError};

/// What a cached environment's own folder needs to be put elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// The folder it was made in.
    pub(crate) made_in: PathBuf,
    /// The folder around it, with whatever was needed to make it.
    pub(crate) work: PathBuf,
    /// The project it was made for.
    pub(crate) project: PathBuf,
    /// Text files that name any of them, relative to the environment; sorted.
    pub(crate) texts: Vec<PathBuf>,
    /// `RECORD` files; sorted.
    pub(crate) records: Vec<PathBuf>,
    /// Whether any file is compiled for one architecture.
    pub(crate) native: bool,
}

impl Snapshot {
    /// Looks through the environment made in `work/env`. No file may name a folder of `forbidden`.
    pub(crate) fn take(work: &Path, project: &Path, forbidden: &Path) -> Result<Self, EnvironmentError> {
        let made_in = work.join("env");
        let mut snapshot = Self {
            made_in: made_in.clone(),
            work: work.to_owned(),
            project: project.to_owned(),
            texts: Vec::new(),
            records: Vec::new(),
            native: false,
        };
        remove_build_leftovers(&made_in)?;
        for entry in WalkDir::new(&made_in).sort_by_file_name() {
            let entry = entry.map_err(|error| IoError::walking(&made_in, error))?;
            let relative = entry.path().strip_prefix(&made_in).unwrap_or(entry.path()).to_owned();
            if entry.path_is_symlink() {
                let target = fs::read_link(entry.path()).at(entry.path())?;
                if target.starts_with(forbidden) && !target.starts_with(&made_in) {
                    return Err(EnvironmentError::NamesFolder {
                        file: relative,
                        folder: forbidden.to_owned(),
                    });
                }
            } else if entry.file_type().is_file() {
                snapshot.look_at(entry.path(), relative, &[forbidden, project])?;
            }
        }
        snapshot.correct_records()?;
        Ok(snapshot)
    }

    fn look_at(&mut self, path: &Path, relative: PathBuf, folders: &[&Path]) -> Result<(), EnvironmentError> {
        let found = named_in(path, folders).at(path)?;
        self.native |= found.is_elf;
        if is_record(&relative) {
            self.records.push(relative.clone());
        }
        let Some(folder) = found.folder else { return Ok(()) };
        if is_text(&fs::read(path).at(path)?) {
            self.texts.push(relative);
            return Ok(());
        }
        Err(EnvironmentError::NamesFolder { file: relative, folder: folder.to_owned() })
    }

    /// Drops the rows of files that are not there any more.
    fn correct_records(&self) -> Result<(), EnvironmentError> {
        for record in &self.records {
            let path = self.made_in.join(record);
            let text = fs::read_to_string(&path).at(&path)?;
            let corrected = record::updated(&text, |row| match recorded(record, row) {
                Some(file) if fs::symlink_metadata(self.made_in.join(&file)).is_err() => Fate::Gone,
                _ => Fate::Kept,
            });
            if corrected != text {
                replace(&path, corrected.as_bytes()).at(&path)?;
            }
        }
        Ok(())
    }
}

/// The file a row of a `RECORD` names, relative to the environment; `None` for one outside of it.
pub(crate) fn recorded(record: &Path, row: &str) -> Option<PathBuf> {
    let mut file = record.parent()?.parent()?.to_owned();
    for component in Path::new(row).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !file.pop() {
                    return None;
                }
            }
            Component::Normal(name) => file.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(file)
}

/// Writes a file anew, never through a link that another tree shares with it.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    fs::remove_file(path)?;
    fs::write(path, content)?;
    fs::set_permissions(path, permissions)
}

fn is_record(relative: &Path) -> bool {
    let in_metadata = relative
        .parent()
        .is_some_and(|folder| folder.extension().is_some_and(|extension| extension == "dist-info"));
    in_metadata && relative.file_name().is_some_and(|name| name == "RECORD")
}

fn remove_build_leftovers(environment: &Path) -> Result<(), EnvironmentError> {
    let mut walk = WalkDir::new(environment).into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|error| IoError::walking(environment, error))?;
        let (path, name) = (entry.path(), entry.file_name().as_bytes());
        if entry.file_type().is_dir() && name == b"__pycache__" {
            fs::remove_dir_all(path).at(path)?;
            walk.skip_current_dir();
        } else if entry.file_type().is_file() && is_leftover(path, name).at(path)? {
            fs::remove_file(path).at(path)?;
        }
    }
    Ok(())
}

fn is_leftover(path: &Path, name: &[u8]) -> io::Result<bool> {
    Ok(match name {
        // PEP 610: for a distribution from this machine it holds the path it was installed from.
        b"direct_url.json" => find(&fs::read(path)?, b"file://").is_some(),
        // When uv installed a local distribution, by its own clock.
        b"uv_cache.json" => true,
        // A compiled file without its source is somebody's way to distribute it.
        _ => name.ends_with(b".pyc") && path.with_extension("py").exists(),
    })
}

struct Found<'a> {
    folder: Option<&'a Path>,
    is_elf: bool,
}

/// Which of the folders a file names, read in pieces so that its size does not matter.
fn named_in<'a>(path: &Path, folders: &[&'a Path]) -> io::Result<Found<'a>> {
    const PIECE: usize = 1 << 20;
    let longest = folders.iter().map(|folder| folder.as_os_str().len()).max().unwrap_or(0);
    let mut file = fs::File::open(path)?;
    let mut window = Vec::with_capacity(PIECE);
    let mut found = Found { folder: None, is_elf: false };
    let mut first = true;
    loop {
        let kept = window.len();
        if file.by_ref().take((PIECE - kept) as u64).read_to_end(&mut window)? == 0 {
            return Ok(found);
        }
        found.is_elf |= first && window.starts_with(b"\x7fELF");
        first = false;
        found.folder =
            folders.iter().copied().find(|folder| find(&window, folder.as_os_str().as_bytes()).is_some());
        if found.folder.is_some() {
            return Ok(found);
        }
        // What is left over may hold the beginning of a name.
        window.drain(..window.len().saturating_sub(longest));
    }
}
