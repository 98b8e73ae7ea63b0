//! What helps with words that are understood, but for one of them.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The command that may have been meant, if that can be told from what clap has to say.
pub(crate) fn advice(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let words: Vec<&str> = words.iter().skip(1).map(|word| word.to_str()).collect::<Option<_>>()?;
    let is_plain = |word: &&str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._+~=-@".contains(c))
    };
    if !words.contains(&"promote") || !words.iter().all(is_plain) {
        return None;
    }
    let is_missing = |word: &&String| word.starts_with("--to ");
    let line = match (error.kind(), error.get(ContextKind::InvalidArg)?) {
        (ErrorKind::MissingRequiredArgument, ContextValue::Strings(missing)) => {
            missing.iter().find(is_missing)?;
            let stack = if missing.iter().any(|word| word == "<STACK>") { " STACK" } else { "" };
            format!("{}{stack} --to CHANNEL", words.join(" "))
        }
        // `promote 124 live`
        (ErrorKind::UnknownArgument, ContextValue::String(word))
            if !word.starts_with('-') && !words.contains(&"--to") =>
        {
            let others: Vec<&str> = words.iter().copied().filter(|other| other != word).collect();
            format!("{} --to {word}", others.join(" "))
        }
        _ => return None,
    };
    Some(format!("`gachette {line}`; `gachette channel list` shows which channels there are"))
}
