//! A file as an answer: whole or the part of it that is asked for, and only when it changed.

use std::io::{Error, ErrorKind};
use std::path::Path;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_RANGE;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tower_http::services::ServeFile;

use crate::{Problem, ProblemKind};

/// How many files may be read at the same time: readers who take nothing more must not take all open files and memory from others.
static PLACES: Semaphore = Semaphore::const_new(1024);

/// The file, or what is `missing` when there is none. What is refused is a problem document, which says of a part that is not there
/// how long the file is.
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
    // A pipe in its place would keep a thread waiting for ever.
    let looked = path.to_path_buf();
    let opened = tokio::task::spawn_blocking(move || gachette::open_regular(&looked).map(drop)).await;
    match opened.map_err(Error::other).and_then(|opened| opened) {
        Ok(()) => {}
        Err(error) if !is_missing(&error) => return Err(failed(error)),
        Err(_) => return Err(missing()),
    }
    let too_many = |_| Problem::new(ProblemKind::Unavailable, "too many files are being read").retry_after(5);
    let place = PLACES.try_acquire().map_err(too_many)?;
    let response = ServeFile::new(path).try_call(request).await.map_err(failed)?;
    let problem = match response.status() {
        // It went in between.
        StatusCode::NOT_FOUND => missing(),
        StatusCode::PRECONDITION_FAILED => {
            Problem::new(ProblemKind::Changed, "the file was changed since the time that is named")
        }
        status @ StatusCode::RANGE_NOT_SATISFIABLE => {
            Problem { status: status.as_u16(), ..Problem::invalid("the file has no such part") }
        }
        // The place is taken for as long as the file is read.
        _ => {
            let held = move |frame| {
                let _ = &place;
                frame
            };
            return Ok(response.map(|body| Body::new(body.map_frame(held))));
        }
    };
    let mut refused = problem.into_response();
    refused
        .headers_mut()
        .extend(response.headers().get(CONTENT_RANGE).map(|range| (CONTENT_RANGE, range.clone())));
    Ok(refused)
}

/// Whether no file has or could have this name.
fn is_missing(error: &Error) -> bool {
    use ErrorKind::{InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory | InvalidInput | InvalidFilename)
}
