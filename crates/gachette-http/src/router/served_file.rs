//! A file as an answer: whole or the part of it that is asked for, and only when it changed.

use std::io::{Error, ErrorKind};
use std::path::Path;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, header};
use tower_http::services::ServeFile;

use crate::{Problem, ProblemKind};

/// The file, or what is `missing` when there is none.
pub(super) async fn served(
    path: &Path,
    mut request: Request<Body>,
    missing: impl Fn() -> Problem,
) -> Result<Response, Problem> {
    // apt asks for the rest of what it has in part if that is still the same file. To give it the whole is always right; what
    // serves the file would give it the rest of another.
    if request.headers_mut().remove(header::IF_RANGE).is_some() {
        request.headers_mut().remove(header::RANGE);
    }
    let failed = |error: Error| {
        let reason = gachette::io_reason(&error);
        Problem::new(ProblemKind::Internal, format!("cannot read {}: {reason}", path.display()))
    };
    match tokio::fs::File::open(path).await {
        Ok(file) if file.metadata().await.map_err(failed)?.is_file() => {}
        Err(error) if !is_missing(&error) => return Err(failed(error)),
        _ => return Err(missing()),
    }
    match ServeFile::new(path).try_call(request).await.map_err(failed)? {
        // It went in between.
        response if response.status() == http::StatusCode::NOT_FOUND => Err(missing()),
        response => Ok(response.into_response()),
    }
}

/// Whether no file has or could have this name.
fn is_missing(error: &Error) -> bool {
    use ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidInput | InvalidFilename)
}
