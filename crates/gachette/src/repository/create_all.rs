//! Creating many files at once: written beside their place, made durable together, and only then named.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Store;
use super::aside::{Aside, Joined, Small};
use super::disk::{at, can_sync_file_system, sync_file_system};
use super::error::RepositoryError;
use super::inside;
use super::store::Created;

/// A file that must not be there yet, as one of many.
pub(crate) struct NewFile {
    pub(crate) key: String,
    pub(crate) bytes: Bytes,
    /// A derived file of the same folder, by name, for when that folder is new.
    pub(crate) beside: Option<(&'static str, Bytes)>,
}

/// What became of one of many files.
pub(crate) struct OneCreated {
    pub(crate) created: Created,
    /// Whether the derived file came with it.
    pub(crate) beside: bool,
}

impl Store {
    /// Does for each of the files what [`Store::create`] does. Their keys are all unlike, and below `top`, with one folder
    /// at least between.
    ///
    /// A folder of this machine has a quick way: one syncfs(2) makes all bytes durable before any of them has its name, and
    /// another makes the names durable.
    pub(crate) fn create_all(
        &self,
        top: &str,
        files: &[NewFile],
    ) -> Result<Vec<OneCreated>, RepositoryError> {
        if let Some(root) = self.root()
            && !files.is_empty()
            && let Some(aside) = write_aside(root, top, files)
        {
            let place = root.join(top);
            let joined = aside.join(&place).map_err(at(&place))?;
            sync_file_system(&place)?;
            return files.iter().map(|file| self.one_created(&joined, top, file)).collect();
        }
        let create = |file: &NewFile| {
            let created = self.create(&file.key, file.bytes.to_vec())?;
            Ok(OneCreated { created, beside: false })
        };
        files.iter().map(create).collect()
    }

    fn one_created(
        &self,
        joined: &BTreeMap<PathBuf, Joined>,
        top: &str,
        file: &NewFile,
    ) -> Result<OneCreated, RepositoryError> {
        let created = match joined.get(Path::new(below(top, &file.key))) {
            None => return Ok(OneCreated { created: Created::New, beside: true }),
            Some(Joined::Added) => Created::New,
            // As with `create`: it is ours when the bytes are.
            Some(Joined::Taken) => match self.read(&file.key)? {
                Some(found) if found != file.bytes => Created::Taken(found),
                Some(_) => Created::New,
                None => self.create(&file.key, file.bytes.to_vec())?,
            },
        };
        Ok(OneCreated { created, beside: false })
    }

    /// Makes durable whatever is there, by whomever it was written: one who was killed may not have come to that.
    pub(crate) fn settle(&self) -> Result<(), RepositoryError> {
        self.root().map_or(Ok(()), sync_file_system)
    }
}

/// All files, durable, beside their place; `None` where that is not to be had, for whatever reason.
fn write_aside(root: &Path, top: &str, files: &[NewFile]) -> Option<Aside> {
    inside::make_folder(root, top).ok()?;
    let place = &root.join(top);
    if !can_sync_file_system(place) {
        return None;
    }
    let mut small = Vec::new();
    for file in files {
        let path = below(top, &file.key);
        if let Some((name, bytes)) = &file.beside {
            let folder = path.rsplit_once('/')?.0;
            small.push(Small { path: format!("{folder}/{name}"), bytes: bytes.clone() });
        }
        small.push(Small { path: path.to_owned(), bytes: file.bytes.clone() });
    }
    let aside = Aside::write(place, &small).ok()?;
    // What could not be renamed must be found out before the first is.
    let disk = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    let same_disk = disk(place).is_some() && disk(place) == disk(aside.path());
    (same_disk && sync_file_system(aside.path()).is_ok()).then_some(aside)
}

/// What is left of a key below its first folder.
fn below<'a>(top: &str, key: &'a str) -> &'a str {
    key.strip_prefix(top).map_or(key, |path| path.trim_start_matches('/'))
}
