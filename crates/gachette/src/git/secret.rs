//! Takes passwords out of what git says: those in the addresses of submodules, which a project may hold.

use std::borrow::Cow;

/// The line with `://…@` in place of each user and password before a server.
pub(super) fn without_passwords(line: &str) -> Cow<'_, str> {
    let mut rest = line;
    let mut shown = String::new();
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|c: char| "/'\"`".contains(c) || c.is_whitespace()).unwrap_or(after.len());
        let server = match after[..end].rfind('@') {
            Some(at) if after[..at].contains(':') => {
                shown += &format!("{before}://…");
                at
            }
            _ => {
                shown += &format!("{before}://");
                0
            }
        };
        rest = &after[server..];
    }
    if shown.is_empty() { Cow::Borrowed(line) } else { Cow::Owned(shown + rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_left_out_and_all_else_stays() {
        let cases = [
            (
                "fatal: clone of 'https://me:x@y@a.org/b.git' into",
                "fatal: clone of 'https://…@a.org/b.git' into",
            ),
            ("https://:t@a and ssh://git@b:22/c", "https://…@a and ssh://git@b:22/c"),
            ("http://a.org:80/x:y@z file:///a:b@c ://", "http://a.org:80/x:y@z file:///a:b@c ://"),
            ("me@a:b", "me@a:b"),
        ];
        for (said, shown) in cases {
            assert_eq!(without_passwords(said), shown);
        }
    }
}
