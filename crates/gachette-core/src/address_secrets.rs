//! Addresses as they may be shown: without users and passwords, which may be tokens, and without what stands behind `?` or `#`.
//!
//! The user of an `ssh` address stays, since it says which account is meant and is no secret.

use std::borrow::Cow;

/// What ends an address within a word of a message.
const ENDS: [char; 6] = ['\'', '"', '`', '<', '>', '|'];

/// A text of any programs or people, each address in it as it may be shown.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    text.split_inclusive(char::is_whitespace).map(address_without_secrets).collect::<String>().into()
}

/// A text that is one address, right or wrong, as it may be shown.
pub fn address_without_secrets(text: &str) -> String {
    let Some((before, after)) = text.split_once("://") else { return text.to_owned() };
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let scheme = before.rsplit(|c| !is_scheme(c)).next().unwrap_or_default();
    let (is_ssh, is_file) = (scheme.contains("ssh"), scheme == "file");
    let hidden = user_end(after).filter(|&end| !is_file && (!is_ssh || after[..end].contains(':')));
    let (start, rest) = hidden.map_or(("", after), |end| ("…", &after[end..]));
    let (address, behind) = rest.split_at(rest.find(ENDS).unwrap_or(rest.len()));
    let query = address.find(['?', '#']).filter(|_| !is_ssh && !is_file);
    let (path, query) = address.split_at(query.unwrap_or(address.len()));
    // A space that ends the word is none of the address.
    let (query, space) = query.split_at(query.trim_end().len());
    let query = match query.len() {
        0 | 1 => query.to_owned(),
        _ => format!("{}…", &query[..1]),
    };
    let [path, behind] = [path, behind].map(address_without_secrets);
    format!("{before}://{start}{path}{query}{space}{behind}")
}

/// Where the user and password end: before the last `@` of the server's name. One who forgot to encode the `/` or `'` of a password wrote
/// something in place of a port that is none.
fn user_end(after: &str) -> Option<usize> {
    let server = &after[..after.find(|c| "/?#".contains(c) || ENDS.contains(&c)).unwrap_or(after.len())];
    let port = server[server.rfind(']').unwrap_or(0)..].split_once(':').map_or("", |(_, port)| port);
    let is_no_port = || port.trim_end().bytes().any(|byte| !byte.is_ascii_digit());
    server.rfind('@').or_else(|| is_no_port().then(|| after.rfind('@')).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_passwords_and_queries_are_left_out_and_all_else_stays() {
        for (said, shown) in [
            (
                "fatal: clone of 'https://me:x@y@a.org/b.git' into",
                "fatal: clone of 'https://…@a.org/b.git' into",
            ),
            ("https://:t@a and ssh://git@b:22/c", "https://…@a and ssh://git@b:22/c"),
            ("https://TOKEN@a.org:8443/b", "https://…@a.org:8443/b"),
            ("ssh://me:secret@b/c", "ssh://…@b/c"),
            ("http://a.org:80/x:y@z file:///a:b@c?d ://", "http://a.org:80/x:y@z file:///a:b@c?d ://"),
            ("http://[::1]:80/x@y http://[::1]/x@y", "http://[::1]:80/x@y http://[::1]/x@y"),
            ("access 'https://a/b?token=t/': no\tway", "access 'https://a/b?…': no\tway"),
            ("https://a/b#t https://a/?b@c", "https://a/b#… https://a/?…"),
            ("why https://a/b? since", "why https://a/b? since"),
            ("https://me:a/b@c/d https://me:a'b@c/d", "https://…@c/d https://…@c/d"),
            ("URIs:https://u:p@a,https://q@b/x", "URIs:https://…@a,https://…@b/x"),
            ("http://proxy/https://u:p@b/c", "http://proxy/https://…@b/c"),
            ("me@a:b\nand so on  ", "me@a:b\nand so on  "),
        ] {
            assert_eq!(without_secrets(said), shown);
            assert_eq!(without_secrets(shown), shown);
        }
    }

    #[test]
    fn a_wrong_address_is_shown_as_one() {
        assert_eq!(address_without_secrets("https://me:a b@c/d"), "https://…@c/d");
        assert_eq!(address_without_secrets("a b"), "a b");
    }
}
