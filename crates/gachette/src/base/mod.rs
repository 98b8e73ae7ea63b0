//! Takes the lists of packages of a base, from files or by way of apt. What becomes of them is left to the repository.

mod apt;
mod error;
mod files;
mod own_folder;
mod skipped;

use gachette_core::Sha256Digest;
use gachette_core::base::{BaseList, BaseName, ListSource};
use gachette_core::debian::Architecture;
use gachette_core::installability::Condensed;

pub(crate) use apt::{AptFolder, FetchedList};
pub use error::BaseError;
pub(crate) use skipped::architectures as without_list;

use crate::Cancel;
use crate::config::Base;
use crate::repository::KeptList;

/// The priority of packages when apt says no other (apt_preferences(5)).
const USUAL_PRIORITY: i32 = 500;

/// The lists of a base as they were taken.
pub struct Taken {
    /// The lists.
    pub lists: Vec<KeptList>,
    /// What the base is to have and its sources do not, in plain words.
    pub missing: Vec<String>,
}

/// Takes the lists of a base as they are now.
///
/// # Errors
/// When a file cannot be read, or apt fails or does not believe what it fetched.
pub fn take(name: &BaseName, base: &Base, cancel: &Cancel) -> Result<Taken, BaseError> {
    match &base.sources {
        Some(sources) => apt::take(sources, base, cancel),
        None => {
            let lists = base.packages.iter().map(|file| files::take(name, file, cancel));
            Ok(Taken { lists: lists.collect::<Result<_, _>>()?, missing: Vec::new() })
        }
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
