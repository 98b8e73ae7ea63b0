//! Where a repository is: the spellings of git-clone(1), "GIT URLS", that are safe to hand to git.
//!
//! Refused are remote helpers (`ext::sh -c …`, `fd::7`, any `transport::address`), what git or ssh would take for an
//! option, control characters, and relative paths, whose meaning would depend on where the command runs.

mod relative;

use std::fmt;
use std::str::FromStr;

use crate::address_without_secrets;
use crate::as_text::as_text;

pub use relative::submodule_address;

/// The address of a git repository.
///
/// The user of an `http` or `https` address, which may be a token, and the password are kept apart: the address never shows them,
/// in no message, file or argument; whoever runs git asks for [`GitUrl::credentials`]. Nothing may stand behind `?` or `#` there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GitUrl {
    text: String,
    transport: Transport,
    credentials: Option<Box<Credentials>>,
}

/// How a repository is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// `https://…`
    Https,
    /// `http://…`
    Http,
    /// `ssh://…`, or `user@host:path`
    Ssh,
    /// `git://…`
    Git,
    /// `file:///…`, or an absolute path of this machine
    File,
}

/// A user, and the password that may have gone with it, that stood in an address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The user, or a token.
    pub user: String,
    /// The password or token.
    pub password: Option<String>,
}

/// Text that is no address of a repository we would give to git.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address of a git repository: {reason}")]
pub struct GitUrlError {
    text: String,
    reason: &'static str,
}

/// The longest address that is accepted, in bytes.
const LONGEST: usize = 2000;

impl GitUrl {
    /// The address, without what may be secret.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it is reached.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The user that stood in the address, with the password.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_deref()
    }

    /// The beginning of the address up to its path, for `http` and `https`: where credentials are good for.
    pub fn origin(&self) -> Option<&str> {
        let start = self.text.find("://").filter(|_| self.transport.is_http())? + 3;
        Some(&self.text[..self.text[start..].find(['/', '?', '#']).map_or(self.text.len(), |at| start + at)])
    }
}

impl Transport {
    fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

impl FromStr for GitUrl {
    type Err = GitUrlError;

    fn from_str(text: &str) -> Result<Self, GitUrlError> {
        parse(text).map_err(|reason| GitUrlError { text: shown(text), reason })
    }
}

fn parse(text: &str) -> Result<GitUrl, &'static str> {
    let plain = |transport| Ok(GitUrl { text: text.to_owned(), transport, credentials: None });
    match text {
        "" => return Err("it is empty"),
        _ if text.len() > LONGEST => return Err("it is longer than 2000 bytes"),
        _ if text.chars().any(char::is_control) => return Err("it holds a control character"),
        _ if text.starts_with('-') => return Err("it begins with `-`"),
        _ if text.trim() != text => return Err("it begins or ends with a space"),
        _ if is_remote_helper(text) => return Err("remote helpers (`transport::address`) are not allowed"),
        _ if text.starts_with('/') => return plain(Transport::File),
        _ => {}
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return scp_like(text).and_then(|()| plain(Transport::Ssh));
    };
    // Decoded by git, these would end a line in what is said to a server or to a credential helper.
    let lower = rest.to_ascii_lowercase();
    if ["%00", "%0a", "%0d"].iter().any(|code| lower.contains(code)) {
        return Err("it holds an encoded control character");
    }
    match scheme {
        "file" => match rest.strip_prefix("localhost").unwrap_or(rest).starts_with('/') {
            true => plain(Transport::File),
            false => Err("`file://` is followed by an absolute path"),
        },
        "ssh" => server(rest).and_then(|_| plain(Transport::Ssh)),
        "git" => server(rest).and_then(|_| plain(Transport::Git)),
        "http" | "https" => web(scheme, rest),
        _ => Err("only https, http, ssh, git and file are allowed before `://`"),
    }
}

/// git takes all letters, digits and `+ - .` before a first `::` as the name of a program to run.
fn is_remote_helper(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
    end.is_some_and(|end| text[end..].starts_with("::"))
}

/// `[user@]host:path`, where no `/` comes before the first `:`.
fn scp_like(text: &str) -> Result<(), &'static str> {
    let relative = "a path of this machine must begin with `/`";
    let colon = match text.find('[') {
        Some(open) if open == 0 || text[..open].ends_with('@') => {
            let close = text.find("]:").ok_or("the host in `[ ]` does not end")?;
            close + 1
        }
        _ => text.find(':').ok_or(relative)?,
    };
    let (authority, path) = (&text[..colon], &text[colon + 1..]);
    if authority.contains('/') {
        return Err(relative);
    }
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    user.map_or(Ok(()), check_user)?;
    check_host(host)?;
    match path {
        "" => Err("the path is missing"),
        _ if path.starts_with('-') => Err("the path begins with `-`"),
        _ => check_path(path),
    }
}

/// `[user@]host[:port]/path`; returns the user info.
fn server(rest: &str) -> Result<Option<&str>, &'static str> {
    let (authority, path) = rest.split_once('/').ok_or("the path is missing")?;
    if path.is_empty() {
        return Err("the path is missing");
    }
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password has no place in it");
    }
    user.map_or(Ok(()), check_user)?;
    // git decodes all of it before it looks for the host: `evil%2fx@good` would be the path `x@good` of `evil`.
    user.map_or(Ok(()), |user| check_user(&decoded(user)?))?;
    check_host(without_port(host)?)?;
    let path = path.replace("%40", "@").replace("%5b", "[").replace("%5B", "[");
    check_path(&path)?;
    Ok(user)
}

/// git looks for a host in brackets behind the first `@[` of an address, wherever that is: `good/a@[evil]` is `evil` to ssh.
fn check_path(path: &str) -> Result<(), &'static str> {
    if path.contains("@[") { Err("the path holds `@[`, where git would look for the host") } else { Ok(()) }
}

/// `[user[:password]@]host[:port][/path]` of a web server. git puts more words behind an address, so no server gets what stands behind
/// `?` as it is; and it may be a token.
fn web(scheme: &str, rest: &str) -> Result<GitUrl, &'static str> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if rest.contains(char::is_whitespace) {
        return Err("it holds a space");
    }
    let (info, host) =
        authority.rsplit_once('@').map_or((None, authority), |(info, host)| (Some(info), host));
    check_host(without_port(host)?)?;
    if path.contains(['?', '#']) {
        return Err(
            "git cannot pass on what stands behind `?` or `#`; a token is the user of an address, or a password",
        );
    }
    let transport = if scheme == "https" { Transport::Https } else { Transport::Http };
    let credentials = info.map(credentials).transpose()?.map(Box::new);
    Ok(GitUrl { text: format!("{scheme}://{host}{path}"), transport, credentials })
}

/// `user[:password]`
fn credentials(info: &str) -> Result<Credentials, &'static str> {
    match info.split_once(':') {
        Some((user, password)) => {
            Ok(Credentials { user: decoded(user)?, password: Some(decoded(password)?) })
        }
        None => check_user(info).and_then(|()| Ok(Credentials { user: decoded(info)?, password: None })),
    }
}

fn without_port(host: &str) -> Result<&str, &'static str> {
    let after_bracket = host.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = host[after_bracket..].find(':') else { return Ok(host) };
    let (host, port) = (&host[..after_bracket + colon], &host[after_bracket + colon + 1..]);
    match port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0) {
        true => Ok(host),
        false => Err("the port is no number from 1 to 65535"),
    }
}

fn check_user(user: &str) -> Result<(), &'static str> {
    match user {
        "" => Err("the user before `@` is missing"),
        _ if user.starts_with('-') => Err("the user begins with `-`"),
        // `%` for what is encoded, `@` for accounts such as `me@company`, `\` for Windows domains.
        _ if user.chars().all(|c| c.is_alphanumeric() || "._+-%@\\".contains(c)) => Ok(()),
        _ => Err("the user holds a character that no user name has"),
    }
}

fn check_host(host: &str) -> Result<(), &'static str> {
    let bracketed = host.strip_prefix('[').map(|rest| rest.strip_suffix(']').unwrap_or_default());
    let allowed = match bracketed {
        Some(_) => |c: char| c.is_ascii_hexdigit() || ":.".contains(c),
        None => |c: char| c.is_alphanumeric() || "._-".contains(c),
    };
    match bracketed.unwrap_or(host) {
        "" => Err("the host is missing"),
        // ssh would take it for an option, `-oProxyCommand=…`.
        host if host.starts_with('-') => Err("the host begins with `-`"),
        host if host.chars().all(allowed) => Ok(()),
        _ => Err("the host holds a character that no host name has"),
    }
}

/// Resolves `%40` and the like.
fn decoded(text: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
        match byte {
            b'%' => match (digit(rest.next()), digit(rest.next())) {
                (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
                _ => return Err("a `%` is not followed by two hexadecimal digits"),
            },
            _ => bytes.push(byte),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| "an encoded character is not UTF-8")?;
    if text.chars().any(char::is_control) { Err("it holds an encoded control character") } else { Ok(text) }
}

/// A wrong address for a message: short, on one line, and without what may be secret.
fn shown(text: &str) -> String {
    address_without_secrets(text).chars().take(200).collect::<String>().escape_debug().to_string()
}

impl fmt::Display for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitUrl({self})")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

// Written without what may be secret, as it is shown.
as_text!(
    GitUrl,
    wished r"^(/[!-~]{1,500}|file:///[!-$&-~]{1,500}|https?://([A-Za-z0-9_][A-Za-z0-9._+-]{0,99}(:[A-Za-z0-9._~+-]{1,99})?@)?[A-Za-z0-9][A-Za-z0-9._-]{0,99}(:[1-9][0-9]{0,3})?(/[!$&->@-~]{0,500})?|(ssh|git)://([A-Za-z0-9_][A-Za-z0-9._+-]{0,99}@)?[A-Za-z0-9][A-Za-z0-9._-]{0,99}(:[1-9][0-9]{0,3})?/[!-$&-Z\\-~]{1,500}|[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}@[A-Za-z0-9][A-Za-z0-9._-]{0,99}:/?[A-Za-z0-9._~][!-$&-9;-Z\\-~]{0,500})$"
);

#[cfg(test)]
mod tests;
