//! Where in a file's text something stands.

use serde::Serialize;

/// A stretch of a file's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The line, counted from 1; 0 when the place is not known.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// Bytes before it in the file.
    pub offset: usize,
    /// Its length in bytes.
    pub length: usize,
}

impl Place {
    /// The first character of the file.
    pub fn start() -> Self {
        Self { line: 1, column: 1, offset: 0, length: 0 }
    }

    /// The character at a line and column of `text`, both counted from 1; past the end, the end.
    pub fn at(line: u32, column: u32, text: &str) -> Self {
        // Readers notice that something is missing on the line after the last.
        let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).max(1);
        let (line, column) = if line > last { (last, u32::MAX) } else { (line, column) };
        let before: usize =
            text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
        let rest = text.get(before..).unwrap_or("");
        let rest = rest.split('\n').next().unwrap_or("");
        let (offset, length) = match rest.char_indices().nth(column.saturating_sub(1) as usize) {
            Some((at, found)) => (before + at, found.len_utf8()),
            None => (before + rest.len(), 0),
        };
        let characters = u32::try_from(rest.chars().count()).unwrap_or(u32::MAX);
        let column = column.min(characters.saturating_add(1));
        Self { line, column, offset, length }
    }

    /// Whether it points anywhere.
    pub fn is_known(&self) -> bool {
        self.line > 0
    }
}
