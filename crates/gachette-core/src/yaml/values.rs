//! Reads single values as the types that known keys have.
//!
//! Liberal in what it takes, as the original was: a number where text is wanted keeps its spelling, one text stands
//! for a list of one, and YAML 1.1's flags (`yes`, `off`) are understood.

use std::fmt::Display;
use std::str::FromStr;

use super::{Content, Node, Problem, Problems};
use crate::nearest;

/// The text of a scalar, as it was spelled.
pub fn text(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = match &node.content {
        Content::Text(text) => text,
        Content::Bool(_, spelling) | Content::Number(_, spelling) => spelling,
        Content::Null | Content::List(_) | Content::Map(_) => {
            let message = format!("text is expected here, not {}", node.kind());
            problems.push(Problem::error(node.place, message));
            return None;
        }
    };
    // POSIX: no argument, path or variable can hold a NUL.
    if text.contains('\0') {
        problems.push(Problem::error(node.place, "a NUL character is not allowed"));
        return None;
    }
    Some(text.clone())
}

/// Text of one line without control characters.
pub fn line(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = text(node, problems)?;
    if text.chars().any(char::is_control) {
        let message = "line breaks and control characters are not allowed here";
        problems.push(Problem::error(node.place, message));
        return None;
    }
    Some(text)
}

/// Text of any number of lines without other control characters than tabs.
pub fn lines(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = text(node, problems)?;
    if text.lines().any(|line| line.contains(|c: char| c.is_control() && c != '\t')) {
        problems.push(Problem::error(node.place, "control characters are not allowed here"));
        return None;
    }
    Some(text)
}

/// Text whose line breaks count as blanks.
pub fn line_or_lines(node: &Node, problems: &mut Problems) -> Option<String> {
    Some(text(node, problems)?.replace(['\n', '\r', '\t'], " "))
}

/// The items of a list, without those that cannot be read.
pub fn each<T>(
    items: &[Node],
    problems: &mut Problems,
    mut read: impl FnMut(&Node, &mut Problems) -> Option<T>,
) -> Vec<T> {
    let mut values = Vec::new();
    for item in items {
        match read(item, problems) {
            Some(value) => values.push(value),
            None => problems.pass_over(item.place),
        }
    }
    values
}

/// One text, or a list of texts.
pub fn texts(node: &Node, problems: &mut Problems) -> Vec<String> {
    match &node.content {
        Content::List(items) => each(items, problems, text),
        Content::Map(entries) if entries.is_empty() => Vec::new(),
        _ => text(node, problems).into_iter().collect(),
    }
}

/// Text that parses as `T`, which is a name.
pub fn parsed<T: FromStr<Err: Display>>(node: &Node, problems: &mut Problems) -> Option<T> {
    let written = text(node, problems)?;
    match written.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            let mut problem = Problem::error(node.place, T::Err::to_string(&error));
            problem.hint = mended::<T>(&written).map(|name| format!("write for example `{name}`"));
            problems.push(problem);
            None
        }
    }
}

/// A name like this one that parses.
fn mended<T: FromStr>(written: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-+.:".contains(c);
    let name: String = written.trim().chars().take(32).map(|c| if fits(c) { c } else { '_' }).collect();
    let name = name.trim_start_matches(['-', '.', '_']).to_owned();
    let lower = name.to_ascii_lowercase();
    let plain = lower.replace(['+', '.', ':'], "_");
    [name, lower, plain].into_iter().find(|name| !name.is_empty() && name.parse::<T>().is_ok())
}

/// A flag, in YAML 1.2's or YAML 1.1's spelling.
pub fn flag(node: &Node, problems: &mut Problems) -> Option<bool> {
    let value = as_flag(node);
    if value.is_none() {
        let message = format!("true or false is expected here, not {}", node.described());
        problems.push(Problem::error(node.place, message));
    }
    value
}

/// The flag that a value is, if any.
pub fn as_flag(node: &Node) -> Option<bool> {
    match &node.content {
        Content::Bool(value, _) => Some(*value),
        Content::Text(text) => match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" | "true" | "1" => Some(true),
            "no" | "off" | "n" | "false" | "0" => Some(false),
            _ => None,
        },
        Content::Number(number, _) => number.as_u64().filter(|n| *n < 2).map(|n| n == 1),
        _ => None,
    }
}

/// One of some words.
pub fn one_of<T: Copy>(node: &Node, words: &[(&'static str, T)], problems: &mut Problems) -> Option<T> {
    let written = text(node, problems)?;
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == written) {
        return Some(*value);
    }
    let known: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
    let message = format!("`{}` is not one of {}", shown(&written), listed(&known));
    let mut problem = Problem::error(node.place, message);
    problem.hint = match (nearest(&written, &known), known.as_slice()) {
        (Some(meant), _) => Some(format!("did you mean `{meant}`?")),
        (None, [only]) => Some(format!("write `{only}`")),
        (None, _) => Some("choose one of them".to_owned()),
    };
    problems.push(problem);
    None
}

/// A user's text in a message: no control characters, no end.
pub fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", short.escape_debug())
}

/// Words for a message: `` `a`, `b` and `c` ``.
pub fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}
