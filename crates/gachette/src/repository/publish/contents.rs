//! Contents indices.

use gachette_core::apt::{Contents, Listed, Listing, Suite};
use gachette_core::debian::Architecture;

use super::super::Repository;
use super::super::error::RepositoryError;
use super::super::file_lists::FileList;
use super::super::spread::{Worth, gather};
use super::index::Index;
use super::unpublishable;

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
        let lists = gather(Worth::Files, &own, |listed| self.listed_files(listed, suite))?;
        let mut contents = Contents::default();
        lists.iter().for_each(|list| contents.add(list.package(), list.paths()));
        let path = Contents::path_of(architecture);
        let name = path.rsplit('/').next().unwrap_or(&path);
        Index::gzip(name, contents.to_bytes()).map(Some).map_err(|error| unpublishable(suite, error))
    }

    /// What such a package installs.
    fn listed_files(&self, listed: &Listed<'_>, suite: &Suite) -> Result<FileList, RepositoryError> {
        let Listed { name, version, architecture, file } = listed;
        self.file_list(file, || {
            let record = self.record(name, version, architecture)?;
            record.ok_or_else(|| {
                unpublishable(suite, format!("the package record of {name} {version} is lost"))
            })
        })
    }
}
