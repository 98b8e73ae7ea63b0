//! `gachette.json`: that a folder is a repository, of which format, and which one.

use gachette_core::json_reason;
use gachette_core::stack::to_readable_json;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::RepositoryError;
use super::store::{Created, Store};
use super::{key, writer};

/// The version of the layout that is written, and the newest that is used.
const FORMAT: u32 = 1;

/// What makes a repository this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// The version of the repository's layout.
    pub format: u32,
    /// Unlike that of any other repository.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
}

/// The identity, when there is one.
pub(crate) fn read(store: &Store) -> Result<Option<Identity>, RepositoryError> {
    store.read(key::IDENTITY)?.map(|bytes| parse(&bytes)).transpose()
}

impl Identity {
    /// That of a repository made now.
    pub(crate) fn new() -> Self {
        Self { format: FORMAT, id: writer::id(), created: Timestamp::now() }
    }
}

/// Writes the identity of a new repository, and returns the one it has now: ours, or that of whoever came first.
pub(crate) fn write(store: &Store, identity: Identity) -> Result<Identity, RepositoryError> {
    let bytes = to_readable_json(&identity).map_err(damaged)?;
    match store.create(key::IDENTITY, bytes)? {
        Created::New => Ok(identity),
        Created::Taken(bytes) => parse(&bytes),
    }
}

fn parse(bytes: &[u8]) -> Result<Identity, RepositoryError> {
    let identity: Identity = serde_json::from_slice(bytes).map_err(damaged)?;
    if identity.format > FORMAT {
        let reason =
            format!("format {} is newer than {FORMAT}, the newest this gachette uses", identity.format);
        return Err(RepositoryError::Newer { key: key::IDENTITY.to_owned(), reason });
    }
    Ok(identity)
}

fn damaged(error: serde_json::Error) -> RepositoryError {
    RepositoryError::Damaged { key: key::IDENTITY.to_owned(), reason: json_reason(&error) }
}
