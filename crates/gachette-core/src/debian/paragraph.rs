//! One deb822 paragraph as a value of its own: ordered fields that can always be written down faithfully.

use std::fmt;

use serde::de::Error as _;

use super::deb822::{BLANKS, Deb822Error, Fields, Paragraphs, is_blank, is_field_name};

/// Fields in order, no name twice (names are compared without regard to case).
///
/// A value's lines are joined by `\n`. What is in here can be written: no value can add a field or end the paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paragraph {
    fields: Vec<(String, String)>,
}

/// Text or a value that cannot be a paragraph or one of its fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParagraphError {
    /// The text breaks the rules of deb822(5).
    #[error(transparent)]
    Syntax(#[from] Deb822Error),
    /// There is not one paragraph in the text but none or several.
    #[error("expected one paragraph, found {0}")]
    Count(&'static str),
    /// A name with a blank, a colon, a control character or anything else but printable ASCII.
    #[error("`{}` cannot be the name of a field", .0.escape_debug())]
    Name(String),
    /// A value with a blank line in it, which would end the paragraph.
    #[error("the field `{0}` has a blank line in its value")]
    BlankLine(String),
    /// A value with a control character in it.
    #[error("the field `{0}` has a control character in its value")]
    Control(String),
}

impl Paragraph {
    /// A paragraph without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a text that is exactly one paragraph.
    pub fn parse(text: &str) -> Result<Self, ParagraphError> {
        let mut paragraphs = Paragraphs::new(text);
        let fields = paragraphs.next().ok_or(ParagraphError::Count("none"))??;
        match paragraphs.next() {
            None => Self::from_fields(&fields),
            Some(_) => Err(ParagraphError::Count("several")),
        }
    }

    /// Takes over a paragraph that was read in place.
    pub fn from_fields(fields: &Fields<'_>) -> Result<Self, ParagraphError> {
        let mut paragraph = Self::new();
        for field in fields.iter() {
            paragraph.set(field.name(), &field.value())?;
        }
        Ok(paragraph)
    }

    /// Sets a field, at its old place if it has one, else at the end. Blanks at the ends of lines are dropped, as every
    /// reader would.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ParagraphError> {
        if !is_field_name(name) {
            return Err(ParagraphError::Name(name.chars().take(60).collect()));
        }
        let value = normalised(name, value)?;
        match self.fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name.to_owned(), value)),
        }
        Ok(())
    }

    /// The value of a field, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Takes a field away and gives its value.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let at = self.fields.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(self.fields.remove(at).1)
    }

    /// The fields, as name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same, given away.
    pub fn into_fields(self) -> impl Iterator<Item = (String, String)> {
        self.fields.into_iter()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// The value as a reader would give it back, or why it could not.
fn normalised(name: &str, value: &str) -> Result<String, ParagraphError> {
    let value = value.trim_end_matches(|c| c == '\n' || BLANKS.contains(&c));
    let mut text = String::with_capacity(value.len());
    for (number, line) in value.split('\n').enumerate() {
        let line = line.trim_end_matches(BLANKS);
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return Err(ParagraphError::Control(name.to_owned()));
        }
        if number == 0 {
            text.push_str(line.trim_start_matches(BLANKS));
        } else if is_blank(line) {
            return Err(ParagraphError::BlankLine(name.to_owned()));
        } else {
            text.push('\n');
            text.push_str(line);
        }
    }
    Ok(text)
}

impl fmt::Display for Paragraph {
    /// The paragraph as deb822 text, each field ended by a newline; no blank line after the last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.iter() {
            write!(f, "{name}:")?;
            for (number, line) in value.split('\n').enumerate() {
                match (number, line) {
                    (0, "") => f.write_str("\n")?,
                    _ => writeln!(f, " {line}")?,
                }
            }
        }
        Ok(())
    }
}

impl serde::Serialize for Paragraph {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> serde::Deserialize<'de> for Paragraph {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = indexmap::IndexMap::<String, String>::deserialize(deserializer)?;
        let mut paragraph = Self::new();
        for (name, value) in &fields {
            paragraph.set(name, value).map_err(D::Error::custom)?;
        }
        Ok(paragraph)
    }
}

#[cfg(test)]
#[path = "paragraph_tests.rs"]
mod tests;
