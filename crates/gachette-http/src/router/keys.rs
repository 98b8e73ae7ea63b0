//! Signing keys: list, make, extend, and hand out what others may know of them. Secret keys have no route.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gachette::signing::{KeyRef, ListedKey, NewEnd, OwnKey, SigningConfig, SigningError, usual_end};
use gachette_core::Sha256Digest;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

use super::extract::{Json, Path};
use super::{Answer, Api, blocking, entity_tag};
use crate::Problem;
use crate::wire::{CreateKey, ExtendKey, KeyEnd, KeySummary};

/// What certificates are, in text (RFC 3156).
pub(super) const CERTIFICATES: &str = "application/pgp-keys";

pub(super) async fn list(State(api): State<Api>) -> Answer<Vec<KeySummary>> {
    with(api, |config| {
        let now = Timestamp::now();
        Ok(config.list()?.into_iter().map(|listed| KeySummary::of(listed, now)).collect())
    })
    .await
    .map(Json)
}

pub(super) async fn create(
    State(api): State<Api>,
    Json(wish): Json<CreateKey>,
) -> Result<(StatusCode, Json<KeySummary>), Problem> {
    let created = with(api, move |config| {
        let now = Timestamp::now();
        let expires = wish.expires.unwrap_or(KeyEnd::At(usual_end(now))).time();
        let key =
            config.folder.generate(&wish.name, wish.email.as_deref(), expires, &config.passphrase, now)?;
        summary(&config, KeyRef::Name(wish.name), &key, now)
    });
    Ok((StatusCode::CREATED, Json(created.await?)))
}

pub(super) async fn extend(
    State(api): State<Api>,
    Path(key): Path<KeyRef>,
    headers: HeaderMap,
    Json(wish): Json<ExtendKey>,
) -> Result<impl IntoResponse, Problem> {
    let expected = entity_tag::expected(&headers);
    let extend = move |config: SigningConfig| {
        let now = Timestamp::now();
        let expires = wish.expires.time();
        let end = if wish.shorten { NewEnd::Any(expires) } else { NewEnd::NotBefore(expires) };
        let folder = config.folder.clone().expecting(expected);
        let extended = folder.extend(&key, end, &config.passphrase, now)?;
        let certificate = extended.certificate().armored()?;
        Ok((Sha256Digest::of(&certificate), summary(&config, key, &extended, now)?))
    };
    let (hash, extended) = with(api, extend).await?;
    Ok(([entity_tag::of(&hash)], Json(extended)))
}

/// The certificate of a key.
pub(super) async fn certificate(
    State(api): State<Api>,
    Path(key): Path<KeyRef>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let text = with(api, move |config| config.certificate(&key)?.armored()).await?;
    Ok(shown(&headers, text))
}

/// The certificates of all keys that suites are signed with.
pub(super) async fn certificates(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(shown(&headers, with(api, |config| config.certificates()).await?))
}

/// Certificates as an answer, with the tag of their text.
fn shown(headers: &HeaderMap, text: impl Into<Vec<u8>>) -> Response {
    let text = text.into();
    let hash = Sha256Digest::of(&text);
    entity_tag::answer(headers, &hash, ([(header::CONTENT_TYPE, CERTIFICATES)], text))
}

async fn with<T: Send + 'static>(
    api: Api,
    work: impl FnOnce(SigningConfig) -> Result<T, SigningError> + Send + 'static,
) -> Result<T, Problem> {
    blocking(move || Ok(work(SigningConfig::of(&api.config))?)).await
}

/// What is to be said of a key that was made or changed just now.
fn summary(
    config: &SigningConfig,
    key: KeyRef,
    own: &OwnKey,
    now: Timestamp,
) -> Result<KeySummary, SigningError> {
    let fingerprint = own.certificate().fingerprint();
    let is_it = |listed: &ListedKey| {
        listed.certificate.as_ref().is_ok_and(|certificate| certificate.fingerprint() == fingerprint)
    };
    let listed = config.list()?.into_iter().find(is_it);
    listed.map(|listed| KeySummary::of(listed, now)).ok_or_else(|| config.folder.not_there(&key))
}
