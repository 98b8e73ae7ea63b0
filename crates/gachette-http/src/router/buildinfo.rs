//! The files that say how packages were built: fetched by their hash, and brought by whoever built.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gachette_core::Sha256Digest;
use http::header;

use super::extract::Path;
use super::{Api, blocking};
use crate::{Problem, ProblemKind};

/// What such a file is.
pub(super) const BUILDINFO: &str = "text/plain; charset=utf-8";

pub(super) async fn fetch(
    State(api): State<Api>,
    Path(digest): Path<Sha256Digest>,
) -> Result<Response, Problem> {
    let found = blocking(move || Ok(api.config.workshop()?.repository()?.buildinfo(&digest)?)).await?;
    match found {
        Some(text) => Ok(([(header::CONTENT_TYPE, BUILDINFO)], text).into_response()),
        None => Err(Problem::new(
            ProblemKind::NotFound,
            format!("there is no .buildinfo file with the SHA-256 {digest}"),
        )),
    }
}

/// Takes one in, for records that are going to name it.
pub(super) async fn bring(
    State(api): State<Api>,
    Path(digest): Path<Sha256Digest>,
    body: Bytes,
) -> Result<http::StatusCode, Problem> {
    if Sha256Digest::of(&body) != digest {
        return Err(Problem::invalid("the .buildinfo file is not what was announced")
            .with_hint("it was damaged on its way; bring it again"));
    }
    let text =
        String::from_utf8(body.into()).map_err(|_| Problem::invalid("the .buildinfo file is not UTF-8"))?;
    blocking(move || Ok(api.config.repository()?.keep_buildinfo(&text)?)).await?;
    Ok(http::StatusCode::NO_CONTENT)
}
