//! Publishing stacks and channels as APT suites, signed.

use std::path::Path;

use gachette_core::apt::SourceEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OperationError;
use crate::config::Config;
use crate::repository::{PublishRequest, PublishSubject, PublishedSuite};

/// Whether clients shall know a suite by a signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signing {
    /// By the configured keys.
    #[default]
    Signed,
    /// Not: they have to be told to trust it.
    Unsigned,
}

/// A published suite, and what a machine needs to install from it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Published {
    /// What became of it.
    #[serde(flatten)]
    pub suite: PublishedSuite,
    /// The fingerprints of the keys that signed it.
    pub signed_by: Vec<String>,
    /// A paragraph for a `.sources` file.
    pub source: String,
}

/// Makes the suite of a stack or channel show it.
///
/// # Errors
/// When there is no such stack or channel, no key to sign with, or the suite cannot be written.
pub fn publish(
    config: &Config,
    subject: PublishSubject,
    signing: Signing,
) -> Result<Published, OperationError> {
    let repository = config.repository()?;
    check_signing(signing)?;
    let request = PublishRequest { subject, settings: config.publish.settings(), sign: None };
    let suite = repository.publish(&request)?;
    let root = repository.meta().unwrap_or(Path::new("/"));
    let uri = config.publish.url.clone().unwrap_or_else(|| format!("file:{}", root.display()));
    let source = SourceEntry { uri: &uri, suite: &suite.suite, certificates: None };
    let source = source.to_text().map_err(|error| OperationError::Invalid(error.to_string()))?;
    Ok(Published { suite, signed_by: Vec::new(), source })
}

/// Whether there is what it takes to sign.
pub(super) fn check_signing(signing: Signing) -> Result<(), OperationError> {
    match signing {
        Signing::Signed => Err(OperationError::Unset { keys: vec!["signing.keys"] }),
        Signing::Unsigned => Ok(()),
    }
}
