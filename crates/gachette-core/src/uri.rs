//! Texts that have to be URIs, with what may not stand in one percent-encoded (RFC 3986, 2.1).

/// The URI of a file or folder, by the bytes of its absolute path: `file:/srv/a%20b`, as apt reads it (sources.list(5)).
pub fn file_uri(path: &[u8]) -> String {
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/+@:=,".contains(byte);
    format!("file:{}", encoded(path, kept))
}

/// A text that ought to be a URI reference, such as the address of a package, with what no reference may have encoded: white space,
/// quotes, brackets and the like, in a path of this machine also what would begin a query or a fragment. What is encoded already
/// stays.
pub fn reference(text: &str) -> String {
    let is_path = text.starts_with("file:") || text.starts_with("git+file:");
    // Brackets stand around the address of a host (RFC 3986, 3.2.2).
    let host = text.find("://").map_or(0, |at| at + 3);
    let host_end = text[host..].find(['/', '?', '#']).map_or(text.len(), |length| host + length);
    let (head, rest) = if host == 0 || is_path { text.split_at(0) } else { text.split_at(host_end) };
    let bytes = rest.as_bytes();
    let kept = |at: usize| match bytes[at] {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)),
        b'?' | b'#' => !is_path,
        b'"' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
        byte => byte.is_ascii_graphic(),
    };
    let mut uri = encoded(head.as_bytes(), |byte| byte.is_ascii_graphic());
    (0..bytes.len()).for_each(|at| uri.push_str(&encoded(&bytes[at..=at], |_| kept(at))));
    uri
}

fn encoded(bytes: &[u8], kept: impl Fn(&u8) -> bool) -> String {
    bytes.iter().map(|b| if kept(b) { char::from(*b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_that_means_it() {
        for (path, uri) in [
            ("/srv/gachette", "file:/srv/gachette"),
            ("/tmp/sp ace/100%41", "file:/tmp/sp%20ace/100%2541"),
            ("/a#b?c[d]+e", "file:/a%23b%3Fc%5Bd%5D+e"),
            ("/ä", "file:/%C3%A4"),
        ] {
            assert_eq!(file_uri(path.as_bytes()), uri);
            let parsed = url::Url::parse(&uri.replacen("file:", "file://", 1)).unwrap();
            assert_eq!(parsed.to_file_path().unwrap().to_str().unwrap(), path);
        }
    }

    #[test]
    fn an_address_is_a_reference_and_what_is_encoded_stays() {
        for (text, uri) in [
            ("http://deb.example.org/a/b_1.0~x.deb?x=%20#y", "http://deb.example.org/a/b_1.0~x.deb?x=%20#y"),
            ("http://[::1]:80/a [b]", "http://[::1]:80/a%20%5Bb%5D"),
            ("file:/tmp/d 5", "file:/tmp/d%205"),
            ("file:/tmp/50%/a#b?c%20d", "file:/tmp/50%25/a%23b%3Fc%20d"),
            ("git+file:///srv/a b", "git+file:///srv/a%20b"),
            ("git+ssh://git@host/a\"b", "git+ssh://git@host/a%22b"),
            ("a b", "a%20b"),
            ("", ""),
        ] {
            assert_eq!(reference(text), uri);
            assert_eq!(reference(uri), uri, "again");
        }
    }
}
