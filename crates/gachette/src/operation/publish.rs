//! Publishing stacks and channels as APT suites, signed.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::apt::{SourceEntry, Suite};
use gachette_core::stack::StackRef;
use gachette_core::uri::file_uri;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trebuchet::SourceDate;

use super::OperationError;
use super::attest::{Statements, check_sealed};
use super::outsiders::shut_out;
use crate::config::Config;
use crate::repository::{
    PublishRequest, PublishSubject, PublishedSuite, Repository, RepositoryError, SuiteSettings,
};
use crate::signing::{Holders, Signers, SigningConfig};

/// How clients know that a suite is what was published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SuiteSignature {
    /// By the configured keys.
    #[default]
    Signed,
    /// Not at all: they have to be told to trust it.
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
    /// What should be done soon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What is meant by a name: a channel that is called so, or else a stack.
///
/// # Errors
/// When the repository cannot be read.
pub fn published_as(config: &Config, named: StackRef) -> Result<PublishSubject, OperationError> {
    let channel = Suite::from(named.stack.clone());
    match config.repository()?.channel(&channel) {
        Ok(_) if named.revision.is_none() => Ok(PublishSubject::Channel(channel)),
        Ok(_) | Err(RepositoryError::MissingChannel { .. }) => Ok(PublishSubject::Stack(named)),
        Err(error) => Err(error.into()),
    }
}

/// Makes the suite of a stack or channel show it.
///
/// # Errors
/// When there is no such stack or channel, no key to sign with, or the suite cannot be written.
pub fn publish(
    config: &Config,
    subject: PublishSubject,
    signature: SuiteSignature,
) -> Result<Published, OperationError> {
    let suite = match &subject {
        PublishSubject::Stack(stack) => &Suite::from(stack.stack.clone()),
        PublishSubject::Channel(suite) | PublishSubject::AsItIs(suite) => suite,
    };
    let signers = signers_of(config, suite, signature)?;
    publish_by(config, subject, signers, None)
}

/// Publishes a suite as it is, by the keys and settings of now; one that nobody signed stays so.
///
/// # Errors
/// When it was not published, or its stack was deleted; and as for [`publish`].
pub fn publish_as_it_is(config: &Config, suite: Suite) -> Result<Published, OperationError> {
    let repository = config.repository()?;
    let (signed, is_ours) = repository.suite_is_signed_and_ours(&suite)?;
    if !signed && !config.signing.keys.is_empty() {
        let refused = |reason: &str| {
            let (suite, reason) = (suite.clone(), reason.to_owned());
            Err(RepositoryError::Unpublishable { suite, reason }.into())
        };
        if !is_ours {
            return refused(
                "another user says that nobody signed it, and there are keys; publish it by its name, with `--unsigned` if that is meant",
            );
        }
        if repository.suite_has_signature(&suite) {
            return refused(
                "what is known of it says that nobody signed it, and it is signed; publish it by its name",
            );
        }
    }
    let signature = if signed { SuiteSignature::Signed } else { SuiteSignature::Unsigned };
    publish(config, PublishSubject::AsItIs(suite), signature)
}

/// A sealed revision that was looked at just now.
#[derive(Clone, Copy)]
pub(super) struct Looked {
    /// Its hash.
    pub(super) hash: Sha256Digest,
    /// Whether all keys stated it.
    pub(super) is_stated: bool,
}

/// The same, by keys that are open already, of a revision that was looked at when it was promoted, if it was.
pub(super) fn publish_by(
    config: &Config,
    subject: PublishSubject,
    signers: Option<Signers>,
    promoted: Option<Looked>,
) -> Result<Published, OperationError> {
    crate::cache::sweep_daily();
    let repository = config.repository()?;
    let settings = settings_of(config, &repository, &subject)?;
    let looked = match promoted {
        Some(promoted) => Some(promoted),
        None => match shown_by(&repository, &subject)? {
            Some(stack) => look_at(&repository, signers.as_ref(), &stack)?,
            None => None,
        },
    };
    let looked_for = promoted.map(|promoted| promoted.hash);
    let request = PublishRequest { subject, settings, signers: signers.as_ref(), looked_for };
    let suite = repository.publish(&request).map_err(|error| match error {
        RepositoryError::Signing(error) => OperationError::Signing(*error),
        error => error.into(),
    })?;
    let is_stated = looked.is_some_and(|looked| looked.hash == suite.hash && looked.is_stated);
    if let Some(signers) = signers.as_ref().filter(|_| suite.sealed && !is_stated) {
        let statements = Statements { repository: &repository, signers, by: Holders::All };
        let entry = || Ok(repository.show_stack(&suite.stack.at(suite.revision))?);
        statements.sign_unless_done(&suite.hash, entry)?;
    }
    let root = repository.meta().unwrap_or(Path::new("/"));
    let uri = config.publish.url.clone().unwrap_or_else(|| file_uri(root.as_os_str().as_bytes()));
    let certificates = signers.as_ref().map(Signers::certificates);
    let certificates = certificates.as_deref().map(String::from_utf8_lossy);
    let source = SourceEntry { uri: &uri, suite: &suite.suite, certificates: certificates.as_deref() };
    let source = source.to_text().map_err(|error| OperationError::Invalid(error.to_string()))?;
    let signed_by = signers.iter().flat_map(Signers::fingerprints).map(|it| it.to_string()).collect();
    let warnings = signers.iter().flat_map(|signers| signers.ending(Timestamp::now()));
    let mut warnings: Vec<String> = warnings.map(|key| key.to_string()).collect();
    warnings
        .extend(repository.meta().filter(|_| suite.changed).and_then(|root| shut_out(root, &suite.suite)));
    Ok(Published { suite, signed_by, source, warnings })
}

/// What is chosen of a suite: it has an index for each architecture of the hosts that its domain is meant for.
fn settings_of(
    config: &Config,
    repository: &Repository,
    subject: &PublishSubject,
) -> Result<SuiteSettings, OperationError> {
    let mut settings = config.publish.settings();
    let base = config.base_of(subject.suite().domain()).and_then(|base| config.bases.get(base));
    for architecture in base.iter().flat_map(|base| &base.architectures) {
        if !settings.architectures.contains(architecture) {
            settings.architectures.push(architecture.clone());
        }
    }
    // A channel is dated by its promotions, and moved by now.
    let is_stack = match subject {
        PublishSubject::Stack(_) => true,
        PublishSubject::Channel(_) => false,
        PublishSubject::AsItIs(suite) => {
            let published = repository.published_revision(suite)?;
            published.is_some_and(|(shown, ..)| Suite::from(shown.stack) == *suite)
        }
    };
    if is_stack {
        settings.source_date = SourceDate::find()?.map(|asked| asked.time);
    }
    Ok(settings)
}

/// The revision that is to be shown, if it is known before the suite's turn.
fn shown_by(repository: &Repository, subject: &PublishSubject) -> Result<Option<StackRef>, OperationError> {
    Ok(match subject {
        PublishSubject::Stack(stack) => Some(stack.clone()),
        PublishSubject::Channel(channel) => {
            let shows = repository.channel(channel)?.entry.state.shows;
            shows.map(|pin| pin.stack.at(pin.revision))
        }
        PublishSubject::AsItIs(suite) => {
            repository.check_knows_published(suite)?;
            repository.published_revision(suite)?.map(|(stack, ..)| stack)
        }
    })
}

/// Refuses to publish a sealed stack that is not as it was sealed.
fn look_at(
    repository: &Repository,
    signers: Option<&Signers>,
    stack: &StackRef,
) -> Result<Option<Looked>, OperationError> {
    let head = repository.stack_head(stack).map_err(|error| repository.called_nothing(error))?;
    if !head.sealed {
        return Ok(None);
    }
    repository.check_unedited(&head)?;
    let is_stated = check_sealed(repository, signers, &head)?;
    Ok(Some(Looked { hash: head.hash, is_stated }))
}

/// The configured keys, unless the suite is not to be signed.
///
/// # Errors
/// When there is none, or one cannot be used now; and when a suite that hosts believe by its signature would lose it although there
/// are keys.
pub(super) fn signers_of(
    config: &Config,
    suite: &Suite,
    signature: SuiteSignature,
) -> Result<Option<Signers>, OperationError> {
    // What was never published, or so that nothing can be read of it, is not signed.
    let is_signed = || Ok::<_, OperationError>(config.repository()?.is_suite_signed(suite).unwrap_or(false));
    if signature == SuiteSignature::Unsigned && !config.signing.keys.is_empty() && is_signed()? {
        return Err(OperationError::Unsigning { suite: suite.clone() });
    }
    open_signers(config, signature)
}

/// The configured keys, unless it is not to be signed.
///
/// # Errors
/// When there is none, or one cannot be used now.
pub(super) fn open_signers(
    config: &Config,
    signature: SuiteSignature,
) -> Result<Option<Signers>, OperationError> {
    match signature {
        SuiteSignature::Signed => {
            let signers = Signers::open(&SigningConfig::of(config))?;
            signers.check(Timestamp::now())?;
            Ok(Some(signers))
        }
        SuiteSignature::Unsigned => Ok(None),
    }
}
