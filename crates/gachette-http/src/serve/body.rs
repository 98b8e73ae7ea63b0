//! Bodies of requests are small JSON, which is read whole, within a limit and a time, before anything is done. Only package
//! files are larger: they must not stall, and their size is announced.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::stream::unfold;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::Problem;

/// The largest body, in bytes: a thousand packages fit into one wish.
const LARGEST: usize = 1 << 20;
/// How long a client may take to send it.
const WITHIN: Duration = Duration::from_secs(30);

/// Reads the body, and passes the request on with it.
pub(super) async fn read_whole(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::PUT {
        return next.run(Request::from_parts(parts, unstalled(body))).await;
    }
    let problem = |status: StatusCode, title: &str| {
        Problem { status: status.as_u16(), ..Problem::invalid(title) }.into_response()
    };
    match tokio::time::timeout(WITHIN, Limited::new(body, LARGEST).collect()).await {
        Err(_) => problem(StatusCode::REQUEST_TIMEOUT, "the body of the request did not come in 30 s"),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            problem(StatusCode::PAYLOAD_TOO_LARGE, "the body of the request is larger than 1 MiB")
        }
        Ok(Err(_)) => problem(StatusCode::BAD_REQUEST, "the body of the request broke off"),
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body.to_bytes()))).await,
    }
}

/// The same body, which breaks off when nothing comes for too long.
fn unstalled(body: Body) -> Body {
    Body::from_stream(unfold(Some(body), async |body| {
        let mut body = body?;
        match tokio::time::timeout(WITHIN, body.frame()).await {
            Err(stalled) => Some((Err(axum::Error::new(stalled)), None)),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(Some(Ok(frame))) => Some((Ok(frame.into_data().unwrap_or_default()), Some(body))),
        }
    }))
}
