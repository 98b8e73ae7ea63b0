//! Which role a request needs. What is not named here needs the highest.

use http::Method;

use super::Role;

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: it tells nothing, or is checked elsewhere.
    Nothing,
    /// A role, or for apt and clients of the original tool nothing where reading is public.
    PublishedTree,
    /// A role.
    Role(Role),
}

/// What a request with this method to this path needs.
pub(super) fn needs(method: &Method, path: &str) -> Needs {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    let below =
        |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match path {
        "/api/v1/health" | "/openapi.json" if reads => Needs::Nothing,
        // Its own signature is checked.
        _ if below("/hooks") && *method == Method::POST => Needs::Nothing,
        _ if reads && ["/domain", "/domains", "/packages", "/debs", "/dists"].into_iter().any(below) => {
            Needs::PublishedTree
        }
        "/api/v1/tokens" => Needs::Role(Role::Admin),
        // It runs programs, and asks the servers of projects with the machine's own credentials.
        "/api/v1/host" if reads => Needs::Role(Role::Build),
        // It may have to be computed, as a check has.
        _ if reads && is_outlook(path) => Needs::Role(Role::Build),
        _ if reads => Needs::Role(Role::Read),
        _ if below("/api/v1/builds") || below("/api/v1/working-copies") => Needs::Role(Role::Build),
        // Builders bring what they built.
        _ if below("/api/v1/debs") || below("/api/v1/buildinfo") => Needs::Role(Role::Build),
        // It changes nothing, but answers are kept.
        _ if is_check(path) => Needs::Role(Role::Build),
        // It changes nothing either; what is sent are certificates.
        _ if is_verification(path) => Needs::Role(Role::Read),
        // That all but noting a check that is asked for needs more is seen in the request's body.
        _ if is_change_of_channel(path) => Needs::Role(Role::Build),
        // That deleting a stack needs more is seen in the request's body.
        _ if below("/api/v1/domains") || below("/api/v1/bases") => Needs::Role(Role::Release),
        _ => Needs::Role(Role::Admin),
    }
}

/// Whether a suite is to be verified: `/api/v1/domains/DOMAIN/suites/SUITE/verify`.
fn is_verification(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts[..], ["", "api", "v1", "domains", _, "suites", _, "verify"])
}

/// Whether something is done with a channel: `/api/v1/domains/DOMAIN/channels/CHANNEL/entries`.
fn is_change_of_channel(path: &str) -> bool {
    let rest = path.strip_prefix("/api/v1/domains/").unwrap_or_default();
    matches!(rest.split('/').collect::<Vec<_>>().as_slice(), [_, "channels", _, "entries"])
}

/// Whether it is asked if a channel could be moved: `/api/v1/domains/DOMAIN/channels/CHANNEL/outlook`.
fn is_outlook(path: &str) -> bool {
    let rest = path.strip_prefix("/api/v1/domains/").unwrap_or_default();
    matches!(rest.split('/').collect::<Vec<_>>().as_slice(), [_, "channels", _, "outlook"])
}

/// Whether a stack is asked about: `/api/v1/domains/DOMAIN/stacks/STACK/check`.
fn is_check(path: &str) -> bool {
    let rest = path.strip_prefix("/api/v1/domains/").unwrap_or_default();
    matches!(rest.split('/').collect::<Vec<_>>().as_slice(), [_, "stacks", _, "check"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_needs_its_role_and_an_unknown_one_the_highest() {
        for (method, path, expected) in [
            (Method::GET, "/api/v1/health", Needs::Nothing),
            (Method::POST, "/hooks/web", Needs::Nothing),
            (Method::GET, "/debs/x.deb", Needs::PublishedTree),
            (Method::POST, "/debs/x.deb", Needs::Role(Role::Admin)),
            (Method::GET, "/debsx", Needs::Role(Role::Read)),
            (Method::GET, "/api/v1/builds", Needs::Role(Role::Read)),
            (Method::POST, "/api/v1/builds", Needs::Role(Role::Build)),
            (Method::POST, "/api/v1/builds/1/cancel", Needs::Role(Role::Build)),
            (Method::GET, "/api/v1/working-copies/web", Needs::Role(Role::Read)),
            (Method::DELETE, "/api/v1/working-copies/web", Needs::Role(Role::Build)),
            (Method::PUT, "/api/v1/debs/x.deb", Needs::Role(Role::Build)),
            (Method::PUT, "/api/v1/buildinfo/00", Needs::Role(Role::Build)),
            (Method::POST, "/api/v1/domains/d/stacks", Needs::Role(Role::Release)),
            (Method::POST, "/api/v1/domains/d/stacks/1/revisions", Needs::Role(Role::Release)),
            (Method::POST, "/api/v1/domains/d/stacks/1/check", Needs::Role(Role::Build)),
            (Method::POST, "/api/v1/domains/d/channels/check", Needs::Role(Role::Release)),
            (Method::GET, "/api/v1/domains/d/channels/live/outlook", Needs::Role(Role::Build)),
            (Method::GET, "/api/v1/domains/d/channels/outlook", Needs::Role(Role::Read)),
            (Method::POST, "/api/v1/domains/d/channels/live/entries", Needs::Role(Role::Build)),
            (Method::POST, "/api/v1/domains/d/channels/live", Needs::Role(Role::Release)),
            (Method::POST, "/api/v1/bases/bookworm/entries", Needs::Role(Role::Release)),
            (Method::POST, "/api/v1/domains/d/suites/1/verify", Needs::Role(Role::Read)),
            (Method::POST, "/api/v1/domains/d/suites/verify", Needs::Role(Role::Release)),
            (Method::GET, "/api/v1/bases", Needs::Role(Role::Read)),
            (Method::POST, "/api/v1/repository", Needs::Role(Role::Admin)),
            (Method::GET, "/api/v1/repository/log", Needs::Role(Role::Read)),
            (Method::POST, "/api/v1/repository/fsck", Needs::Role(Role::Admin)),
            (Method::POST, "/api/v1/repository/gc", Needs::Role(Role::Admin)),
            (Method::GET, "/api/v1/tokens", Needs::Role(Role::Admin)),
            (Method::GET, "/api/v1/host", Needs::Role(Role::Build)),
            (Method::POST, "/api/v1/host", Needs::Role(Role::Admin)),
            (Method::GET, "/api/v1/keys", Needs::Role(Role::Read)),
            (Method::GET, "/api/v1/certificates", Needs::Role(Role::Read)),
            (Method::POST, "/api/v1/keys", Needs::Role(Role::Admin)),
            (Method::PUT, "/api/v1/keys/archive/expiry", Needs::Role(Role::Admin)),
            (Method::POST, "/api/v1/health", Needs::Role(Role::Admin)),
            (Method::POST, "/elsewhere", Needs::Role(Role::Admin)),
        ] {
            assert_eq!(needs(&method, path), expected, "{method} {path}");
        }
    }
}
