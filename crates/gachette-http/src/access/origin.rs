//! Where a request comes from: who is at the other end of its connection, or whom a trusted proxy there speaks for.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use gachette_core::host::UserName;
use http::{HeaderMap, HeaderValue};

/// The header in which proxies name their clients, each proxy behind the one before.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// The users of services, by which no person works: Debian Policy, 9.2.2.
const OF_SERVICES: [std::ops::RangeInclusive<u32>; 2] = [1..=999, 60_000..=65_535];

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    /// A user of this machine.
    User {
        /// Such as `ada@build1`.
        name: Arc<str>,
        /// His number.
        uid: u32,
    },
    /// Somebody at this address.
    Address(SocketAddr),
}

impl Peer {
    /// A user of this machine.
    pub(crate) fn user(uid: u32) -> Self {
        Self::User { name: gachette::identity::author_of(uid).into(), uid }
    }

    /// Whether this is one of the proxies.
    pub(super) fn is_one_of(&self, proxies: &[TrustedProxy]) -> bool {
        proxies.iter().any(|proxy| match (proxy, self) {
            (TrustedProxy::Address(proxy), Self::Address(peer)) => *proxy == peer.ip().to_canonical(),
            (TrustedProxy::User(proxy), Self::User { name, .. }) => {
                name.rsplit_once('@').is_some_and(|(user, _)| user == proxy.as_str())
            }
            _ => false,
        })
    }
}

/// Whether it is the user of a service, such as a web server: what comes from there may be for somebody else, who is not known.
pub(crate) fn is_of_service(uid: u32) -> bool {
    OF_SERVICES.iter().any(|users| users.contains(&uid))
}

/// A proxy that is believed who its clients are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedProxy {
    /// It connects from this address.
    Address(IpAddr),
    /// It comes to the socket as this user.
    User(UserName),
}

/// Text that names no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no proxy: write the address that it connects from, or `user:NAME` when it comes to the socket", .0.escape_debug())]
pub struct TrustedProxyError(String);

impl FromStr for TrustedProxy {
    type Err = TrustedProxyError;

    fn from_str(text: &str) -> Result<Self, TrustedProxyError> {
        let proxy = match text.strip_prefix("user:") {
            Some(user) => user.parse().ok().map(Self::User),
            None => text.parse::<IpAddr>().ok().map(|address| Self::Address(address.to_canonical())),
        };
        proxy.ok_or_else(|| TrustedProxyError(text.chars().take(80).collect()))
    }
}

/// Where a request comes from, in words: an address, or a user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(Arc<str>);

impl Origin {
    /// Of a request with these headers.
    pub(super) fn of(peer: Option<&Peer>, headers: &HeaderMap, proxies: &[TrustedProxy]) -> Self {
        let Some(peer) = peer else { return Self("this process".into()) };
        let client = peer.is_one_of(proxies).then(|| forwarded_for(headers, proxies)).flatten();
        Self(match (client, peer) {
            (Some(client), _) => client.to_string().into(),
            (None, Peer::Address(address)) => address.ip().to_canonical().to_string().into(),
            (None, Peer::User { name, .. }) => Arc::clone(name),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The client that the last of the proxies names. What is before it was said by somebody who may be anybody, and is not even read.
fn forwarded_for(headers: &HeaderMap, proxies: &[TrustedProxy]) -> Option<IpAddr> {
    let lines: Vec<&[u8]> = headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
    let names = lines.iter().flat_map(|line| line.split(|byte| *byte == b',')).rev();
    let mut client = None;
    for address in names.map_while(|name| address(std::str::from_utf8(name).ok()?.trim())) {
        client = Some(address);
        if !proxies.contains(&TrustedProxy::Address(address)) {
            break;
        }
    }
    client
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(peer: &Peer, forwarded: &[&str], proxies: &[&str]) -> String {
        let proxies: Vec<TrustedProxy> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Origin::of(Some(peer), &headers, &proxies).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_says_who_its_client_is() {
        let peer = Peer::Address("127.0.0.1:4000".parse().unwrap());
        assert_eq!(origin(&peer, &["192.0.2.1"], &[]), "127.0.0.1");
        assert_eq!(origin(&peer, &["192.0.2.1"], &["127.0.0.2"]), "127.0.0.1");
        assert_eq!(origin(&peer, &["192.0.2.1"], &["127.0.0.1"]), "192.0.2.1");
        assert_eq!(origin(&peer, &[], &["127.0.0.1"]), "127.0.0.1");
        let mapped = Peer::Address("[::ffff:127.0.0.1]:4000".parse().unwrap());
        assert_eq!(origin(&mapped, &["[2001:db8::1]:7"], &["127.0.0.1"]), "2001:db8::1");
        let web = Peer::User { name: "www-data@build1".into(), uid: 33 };
        assert_eq!(origin(&web, &["192.0.2.1"], &["user:www-data"]), "192.0.2.1");
        assert_eq!(origin(&web, &["192.0.2.1"], &["user:build1"]), "www-data@build1");
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_believed() {
        let peer = Peer::Address("127.0.0.1:4000".parse().unwrap());
        // Each proxy adds whom it heard at the end.
        assert_eq!(origin(&peer, &["10.0.0.1, 192.0.2.1"], &["127.0.0.1"]), "192.0.2.1");
        assert_eq!(origin(&peer, &["10.0.0.1", "192.0.2.1"], &["127.0.0.1"]), "192.0.2.1");
        let two = ["127.0.0.1", "192.0.2.9"];
        assert_eq!(origin(&peer, &["10.0.0.1, 192.0.2.1, 192.0.2.9"], &two), "192.0.2.1");
        assert_eq!(origin(&peer, &["10.0.0.1, x, 192.0.2.9"], &two), "192.0.2.9");
        assert_eq!(origin(&peer, &["\u{ff}, 192.0.2.1"], &two), "192.0.2.1");
        assert_eq!(origin(&peer, &["unknown"], &two), "127.0.0.1");
    }

    #[test]
    fn a_proxy_is_an_address_or_a_user() {
        for wrong in ["", "10.0.0.0/8", "10.0.0", "localhost", "www-data", "user:", "user:-x", "user:a b"] {
            assert!(wrong.parse::<TrustedProxy>().is_err(), "{wrong}");
        }
    }
}
