//! Where in a recipe's text something stands.

use serde::Serialize;

/// A stretch of a recipe's text.
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

    /// Whether it points anywhere.
    pub fn is_known(&self) -> bool {
        self.line > 0
    }
}
