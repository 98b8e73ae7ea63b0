//! One stack as a value, with the names that the original library had.
//!
//! Everything here is one call of a [`Repository`], opened anew each time; a program that does much at once, or needs all
//! that a repository can do, uses that itself.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let meta_path = folder.path().join("meta");
//! use gachette::stack::Stack;
//!
//! let stack = Stack::new("default", "124", &meta_path)?;
//! assert!(!stack.is_persisted()?);
//! stack.persist()?;
//! assert!(stack.is_persisted()?);
//! # build(&stack.repository()?)?;
//!
//! // A file `dh-web-1.0-all.deb` was built into META/debs.
//! stack.add_package("dh-web", "1.0", "dh-web-1.0-all.deb")?;
//!
//! let next = Stack::new("default", "125", &meta_path)?;
//! next.clone_from("124")?;
//! next.remove_package("dh-web")?;
//! assert_eq!(stack.packages()?.len(), 1);
//! assert_eq!(next.packages()?.len(), 0);
//! # Ok(())
//! # }
//! # fn build(repository: &gachette::repository::Repository) -> Result<(), Box<dyn std::error::Error>> {
//! #     use trebuchet::deb::{DebPackage, WriteOptions, write};
//! #     use trebuchet::process::Cancel;
//! #     let name = "dh-web".parse()?;
//! #     let mut control = gachette_core::debian::Control::new(name, "1.0".parse()?, "all".parse()?);
//! #     control.maintainer = "Ada <ada@example.org>".to_owned();
//! #     control.description = "an example".to_owned();
//! #     let output = repository.debs().join("dh-web-1.0-all.deb");
//! #     write(&DebPackage::new(control), &output, &WriteOptions::new(0), &Cancel::new())?;
//! #     Ok(())
//! # }
//! ```

use std::path::{Path, PathBuf};

use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{
    By, Content, Domain, NameError, PackageRecord, Provenance, Revision, StackName, StackRef,
};

use crate::repository::{Committed, FailureKind, Repository, RepositoryError};

/// A stack in the repository of a folder, whether or not it exists yet.
#[derive(Clone, Debug)]
pub struct Stack {
    name: StackName,
    meta: PathBuf,
    debs: Option<PathBuf>,
    by: By,
}

impl Stack {
    /// The stack `version` of a domain, in the repository in `meta`. Nothing is read or made.
    ///
    /// # Errors
    /// When domain or version is no name.
    pub fn new(domain: &str, version: &str, meta: &Path) -> Result<Self, NameError> {
        let name = StackName::new(domain.parse::<Domain>()?, version)?;
        Ok(Self { name, meta: meta.to_path_buf(), debs: None, by: By::new("gachette") })
    }

    /// With package files in another folder than `META/debs`.
    #[must_use]
    pub fn with_debs(mut self, debs: &Path) -> Self {
        self.debs = Some(debs.to_path_buf());
        self
    }

    /// With the author and the reason that its revisions will name.
    #[must_use]
    pub fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// Its name.
    pub fn name(&self) -> &StackName {
        &self.name
    }

    /// The repository it lies in, made if there is none.
    ///
    /// # Errors
    /// When it cannot be made or opened.
    pub fn repository(&self) -> Result<Repository, RepositoryError> {
        Repository::init(&self.meta, self.debs.as_deref())
    }

    /// Whether it exists. Nothing is made.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn is_persisted(&self) -> Result<bool, RepositoryError> {
        match Repository::open(&self.meta, self.debs.as_deref()) {
            Err(error) if error.kind() == FailureKind::Missing => Ok(false),
            repository => repository?.has_stack(&self.name),
        }
    }

    /// Makes it, empty; one that exists is left as it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn persist(&self) -> Result<Committed, RepositoryError> {
        self.repository()?.create_stack(&self.name, None, &self.by)
    }

    /// Makes it as a copy of another stack of its domain, or of `DOMAIN/NAME`, at a revision with `@NUMBER`; if it exists
    /// with the same contents it is left as it is.
    ///
    /// # Errors
    /// When there is no such stack, or this one exists with other contents.
    pub fn clone_from(&self, other: &str) -> Result<Committed, RepositoryError> {
        let other = StackRef::parse_in(other, self.name.domain())?;
        self.repository()?.create_stack(&self.name, Some(&other), &self.by)
    }

    /// Registers a file in the folder of package files and adds it, in place of any other version of the package.
    ///
    /// # Errors
    /// When the file is missing or another package, or the stack is missing or sealed.
    pub fn add_package(
        &self,
        name: &str,
        version: &str,
        file_name: &str,
    ) -> Result<Committed, RepositoryError> {
        let (name, version) = (package_name(name)?, version.parse::<Version>());
        let version = version.map_err(|error| invalid(&error))?;
        let repository = self.repository()?.keeping()?;
        // Before the file: a missing or sealed stack registers nothing.
        repository.check_open(&self.name)?;
        let record = repository.register_as(file_name.as_ref(), &name, &version, &Provenance::default())?;
        repository.add_to_stack(&self.name, &[record], &self.by)
    }

    /// Adds registered packages, all in one revision.
    ///
    /// # Errors
    /// When the stack is missing or sealed.
    pub fn add_packages(&self, packages: &[PackageRecord]) -> Result<Committed, RepositoryError> {
        self.repository()?.add_to_stack(&self.name, packages, &self.by)
    }

    /// Takes a package out.
    ///
    /// # Errors
    /// When it is not in it, or the stack is missing or sealed.
    pub fn remove_package(&self, name: &str) -> Result<Committed, RepositoryError> {
        self.repository()?.remove_from_stack(&self.name, &[package_name(name)?], &self.by)
    }

    /// What it holds.
    ///
    /// # Errors
    /// When there is no such stack.
    pub fn packages(&self) -> Result<Content, RepositoryError> {
        Ok(self.newest()?.packages)
    }

    /// Its newest revision.
    ///
    /// # Errors
    /// When there is no such stack.
    pub fn newest(&self) -> Result<Revision, RepositoryError> {
        let repository = Repository::open(&self.meta, self.debs.as_deref())?;
        Ok(repository.show_stack(&self.name.clone().into())?.revision)
    }

    /// Seals it: it never changes again.
    ///
    /// # Errors
    /// When there is no such stack.
    pub fn seal(&self) -> Result<Committed, RepositoryError> {
        self.repository()?.seal_stack(&self.name, &self.by)
    }
}

fn package_name(text: &str) -> Result<PackageName, RepositoryError> {
    text.parse().map_err(|error| invalid(&error))
}

fn invalid(error: &dyn std::error::Error) -> RepositoryError {
    RepositoryError::Invalid { reason: error.to_string() }
}
