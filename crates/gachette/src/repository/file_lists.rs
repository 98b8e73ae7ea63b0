//! What packages install. It is read from a package file once, and kept; derived, so that it may be lost.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use gachette_core::Sha256Digest;
use gachette_core::stack::PackageRecord;
use trebuchet::deb::{self, DebMemberKind, DebText};

use super::disk::at;
use super::error::RepositoryError;
use super::register::no_package;
use super::{Repository, key};

/// What parts the name of a package and the paths that it installs: the one byte that is in no path.
const BETWEEN: u8 = 0;
/// How many bytes such a list has at most: of a package of a million files.
const LARGEST: u64 = 1 << 28;
/// zstd's level for such lists.
const LEVEL: i32 = 3;

/// What a package installs.
pub struct FileList(Vec<u8>);

impl FileList {
    /// What the package is called in a Contents index: `[SECTION/]NAME`.
    pub(crate) fn package(&self) -> &str {
        self.0
            .split(|byte| *byte == BETWEEN)
            .next()
            .and_then(|name| std::str::from_utf8(name).ok())
            .unwrap_or("")
    }

    /// The paths of all that is no folder, without a leading `/`.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == BETWEEN).skip(1)
    }
}

impl Repository {
    /// What a package installs.
    ///
    /// # Errors
    /// When its file is lost, or another by now.
    pub fn files_of(&self, record: &PackageRecord) -> Result<FileList, RepositoryError> {
        self.file_list(&record.sha256, || Ok(record.clone()))
    }

    /// Those of the files that a package installs that are wanted, with what they hold up to `most` bytes.
    ///
    /// # Errors
    /// As those of [`Repository::files_of`].
    pub(crate) fn texts_in(
        &self,
        record: &PackageRecord,
        most: u64,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<DebText>, RepositoryError> {
        let path = self.package_path(&record.file)?;
        let (sha256, texts) =
            deb::read_texts(&path, most, |path| wanted(path.as_bytes())).map_err(no_package(&path))?;
        if sha256 == record.sha256 { Ok(texts) } else { Err(another(path)) }
    }

    /// The same of the package file with this hash, whose record is only asked for when it was not read yet.
    pub(crate) fn file_list(
        &self,
        file: &Sha256Digest,
        record: impl FnOnce() -> Result<PackageRecord, RepositoryError>,
    ) -> Result<FileList, RepositoryError> {
        let key = key::file_list(file);
        if let Some(kept) = self.kept_list(&key)? {
            return Ok(FileList(kept));
        }
        let record = record()?;
        let path = self.package_path(&record.file)?;
        let read = deb::read(&path).map_err(no_package(&path))?;
        if read.sha256 != *file {
            return Err(another(path));
        }
        let mut list = match &read.control.section {
            Some(section) => format!("{section}/{}", read.control.package),
            None => read.control.package.to_string(),
        }
        .into_bytes();
        for member in read.members.iter().filter(|member| member.kind != DebMemberKind::Directory) {
            list.push(BETWEEN);
            list.extend_from_slice(member.path.as_bytes());
        }
        // What cannot be kept, as in a repository that may only be read, is read again the next time.
        let bytes = self.marks.marked(&key, checked(&list).map_err(at(Path::new(&key)))?);
        let _ = self.store.replace(&key, bytes);
        Ok(FileList(list))
    }

    /// A list that is kept, if it is to be believed.
    fn kept_list(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        let Some(kept) = self.store.read_derived(key)? else { return Ok(None) };
        let (packed, is_ours) = self.marks.unmarked(key, &kept);
        if self.marks.are_asked_for() && !is_ours {
            return Ok(None);
        }
        let (mut list, mut bounded) =
            (Vec::new(), zstd::Decoder::new(packed).map_err(at(Path::new(key)))?.take(LARGEST + 1));
        let read = bounded.read_to_end(&mut list);
        Ok((read.is_ok() && list.len() as u64 <= LARGEST).then_some(list))
    }
}

fn another(path: PathBuf) -> RepositoryError {
    RepositoryError::Unreadable { path, reason: "it is another file by now".to_owned() }
}

/// Compressed, with a checksum against decay of the disk.
fn checked(list: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(list)
}
