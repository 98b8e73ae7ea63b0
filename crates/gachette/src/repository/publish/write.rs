//! Writing a suite: its indices, kept from before or made anew, and then what names and signs them.

use gachette_core::apt::{Contents, Indices, Listing, Release};

use super::super::Repository;
use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::stat_cache::StatCache;
use super::donors::{Donor, indices_of, those};
use super::index::Index;
use super::package_files::Pool;
use super::request::PublishedSuite;
use super::state::SuiteState;
use super::suite_folder::SuiteFolder;
use super::unpublishable;
use super::wish::Wish;
use crate::Cancel;
use crate::signing::Signers;

impl Repository {
    /// Writes the suite, of which so much is known, in the order that clients rely on.
    pub(super) fn write_suite(
        &self,
        folder: &SuiteFolder,
        wish: &Wish<'_>,
        last: Option<SuiteState>,
        known: &StatCache,
    ) -> Result<PublishedSuite, RepositoryError> {
        let suite = &wish.shown.suite;
        let pool = self.pool(suite)?;
        let mut published = PublishedSuite::of(wish.shown);
        let donor = self.donor(wish, known)?;
        let indices = match &donor {
            Some(twin)
                if twin.is_twin(wish)
                    && self.check_listed_files(wish, twin, &twin.state.indices, &pool)? =>
            {
                folder.begin()?;
                published.architectures.clone_from(&twin.state.architectures);
                folder.link_all(&twin.folder, twin.state.indices.clone())?
            }
            _ => self.put_indices(folder, wish, (&pool, donor.as_ref()), &mut published)?,
        };
        if let Some(donor) = donor {
            donor.cache.keep();
        }
        let release = wish.release(indices, published.architectures.clone());
        let text = release.to_text().map_err(|error| unpublishable(suite, error))?;
        let sign = |signers: &Signers| signers.sign(text.as_bytes(), wish.now, &Cancel::new());
        let signed = wish.request.signers.map(sign).transpose();
        let signed = signed.map_err(|error| RepositoryError::Signing(Box::new(error)))?;
        published.bytes_written += folder.finish(&release.indices, &text, signed.as_ref())?;
        let state = SuiteState::after(wish, &release, &text, signed.as_ref());
        let state = folder.retire(state, last, wish.now, wish.request.settings.keep_indices)?;
        state.write(self, suite)?;
        folder.end()?;
        let cache = self.stat_cache(suite, state.packages);
        if known.is_wrong() {
            cache.forget();
        }
        pool.remember_all(state.content, &cache);
        cache.keep();
        published.date = Some(release.date);
        published.valid_until = release.valid_until;
        published.changed = true;
        published.dropped = wish.dropped(&published.architectures);
        Ok(published)
    }

    /// Puts the indices there, architecture by architecture.
    fn put_indices(
        &self,
        folder: &SuiteFolder,
        wish: &Wish<'_>,
        (pool, donor): (&Pool<'_>, Option<&Donor>),
        published: &mut PublishedSuite,
    ) -> Result<Indices, RepositoryError> {
        let (suite, content) = (&wish.shown.suite, wish.shown.content(self)?);
        self.refuse_without_files(content, suite)?;
        folder.begin()?;
        let mut indices = Indices::new();
        for (architecture, same_as) in wish.indices(content) {
            let place = Release::folder_of(&architecture);
            let files = match same_as.and_then(|same| indices_of(&indices, &Release::folder_of(&same))) {
                Some(files) => folder.link(&files, &place)?,
                None => match donor.zip(donor.and_then(|it| it.sound(|theirs| indices_of(theirs, &place)))) {
                    Some((donor, files)) if self.check_listed_files(wish, donor, &files, pool)? => {
                        folder.link_from(&donor.folder, &files, &place)?
                    }
                    _ => {
                        let is_signed = wish.request.signers.is_some();
                        let parts = self.parts(&Listing::of(content, &architecture), suite, is_signed)?;
                        self.check_files_of_parts(&parts.kept, is_signed, pool)?;
                        published.parts_made += parts.made;
                        published.parts_kept += parts.kept.len() - parts.made;
                        let index = Index::join(&parts.kept).map_err(at(folder.path()))?;
                        published.bytes_written += folder.put(&index, &place)?;
                        index.entries(&place)
                    }
                },
            };
            indices.extend(files);
            published.architectures.push(architecture);
        }
        if wish.request.settings.contents {
            indices.extend(self.put_contents(folder, wish, donor, published)?);
        }
        Ok(indices)
    }

    /// Puts the Contents indices there.
    fn put_contents(
        &self,
        folder: &SuiteFolder,
        wish: &Wish<'_>,
        donor: Option<&Donor>,
        published: &mut PublishedSuite,
    ) -> Result<Indices, RepositoryError> {
        let mut indices = Indices::new();
        for architecture in &published.architectures {
            let path = Contents::path_of(architecture);
            let is_it = |theirs: &&String| theirs.strip_suffix(".gz").unwrap_or(theirs) == path;
            let sound = donor.and_then(|donor| donor.sound(|theirs| those(theirs, is_it)));
            if let Some((donor, files)) = donor.zip(sound) {
                indices.extend(folder.link_from(&donor.folder, &files, Release::component())?);
                continue;
            }
            let listing = Listing::of(wish.shown.content(self)?, architecture);
            if let Some(index) = self.contents(&listing, architecture, &wish.shown.suite)? {
                published.bytes_written += folder.put(&index, Release::component())?;
                indices.extend(index.entries(Release::component()));
            }
        }
        Ok(indices)
    }
}
