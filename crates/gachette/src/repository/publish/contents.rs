//! Contents indices. What a package installs is read from its file once, and kept.

use gachette_core::apt::{Contents, Listed, Listing, Suite};
use gachette_core::debian::Architecture;
use trebuchet::deb::{self, DebMemberKind};

use super::super::Repository;
use super::super::error::RepositoryError;
use super::super::key;
use super::super::register::no_package;
use super::super::spread::{Worth, gather};
use super::index::Index;
use super::unpublishable;

/// What parts the name of a package and the paths that it installs: the one byte that is in no path.
const BETWEEN: u8 = 0;
/// zstd's level for lists of files.
const LEVEL: i32 = 3;

impl Repository {
    /// The Contents index of what is for this architecture alone; none when nothing is.
    pub(super) fn contents(
        &self,
        listing: &Listing<'_>,
        architecture: &Architecture,
        suite: &Suite,
    ) -> Result<Option<Index>, RepositoryError> {
        let own: Vec<_> = listing.iter().filter(|listed| listed.architecture == architecture).collect();
        if own.is_empty() {
            return Ok(None);
        }
        let lists = gather(Worth::Files, &own, |listed| self.file_list(listed, suite))?;
        let mut contents = Contents::default();
        for list in &lists {
            let mut words = list.split(|byte| *byte == BETWEEN);
            let package = words.next().and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
            contents.add(package, words);
        }
        let path = Contents::path_of(architecture);
        let name = path.rsplit('/').next().unwrap_or(&path);
        Index::gzip(name, contents.to_bytes()).map(Some).map_err(|error| unpublishable(suite, error))
    }

    /// What a package is called in such an index, and the paths of what it installs that is no folder.
    fn file_list(&self, listed: &Listed<'_>, suite: &Suite) -> Result<Vec<u8>, RepositoryError> {
        let key = key::file_list(&listed.file);
        if let Some(kept) = self.store.read(&key)?.and_then(|bytes| zstd::decode_all(&*bytes).ok()) {
            return Ok(kept);
        }
        let record = self.record(listed.name, listed.version, listed.architecture)?;
        let file = record.map(|record| self.debs.join(record.file));
        let lost = || {
            unpublishable(suite, format!("the package record of {} {} is lost", listed.name, listed.version))
        };
        let file = file.ok_or_else(lost)?;
        let read = deb::read(&file).map_err(no_package(&file))?;
        if read.sha256 != listed.file {
            return Err(unpublishable(suite, format!("{} is another file by now", file.display())));
        }
        let name = match &read.control.section {
            Some(section) => format!("{section}/{}", listed.name),
            None => listed.name.to_string(),
        };
        let mut list = name.into_bytes();
        for member in read.members.iter().filter(|member| member.kind != DebMemberKind::Directory) {
            list.push(BETWEEN);
            list.extend_from_slice(member.path.as_bytes());
        }
        let packed = checked(&list).map_err(|error| unpublishable(suite, error))?;
        self.store.replace(&key, packed)?;
        Ok(list)
    }
}

/// Compressed, with a checksum against decay of the disk.
fn checked(list: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(list)
}
