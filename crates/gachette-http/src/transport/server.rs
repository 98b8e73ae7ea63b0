//! HTTP/1.1 or HTTP/2 to a server, in the clear or with TLS, with the token it wants to see. What has an `Idempotency-Key` is sent
//! again when its answer does not come.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::{AUTHORIZATION, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use super::loss::Loss;
use super::tls_failure::TlsFailure;
use crate::router::IDEMPOTENCY_KEY;
use crate::{Problem, ProblemKind};

/// How long connecting may take when nothing is configured.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// After how long without a sign of life the other side is asked whether it is there, and how long its answer may take.
const ASK_AFTER: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// How a server is reached, beside its address.
#[derive(Clone, Default)]
pub struct ServerAccess {
    /// The token it wants to see.
    pub token: Option<String>,
    /// The certificates of the authorities that are trusted, in PEM; the system's when there is none.
    pub ca_file: Option<PathBuf>,
    /// How long connecting may take.
    pub timeout: Option<Duration>,
}

/// A server.
#[derive(Clone)]
pub(crate) struct Server {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    url: Arc<Url>,
    authorization: Option<HeaderValue>,
}

/// The header in which a token is shown.
///
/// # Errors
/// When it is none.
pub(super) fn authorization(token: &str) -> Result<HeaderValue, Problem> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
        let title = "the token is none: it holds characters that no token has";
        Problem::new(ProblemKind::Configuration, title)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl Server {
    /// A server at this address; it is connected to when something is sent.
    ///
    /// # Errors
    /// When the certificates cannot be read, or the token would cross the network in the clear.
    pub(crate) fn new(url: Url, access: &ServerAccess) -> Result<Self, Problem> {
        let configuration = |title: String| Problem::new(ProblemKind::Configuration, title);
        if url.scheme() == "http" && access.token.is_some() && !is_loopback(&url) {
            let title = format!("the token would cross the network to {url} in the clear");
            return Err(configuration(title)
                .with_hint("say `https://…`, and see docs/server.md for how TLS is set up"));
        }
        let authorization = access.token.as_deref().map(authorization).transpose()?;
        let tls = tls(access).map_err(|error| configuration(format!("cannot speak TLS: {error}")))?;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(ASK_AFTER));
        http.set_connect_timeout(Some(access.timeout.unwrap_or(CONNECT_WITHIN)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http2_keep_alive_interval(ASK_AFTER)
            .http2_keep_alive_timeout(ANSWER_WITHIN)
            .http2_adaptive_window(true)
            .build(connector);
        Ok(Self { client, url: Arc::new(url), authorization })
    }

    pub(super) async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, Problem> {
        *request.uri_mut() = self.address(request.uri().path_and_query())?;
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let again = if request.headers().contains_key(IDEMPOTENCY_KEY) {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(Problem::invalid)?.to_bytes();
            request = Request::from_parts(parts.clone(), body.clone().into());
            Some(Request::from_parts(parts, body.into()))
        } else {
            None
        };
        let answer = match (self.client.request(request).await, again) {
            // Its connection broke: whether it was carried out is not known, so it is sent once more.
            (Err(error), Some(again)) if !error.is_connect() => {
                tracing::debug!(%error, "the answer did not come; it is asked for again");
                self.client.request(again).await.map_err(|_| error)
            }
            (answer, _) => answer,
        };
        answer.map(|response| response.map(Body::new)).map_err(|error| self.failed(&error))
    }

    /// Why an answer broke off.
    pub(super) fn lost(&self, loss: &Loss) -> Problem {
        Problem::new(ProblemKind::HostFailed, format!("{self}: {loss}"))
    }

    fn address(&self, path: Option<&PathAndQuery>) -> Result<Uri, Problem> {
        let path = path.map_or("/", PathAndQuery::as_str);
        let text = format!("{self}{path}");
        text.parse()
            .map_err(|error| Problem::new(ProblemKind::Internal, format!("`{text}` is no address: {error}")))
    }

    fn failed(&self, error: &hyper_util::client::legacy::Error) -> Problem {
        if let Some(TlsFailure { reason, hint }) = TlsFailure::behind(error) {
            return self.unreachable(&reason, hint);
        }
        if self.url.scheme() == "http" && spoke_otherwise(error) {
            return self.unreachable(
                &"it does not speak HTTP in the clear",
                "say `https://…`, if it is a server with TLS",
            );
        }
        // The innermost of it says what happened.
        let cause = causes(error).last().map_or_else(String::new, |cause| {
            let said = cause.downcast_ref().map_or_else(|| cause.to_string(), gachette::io_reason);
            said.replace("failed to lookup address information:", "its address cannot be looked up:")
        });
        if error.is_connect() {
            return self.unreachable(&cause, "see whether a server runs there");
        }
        Problem::new(ProblemKind::HostFailed, format!("lost the connection to {self}: {cause}"))
            .with_hint("what was begun may go on there: `gachette builds list` shows it")
    }

    fn unreachable(&self, reason: &dyn fmt::Display, hint: &str) -> Problem {
        let title = format!("cannot connect to {self}: {reason}");
        Problem { never_sent: true, ..Problem::new(ProblemKind::HostFailed, title).with_hint(hint) }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

/// An error, and all that it came from, the innermost last.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// Whether the answer was no HTTP at all.
fn spoke_otherwise(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn tls(access: &ServerAccess) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = &access.ca_file {
        let wrong = |error: String| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", file.display()))
        };
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))? {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            let damaged = |_| wrong("it holds a certificate that is damaged or cut off".to_owned());
            roots.add(certificate).map_err(damaged)?;
        }
        if roots.is_empty() {
            return Err(wrong("there is no certificate in it".to_owned()));
        }
    } else {
        // Some of the system's may be of kinds that are not known; those that are count.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| io::Error::other(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
