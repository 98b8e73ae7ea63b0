//! Package files: fetched by name, and brought by whoever built them.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gachette::operation::OperationError;
use gachette::repository::{Placed, Staging};
use gachette_core::Sha256Digest;
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::extract::{Json, Path, Query};
use super::served_file::served;
use super::{Answer, Api, blocking};
use crate::{Problem, ProblemKind};

/// The type of package files.
pub(super) const PACKAGE_FILE: &str = "application/vnd.debian.binary-package";

/// What the bytes of a brought file must be.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Announced {
    sha256: Sha256Digest,
    size: u64,
}

/// A package file.
pub(super) async fn fetch(
    State(api): State<Api>,
    Path(name): Path<String>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let wanted = name.clone();
    let path = blocking(move || {
        let config = api.config.workshop()?;
        Ok(config.repository()?.package_path(&wanted)?)
    });
    let missing =
        || Problem::new(ProblemKind::NotFound, format!("there is no package file `{}`", name.escape_debug()));
    let mut response = served(&path.await?, request, missing).await?;
    if response.status().is_success() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PACKAGE_FILE));
    }
    Ok(response)
}

/// Takes a package file in, whole and as announced or not at all. It is registered when it is added to a stack.
pub(super) async fn bring(
    State(api): State<Api>,
    Path(name): Path<String>,
    Query(announced): Query<Announced>,
    body: Body,
) -> Answer<Placed> {
    let (config, file) = (api.config.clone(), name.clone());
    let (repository, staging, path) = blocking(move || {
        let repository = config.repository()?;
        // Refuses names that lead elsewhere.
        repository.package_path(&file)?;
        let staging: Staging = repository.staging()?;
        let path = staging.path().join(&file);
        Ok((repository, staging, path))
    })
    .await?;
    let failed = |error: std::io::Error| {
        Problem::new(
            ProblemKind::Internal,
            format!("cannot write {}: {}", path.display(), gachette::io_reason(&error)),
        )
    };
    let mut target = File::create_new(&path).await.map_err(failed)?;
    let (mut body, mut hash, mut size) = (body, Sha256::new(), 0_u64);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::invalid(format!("{name} broke off: {error}")))?;
        let Ok(bytes) = frame.into_data() else { continue };
        size += bytes.len() as u64;
        if size > announced.size {
            break;
        }
        hash.update(&bytes);
        target.write_all(&bytes).await.map_err(failed)?;
    }
    target.flush().await.map_err(failed)?;
    drop(target);
    if size != announced.size || Sha256Digest::from_bytes(hash.finalize().into()) != announced.sha256 {
        return Err(Problem::invalid(format!("{} is not what was announced", name.escape_debug()))
            .with_hint("it was damaged on its way, or changed meanwhile; bring it again"));
    }
    let placed = blocking(move || {
        let placed = repository.place(&path);
        drop(staging);
        placed.map_err(OperationError::from)
    });
    Ok(Json(placed.await?))
}
