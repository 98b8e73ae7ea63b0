//! What a request brings, parsed into types; what cannot be parsed is answered with a problem document like any error.

use axum::body::Body;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Number, Value};

use super::twin;
use crate::Problem;

/// A body of JSON: an object. (What stands for an object in Rust is also read from an array; that is nothing to rely on.)
pub(super) struct Json<T>(pub(super) T);

/// The parameters of a path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(super) struct Path<T>(pub(super) T);

/// The parameters behind `?`.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await?;
        let is_object = bytes.trim_ascii_start().first().is_none_or(|first| *first == b'{');
        let request = Request::from_parts(parts, Body::from(bytes.clone()));
        if let Some(problem) = twin::problem(&bytes) {
            return Err(problem);
        }
        match axum::Json::from_request(request, state).await {
            _ if !is_object => Err(Problem::invalid("the body must be a JSON object")),
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => {
                with_whole_numbers(&bytes).map(Self).ok_or_else(|| JsonRejection::from(error).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Reads JSON in which whole numbers may be written with a fraction of zero: JSON has one kind of number, and by JSON Schema
/// `1.0` is an integer.
fn with_whole_numbers<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    let (mut rest, mut changed) = (vec![&mut value], false);
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(values) => rest.extend(values),
            Value::Object(values) => rest.extend(values.values_mut()),
            Value::Number(number) => {
                if let Some(whole) = whole(number) {
                    (*number, changed) = (whole, true);
                }
            }
            _ => {}
        }
    }
    // Any other fault of the text is lost on its way to here.
    if changed { serde_json::from_value(value).ok() } else { None }
}

/// The integer that a number is, when it is written as another kind.
fn whole(number: &Number) -> Option<Number> {
    let value = number.as_f64().filter(|value| number.is_f64() && value.fract() == 0.0)?;
    // The casts are exact: the numbers are whole, and in the range of what they become.
    match value {
        0.0..18_446_744_073_709_551_616.0 => Some(Number::from(value as u64)),
        -9_223_372_036_854_775_808.0..0.0 => Some(Number::from(value as i64)),
        _ => None,
    }
}

/// How axum begins to say what is wrong with a request, and how we do.
const BEGINNINGS: [(&str, &str); 5] = [
    ("Failed to deserialize the JSON body into the target type: ", "the body is not as described: "),
    ("Failed to parse the request body as JSON: ", "the body is no JSON: "),
    ("Expected request with `", "the body must be JSON, and be called so: `"),
    ("Failed to deserialize query string: ", "the query is not as described: "),
    ("Invalid URL: ", "the address is not as described: "),
];

/// What the standard library says of text that is no number.
const NO_NUMBER: &str = "invalid digit found in string";

/// What is wrong with a request that could not be taken apart.
fn wrong(status: StatusCode, said: &str) -> Problem {
    let ours =
        BEGINNINGS.iter().find_map(|(theirs, ours)| Some(format!("{ours}{}", said.strip_prefix(theirs)?)));
    let title = ours.unwrap_or_else(|| said.to_owned()).replace(NO_NUMBER, "a whole number is expected");
    let problem = Problem { status: status.as_u16(), ..Problem::invalid(title) };
    problem.with_hint("`/openapi.json` describes what is taken here")
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        Self { status: rejection.status().as_u16(), ..Self::invalid(rejection.body_text()) }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        wrong(rejection.status(), &rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        wrong(rejection.status(), &rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        wrong(rejection.status(), &rejection.body_text())
    }
}
