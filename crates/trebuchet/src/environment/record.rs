//! Keeps an installed distribution's `RECORD` true: its hashes after files were moved, its rows after files were left
//! out.
//!
//! The format is the Python packaging specification "Recording installed projects": CSV rows of path, `sha256=` with
//! the URL-safe base64 digest without padding, and size; paths are relative to the folder above `*.dist-info`.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use sha2::{Digest, Sha256};

/// What became of a file that a row names.
pub(crate) enum Fate<'a> {
    /// It is as it was installed.
    Kept,
    /// It has this content now.
    Changed(&'a [u8]),
    /// It is not there any more.
    Gone,
}

/// The `RECORD` with its rows brought up to date by what became of each file, by the row's path.
pub(crate) fn updated<'a>(record: &str, mut fate: impl FnMut(&str) -> Fate<'a>) -> String {
    let mut rows = String::with_capacity(record.len());
    for line in record.lines() {
        let (path, rest) = split_path(line);
        match fate(&path) {
            Fate::Gone => continue,
            Fate::Changed(content) if !rest.trim_matches(',').is_empty() => {
                rows.push_str(&line[..line.len() - rest.len()]);
                let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(content));
                rows.push_str(&format!(",sha256={digest},{}", content.len()));
            }
            Fate::Kept | Fate::Changed(_) => rows.push_str(line),
        }
        rows.push('\n');
    }
    rows
}

/// The path of a row, unquoted, and the rest of the row from its comma on.
pub(crate) fn split_path(line: &str) -> (String, &str) {
    let Some(quoted) = line.strip_prefix('"') else {
        let end = line.find(',').unwrap_or(line.len());
        return (line[..end].to_owned(), &line[end..]);
    };
    let (mut path, mut chars) = (String::new(), quoted.char_indices().peekable());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                path.push('"');
                chars.next();
            }
            '"' => return (path, &quoted[at + 1..]),
            _ => path.push(c),
        }
    }
    (path, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_their_files() {
        let record = "a.py,sha256=x,1\n\"b,\"\"c.py\",sha256=y,2\nd.pyc,,\nx.dist-info/RECORD,,\n";
        let updated = updated(record, |path| match path {
            "b,\"c.py" => Fate::Changed(b"new"),
            "d.pyc" => Fate::Gone,
            _ => Fate::Kept,
        });
        // printf new | openssl dgst -sha256 -binary | basenc --base64url
        let hash = "EVB6Di9eadXfpApiob17buV-a82FxnybhDGzb_8hxDc";
        assert_eq!(
            updated.lines().collect::<Vec<_>>(),
            ["a.py,sha256=x,1", &format!("\"b,\"\"c.py\",sha256={hash},3"), "x.dist-info/RECORD,,"]
        );
    }

    #[test]
    fn rows_without_a_hash_stay_without() {
        assert_eq!(updated("RECORD,,\n", |_| Fate::Changed(b"x")), "RECORD,,\n");
    }
}
