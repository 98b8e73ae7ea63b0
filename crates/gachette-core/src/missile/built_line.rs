//! The line that announces a finished package: `Built: {'name': …, 'version': …, 'file_name': …}`.
//!
//! Callers of the original tool parse it, and ours reads those of other builders. It is a Python dict, quoted as
//! `repr()` does, so that no value can break it.

use std::fmt;
use std::iter::Peekable;
use std::str::{Chars, FromStr};

use serde::{Deserialize, Serialize};

use super::python_quoted;

/// What such a line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltLine {
    /// The package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The package file's name.
    pub file_name: String,
}

/// Text that announces no package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no line such as `Built: {{'name': …, 'version': …, 'file_name': …}}`", .0.escape_debug())]
pub struct BuiltLineError(String);

impl fmt::Display for BuiltLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [name, version, file] =
            [&self.name, &self.version, &self.file_name].map(|text| python_quoted(text));
        write!(f, "Built: {{'name': {name}, 'version': {version}, 'file_name': {file}}}")
    }
}

impl FromStr for BuiltLine {
    type Err = BuiltLineError;

    /// Reads the line, whatever stands before `Built:` in it; keys come in any order, and further ones are passed over.
    fn from_str(line: &str) -> Result<Self, BuiltLineError> {
        read(line).ok_or_else(|| BuiltLineError(line.chars().take(200).collect()))
    }
}

fn read(line: &str) -> Option<BuiltLine> {
    let (_, rest) = line.split_once("Built:")?;
    let mut chars = rest.trim().chars().peekable();
    let (mut name, mut version, mut file_name) = (None, None, None);
    if chars.next() != Some('{') {
        return None;
    }
    loop {
        let key = literal(&mut chars)?;
        blanks(&mut chars);
        if chars.next() != Some(':') {
            return None;
        }
        let value = literal(&mut chars)?;
        match key.as_str() {
            "name" => name = Some(value),
            "version" => version = Some(value),
            "file_name" => file_name = Some(value),
            _ => {}
        }
        blanks(&mut chars);
        match chars.next()? {
            ',' => {}
            '}' => break,
            _ => return None,
        }
    }
    blanks(&mut chars);
    if chars.next().is_some() {
        return None;
    }
    Some(BuiltLine { name: name?, version: version?, file_name: file_name? })
}

fn blanks(chars: &mut Peekable<Chars>) {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
}

/// A Python string literal, Python 2's `u'…'` too.
fn literal(chars: &mut Peekable<Chars>) -> Option<String> {
    blanks(chars);
    chars.next_if_eq(&'u');
    let quote = chars.next_if(|c| matches!(c, '\'' | '"'))?;
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\\' => text.push(escaped(chars)?),
            c if c == quote => return Some(text),
            c => text.push(c),
        }
    }
}

fn escaped(chars: &mut Peekable<Chars>) -> Option<char> {
    let digits = match chars.next()? {
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        c @ ('\\' | '\'' | '"') => return Some(c),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let code: String = chars.by_ref().take(digits).collect();
    char::from_u32(u32::from_str_radix(&code, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_line_is_the_dialect_that_callers_parse() {
        let line = BuiltLine {
            name: "dh-web".to_owned(),
            version: "1.0.0".to_owned(),
            file_name: "dh-web-1.0.0-all.deb".to_owned(),
        };
        let text = "Built: {'name': 'dh-web', 'version': '1.0.0', 'file_name': 'dh-web-1.0.0-all.deb'}";
        assert_eq!(line.to_string(), text);
        assert_eq!(text.parse(), Ok(line.clone()));
        let python2 = "[host] out: Built: {u'file_name': u'dh-web-1.0.0-all.deb', 'size': \"3\", 'version': '1.0.0', \
                       'name': u'dh-web'} ";
        assert_eq!(python2.parse(), Ok(line));
    }

    #[test]
    fn other_lines_are_refused() {
        for text in [
            "",
            "Built:",
            "Built: {}",
            "Built: {'name': 'a'}",
            "Built: {'name': 'a', 'version': '1', 'file_name': 'f'",
            "Built: {'name': 'a', 'version': '1', 'file_name': 'f'} x",
            "Built: {'name': open('x'), 'version': '1', 'file_name': 'f'}",
            "Built: {'name': '\\q', 'version': '1', 'file_name': 'f'}",
            "Built: {'name': 'a' 'b', 'version': '1', 'file_name': 'f'}",
        ] {
            assert!(text.parse::<BuiltLine>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(name: String, version in "\\PC*", file_name in "['\"\\\\a\n]*") {
            let line = BuiltLine { name, version, file_name };
            let text = line.to_string();
            prop_assert!(!text.contains('\n'));
            prop_assert_eq!(text.parse(), Ok(line));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            let _ = format!("Built: {{'{text}").parse::<BuiltLine>();
        }
    }
}
