//! The gate: every request that comes through a socket is let in, or answered 401, 403 or 429.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Version;
use http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN};

use super::needs::{Needs, needs};
use super::origin::{Origin, Peer, TrustedProxy, is_of_service};
use super::rate::Rate;
use super::{Caller, Role, TokenFile, token};
use crate::{Problem, ProblemKind};

/// Who is let in without a token.
#[derive(Debug, Clone, Default)]
pub struct Openness {
    /// Whether everybody who reaches the server may do everything.
    pub no_auth: bool,
    /// Whether everybody may read what clients of the original tool read.
    pub public_read: bool,
    /// The proxies that are believed who their clients are. None of them is let in without a token.
    pub proxies: Vec<TrustedProxy>,
}

/// What decides who is let in.
#[derive(Clone)]
pub(crate) struct Gate {
    tokens: TokenFile,
    openness: Arc<Openness>,
    rate: Arc<Rate>,
}

impl Gate {
    /// With these tokens, and so many requests a second for each caller.
    pub(crate) fn new(tokens: TokenFile, openness: Openness, per_second: u32) -> Self {
        Self { tokens, openness: Arc::new(openness), rate: Arc::new(Rate::new(per_second)) }
    }

    /// Who asks for something that needs this, if anybody is known to.
    fn caller(&self, request: &Request, needs: Needs) -> Result<Option<Caller>, Problem> {
        let mut tokens = request.headers().get_all(AUTHORIZATION).iter();
        if let Some(shown) = tokens.next() {
            // Another one may be the one that a proxy looked at.
            if tokens.next().is_some() {
                return Err(unauthenticated("more than one token is shown"));
            }
            let token =
                shown.to_str().ok().and_then(|text| token::shown(text, needs == Needs::PublishedTree));
            let known = token.map(|token| self.tokens.caller(&token)).transpose()?.flatten();
            return known
                .map(Some)
                .ok_or_else(|| unauthenticated("this token is not known, or not valid any more"));
        }
        let peer = request.extensions().get::<Peer>();
        // Behind a proxy everybody would have its rights.
        if is_forwarded(request) || peer.is_some_and(|peer| peer.is_one_of(&self.openness.proxies)) {
            return Ok(None);
        }
        match peer {
            Some(Peer::User { name, uid }) if *uid == us() || !is_of_service(*uid) => {
                Ok(Some(Caller::user(Arc::clone(name))))
            }
            Some(Peer::Address(address)) if self.openness.no_auth => {
                checked_local(request)?;
                Ok(Some(Caller::user(address.ip().to_string().into())))
            }
            _ => Ok(None),
        }
    }

    /// Whether this caller may ask for something that needs this.
    fn admitted(
        &self,
        request: &Request,
        needs: Needs,
        caller: Result<Option<Caller>, Problem>,
    ) -> Result<(), Problem> {
        let caller = match caller {
            Err(_) if needs == Needs::Nothing => None,
            caller => caller?,
        };
        let role = if let Needs::Role(role) = needs { role } else { Role::Read };
        match &caller {
            Some(caller) if caller.role < role => Err(caller.lacks(role)),
            None if !self.is_public(needs) => Err(match request.extensions().get::<Peer>() {
                Some(_) if is_forwarded(request) => {
                    unauthenticated("a token is needed, since a proxy passed this on")
                }
                Some(Peer::User { name, .. }) => {
                    unauthenticated(&format!("a token is needed, since {name} may speak for others"))
                }
                _ => unauthenticated("a token is needed"),
            }),
            _ => Ok(()),
        }
    }

    /// Whether strangers may have what needs this.
    fn is_public(&self, needs: Needs) -> bool {
        needs == Needs::Nothing || needs == Needs::PublishedTree && self.openness.public_read
    }

    fn admit(&self, request: &mut Request, origin: &Origin) -> Result<(), Problem> {
        let path =
            request.extensions().get::<MatchedPath>().map_or(request.uri().path(), MatchedPath::as_str);
        let needs = needs(request.method(), path);
        let caller = self.caller(request, needs);
        if let Ok(Some(caller)) = &caller {
            request.extensions_mut().insert(caller.clone());
        }
        let admitted = self.admitted(request, needs, caller);
        let who = match (&admitted, request.extensions().get::<Caller>()) {
            // As from any web server: many machines may be behind one address, or show one token.
            (Ok(()), _) if needs == Needs::PublishedTree => return Ok(()),
            (Ok(()), Some(caller)) => caller.name.to_string(),
            (Ok(()), None) => origin.to_string(),
            // Who is refused has asked too, and takes nothing from others at the same place.
            (Err(_), _) => format!("refused at {origin}"),
        };
        if let Err(seconds) = self.rate.take(&who, Instant::now()) {
            let problem =
                Problem::new(ProblemKind::TooManyRequests, "there were too many requests in a short time");
            return Err(problem.with_hint(format!("try again in {seconds} s")).retry_after(seconds));
        }
        admitted
    }
}

impl Caller {
    /// That this caller may not do what needs that role.
    pub(crate) fn lacks(&self, role: Role) -> Problem {
        let title = format!("this needs the role {role}, and {} has {}", self.name, self.role);
        Problem::new(ProblemKind::Forbidden, title)
    }
}

/// Lets a request in, or answers it.
pub(crate) async fn gate(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let origin = Origin::of(request.extensions().get(), request.headers(), &gate.openness.proxies);
    let admitted = gate.admit(&mut request, &origin);
    let caller = request.extensions().get::<Caller>().cloned();
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    // For the log.
    if let Some(caller) = caller {
        response.extensions_mut().insert(caller);
    }
    response.extensions_mut().insert(origin);
    response
}

fn unauthenticated(title: &str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, title)
        .with_hint("an administrator makes one with `gachette token create`; it is given in GACHETTE_TOKEN or `token_file`")
}

/// The user of this server.
fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether a proxy passed this on, as far as that can be seen.
fn is_forwarded(request: &Request) -> bool {
    let tells =
        |name: &str| ["forwarded", "via", "x-real-ip"].contains(&name) || name.starts_with("x-forwarded-");
    // nginx speaks the old version to what is behind it, unless told otherwise, and clients do not.
    request.version() == Version::HTTP_10 || request.headers().keys().any(|name| tells(name.as_str()))
}

/// Without tokens, a web page that a browser on this machine shows must not reach the server, by whatever name it calls it.
fn checked_local(request: &Request) -> Result<(), Problem> {
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host =
        request.uri().authority().map(|host| host.as_str()).or_else(|| header(HOST)).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host });
    let address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let local = name == "localhost" || address.is_ok_and(|address| address.is_loopback());
    // A page of another port of this machine is on the same site.
    let of_page = header(HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| !["none", "same-origin"].contains(&site))
        || header(ORIGIN).is_some_and(|origin| origin.split_once("://").is_none_or(|(_, from)| from != host));
    if local && !of_page {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::Forbidden, "without tokens this server is for clients of its own machine")
        .with_hint("call it by a loopback address or as `localhost`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_to_the_socket_through_a_proxy_is_not_its_user() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = TokenFile::new(folder.path().join("tokens.json"));
        let proxies = vec!["user:haproxy".parse().unwrap()];
        let gate = Gate::new(tokens, Openness { proxies, ..Openness::default() }, 1);
        let role = |name: &str, uid, version, header: &'static str| {
            let mut request = Request::default();
            request.extensions_mut().insert(Peer::User { name: name.into(), uid });
            *request.version_mut() = version;
            request.headers_mut().insert(header, HeaderValue::from_static("x"));
            gate.caller(&request, Needs::Role(Role::Read)).unwrap().map(|caller| caller.role)
        };
        let ada = |version, header| role("ada@build1", 1000, version, header);
        assert_eq!(ada(Version::HTTP_11, "accept"), Some(Role::Admin));
        assert_eq!(ada(Version::HTTP_2, "accept"), Some(Role::Admin));
        assert_eq!(ada(Version::HTTP_10, "accept"), None);
        for header in
            ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]
        {
            assert_eq!(ada(Version::HTTP_11, header), None, "{header}");
        }
        // These say nothing, and are proxies all the same.
        assert_eq!(role("www-data@build1", 33, Version::HTTP_11, "accept"), None);
        assert_eq!(role("haproxy@build1", 1001, Version::HTTP_11, "accept"), None);
        assert_eq!(role("root@build1", 0, Version::HTTP_11, "accept"), Some(Role::Admin));
    }
}
