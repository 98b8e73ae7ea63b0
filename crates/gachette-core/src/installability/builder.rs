//! Gathers the packages of a universe from `Packages` texts and from control fields.

use super::architectures::Architectures;
use super::package::{FieldError, Package};
use super::universe::{Origin, PackageIndex, Universe, Versions};
use crate::debian::{Deb822Error, Paragraphs};

/// A [`Universe`] that is being gathered. Texts are looked at where they stand, and never copied.
#[derive(Debug)]
pub struct UniverseBuilder<'a> {
    architectures: Architectures,
    origins: Vec<Origin>,
    packages: Vec<Package<'a>>,
}

/// About how many bytes a package has in a text of which only what decides is left.
const USUAL_LENGTH: usize = 256;

/// The number of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginIndex(pub(super) u16);

/// Text that is no list of packages, or control fields that are no package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UniverseError {
    /// The text breaks the rules of deb822(5).
    #[error(transparent)]
    Syntax(#[from] Deb822Error),
    /// A paragraph that describes no package.
    #[error("line {line}: {source}")]
    Paragraph {
        /// The line it begins on, counted from 1.
        line: u32,
        /// What is wrong with it.
        source: FieldError,
    },
    /// Control fields that describe no package.
    #[error(transparent)]
    Fields(#[from] FieldError),
    /// More origins than anyone has.
    #[error("there are more than {} origins", u16::MAX)]
    Origins,
}

impl<'a> UniverseBuilder<'a> {
    /// Without packages, for a host of these architectures.
    pub fn new(architectures: Architectures) -> Self {
        Self { architectures, origins: Vec::new(), packages: Vec::new() }
    }

    /// All that a universe was made of, to which more can be added. What there is keeps its numbers.
    pub fn of(universe: &Universe<'a>) -> Self {
        let mut packages = universe.packages.clone();
        packages.iter_mut().for_each(|package| package.candidate = false);
        Self { architectures: universe.architectures.clone(), origins: universe.origins.clone(), packages }
    }

    /// Adds an origin, to which packages can then be added.
    ///
    /// # Errors
    /// When there are too many.
    pub fn origin(&mut self, name: impl Into<String>, priority: i32) -> Result<OriginIndex, UniverseError> {
        let index = u16::try_from(self.origins.len()).map_err(|_| UniverseError::Origins)?;
        self.origins.push(Origin { name: name.into(), priority });
        Ok(OriginIndex(index))
    }

    /// Adds the packages of a `Packages` text, except those of architectures that the host does not take.
    ///
    /// # Errors
    /// When the text is malformed, or a paragraph lacks name, version or architecture.
    pub fn packages(&mut self, origin: OriginIndex, text: &'a str) -> Result<(), UniverseError> {
        self.packages.reserve(text.len() / USUAL_LENGTH);
        for paragraph in Paragraphs::new(text) {
            let paragraph = paragraph?;
            let fields = paragraph.iter().map(|field| (field.name(), field.raw()));
            let package = Package::read(fields, &self.architectures, origin.0);
            let package =
                package.map_err(|source| UniverseError::Paragraph { line: paragraph.line(), source })?;
            self.packages.extend(package);
        }
        Ok(())
    }

    /// Adds a package by the fields of its control file; gives its number, unless the host does not take its
    /// architecture.
    ///
    /// # Errors
    /// When name, version or architecture are missing.
    pub fn package(
        &mut self,
        origin: OriginIndex,
        control: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Option<PackageIndex>, UniverseError> {
        let index = PackageIndex(self.packages.len() as u32);
        let package = Package::read(control.into_iter(), &self.architectures, origin.0)?;
        self.packages.extend(package);
        Ok(package.map(|_| index))
    }

    /// The universe of all that was added.
    pub fn build(self, versions: Versions) -> Universe<'a> {
        Universe::new(self.architectures, self.origins, self.packages, versions)
    }
}
