//! Names of hosts, as they are given to `-H`: each a type that `ssh` cannot misread as an option.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::address_without_secrets;
use crate::as_text::as_text;

/// Where commands are carried out, when it is not this process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostTarget {
    /// A machine reached by `ssh`: `[user@]host[:port]`.
    Ssh(HostAddress),
    /// A server on this machine, by its socket: `unix:///run/gachette.sock`.
    Unix(PathBuf),
    /// A server: `https://gachette.example.org`.
    Server(Url),
}

/// `[user@]host[:port]`; an IPv6 address stands in brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostAddress {
    user: Option<UserName>,
    host: String,
    port: Option<u16>,
}

/// The name of a user on a host, of characters that mean nothing to a shell.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserName(String);

/// Text that names no user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no user: a name holds letters, digits, `.`, `-`, `_`, `+` and `@` only, and begins with no `-`", .0.escape_debug())]
pub struct UserNameError(String);

/// Text that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no host: {reason}", .text.escape_debug())]
pub struct HostError {
    text: String,
    reason: &'static str,
}

/// The longest host name (RFC 1035, 2.3.4), in bytes.
const LONGEST_HOST: usize = 253;
/// The longest user name; `useradd` allows 32, directories more.
const LONGEST_USER: usize = 128;

impl HostAddress {
    /// The user to log in as.
    pub fn user(&self) -> Option<&UserName> {
        self.user.as_ref()
    }

    /// The host's name or address, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// With what it does not name itself.
    #[must_use]
    pub fn or(mut self, user: Option<&UserName>, port: Option<u16>) -> Self {
        self.user = self.user.or_else(|| user.cloned());
        self.port = self.port.or(port);
        self
    }
}

impl FromStr for HostAddress {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let wrong =
            |reason| HostError { text: address_without_secrets(text).chars().take(80).collect(), reason };
        let (user, place) = match text.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, text),
        };
        let (host, port) = split_port(place).ok_or_else(|| wrong("an IPv6 address is written `[::1]:22`"))?;
        if host.is_empty() || host.len() > LONGEST_HOST {
            return Err(wrong("its name must have 1 to 253 characters"));
        }
        if host.starts_with('-') {
            return Err(wrong("a name must not begin with `-`"));
        }
        if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'%')) {
            return Err(wrong("its name may hold letters, digits, `.`, `-` and `_` only"));
        }
        let unnamed = |_| {
            wrong(
                "its user may hold letters, digits, `.`, `-`, `_`, `+` and `@` only, and not begin with `-`",
            )
        };
        let user = user.map(str::parse).transpose().map_err(unnamed)?;
        let port = match port {
            None => None,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => Some(port),
                _ => return Err(wrong("its port must be a number from 1 to 65535")),
            },
        };
        Ok(Self { user, host: host.to_owned(), port })
    }
}

impl UserName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        let user_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+' | b'@');
        let is_one =
            (1..=LONGEST_USER).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(user_byte);
        if is_one { Ok(Self(text.to_owned())) } else { Err(UserNameError(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The host and the port in `host:port`, `[address]:port` or either alone.
fn split_port(place: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest {
            "" => Some((host, None)),
            rest => Some((host, Some(rest.strip_prefix(':')?))),
        };
    }
    match place.split_once(':') {
        None => Some((place, None)),
        // An address of IPv6 without brackets: where would its port begin?
        Some((_, rest)) if rest.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
    }
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        if self.host.contains(':') { write!(f, "[{}]", self.host) } else { f.write_str(&self.host) }?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for HostTarget {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let wrong =
            |reason| HostError { text: address_without_secrets(text).chars().take(80).collect(), reason };
        if let Some(path) = text.strip_prefix("unix://") {
            let whole = path.starts_with('/') && !path.chars().any(char::is_control);
            return if whole {
                Ok(Self::Unix(PathBuf::from(path)))
            } else {
                Err(wrong("a socket is named by its whole path, as in `unix:///run/gachette.sock`"))
            };
        }
        let Some((scheme, _)) = text.split_once("://") else { return text.parse().map(Self::Ssh) };
        match (scheme, Url::parse(text)) {
            ("https" | "http", Ok(_)) if address_without_secrets(text) != text => {
                Err(wrong("an address of a server holds no user and no query; tokens are configured"))
            }
            ("https" | "http", Ok(url)) => Ok(Self::Server(url)),
            ("https" | "http", Err(_)) => Err(wrong("it is no well-formed URL")),
            ("ssh", Ok(url)) if url.path().trim_matches('/').is_empty() => {
                text.trim_start_matches("ssh://").trim_end_matches('/').parse().map(Self::Ssh)
            }
            _ => Err(wrong("it must be `[user@]host[:port]`, `unix:///…` or `https://…`")),
        }
    }
}

impl fmt::Display for HostTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ssh(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Server(url) => f.write_str(url.as_str().trim_end_matches('/')),
        }
    }
}

as_text!(UserName);
as_text!(HostAddress);
as_text!(HostTarget);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_is_shown() {
        for text in [
            "build1",
            "ada@build1",
            "ada@build1:2222",
            "build1.example.org:22",
            "[::1]:2222",
            "ada@[fe80::1%eth0]",
            "ada@example.org@gate",
            "127.0.0.1",
            "unix:///run/gachette.sock",
            "https://gachette.example.org",
            "http://127.0.0.1:8080/below",
        ] {
            assert_eq!(text.parse::<HostTarget>().map(|target| target.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(
            "ssh://a@b:7/".parse::<HostTarget>().map(|target| target.to_string()).as_deref(),
            Ok("a@b:7")
        );
    }

    #[test]
    fn what_ssh_would_misread_is_refused() {
        for text in [
            "",
            "-oProxyCommand=x",
            "a@-oProxyCommand=x",
            "-l@b",
            "a b",
            "a;b",
            "a\nb",
            "$(x)",
            "a@",
            "@a",
            "a:0",
            "a:65536",
            "a:x",
            "::1",
            "[::1",
            "[::1]22",
            "a/b",
            "unix://run",
            "unix:///a\nb",
            "https://ada:pw@host",
            "ftp://host",
            "ssh://a/b",
            "ä",
        ] {
            assert!(text.parse::<HostTarget>().is_err(), "{text}");
        }
    }
}
