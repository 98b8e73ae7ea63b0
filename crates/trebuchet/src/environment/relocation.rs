//! Makes text that names one folder name another one instead, and tells text from binary.
//!
//! Pure: bytes in, bytes out. Which files are read and where they go is decided by `snapshot` and `placement`.

/// One or more folders, each with the folder that is to be named instead.
#[derive(Debug, Clone)]
pub(crate) struct Relocation {
    moves: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Relocation {
    /// Names `to` wherever `from` was named. Of several folders within each other the longest wins.
    pub(crate) fn new<P: AsRef<[u8]>>(moves: impl IntoIterator<Item = (P, P)>) -> Self {
        let mut moves: Vec<_> =
            moves.into_iter().map(|(from, to)| (from.as_ref().to_vec(), to.as_ref().to_vec())).collect();
        moves.retain(|(from, _)| from.len() > 1);
        moves.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Self { moves }
    }

    /// The text with every folder replaced.
    pub(crate) fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut moved = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let found =
                self.moves.iter().find(|(from, _)| rest.starts_with(from) && ends_here(&rest[from.len()..]));
            match found {
                Some((from, to)) => {
                    moved.extend_from_slice(to);
                    at += from.len();
                }
                None => {
                    moved.push(text[at]);
                    at += 1;
                }
            }
        }
        plain_shebang(moved)
    }
}

/// Whether a folder's name is over where `rest` begins: `/build/env` is not named by `/build/env-2` or `/build/env.d`.
fn ends_here(rest: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii();
    match rest {
        [b'.', next, ..] => !word(next),
        [next, ..] => !word(next),
        [] => true,
    }
}

/// The longest first line that Linux reads of a script (`BINPRM_BUF_SIZE` was 128 before Linux 5.1).
const LONGEST_SHEBANG: usize = 127;

/// Turns the three lines that installers write when an interpreter's path is too long for `#!` into one `#!` line, so
/// that a script does not depend on how long the build folder's name was.
fn plain_shebang(script: Vec<u8>) -> Vec<u8> {
    const START: &[u8] = b"#!/bin/sh\n'''exec' ";
    const END: &[u8] = b" \"$0\" \"$@\"\n' '''\n";
    let Some(rest) = script.strip_prefix(START) else { return script };
    let Some(end) = find(rest, END) else { return script };
    let interpreter = rest[..end].trim_ascii_start();
    let interpreter =
        interpreter.strip_prefix(b"\"").and_then(|i| i.strip_suffix(b"\"")).unwrap_or(interpreter);
    if interpreter.len() + 2 > LONGEST_SHEBANG || interpreter.iter().any(u8::is_ascii_whitespace) {
        return script;
    }
    [b"#!", interpreter, b"\n", &rest[end + END.len()..]].concat()
}

/// Where `needle` begins in `bytes`.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut start = 0;
    while let Some(offset) = bytes.get(start..)?.iter().position(|byte| *byte == first) {
        let at = start + offset;
        if bytes[at..].starts_with(needle) {
            return Some(at);
        }
        start = at + 1;
    }
    None
}

/// Whether these are the bytes of a text: valid UTF-8 without a NUL.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str) -> String {
        let relocation = Relocation::new([("/b/x/env", "/opt/env"), ("/b/x", "/opt/code")]);
        String::from_utf8(relocation.apply(text.as_bytes())).unwrap()
    }

    #[test]
    fn every_mention_of_a_folder_is_moved_and_the_longest_folder_wins() {
        assert_eq!(moved("#!/b/x/env/bin/python\n"), "#!/opt/env/bin/python\n");
        assert_eq!(moved("A='/b/x/env':/b/x/lib"), "A='/opt/env':/opt/code/lib");
    }

    #[test]
    fn a_folder_whose_name_only_begins_alike_is_left_alone() {
        assert_eq!(moved("/b/xy /b/x-1 /b/x_ /b/x.d"), "/b/xy /b/x-1 /b/x_ /b/x.d");
        assert_eq!(moved("in /b/x. And"), "in /opt/code. And");
    }

    #[test]
    fn a_script_is_the_same_however_long_the_build_folder_was() {
        let long = format!("/{}/env", "d".repeat(200));
        let relocation = Relocation::new([(long.as_str(), "/opt/env")]);
        let script = format!("#!/bin/sh\n'''exec' {long}/bin/python \"$0\" \"$@\"\n' '''\nimport sys\n");
        assert_eq!(relocation.apply(script.as_bytes()), b"#!/opt/env/bin/python\nimport sys\n");
        let quoted = format!("#!/bin/sh\n'''exec' \"{long}/bin/python\" \"$0\" \"$@\"\n' '''\nimport sys\n");
        assert_eq!(relocation.apply(quoted.as_bytes()), b"#!/opt/env/bin/python\nimport sys\n");
    }

    #[test]
    fn text_is_utf_8_without_nul() {
        assert!(is_text("#!/bin/sh\né".as_bytes()));
        assert!(!is_text(b"\x7fELF\0\0"));
        assert!(!is_text(b"\xff\xfe"));
    }
}
