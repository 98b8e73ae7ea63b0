//! Files that only their user may read: keys, passphrases, tokens. One that is open to others is refused, as `ssh` does.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// How the names of files begin that are being written.
const UNFINISHED: &str = ".unfinished-";

/// Why a private file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// The system said no.
    #[error("{}: {}", path.display(), trebuchet::io_reason(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Others could read or change it.
    #[error("{} is open to others (mode {mode:04o})", path.display())]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// What it should be.
        wanted: u32,
    },
    /// It is larger than what is kept in private files.
    #[error("{} is larger than 1 MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

impl PrivateFileError {
    /// The system's error at a path.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// Whether there is nothing at that path.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Open { path, wanted, .. } => Some(format!("`chmod {wanted:o} {}`", path.display())),
            _ => None,
        }
    }
}

/// Refuses a file that others could read or change, by what the system says of it.
///
/// # Errors
/// When they could.
pub fn refuse_open(path: &Path, metadata: &Metadata) -> Result<(), PrivateFileError> {
    refuse_mode(path, metadata, 0o077, 0o600)
}

fn refuse_mode(path: &Path, metadata: &Metadata, bits: u32, wanted: u32) -> Result<(), PrivateFileError> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & bits == 0 {
        return Ok(());
    }
    Err(PrivateFileError::Open { path: path.to_owned(), mode, wanted })
}

/// What a private file holds.
///
/// # Errors
/// When it is not there, open to others, no file, or larger than 1 MiB.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let io = || PrivateFileError::io(path);
    let file = trebuchet::open_regular(path).map_err(io())?;
    let metadata = file.metadata().map_err(io())?;
    refuse_open(path, &metadata)?;
    read_all(file, path)
}

/// What somebody hands over who keeps it private: all that is left to read; `origin` names it in errors.
///
/// # Errors
/// When it cannot be read, or is larger than 1 MiB.
pub fn read_all(reader: impl Read, origin: &Path) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    // Room for the largest, so that no copies are left behind while the buffer grows.
    let most = LARGEST + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(most + 1).unwrap_or(0)));
    reader.take(most).read_to_end(&mut bytes).map_err(PrivateFileError::io(origin))?;
    if bytes.len() as u64 == most {
        return Err(PrivateFileError::TooLarge { path: origin.to_owned() });
    }
    Ok(bytes)
}

/// A folder of private files while nobody else changes them. What killed processes left unfinished there is gone.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    /// Held while this lives.
    _lock: File,
}

impl PrivateFolder {
    /// Makes the folder when it is not there, and waits until nobody else changes what is in it.
    ///
    /// # Errors
    /// When it cannot be made, or others could change what is in it.
    pub fn hold(path: &Path) -> Result<Self, PrivateFileError> {
        let io = || PrivateFileError::io(path);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io())?;
        refuse_mode(path, &fs::metadata(path).map_err(io())?, 0o022, 0o700)?;
        let lock =
            File::options().create(true).append(true).mode(0o600).open(path.join(".lock")).map_err(io())?;
        lock.lock().map_err(io())?;
        let entries = fs::read_dir(path).map_err(io())?.flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
            let _ = fs::remove_file(entry.path());
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Writes a file, in place of one of that name if there is one: the old content is there, or the new, and stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PrivateFileError> {
        write(&self.path.join(name), bytes)
    }
}

/// Writes a private file, in place of one of that name if there is one: the old content is there, or the new, and stays. Who
/// reads it first to change it has to keep others from doing the same.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), PrivateFileError> {
    let folder = path.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        // Files of this kind are made with mode 0600.
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(PrivateFileError::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_for_its_user_alone_and_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let held = PrivateFolder::hold(&path).unwrap();
        for text in ["one", "two"] {
            held.write("x", text.as_bytes()).unwrap();
            assert_eq!(*read(&path.join("x")).unwrap(), text.as_bytes());
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("x"))), (0o700, 0o600));
    }

    #[test]
    fn a_file_or_folder_that_is_open_to_others_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "secret").unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err();
            assert_eq!(error.to_string(), format!("{} is open to others (mode {mode:04o})", path.display()));
            assert_eq!(error.hint().unwrap(), format!("`chmod 600 {}`", path.display()));
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o770)).unwrap();
        let error = PrivateFolder::hold(folder.path()).unwrap_err();
        assert_eq!(error.hint().unwrap(), format!("`chmod 700 {}`", folder.path().display()));
    }

    #[test]
    fn what_is_no_file_or_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert!(read(&path).unwrap_err().is_missing());
        assert!(read(folder.path()).unwrap_err().to_string().ends_with("is a directory"));
        let file = File::options().create_new(true).write(true).mode(0o600).open(&path).unwrap();
        file.set_len(LARGEST + 1).unwrap();
        assert!(read(&path).unwrap_err().to_string().ends_with("larger than 1 MiB"));
    }

    #[test]
    fn what_a_killed_process_left_unfinished_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(folder.path().join(".unfinished-x"), "half").unwrap();
        let held = PrivateFolder::hold(folder.path()).unwrap();
        assert!(!folder.path().join(".unfinished-x").exists());
        drop(held);
    }
}
