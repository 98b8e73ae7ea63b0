//! The shell by which a host starts programs, in Fabric's words: `/bin/bash -l -c`.

use std::fmt;
use std::str::FromStr;

use crate::as_text::as_text;

/// A shell with the options that it is started with, the last of which (`-c`) makes it run what is said next.
///
/// Every other shell reads each of its words as itself: they hold nothing but letters, digits, `/`, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginShell(Vec<String>);

/// Text that names no shell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no shell: {reason}; write one like `/bin/bash -l -c`", .text.escape_debug())]
pub struct LoginShellError {
    text: String,
    reason: &'static str,
}

/// The most words, and the most characters of one.
const MOST_WORDS: usize = 8;
const LONGEST_WORD: usize = 200;

impl LoginShell {
    /// The shell and its options.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl FromStr for LoginShell {
    type Err = LoginShellError;

    fn from_str(text: &str) -> Result<Self, LoginShellError> {
        let wrong = |reason| Err(LoginShellError { text: text.chars().take(80).collect(), reason });
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let plain = |word: &&str| {
            word.len() <= LONGEST_WORD
                && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-'))
        };
        if words.len() > MOST_WORDS || !words.iter().all(plain) {
            return wrong("it may hold letters, digits, `/`, `.`, `_` and `-` only");
        }
        let Some((shell, options)) = words.split_first() else { return wrong("it is empty") };
        if shell.starts_with('-') || (shell.contains('/') && !shell.starts_with('/')) {
            return wrong("it begins with the whole path of a program, or its name");
        }
        if !options.iter().all(|option| option.starts_with('-')) {
            return wrong("behind the program there are options only");
        }
        match options.last() {
            Some(last) if !last.starts_with("--") && last.ends_with('c') => {}
            _ => return wrong("its last option is `-c`"),
        }
        Ok(Self(words.into_iter().map(str::to_owned).collect()))
    }
}

impl fmt::Display for LoginShell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

as_text!(LoginShell);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fabric_took_is_read_and_shown_again() {
        for text in [
            "/bin/bash -l -c",
            "/bin/bash -l -i -c",
            "/bin/bash -lc",
            "bash --login -c",
            "/bin/sh -c",
            "/usr/local/bin/zsh-5.9 -c",
        ] {
            assert_eq!(text.parse::<LoginShell>().map(|shell| shell.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(
            "  bash   -c ".parse::<LoginShell>().map(|shell| shell.to_string()).as_deref(),
            Ok("bash -c")
        );
    }

    #[test]
    fn nothing_that_a_shell_would_read_otherwise_is_taken() {
        for text in [
            "",
            " ",
            "bash",
            "bash -l",
            "-c",
            "bash x -c",
            "bash --c",
            "bin/bash -c",
            "./bash -c",
            "/bin/bash -c;id",
            "$SHELL -c",
            "~/bash -c",
            "bash -l -c 'x'",
            "bash\t-c",
            "bash -c\n",
            "sudo -u ada -c",
            "bäsh -c",
            "a=b -c",
            "bash -- -c `id` -c",
        ] {
            assert!(text.parse::<LoginShell>().is_err(), "{text:?}");
        }
    }
}
