//! Files by key, of which some must never be written twice: the one door between a repository and its storage.
//!
//! Blocking. On a local folder `object_store` does its work on the calling thread, unless that is one of `tokio`: then each access
//! is handed to another one. A bucket would do as well, since nothing here needs more than a create-only write.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::executor::block_on;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use super::disk::{at, sync_folder_of};
use super::error::RepositoryError;
use super::{inside, key};

/// How often a write is tried whose reply was an error and that had no effect.
const ATTEMPTS: usize = 4;

/// Where a repository keeps its files.
#[derive(Clone, Debug)]
pub struct Store {
    /// Survives a power cut: for what cannot be made again.
    durable: Arc<dyn ObjectStore>,
    /// Need not: for what is derived.
    quick: Arc<dyn ObjectStore>,
    root: Option<PathBuf>,
}

/// What became of a file that must not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Created {
    /// It was written by us.
    New,
    /// Another is there, with these bytes.
    Taken(Bytes),
}

/// What lies directly below a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children {
    /// Folders' names.
    pub(crate) folders: Vec<String>,
    /// Files' names.
    pub(crate) files: Vec<String>,
}

impl Store {
    /// A folder of this machine, which must exist.
    ///
    /// # Errors
    /// When it does not, or cannot be entered.
    pub fn local(folder: &Path) -> Result<Self, RepositoryError> {
        let open = || LocalFileSystem::new_with_prefix(folder).map_err(|e| storage(folder.display(), e));
        Ok(Self {
            durable: Arc::new(open()?.with_fsync(true)),
            quick: Arc::new(open()?.with_automatic_cleanup(true)),
            root: Some(folder.to_path_buf()),
        })
    }

    /// Any object store that honours create-only writes, such as a faulty one in a test.
    pub fn remote(store: Arc<dyn ObjectStore>) -> Self {
        Self { durable: store.clone(), quick: store, root: None }
    }

    /// The folder on this machine, when it is one.
    pub(crate) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Writes a file that must not be there yet. `bytes` must be unlike those of any other writer.
    ///
    /// A lost reply looks like an error for a write that is there, or like "already there" for our own; so after any
    /// error the file is read again, and it is ours when the bytes are.
    pub(crate) fn create(&self, key: &str, bytes: Vec<u8>) -> Result<Created, RepositoryError> {
        let (path, bytes) = (self.parse_to_change(key)?, Bytes::from(bytes));
        let mut attempt = 1;
        loop {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let Err(error) = block_on(self.durable.put_opts(&path, bytes.clone().into(), options)) else {
                return Ok(Created::New);
            };
            match self.read(key) {
                Ok(Some(found)) if found == bytes => return Ok(Created::New),
                Ok(Some(found)) => return Ok(Created::Taken(found)),
                Ok(None) | Err(_) if attempt < ATTEMPTS => attempt += 1,
                Ok(None) | Err(_) => return Err(storage(key, error)),
            }
        }
    }

    /// Makes a file durable that is there, with its name.
    pub(crate) fn confirm(&self, key: &str) -> Result<(), RepositoryError> {
        let Some(path) = self.root.as_ref().map(|root| root.join(key)) else { return Ok(()) };
        File::open(&path).and_then(|file| file.sync_all()).map_err(at(&path))?;
        sync_folder_of(&path)
    }

    /// Writes a derived file, whatever is there.
    pub(crate) fn replace(&self, key: &str, bytes: impl Into<Bytes>) -> Result<(), RepositoryError> {
        let (path, bytes) = (self.parse_to_change(key)?, bytes.into());
        again(|| block_on(self.quick.put(&path, bytes.clone().into()))).map_err(|e| storage(key, e))?;
        Ok(())
    }

    /// Deletes a file; one that is not there is fine.
    pub(crate) fn delete(&self, key: &str) -> Result<(), RepositoryError> {
        let path = self.parse_to_change(key)?;
        match again(|| block_on(self.quick.delete(&path))) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(storage(key, error)),
        }
    }

    /// The bytes of a file that can be made again, when it is there and no longer than any of its kind.
    pub(crate) fn read_derived(&self, key: &str) -> Result<Option<Bytes>, RepositoryError> {
        match self.read(key) {
            Err(RepositoryError::Damaged { .. }) => Ok(None),
            outcome => outcome,
        }
    }

    /// The bytes of a file, when it is there.
    pub(crate) fn read(&self, key: &str) -> Result<Option<Bytes>, RepositoryError> {
        let path = parse(key)?;
        let most = key::most_bytes(key);
        let read = || match &self.root {
            Some(root) => read_local(&root.join(path.as_ref()), most),
            None => block_on(async {
                let found = self.durable.get(&path).await?;
                if found.meta.size > most { Ok(None) } else { found.bytes().await.map(Some) }
            }),
        };
        match again(read) {
            Ok(None) => {
                let reason = format!("it is longer than {most} bytes, which no file in its place is");
                Err(RepositoryError::Damaged { key: key.to_owned(), reason })
            }
            Ok(bytes) => Ok(bytes),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(storage(key, error)),
        }
    }

    /// Whether a file is there.
    pub(crate) fn exists(&self, key: &str) -> Result<bool, RepositoryError> {
        let path = parse(key)?;
        if let Some(root) = &self.root {
            // It is not opened for that: a pipe would keep whoever asks waiting.
            return match fs::metadata(root.join(path.as_ref())) {
                Ok(found) => Ok(!found.is_dir()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                Err(error) => {
                    Err(storage(key, Error::Generic { store: "LocalFileSystem", source: error.into() }))
                }
            };
        }
        match again(|| block_on(self.durable.head(&path))) {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(storage(key, error)),
        }
    }

    /// What lies directly below a key, by name; nothing below one that is not there.
    pub(crate) fn children(&self, key: &str) -> Result<Children, RepositoryError> {
        let path = parse(key)?;
        let mut children = match &self.root {
            Some(root) => {
                inside::check(root, path.as_ref())?;
                local_children(&root.join(path.as_ref()))?
            }
            None => {
                let listed = again(|| block_on(self.quick.list_with_delimiter(Some(&path))));
                let listed = listed.map_err(|error| storage(key, error))?;
                let name = |path: &Key| path.filename().unwrap_or_default().to_owned();
                Children {
                    folders: listed.common_prefixes.iter().map(name).collect(),
                    files: listed.objects.iter().map(|object| name(&object.location)).collect(),
                }
            }
        };
        children.folders.sort();
        children.files.sort();
        Ok(children)
    }

    /// The key of a file that is written or deleted, to whose folder no link leads.
    fn parse_to_change(&self, key: &str) -> Result<Key, RepositoryError> {
        let path = parse(key)?;
        if let (Some(root), Some((folder, _))) = (&self.root, path.as_ref().rsplit_once('/')) {
            inside::check(root, folder)?;
        }
        Ok(path)
    }
}

/// `object_store` hides unfinished files, asks for the size of each, and stops at the first name it does not like.
fn local_children(folder: &Path) -> Result<Children, RepositoryError> {
    let mut children = Children::default();
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(children);
        }
        entries => entries.map_err(at(folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(at(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_folder = entry.file_type().map_err(at(folder))?.is_dir();
        if is_folder { children.folders.push(name) } else { children.files.push(name) }
    }
    Ok(children)
}

/// What `object_store` does, without what it costs to make its path an address and that a path again; none when there is more.
fn read_local(path: &Path, most: u64) -> Result<Option<Bytes>, Error> {
    let read = || {
        // A pipe in its place would have us wait for ever.
        let file = trebuchet::open_regular(path)?;
        if file.metadata()?.len() > most {
            return Ok(None);
        }
        Ok(Some(Bytes::from(trebuchet::read_open(&file, most)?)))
    };
    read().map_err(|error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::IsADirectory => {
            Error::NotFound { path: path.display().to_string(), source: error.into() }
        }
        _ => Error::Generic { store: "LocalFileSystem", source: error.into() },
    })
}

/// Does what may be done twice until it is done, or not there.
fn again<T>(mut action: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        match action() {
            Err(error) if attempt < ATTEMPTS && !matches!(error, Error::NotFound { .. }) => attempt += 1,
            outcome => return outcome,
        }
    }
}

/// A key as it is, nothing escaped: versions hold `~` and `:`, and their folders are named so.
fn parse(key: &str) -> Result<Key, RepositoryError> {
    Key::parse(key).map_err(|error| storage(key, error.into()))
}

fn storage(key: impl ToString, source: Error) -> RepositoryError {
    RepositoryError::Storage { key: key.to_string(), source: Box::new(source) }
}
