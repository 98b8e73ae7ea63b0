//! Reads deb822(5) text (`control`, `status`, `Packages`) field by field without copying it.
//!
//! What the fields mean, and writing them, is left to [`Paragraph`](super::Paragraph) and its users.

use std::borrow::Cow;

use memchr::memchr;

/// The paragraphs of a text, one after the other; a paragraph that is malformed is an error and ends the iteration.
#[derive(Debug, Clone)]
pub struct Paragraphs<'a> {
    rest: &'a str,
    /// The text from the current line on.
    at: &'a str,
    line: u32,
}

/// One paragraph as it stands in the text: its fields in order, no name twice, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields<'a> {
    line: u32,
    fields: Vec<Field<'a>>,
}

/// One field of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a str,
    raw: &'a str,
}

/// Text that breaks the rules of deb822(5), and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct Deb822Error {
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong with it.
    pub fault: Deb822Fault,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Deb822Fault {
    /// Neither `Name: value`, nor a continuation, nor blank.
    #[error("expected `Name: value`, found `{}`", .0.escape_debug())]
    NoField(String),
    /// A continuation line with no field before it.
    #[error("a continuation line before any field")]
    Orphan,
    /// A field that was there already; names are compared without regard to case.
    #[error("the field `{0}` appears a second time")]
    Twice(String),
    /// More fields than any real paragraph has.
    #[error("more than {MOST_FIELDS} fields in one paragraph")]
    TooMany,
}

/// The most fields a paragraph may have: looking for doubles takes the square of it.
const MOST_FIELDS: usize = 512;

/// The characters that deb822 trims around values, and that make a line blank. Not Unicode's: dpkg knows ASCII only.
pub(super) const BLANKS: [char; 3] = [' ', '\t', '\r'];

impl<'a> Paragraphs<'a> {
    /// Reads `text` from its beginning.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text, at: text, line: 0 }
    }

    fn next_line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = cut(self.rest, b'\n').unwrap_or((self.rest, ""));
        self.at = self.rest;
        self.rest = rest;
        self.line += 1;
        Some(line)
    }

    /// Takes the continuation lines that follow off the text.
    fn skip_continuations(&mut self) {
        while begins_blank(self.rest) {
            let (line, rest) = cut(self.rest, b'\n').unwrap_or((self.rest, ""));
            if is_blank(line) {
                break;
            }
            self.rest = rest;
            self.line += 1;
        }
    }

    fn fail(&mut self, fault: Deb822Fault) -> Deb822Error {
        self.rest = "";
        Deb822Error { line: self.line, fault }
    }

    /// The field that begins on the current line, with its continuation lines.
    fn field(&mut self, line: &'a str) -> Result<Field<'a>, Deb822Error> {
        if begins_blank(line) {
            return Err(self.fail(Deb822Fault::Orphan));
        }
        match cut(line, b':') {
            Some((name, _)) if is_field_name(name) => {
                let text = self.at;
                self.skip_continuations();
                Ok(Field { name, raw: &text[name.len() + 1..text.len() - self.rest.len()] })
            }
            _ => {
                let shown = line.chars().take(60).collect();
                Err(self.fail(Deb822Fault::NoField(shown)))
            }
        }
    }

    fn paragraph(&mut self, first: &'a str) -> Result<Fields<'a>, Deb822Error> {
        let mut found = Fields { line: self.line, fields: Vec::with_capacity(24) };
        let mut line = first;
        loop {
            let field = self.field(line)?;
            if found.field(field.name).is_some() {
                return Err(self.fail(Deb822Fault::Twice(field.name.to_owned())));
            }
            if found.fields.len() == MOST_FIELDS {
                return Err(self.fail(Deb822Fault::TooMany));
            }
            found.fields.push(field);
            match self.next_line() {
                Some(next) if !is_blank(next) => line = next,
                _ => return Ok(found),
            }
        }
    }
}

impl<'a> Iterator for Paragraphs<'a> {
    type Item = Result<Fields<'a>, Deb822Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.next_line()?;
            if !is_blank(line) {
                return Some(self.paragraph(line));
            }
        }
    }
}

impl<'a> Fields<'a> {
    /// The line of the text this paragraph begins on, counted from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'a>> {
        self.fields.iter().copied()
    }

    /// The field of this name, whatever its case.
    pub fn field(&self, name: &str) -> Option<Field<'a>> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).copied()
    }

    /// The value of the field of this name, whatever its case.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.field(name).map(|field| field.value())
    }
}

impl<'a> Field<'a> {
    /// The name as it is spelled in the text.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The value as it stands in the text, from the colon to the end of its last line: for what may be folded anywhere.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// The value: lines joined by `\n`, without the blank that marks a continuation and without blanks at line ends.
    pub fn value(&self) -> Cow<'a, str> {
        match self.raw.trim_end_matches('\n').split_once('\n') {
            None => Cow::Borrowed(self.raw.trim_end_matches('\n').trim_matches(BLANKS)),
            Some((first, more)) => {
                let mut value = first.trim_matches(BLANKS).to_owned();
                for line in more.split('\n') {
                    value.push('\n');
                    // The mark is one ASCII blank.
                    value.push_str(line[1..].trim_end_matches(BLANKS));
                }
                Cow::Owned(value)
            }
        }
    }
}

/// Whether a line is made of blanks only: such a line ends a paragraph.
pub(super) fn is_blank(line: &str) -> bool {
    // Byte by byte: a distribution has half a million lines, and of most the first one tells.
    line.bytes().all(|byte| BLANKS.contains(&char::from(byte)))
}

/// What stands before and after the first such byte of ASCII. Half of what reading a distribution takes would be to look for them
/// one character at a time.
fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    memchr(byte, text.as_bytes()).map(|at| (&text[..at], &text[at + 1..]))
}

/// Whether a line goes on with a field that began before it, or would if there were one.
fn begins_blank(line: &str) -> bool {
    matches!(line.as_bytes().first(), Some(b' ' | b'\t'))
}

/// Whether this can be a field's name: printable ASCII without `:`, and neither `#` nor `-` first (deb822(5)).
pub(super) fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['#', '-'])
        && name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
}
