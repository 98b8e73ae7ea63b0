//! Where the configuration says that things are: the repository, and the folder of package files.

use std::path::{Path, PathBuf, absolute};

use super::OperationError;
use crate::config::Config;
use crate::repository::{Repository, RepositoryError};
use crate::signing::SigningConfig;

impl Config {
    /// The repository that is configured. A tree of the original tool is taken over.
    ///
    /// # Errors
    /// When none is configured, or there is none in the folder, or it cannot be opened.
    pub fn repository(&self) -> Result<Repository, OperationError> {
        let meta = self.meta()?;
        match Repository::open(meta, self.debs_path.as_deref()) {
            Err(RepositoryError::NotThere { .. }) if meta.join("domain").is_dir() => self.made_repository(),
            outcome => Ok(self.marked(outcome?)),
        }
    }

    /// The repository that is configured, made when there is none.
    ///
    /// # Errors
    /// When none is configured, it cannot be made or opened, or its folder holds other things than a repository and what the
    /// configuration names besides.
    pub fn made_repository(&self) -> Result<Repository, OperationError> {
        let own = [self.source.clone(), Some(self.working_copies.clone())];
        let own: Vec<PathBuf> = own.into_iter().flatten().filter_map(|path| absolute(path).ok()).collect();
        Ok(self.marked(Repository::init_beside(self.meta()?, self.debs_path.as_deref(), &own)?))
    }

    /// Where keys sign, what the repository keeps must be this user's to be believed.
    fn marked(&self, repository: Repository) -> Repository {
        let repository = repository.with_stat_caches(crate::cache::stats());
        let signing = SigningConfig::of(self);
        if signing.keys.is_empty() { repository } else { repository.marked_beside(signing.folder) }
    }

    /// This configuration with a repository for what is built here for another machine: the configured one, else one in
    /// the user's folder for what can be made again.
    ///
    /// # Errors
    /// When neither is known.
    pub fn workshop(&self) -> Result<Self, OperationError> {
        let unset = OperationError::Unset { keys: vec!["meta_path"] };
        let meta = self.meta_path.clone().or_else(crate::cache::built).ok_or(unset)?;
        Ok(Self { meta_path: Some(meta), ..self.clone() })
    }

    fn meta(&self) -> Result<&Path, OperationError> {
        self.meta_path.as_deref().ok_or(OperationError::Unset { keys: vec!["meta_path"] })
    }

    /// The folder that built packages land in.
    ///
    /// # Errors
    /// When neither it nor the repository is configured.
    pub fn debs_folder(&self) -> Result<PathBuf, OperationError> {
        let beside = self.meta_path.as_ref().map(|meta| meta.join("debs"));
        self.debs_path
            .clone()
            .or(beside)
            .ok_or(OperationError::Unset { keys: vec!["meta_path", "debs_path"] })
    }
}
