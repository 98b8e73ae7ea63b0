//! Takes the lists of packages of a base, from files or by way of apt. What becomes of them is left to the repository.

mod apt;
mod error;
mod files;

use gachette_core::Sha256Digest;
use gachette_core::base::{BaseList, BaseName, ListSource};
use gachette_core::debian::Architecture;
use gachette_core::installability::Condensed;

pub(crate) use apt::AptFolder;
pub use error::BaseError;

use crate::Cancel;
use crate::config::Base;
use crate::repository::KeptList;

/// The priority of packages when apt says no other (apt_preferences(5)).
const USUAL_PRIORITY: i32 = 500;

/// Takes the lists of a base as they are now.
///
/// # Errors
/// When a file cannot be read, or apt fails or does not believe what it fetched.
pub fn take(name: &BaseName, base: &Base, cancel: &Cancel) -> Result<Vec<KeptList>, BaseError> {
    match &base.sources {
        Some(sources) => apt::take(sources, base, cancel),
        None => base.packages.iter().map(|file| files::take(name, file, cancel)).collect(),
    }
}

/// Whether the files of a base are those that these lists came from, by what their folders say of them. What came by way of
/// apt is current until somebody asks for an update.
pub fn is_current(base: &Base, lists: &[BaseList]) -> bool {
    base.sources.is_some()
        || (lists.len() == base.packages.len()
            && lists.iter().zip(&base.packages).all(|(list, file)| files::is_as_before(&list.source, file)))
}

/// A list that was read, condensed.
fn kept(
    origin: String,
    architecture: Option<Architecture>,
    priority: i32,
    source: ListSource,
    text: &str,
) -> Result<KeptList, BaseError> {
    let condensed = Condensed::of(text)
        .map_err(|source_error| BaseError::Packages { place: source.place.clone(), source: source_error })?;
    let list = BaseList {
        origin,
        architecture,
        priority,
        packages: condensed.packages,
        sha256: Sha256Digest::of(condensed.text.as_bytes()),
        source,
    };
    Ok(KeptList { list, text: condensed.text })
}
